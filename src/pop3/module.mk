# src/pop3: the server's side of RFC 1939 and its extensions.
noinst_LIBRARIES += libpop3.a
LIB_POP3 = libpop3.a
libpop3_a_SOURCES = \
	src/pop3/capa.c \
	src/pop3/reply.c \
	src/pop3/server.c \
	src/pop3/server_command.c \
	src/pop3/server_line.c \
	src/pop3/server_list.c \
	src/pop3/server_message.c
