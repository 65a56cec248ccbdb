# src/maildir: Maildir++
noinst_LIBRARIES += libmaildir.a
LIB_MAILDIR = libmaildir.a
libmaildir_a_SOURCES = \
	src/maildir/body.c src/maildir/body.h \
	src/maildir/cache.h \
	src/maildir/dir.c src/maildir/dir.h \
	src/maildir/folder.c src/maildir/folder.h \
	src/maildir/mailbox.h \
	src/maildir/name.c src/maildir/name.h \
	src/maildir/quota.c src/maildir/quota.h \
	src/maildir/step.h \
	src/maildir/store.h \
	src/maildir/text.h \
	src/maildir/view.h

check_LIBRARIES += libstore.a
libstore_a_SOURCES = src/maildir/tests/store.c src/maildir/tests/store.h
MAILDIR_TESTS = src/maildir/tests/folder_test src/maildir/tests/quota_test
MAILDIR_TEST_LIBS = libstore.a $(LIB_MAILDIR) $(LINK_L1)
check_PROGRAMS += $(MAILDIR_TESTS)
TESTS += $(MAILDIR_TESTS)
src_maildir_tests_folder_test_SOURCES = src/maildir/tests/folder_test.c
src_maildir_tests_folder_test_LDADD = $(MAILDIR_TEST_LIBS)
src_maildir_tests_quota_test_SOURCES = src/maildir/tests/quota_test.c
src_maildir_tests_quota_test_LDADD = $(MAILDIR_TEST_LIBS)
