# src/smtp: the server's side of RFC 5321 and its extensions.
noinst_LIBRARIES += libsmtp.a
LIB_SMTP = libsmtp.a
libsmtp_a_SOURCES = \
	src/smtp/client.c \
	src/smtp/client_ehlo.c \
	src/smtp/client_mail.c \
	src/smtp/client_reply.c \
	src/smtp/params.c \
	src/smtp/path.c \
	src/smtp/reply.c \
	src/smtp/server.c \
	src/smtp/server_auth.c \
	src/smtp/server_bdat.c \
	src/smtp/server_command.c \
	src/smtp/server_data.c \
	src/smtp/server_ehlo.c \
	src/smtp/server_line.c \
	src/smtp/server_mail.c \
	src/smtp/server_rcpt.c \
	src/smtp/stuff.c

# The small world of unit tests, fuzz harness and scenario player.
check_LIBRARIES += libsmtpworld.a
libsmtpworld_a_SOURCES = src/smtp/tests/world.c

SMTP_TESTS = src/smtp/tests/path_test src/smtp/tests/server_test src/smtp/tests/server_opts_test
check_PROGRAMS += $(SMTP_TESTS)
TESTS += $(SMTP_TESTS)
src_smtp_tests_path_test_SOURCES = src/smtp/tests/path_test.c
src_smtp_tests_path_test_LDADD = libsmtp.a libmessage.a libbase.a
src_smtp_tests_server_opts_test_SOURCES = src/smtp/tests/server_opts_test.c
src_smtp_tests_server_opts_test_LDADD = libsmtpworld.a libsmtp.a libsasl.a libmessage.a libbase.a
src_smtp_tests_server_test_SOURCES = src/smtp/tests/server_test.c
src_smtp_tests_server_test_LDADD = libsmtpworld.a libsmtp.a libsasl.a libmessage.a libbase.a
