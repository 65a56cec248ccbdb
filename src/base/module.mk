# src/base: no mail knowledge, no I/O.
noinst_LIBRARIES += libbase.a
LIB_BASE = libbase.a
libbase_a_SOURCES = \
	src/base/arena.c \
	src/base/base64.c \
	src/base/buf.c \
	src/base/check.c \
	src/base/date.c \
	src/base/date_parse.c \
	src/base/dict_mem.c \
	src/base/fault.c \
	src/base/heap.c \
	src/base/hmap.c \
	src/base/kv.c \
	src/base/mem.c \
	src/base/num.c \
	src/base/qp.c \
	src/base/slice.c \
	src/base/utf8.c
