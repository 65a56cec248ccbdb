# src/base: no mail knowledge, no I/O.
noinst_LIBRARIES += libbase.a
LIB_BASE = libbase.a
libbase_a_SOURCES = src/base/slice.c
