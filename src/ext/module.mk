# src/ext: the only includers of foreign headers.
#   noinst_LIBRARIES += libext.a
#   LIB_EXT = libext.a
#   libext_a_CPPFLAGS = $(OPEN_CPPFLAGS) $(EXT_CPPFLAGS)
#   libext_a_SOURCES = src/ext/...          (WITH_PCRE2, WITH_IDN2, WITH_ZLIB, WITH_EXPAT are conditions)
