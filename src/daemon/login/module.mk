# src/daemon/login: IMAP and POP3 clients until they have logged in
daemon_PROGRAMS += src/daemon/login/login
src_daemon_login_login_SOURCES = \
	src/daemon/login/login.h src/daemon/login/main.c src/daemon/login/client.c src/daemon/login/handoff.c \
	src/daemon/login/relay.c
src_daemon_login_login_LDADD = $(LIB_SKEL) $(LIB_IMAP) $(LIB_POP3) $(LIB_SASL) $(LIB_MESSAGE) $(LINK_L2) $(EXT_LIBS)

check_PROGRAMS += src/daemon/login/tests/fakeworker
src_daemon_login_tests_fakeworker_SOURCES = src/daemon/login/tests/fakeworker.c
src_daemon_login_tests_fakeworker_LDADD = $(LIB_SKEL) $(LINK_L2) $(EXT_LIBS)
TESTS += src/daemon/login/tests/login_test.sh
EXTRA_DIST += src/daemon/login/tests/login_test.sh src/daemon/login/tests/login_test.py
