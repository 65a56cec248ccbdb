# src/daemon/courierlocal: the worker that delivers as an account
daemon_PROGRAMS += src/daemon/courierlocal/courierlocal
src_daemon_courierlocal_courierlocal_SOURCES = \
	src/daemon/courierlocal/local.h src/daemon/courierlocal/main.c src/daemon/courierlocal/delivery.c \
	src/daemon/courierlocal/run.c src/daemon/courierlocal/box.c src/daemon/courierlocal/describe.c \
	src/daemon/courierlocal/program.c \
	src/daemon/courierlocal/forward.c
src_daemon_courierlocal_courierlocal_LDADD = \
	$(LIB_SKEL) $(LIB_DELIVER) $(LIB_MAILDIR) $(LIB_IMAP) $(LIB_MESSAGE) $(LINK_L2) $(EXT_LIBS)

check_LIBRARIES += liblocalworld.a
liblocalworld_a_SOURCES = \
	src/daemon/courierlocal/tests/one.c src/daemon/courierlocal/tests/one.h \
	src/daemon/courierlocal/tests/world.c src/daemon/courierlocal/tests/world.h
LOCAL_TESTS = src/daemon/courierlocal/tests/local_test src/daemon/courierlocal/tests/program_test
LOCAL_TEST_LIBS = liblocalworld.a $(LINK_L2) $(EXT_LIBS)
check_PROGRAMS += $(LOCAL_TESTS)
TESTS += $(LOCAL_TESTS)
src_daemon_courierlocal_tests_local_test_SOURCES = src/daemon/courierlocal/tests/local_test.c
src_daemon_courierlocal_tests_local_test_LDADD = $(LOCAL_TEST_LIBS)
src_daemon_courierlocal_tests_program_test_SOURCES = src/daemon/courierlocal/tests/program_test.c
src_daemon_courierlocal_tests_program_test_LDADD = $(LOCAL_TEST_LIBS)
# Figures, by hand: not a test.
check_PROGRAMS += src/daemon/courierlocal/tests/rate
src_daemon_courierlocal_tests_rate_SOURCES = src/daemon/courierlocal/tests/rate.c
src_daemon_courierlocal_tests_rate_LDADD = $(LOCAL_TEST_LIBS)
