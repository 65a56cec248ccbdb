# src/daemon/tallyd: what processes count together
daemon_PROGRAMS += src/daemon/tallyd/tallyd
src_daemon_tallyd_tallyd_SOURCES = src/daemon/tallyd/main.c src/daemon/tallyd/tally.c src/daemon/tallyd/tally.h
src_daemon_tallyd_tallyd_LDADD = $(LIB_SKEL) $(LINK_L2) $(EXT_LIBS)

check_PROGRAMS += src/daemon/tallyd/tests/tally_test
src_daemon_tallyd_tests_tally_test_SOURCES = src/daemon/tallyd/tests/tally_test.c src/daemon/tallyd/tally.c
src_daemon_tallyd_tests_tally_test_LDADD = $(LINK_L1)
TESTS += src/daemon/tallyd/tests/tally_test
