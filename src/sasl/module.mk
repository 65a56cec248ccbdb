# src/sasl: SASL exchanges without a protocol around them.
noinst_LIBRARIES += libsasl.a
LIB_SASL = libsasl.a
libsasl_a_SOURCES = src/sasl/door.c src/sasl/server.c

SASL_TESTS = src/sasl/tests/sasl_test
check_PROGRAMS += $(SASL_TESTS)
TESTS += $(SASL_TESTS)
src_sasl_tests_sasl_test_SOURCES = src/sasl/tests/sasl_test.c
src_sasl_tests_sasl_test_LDADD = libsasl.a libbase.a

# The small world in front of a login, for tests and fuzz harnesses.
check_LIBRARIES += libdoorworld.a
libdoorworld_a_SOURCES = src/sasl/tests/doorworld.c
