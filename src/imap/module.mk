# src/imap: the server's side of RFC 3501 and its extensions, behind the login.
noinst_LIBRARIES += libimap.a
LIB_IMAP = libimap.a
libimap_a_SOURCES = \
	src/imap/cmd/any.c \
	src/imap/cmd/append.c \
	src/imap/cmd/idle.c \
	src/imap/cmd/list.c \
	src/imap/cmd/mailbox.c \
	src/imap/cmd/select.c \
	src/imap/cmd/store.c \
	src/imap/cmd/fetch.c \
	src/imap/cmd/search.c \
	src/imap/parse/fetch.c \
	src/imap/parse/search.c \
	src/imap/reply/fetch.c \
	src/imap/describe.c \
	src/imap/envelope.c \
	src/imap/lexer.c \
	src/imap/lexer_more.c \
	src/imap/login.c \
	src/imap/needle.c \
	src/imap/outline.c \
	src/imap/said.c \
	src/imap/parse/mailbox.c \
	src/imap/parse/message.c \
	src/imap/reply/flags.c \
	src/imap/reply/status.c \
	src/imap/reply/value.c \
	src/imap/search.c \
	src/imap/search_text.c \
	src/imap/section.c \
	src/imap/server.c \
	src/imap/server_command.c \
	src/imap/server_end.c \
	src/imap/server_out.c \
	src/imap/server_read.c \
	src/imap/structure.c

IMAP_TESTS = src/imap/tests/describe_test src/imap/tests/fetch_test src/imap/tests/search_test
check_PROGRAMS += $(IMAP_TESTS)
TESTS += $(IMAP_TESTS)
src_imap_tests_describe_test_SOURCES = src/imap/tests/describe_test.c
src_imap_tests_describe_test_LDADD = libimap.a libmessage.a libbase.a
src_imap_tests_fetch_test_SOURCES = src/imap/tests/fetch_test.c
src_imap_tests_fetch_test_LDADD = libimap.a libmessage.a libbase.a

# The small world of unit tests, fuzz harness and scenario player.
check_LIBRARIES += libimapworld.a
libimapworld_a_SOURCES = \
	src/imap/tests/store.c \
	src/imap/tests/store_fetch.c \
	src/imap/tests/store_search.c \
	src/imap/tests/store_view.c \
	src/imap/tests/world.c

IMAP_SERVER_TEST = src/imap/tests/server_test
check_PROGRAMS += $(IMAP_SERVER_TEST)
TESTS += $(IMAP_SERVER_TEST)
src_imap_tests_server_test_SOURCES = src/imap/tests/server_test.c
src_imap_tests_server_test_LDADD = libimapworld.a libdrive.a libimap.a libsasl.a libmessage.a libbase.a
src_imap_tests_search_test_SOURCES = src/imap/tests/search_test.c
src_imap_tests_search_test_LDADD = libimap.a libmessage.a libbase.a

# The engine on standard input and output, for tests/interop/imap-describe.
check_PROGRAMS += src/imap/tests/imaptalk
src_imap_tests_imaptalk_SOURCES = src/imap/tests/imaptalk.c
src_imap_tests_imaptalk_LDADD = libimapworld.a libdrive.a libimap.a libsasl.a libmessage.a libbase.a
IMAP_LEXER_TEST = src/imap/tests/lexer_test
check_PROGRAMS += $(IMAP_LEXER_TEST)
TESTS += $(IMAP_LEXER_TEST)
src_imap_tests_lexer_test_SOURCES = src/imap/tests/lexer_test.c
src_imap_tests_lexer_test_LDADD = libimapworld.a libdrive.a libimap.a libsasl.a libmessage.a libbase.a

check_PROGRAMS += src/imap/tests/login_test
TESTS += src/imap/tests/login_test
src_imap_tests_login_test_SOURCES = src/imap/tests/login_test.c
src_imap_tests_login_test_LDADD = libdoorworld.a libdrive.a libimap.a libsasl.a libmessage.a libbase.a

IMAP_MODEL_TEST = src/imap/tests/model_test src/imap/tests/append_test
check_PROGRAMS += $(IMAP_MODEL_TEST)
TESTS += $(IMAP_MODEL_TEST)
src_imap_tests_model_test_SOURCES = src/imap/tests/model_test.c
src_imap_tests_model_test_LDADD = libimapworld.a libdrive.a libimap.a libsasl.a libmessage.a libbase.a
src_imap_tests_append_test_SOURCES = src/imap/tests/append_test.c
src_imap_tests_append_test_LDADD = libimapworld.a libdrive.a libimap.a libsasl.a libmessage.a libbase.a
