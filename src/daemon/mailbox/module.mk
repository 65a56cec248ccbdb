# src/daemon/mailbox: the frame of the workers that serve mailboxes
LIB_MAILBOX = libmailbox.a
noinst_LIBRARIES += libmailbox.a
libmailbox_a_SOURCES = \
	src/daemon/mailbox/worker.h src/daemon/mailbox/worker.c src/daemon/mailbox/client.c \
	src/daemon/mailbox/maildir.c src/daemon/mailbox/watch.c src/daemon/mailbox/shell.c

# Master and login for the tests of workers.
check_PROGRAMS += src/daemon/mailbox/tests/mailworld
src_daemon_mailbox_tests_mailworld_SOURCES = src/daemon/mailbox/tests/mailworld.c
src_daemon_mailbox_tests_mailworld_LDADD = $(LINK_L2) $(EXT_LIBS)
