# fuzz: the frame and the harnesses of src/base. A harness of another folder stands in fuzz/ too, in the
# same three lines; its seeds in fuzz/seeds/<name>/.
#   make check                                        replays seeds and fixed mutations of them
#   ./configure CC=clang --enable-fuzzing --enable-sanitize && make
#   fuzz/fuzz_date CORPUS ../src/fuzz/seeds/date      explores
check_LIBRARIES += libfuzz.a
libfuzz_a_CPPFLAGS = $(STRICT_FLAGS) -I$(top_srcdir)
if FUZZING
libfuzz_a_SOURCES = fuzz/fuzz.c
noinst_PROGRAMS += $(FUZZ_HARNESSES)
else
libfuzz_a_SOURCES = fuzz/fuzz.c fuzz/replay.c
check_PROGRAMS += $(FUZZ_HARNESSES)
TESTS += $(FUZZ_HARNESSES)
endif
FUZZ_CPPFLAGS = $(STRICT_FLAGS) -I$(top_srcdir)
# First in the LDADD of a harness; the archives under test follow.
FUZZ_FRAME = libfuzz.a $(FUZZ_LDFLAGS)

FUZZ_HARNESSES += fuzz/fuzz_date fuzz/fuzz_num fuzz/fuzz_base64 fuzz/fuzz_qp fuzz/fuzz_utf8
fuzz_fuzz_date_SOURCES = fuzz/fuzz_date.c
fuzz_fuzz_date_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_date_LDADD = $(FUZZ_FRAME) libbase.a
fuzz_fuzz_num_SOURCES = fuzz/fuzz_num.c
fuzz_fuzz_num_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_num_LDADD = $(FUZZ_FRAME) libbase.a
fuzz_fuzz_base64_SOURCES = fuzz/fuzz_base64.c
fuzz_fuzz_base64_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_base64_LDADD = $(FUZZ_FRAME) libbase.a
fuzz_fuzz_qp_SOURCES = fuzz/fuzz_qp.c
fuzz_fuzz_qp_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_qp_LDADD = $(FUZZ_FRAME) libbase.a
fuzz_fuzz_utf8_SOURCES = fuzz/fuzz_utf8.c
fuzz_fuzz_utf8_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_utf8_LDADD = $(FUZZ_FRAME) libbase.a

# src/smtp
FUZZ_HARNESSES += fuzz/fuzz_smtp fuzz/fuzz_path
fuzz_fuzz_smtp_SOURCES = fuzz/fuzz_smtp.c
fuzz_fuzz_smtp_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_smtp_LDADD = $(FUZZ_FRAME) libsmtpworld.a libsmtp.a libsasl.a libmessage.a libbase.a
fuzz_fuzz_path_SOURCES = fuzz/fuzz_path.c
fuzz_fuzz_path_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_path_LDADD = $(FUZZ_FRAME) libsmtp.a libmessage.a libbase.a

# src/pop3
FUZZ_HARNESSES += fuzz/fuzz_pop3
fuzz_fuzz_pop3_SOURCES = fuzz/fuzz_pop3.c
fuzz_fuzz_pop3_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_pop3_LDADD = $(FUZZ_FRAME) libpop3world.a libdrive.a libpop3.a libsasl.a libbase.a

# src/message
FUZZ_HARNESSES += fuzz/fuzz_address fuzz/fuzz_header fuzz/fuzz_mime
fuzz_fuzz_address_SOURCES = fuzz/fuzz_address.c
fuzz_fuzz_address_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_address_LDADD = $(FUZZ_FRAME) libmessage.a libbase.a
fuzz_fuzz_header_SOURCES = fuzz/fuzz_header.c
fuzz_fuzz_header_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_header_LDADD = $(FUZZ_FRAME) libmessage.a libbase.a
fuzz_fuzz_mime_SOURCES = fuzz/fuzz_mime.c
fuzz_fuzz_mime_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_mime_LDADD = $(FUZZ_FRAME) libmessage.a libbase.a
FUZZ_HARNESSES += fuzz/fuzz_dsn
fuzz_fuzz_dsn_SOURCES = fuzz/fuzz_dsn.c
fuzz_fuzz_dsn_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_dsn_LDADD = $(FUZZ_FRAME) libdsn.a libmessage.a libbase.a
FUZZ_HARNESSES += fuzz/fuzz_conf fuzz/fuzz_snapshot fuzz/fuzz_aliases fuzz/fuzz_access fuzz/fuzz_account
fuzz_fuzz_conf_SOURCES = fuzz/fuzz_conf.c
fuzz_fuzz_conf_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_conf_LDADD = $(FUZZ_FRAME) $(LIB_CONF) $(LINK_L1)
fuzz_fuzz_snapshot_SOURCES = fuzz/fuzz_snapshot.c
fuzz_fuzz_snapshot_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_snapshot_LDADD = $(FUZZ_FRAME) $(LIB_CONF) $(LINK_L1)
fuzz_fuzz_aliases_SOURCES = fuzz/fuzz_aliases.c
fuzz_fuzz_aliases_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_aliases_LDADD = $(FUZZ_FRAME) $(LIB_ROUTE) $(LIB_CONF) $(LINK_L1)
fuzz_fuzz_access_SOURCES = fuzz/fuzz_access.c
fuzz_fuzz_access_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_access_LDADD = $(FUZZ_FRAME) $(LIB_ROUTE) $(LIB_CONF) $(LINK_L1)
fuzz_fuzz_account_SOURCES = fuzz/fuzz_account.c
fuzz_fuzz_account_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_account_LDADD = $(FUZZ_FRAME) $(LIB_ACCOUNT) $(LINK_L1)

