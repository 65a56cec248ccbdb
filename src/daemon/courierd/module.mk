# src/daemon/courierd: custody and scheduling
noinst_LIBRARIES += libcourierd.a
libcourierd_a_SOURCES = \
	src/daemon/courierd/courierd.h src/daemon/courierd/command.c src/daemon/courierd/custody.c src/daemon/courierd/def.c \
	src/daemon/courierd/dispatch.c src/daemon/courierd/frame.c src/daemon/courierd/local.c \
	src/daemon/courierd/outbound.c src/daemon/courierd/report.c src/daemon/courierd/say.c \
	src/daemon/courierd/work.c

daemon_PROGRAMS += src/daemon/courierd/courierd
src_daemon_courierd_courierd_SOURCES = src/daemon/courierd/main.c
src_daemon_courierd_courierd_LDADD = libcourierd.a $(LINK_ALL) $(EXT_LIBS)

COURIERD_WORLD = src/daemon/courierd/tests/world.c src/daemon/courierd/tests/world.h \
	src/daemon/courierd/tests/memory.c src/queue/tests/disk.c src/queue/tests/disk.h
COURIERD_TESTS = src/daemon/courierd/tests/courierd_test src/daemon/courierd/tests/crash_flow_test \
	src/daemon/courierd/tests/outbound_test
check_PROGRAMS += $(COURIERD_TESTS)
TESTS += $(COURIERD_TESTS)
src_daemon_courierd_tests_courierd_test_SOURCES = src/daemon/courierd/tests/courierd_test.c $(COURIERD_WORLD)
src_daemon_courierd_tests_courierd_test_LDADD = libcourierd.a $(LINK_L4) $(LINK_L3) $(LINK_L2) $(EXT_LIBS)
src_daemon_courierd_tests_crash_flow_test_SOURCES = src/daemon/courierd/tests/crash_flow_test.c $(COURIERD_WORLD)
src_daemon_courierd_tests_crash_flow_test_LDADD = libcourierd.a $(LINK_L4) $(LINK_L3) $(LINK_L2) $(EXT_LIBS)
src_daemon_courierd_tests_outbound_test_SOURCES = src/daemon/courierd/tests/outbound_test.c $(COURIERD_WORLD)
src_daemon_courierd_tests_outbound_test_LDADD = libcourierd.a $(LINK_L4) $(LINK_L3) $(LINK_L2) $(EXT_LIBS)
