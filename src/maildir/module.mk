# src/maildir: Maildir++
noinst_LIBRARIES += libmaildir.a
LIB_MAILDIR = libmaildir.a
libmaildir_a_SOURCES = \
	src/maildir/body.c src/maildir/body.h \
	src/maildir/cache.c src/maildir/cache.h \
	src/maildir/cache_entry.c src/maildir/cache_int.h \
	src/maildir/change.c src/maildir/change.h \
	src/maildir/dir.c src/maildir/dir.h \
	src/maildir/export.c src/maildir/export.h \
	src/maildir/facts.c src/maildir/facts.h \
	src/maildir/facts_apply.c \
	src/maildir/facts_compact.c src/maildir/facts_int.h \
	src/maildir/facts_write.c \
	src/maildir/folder.c src/maildir/folder.h \
	src/maildir/folder_name.c src/maildir/folder_name.h \
	src/maildir/folders.c src/maildir/folders.h \
	src/maildir/folders_change.c \
	src/maildir/folders_rename.c \
	src/maildir/import.c src/maildir/import.h src/maildir/import_read.c \
	src/maildir/mailbox.c src/maildir/mailbox.h \
	src/maildir/mailbox_append.c \
	src/maildir/mailbox_copy.c \
	src/maildir/mailbox_expunge.c \
	src/maildir/mailbox_facts.c \
	src/maildir/mailbox_int.h \
	src/maildir/mailbox_mark.c \
	src/maildir/mailbox_move.c \
	src/maildir/mailbox_refresh.c \
	src/maildir/mailbox_times.c \
	src/maildir/name.c src/maildir/name.h \
	src/maildir/quota.c src/maildir/quota.h \
	src/maildir/rows.c src/maildir/rows.h \
	src/maildir/step.h \
	src/maildir/store.c src/maildir/store.h \
	src/maildir/store_int.h \
	src/maildir/text.c src/maildir/text.h \
	src/maildir/uids.c src/maildir/uids.h \
	src/maildir/view.c src/maildir/view.h

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

check_LIBRARIES += libmailworld.a
libmailworld_a_SOURCES = src/maildir/tests/world.c src/maildir/tests/world.h
MAILBOX_TESTS = src/maildir/tests/open_test src/maildir/tests/change_test src/maildir/tests/append_test \
	src/maildir/tests/folders_test src/maildir/tests/cache_test \
	src/maildir/tests/crash_test src/maildir/tests/facts_test src/maildir/tests/others_test \
	src/maildir/tests/import_test src/maildir/tests/stress_test
MAILBOX_TEST_LIBS = libmailworld.a $(LIB_MAILDIR) $(LINK_L1)
check_PROGRAMS += $(MAILBOX_TESTS)
TESTS += $(MAILBOX_TESTS)
src_maildir_tests_open_test_SOURCES = src/maildir/tests/open_test.c
src_maildir_tests_open_test_LDADD = $(MAILBOX_TEST_LIBS)
src_maildir_tests_change_test_SOURCES = src/maildir/tests/change_test.c
src_maildir_tests_change_test_LDADD = $(MAILBOX_TEST_LIBS)
src_maildir_tests_append_test_SOURCES = src/maildir/tests/append_test.c
src_maildir_tests_append_test_LDADD = $(MAILBOX_TEST_LIBS)
src_maildir_tests_folders_test_SOURCES = src/maildir/tests/folders_test.c
src_maildir_tests_folders_test_LDADD = $(MAILBOX_TEST_LIBS)
src_maildir_tests_cache_test_SOURCES = src/maildir/tests/cache_test.c
src_maildir_tests_cache_test_LDADD = $(MAILBOX_TEST_LIBS)
src_maildir_tests_crash_test_SOURCES = src/maildir/tests/crash_test.c
src_maildir_tests_crash_test_LDADD = $(MAILBOX_TEST_LIBS)
src_maildir_tests_facts_test_SOURCES = src/maildir/tests/facts_test.c
src_maildir_tests_facts_test_LDADD = $(MAILBOX_TEST_LIBS)
src_maildir_tests_others_test_SOURCES = src/maildir/tests/others_test.c
src_maildir_tests_others_test_LDADD = $(MAILBOX_TEST_LIBS)
src_maildir_tests_stress_test_SOURCES = src/maildir/tests/stress_test.c
src_maildir_tests_stress_test_LDADD = $(MAILBOX_TEST_LIBS)
src_maildir_tests_import_test_SOURCES = src/maildir/tests/import_test.c
src_maildir_tests_import_test_LDADD = $(MAILBOX_TEST_LIBS)
TESTS += src/maildir/tests/dovecot_test.sh