FUZZ_HARNESSES += fuzz/fuzz_queue
fuzz_fuzz_queue_SOURCES = fuzz/fuzz_queue.c
fuzz_fuzz_queue_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_queue_LDADD = $(FUZZ_FRAME) $(LIB_QUEUE) $(LIB_NET) $(LINK_L1)

# src/ipc
FUZZ_HARNESSES += fuzz/fuzz_ipc
fuzz_fuzz_ipc_SOURCES = fuzz/fuzz_ipc.c
fuzz_fuzz_ipc_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_ipc_LDADD = $(FUZZ_FRAME) $(LIB_IPC) $(LIB_NET) $(LINK_L1)

# src/dns
FUZZ_HARNESSES += fuzz/fuzz_dns
fuzz_fuzz_dns_SOURCES = fuzz/fuzz_dns.c
fuzz_fuzz_dns_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_dns_LDADD = $(FUZZ_FRAME) $(LIB_DNS) $(LINK_L1)
FUZZ_HARNESSES += fuzz/fuzz_smtpclient
fuzz_fuzz_smtpclient_SOURCES = fuzz/fuzz_smtpclient.c src/smtp/tests/client_world.c
fuzz_fuzz_smtpclient_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_smtpclient_LDADD = $(FUZZ_FRAME) libsmtp.a libsasl.a libmessage.a libbase.a
FUZZ_HARNESSES += fuzz/fuzz_downgrade
fuzz_fuzz_downgrade_SOURCES = fuzz/fuzz_downgrade.c
fuzz_fuzz_downgrade_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_downgrade_LDADD = $(FUZZ_FRAME) libmessage.a libbase.a

# src/imap
FUZZ_HARNESSES += fuzz/fuzz_imap
fuzz_fuzz_imap_SOURCES = fuzz/fuzz_imap.c
fuzz_fuzz_imap_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_imap_LDADD = $(FUZZ_FRAME) libimapworld.a libdrive.a libimap.a libsasl.a libmessage.a libbase.a

# src/imap: what is said of messages, and SEARCH
FUZZ_HARNESSES += fuzz/fuzz_describe fuzz/fuzz_section fuzz/fuzz_search
fuzz_fuzz_describe_SOURCES = fuzz/fuzz_describe.c
fuzz_fuzz_describe_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_describe_LDADD = $(FUZZ_FRAME) libimap.a libmessage.a libbase.a
fuzz_fuzz_section_SOURCES = fuzz/fuzz_section.c
fuzz_fuzz_section_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_section_LDADD = $(FUZZ_FRAME) libimap.a libmessage.a libbase.a
fuzz_fuzz_search_SOURCES = fuzz/fuzz_search.c
fuzz_fuzz_search_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_search_LDADD = $(FUZZ_FRAME) libimap.a libmessage.a libbase.a

# src/maildir
FUZZ_HARNESSES += fuzz/fuzz_facts fuzz/fuzz_cache fuzz/fuzz_uidlist
fuzz_fuzz_facts_SOURCES = fuzz/fuzz_facts.c
fuzz_fuzz_facts_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_facts_LDADD = $(FUZZ_FRAME) $(LIB_MAILDIR) $(LINK_L1)
fuzz_fuzz_cache_SOURCES = fuzz/fuzz_cache.c
fuzz_fuzz_cache_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_cache_LDADD = $(FUZZ_FRAME) $(LIB_MAILDIR) $(LINK_L1)
fuzz_fuzz_uidlist_SOURCES = fuzz/fuzz_uidlist.c
fuzz_fuzz_uidlist_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_uidlist_LDADD = $(FUZZ_FRAME) $(LIB_MAILDIR) $(LINK_L1)

# The doors of src/imap and src/pop3
FUZZ_HARNESSES += fuzz/fuzz_imaplogin fuzz/fuzz_pop3login
fuzz_fuzz_imaplogin_SOURCES = fuzz/fuzz_imaplogin.c fuzz/door.c fuzz/door.h
fuzz_fuzz_imaplogin_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_imaplogin_LDADD = $(FUZZ_FRAME) libdoorworld.a libdrive.a libimap.a libsasl.a libmessage.a libbase.a
fuzz_fuzz_pop3login_SOURCES = fuzz/fuzz_pop3login.c fuzz/door.c fuzz/door.h
fuzz_fuzz_pop3login_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_pop3login_LDADD = $(FUZZ_FRAME) libdoorworld.a libdrive.a libpop3.a libsasl.a libbase.a
