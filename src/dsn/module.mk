# src/dsn: delivery status notifications
noinst_LIBRARIES += libdsn.a
LIB_DSN = libdsn.a
libdsn_a_SOURCES = \
	src/dsn/human.c \
	src/dsn/parse.c \
	src/dsn/status.c \
	src/dsn/write.c

check_PROGRAMS += src/dsn/tests/dsn_test
TESTS += src/dsn/tests/dsn_test
src_dsn_tests_dsn_test_SOURCES = src/dsn/tests/dsn_test.c
src_dsn_tests_dsn_test_LDADD = libdsn.a libmessage.a libbase.a
