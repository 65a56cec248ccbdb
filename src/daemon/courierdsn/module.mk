# src/daemon/courierdsn: reports about mail
daemon_PROGRAMS += src/daemon/courierdsn/courierdsn
src_daemon_courierdsn_courierdsn_SOURCES = \
	src/daemon/courierdsn/courierdsn.h src/daemon/courierdsn/main.c src/daemon/courierdsn/job.c
src_daemon_courierdsn_courierdsn_LDADD = \
	$(LIB_SKEL) $(LIB_DSN) $(LIB_MESSAGE) $(LINK_L2) $(EXT_LIBS)

check_PROGRAMS += src/daemon/courierdsn/tests/courierdsn_test
TESTS += src/daemon/courierdsn/tests/courierdsn_test
src_daemon_courierdsn_tests_courierdsn_test_SOURCES = \
	src/daemon/courierdsn/tests/courierdsn_test.c
src_daemon_courierdsn_tests_courierdsn_test_LDADD = \
	$(LIB_DSN) $(LIB_MESSAGE) $(LINK_L2) $(EXT_LIBS)
