# src/message: RFC 5322 and MIME
noinst_LIBRARIES += libmessage.a
LIB_MESSAGE = libmessage.a
libmessage_a_SOURCES = \
	src/message/address.c \
	src/message/address_write.c \
	src/message/charset.c \
	src/message/charset_tables.c \
	src/message/content.c \
	src/message/content_write.c \
	src/message/downgrade.c \
	src/message/edit.c \
	src/message/encword.c \
	src/message/header.c \
	src/message/mime.c \
	src/message/token.c \
	src/message/trace.c

MESSAGE_TESTS = \
	src/message/tests/address_test \
	src/message/tests/header_test \
	src/message/tests/mime_test \
	src/message/tests/words_test
check_PROGRAMS += $(MESSAGE_TESTS)
TESTS += $(MESSAGE_TESTS)
src_message_tests_address_test_SOURCES = src/message/tests/address_test.c
src_message_tests_address_test_LDADD = libmessage.a libbase.a
src_message_tests_header_test_SOURCES = src/message/tests/header_test.c
src_message_tests_header_test_LDADD = libmessage.a libbase.a
src_message_tests_mime_test_SOURCES = src/message/tests/mime_test.c
src_message_tests_mime_test_LDADD = libmessage.a libbase.a
src_message_tests_words_test_SOURCES = src/message/tests/words_test.c
src_message_tests_words_test_LDADD = libmessage.a libbase.a

check_PROGRAMS += src/message/tests/downgrade_test
TESTS += src/message/tests/downgrade_test
src_message_tests_downgrade_test_SOURCES = src/message/tests/downgrade_test.c
src_message_tests_downgrade_test_LDADD = libmessage.a libbase.a
