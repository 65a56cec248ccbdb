# src/account: who a user is; the protocol of authdaemon, userdb, passwords.
noinst_LIBRARIES += libaccount.a
LIB_ACCOUNT = libaccount.a
libaccount_a_SOURCES = \
	src/account/account.c \
	src/account/authproto.c \
	src/account/password.c \
	src/account/userdb.c

check_PROGRAMS += src/account/tests/account_test src/account/tests/password_test
TESTS += src/account/tests/account_test src/account/tests/password_test
src_account_tests_account_test_SOURCES = src/account/tests/account_test.c
src_account_tests_account_test_LDADD = $(LIB_ACCOUNT) $(LINK_L2) $(EXT_LIBS)
src_account_tests_password_test_SOURCES = src/account/tests/password_test.c
src_account_tests_password_test_LDADD = $(LIB_ACCOUNT) $(LINK_L2) $(EXT_LIBS)
