# src/cmd: one file for each command
CMD_COMMON = src/cmd/cmd.h src/cmd/cmd.c

sbin_PROGRAMS += src/cmd/courier src/cmd/mkesmtpdcert src/cmd/mkimapdcert src/cmd/mkpop3dcert
src_cmd_courier_SOURCES = src/cmd/courier.h src/cmd/courier.c src/cmd/courier_config.c src/cmd/courier_survey.c $(CMD_COMMON)
src_cmd_courier_LDADD = $(LINK_L2) $(EXT_LIBS)
src_cmd_mkesmtpdcert_SOURCES = src/cmd/mkcert.c $(CMD_COMMON)
src_cmd_mkesmtpdcert_LDADD = $(LINK_L2) $(EXT_LIBS)
src_cmd_mkimapdcert_SOURCES = src/cmd/mkcert.c $(CMD_COMMON)
src_cmd_mkimapdcert_CPPFLAGS = $(STRICT_FLAGS) -DMAKE_IMAPD
src_cmd_mkimapdcert_LDADD = $(LINK_L2) $(EXT_LIBS)
src_cmd_mkpop3dcert_SOURCES = src/cmd/mkcert.c $(CMD_COMMON)
src_cmd_mkpop3dcert_CPPFLAGS = $(STRICT_FLAGS) -DMAKE_POP3D
src_cmd_mkpop3dcert_LDADD = $(LINK_L2) $(EXT_LIBS)

# Tables
CMD_TABLE = src/cmd/table.h src/cmd/table.c $(CMD_COMMON)
CMD_TABLE_LIBS = $(LIB_ROUTE) $(LIB_ACCOUNT) $(LINK_L2) $(EXT_LIBS)

sbin_PROGRAMS += src/cmd/makealiases src/cmd/makehosteddomains src/cmd/makeacceptmailfor src/cmd/makesmtpaccess \
	src/cmd/makesmtpaccess-msa src/cmd/makeuserdb
bin_PROGRAMS += src/cmd/newaliases
src_cmd_makealiases_SOURCES = src/cmd/makealiases.c $(CMD_TABLE)
src_cmd_makealiases_LDADD = $(CMD_TABLE_LIBS)
src_cmd_newaliases_SOURCES = src/cmd/makealiases.c $(CMD_TABLE)
src_cmd_newaliases_LDADD = $(CMD_TABLE_LIBS)
src_cmd_makehosteddomains_SOURCES = src/cmd/makedomains.c $(CMD_TABLE)
src_cmd_makehosteddomains_LDADD = $(CMD_TABLE_LIBS)
src_cmd_makeacceptmailfor_SOURCES = src/cmd/makedomains.c $(CMD_TABLE)
src_cmd_makeacceptmailfor_CPPFLAGS = $(STRICT_FLAGS) -DMAKE_ACCEPTMAILFOR
src_cmd_makeacceptmailfor_LDADD = $(CMD_TABLE_LIBS)
src_cmd_makesmtpaccess_SOURCES = src/cmd/makesmtpaccess.c $(CMD_TABLE)
src_cmd_makesmtpaccess_LDADD = $(CMD_TABLE_LIBS)
src_cmd_makesmtpaccess_msa_SOURCES = src/cmd/makesmtpaccess.c $(CMD_TABLE)
src_cmd_makesmtpaccess_msa_CPPFLAGS = $(STRICT_FLAGS) -DMAKE_MSA
src_cmd_makesmtpaccess_msa_LDADD = $(CMD_TABLE_LIBS)
src_cmd_makeuserdb_SOURCES = src/cmd/makeuserdb.c $(CMD_TABLE)
src_cmd_makeuserdb_LDADD = $(CMD_TABLE_LIBS)

# Accounts
CMD_AUTH = src/cmd/authclient.h src/cmd/authclient.c
CMD_PASSWORD = src/cmd/password_in.h src/cmd/password_in.c
bin_PROGRAMS += src/cmd/aliaslookup src/cmd/authpasswd src/cmd/userdbpw
sbin_PROGRAMS += src/cmd/authenumerate src/cmd/authtest src/cmd/userdb
src_cmd_aliaslookup_SOURCES = src/cmd/aliaslookup.c $(CMD_AUTH) $(CMD_TABLE)
src_cmd_aliaslookup_LDADD = $(CMD_TABLE_LIBS)
src_cmd_authenumerate_SOURCES = src/cmd/authenumerate.c $(CMD_AUTH) $(CMD_COMMON)
src_cmd_authenumerate_LDADD = $(CMD_TABLE_LIBS)
src_cmd_authpasswd_SOURCES = src/cmd/authpasswd.c $(CMD_PASSWORD) $(CMD_COMMON)
src_cmd_authpasswd_LDADD = $(CMD_TABLE_LIBS)
src_cmd_authtest_SOURCES = src/cmd/authtest.c $(CMD_AUTH) $(CMD_COMMON)
src_cmd_authtest_LDADD = $(CMD_TABLE_LIBS)
src_cmd_userdb_SOURCES = src/cmd/userdb.c $(CMD_TABLE)
src_cmd_userdb_LDADD = $(CMD_TABLE_LIBS)
src_cmd_userdbpw_SOURCES = src/cmd/authpasswd.c $(CMD_PASSWORD) $(CMD_COMMON)
src_cmd_userdbpw_CPPFLAGS = $(STRICT_FLAGS) -DMAKE_USERDBPW
src_cmd_userdbpw_LDADD = $(CMD_TABLE_LIBS)

TESTS += src/cmd/tests/tables_test.sh src/cmd/tests/sendmail_test.sh

bin_PROGRAMS += src/cmd/mailq src/cmd/cancelmsg
src_cmd_mailq_SOURCES = src/cmd/mailq.c $(CMD_COMMON)
src_cmd_mailq_LDADD = $(LIB_QUEUE) $(LINK_L2) $(EXT_LIBS)
src_cmd_cancelmsg_SOURCES = src/cmd/cancelmsg.c $(CMD_COMMON)
src_cmd_cancelmsg_LDADD = $(LINK_L2) $(EXT_LIBS)

# Submission
sbin_PROGRAMS += src/cmd/sendmail
src_cmd_sendmail_SOURCES = src/cmd/sendmail.h src/cmd/sendmail.c src/cmd/sendmail_head.c \
	src/cmd/sendmail_input.c src/cmd/sendmail_smtp.c $(CMD_COMMON)
src_cmd_sendmail_LDADD = $(LIB_MESSAGE) $(LINK_L2) $(EXT_LIBS)

# Mailboxes
bin_PROGRAMS += src/cmd/maildirmake src/cmd/maildirstat
src_cmd_maildirmake_SOURCES = src/cmd/maildirmake.c $(CMD_COMMON)
src_cmd_maildirmake_LDADD = $(LIB_MAILDIR) $(LINK_L2) $(EXT_LIBS)
src_cmd_maildirstat_SOURCES = src/cmd/maildirstat.c $(CMD_COMMON)
src_cmd_maildirstat_LDADD = $(LIB_MAILDIR) $(LINK_L2) $(EXT_LIBS)
TESTS += src/cmd/tests/maildirmake_test.sh
