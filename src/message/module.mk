# src/message: RFC 5322 and MIME
noinst_LIBRARIES += libmessage.a
LIB_MESSAGE = libmessage.a
libmessage_a_SOURCES = \
	src/message/trace.c
