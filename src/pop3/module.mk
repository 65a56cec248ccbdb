# src/pop3: the server's side of RFC 1939 and its extensions.
noinst_LIBRARIES += libpop3.a
LIB_POP3 = libpop3.a
libpop3_a_SOURCES = \
	src/pop3/capa.c \
	src/pop3/login.c \
	src/pop3/reply.c \
	src/pop3/server.c \
	src/pop3/server_command.c \
	src/pop3/server_line.c \
	src/pop3/server_list.c \
	src/pop3/server_message.c

# The small world of unit tests, fuzz harness and scenario player.
check_LIBRARIES += libpop3world.a
libpop3world_a_SOURCES = src/pop3/tests/world.c

POP3_TESTS = src/pop3/tests/server_test
check_PROGRAMS += $(POP3_TESTS)
TESTS += $(POP3_TESTS)
src_pop3_tests_server_test_SOURCES = src/pop3/tests/server_test.c
src_pop3_tests_server_test_LDADD = libpop3world.a libdrive.a libpop3.a libsasl.a libbase.a

check_PROGRAMS += src/pop3/tests/login_test
TESTS += src/pop3/tests/login_test
src_pop3_tests_login_test_SOURCES = src/pop3/tests/login_test.c
src_pop3_tests_login_test_LDADD = libdoorworld.a libdrive.a libpop3.a libsasl.a libbase.a
