# src/dns: DNS messages.
noinst_LIBRARIES += libdns.a
LIB_DNS = libdns.a
libdns_a_SOURCES = src/dns/dns.h src/dns/query.c src/dns/reply.c

check_PROGRAMS += src/dns/tests/dns_test
TESTS += src/dns/tests/dns_test
src_dns_tests_dns_test_SOURCES = src/dns/tests/dns_test.c
src_dns_tests_dns_test_LDADD = $(LIB_DNS) $(LINK_L1)
