# src/daemon/imapd: the worker that serves IMAP as an account
daemon_PROGRAMS += src/daemon/imapd/imapd
src_daemon_imapd_imapd_SOURCES = \
	src/daemon/imapd/imapd.h src/daemon/imapd/answer.h src/daemon/imapd/work.h \
	src/daemon/imapd/set.h src/daemon/imapd/reading.h src/daemon/imapd/main.c \
	src/daemon/imapd/work.c src/daemon/imapd/set.c src/daemon/imapd/select.c \
	src/daemon/imapd/sync.c src/daemon/imapd/folders.c src/daemon/imapd/fetch.c \
	src/daemon/imapd/reading.c src/daemon/imapd/handle.c src/daemon/imapd/change.c \
	src/daemon/imapd/append.c src/daemon/imapd/search.c
src_daemon_imapd_imapd_LDADD = \
	$(LIB_MAILBOX) $(LIB_SKEL) $(LIB_IMAP) $(LIB_MAILDIR) $(LIB_MESSAGE) $(LINK_L2) $(EXT_LIBS)
TESTS += src/daemon/imapd/tests/imapd_test.sh
EXTRA_DIST += src/daemon/imapd/tests/imapd_test.sh src/daemon/imapd/tests/imapd_test.py src/daemon/imapd/tests/wire.py \
	src/daemon/mailbox/tests/mailworld.py
