# src/ext: the only includers of foreign headers (WITH_PCRE2, WITH_IDN2, WITH_ZLIB, WITH_EXPAT are conditions).
noinst_LIBRARIES += libext.a
LIB_EXT = libext.a
libext_a_CPPFLAGS = $(OPEN_CPPFLAGS) $(EXT_CPPFLAGS)
libext_a_SOURCES = \
	src/ext/dns_cares.c \
	src/ext/hash_openssl.c \
	src/ext/iconv.c \
	src/ext/map_bdb.c \
	src/ext/tls_conn.c \
	src/ext/tls_openssl.c \
	src/ext/tls_selfsign.c

check_PROGRAMS += tls_test
TESTS += tls_test
tls_test_SOURCES = src/ext/tests/tls_test.c
tls_test_LDADD = $(LIB_EXT) $(LINK_L1) $(EXT_LIBS)

EXT_TESTS = src/ext/tests/hash_test src/ext/tests/iconv_test src/ext/tests/map_test src/ext/tests/sandbox_libs_test
check_PROGRAMS += $(EXT_TESTS)
TESTS += $(EXT_TESTS)
src_ext_tests_hash_test_SOURCES = src/ext/tests/hash_test.c
src_ext_tests_hash_test_LDADD = $(LIB_EXT) $(LINK_L1) $(EXT_LIBS)
src_ext_tests_map_test_SOURCES = src/ext/tests/map_test.c
src_ext_tests_map_test_LDADD = $(LIB_EXT) $(LINK_L1) $(EXT_LIBS)
src_ext_tests_sandbox_libs_test_SOURCES = src/ext/tests/sandbox_libs_test.c
src_ext_tests_sandbox_libs_test_CPPFLAGS = $(OPEN_CPPFLAGS) $(EXT_CPPFLAGS)
src_ext_tests_sandbox_libs_test_LDADD = $(LIB_EXT) $(LINK_L1) $(EXT_LIBS)
src_ext_tests_iconv_test_SOURCES = src/ext/tests/iconv_test.c
src_ext_tests_iconv_test_LDADD = $(LIB_EXT) $(LINK_L1) $(EXT_LIBS)
