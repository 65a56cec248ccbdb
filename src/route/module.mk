# src/route: where an address goes.
noinst_LIBRARIES += libroute.a
LIB_ROUTE = libroute.a
libroute_a_SOURCES = \
	src/route/access.c \
	src/route/alias.c \
	src/route/alias_expand.c \
	src/route/domains.c \
	src/route/esmtproutes.c \
	src/route/job.c \
	src/route/map.c \
	src/route/mx.c \
	src/route/name.c

check_PROGRAMS += src/route/tests/route_test
TESTS += src/route/tests/route_test
src_route_tests_route_test_SOURCES = src/route/tests/route_test.c src/route/tests/tables_test.c src/route/tests/route_test.h
src_route_tests_route_test_LDADD = $(LIB_ROUTE) $(LIB_CONF) $(LINK_L1)

check_PROGRAMS += src/route/tests/mx_test
TESTS += src/route/tests/mx_test
src_route_tests_mx_test_SOURCES = src/route/tests/mx_test.c
src_route_tests_mx_test_LDADD = $(LIB_ROUTE) $(LIB_CONF) $(LINK_L1)
