# src/daemon/tests: the real master with real and with false processes
check_PROGRAMS += src/daemon/tests/fakerole
src_daemon_tests_fakerole_SOURCES = src/daemon/tests/fakerole.c
src_daemon_tests_fakerole_LDADD = $(LIB_SKEL) $(LINK_L2) $(EXT_LIBS)
TESTS += src/daemon/tests/master_test.sh
EXTRA_DIST += src/daemon/tests/master_test.sh src/daemon/tests/master_test.py
