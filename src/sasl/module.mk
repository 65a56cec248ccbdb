# src/sasl: SASL exchanges without a protocol around them.
noinst_LIBRARIES += libsasl.a
LIB_SASL = libsasl.a
libsasl_a_SOURCES = src/sasl/server.c
