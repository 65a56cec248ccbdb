# src/daemon/pop3d: the worker that serves POP3 as an account
daemon_PROGRAMS += src/daemon/pop3d/pop3d
src_daemon_pop3d_pop3d_SOURCES = \
	src/daemon/pop3d/pop3d.h src/daemon/pop3d/main.c src/daemon/pop3d/drop.c \
	src/daemon/pop3d/read.c src/daemon/pop3d/update.c
src_daemon_pop3d_pop3d_LDADD = $(LIB_MAILBOX) $(LIB_SKEL) $(LIB_POP3) $(LIB_IMAP) \
	$(LIB_MAILDIR) $(LIB_MESSAGE) $(LINK_L2) $(EXT_LIBS)

TESTS += src/daemon/pop3d/tests/pop3d_test.sh
EXTRA_DIST += src/daemon/pop3d/tests/pop3d_test.sh src/daemon/pop3d/tests/pop3d_test.py
