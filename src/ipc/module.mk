# src/ipc: messages between our processes
LIB_IPC = libipc.a
noinst_LIBRARIES += libipc.a
libipc_a_SOURCES = \
	src/ipc/messages.h src/ipc/codec.h src/ipc/channel.h src/ipc/channel_int.h src/ipc/frame.h \
	src/ipc/codec.c src/ipc/frame.c src/ipc/channel.c src/ipc/channel_in.c src/ipc/channel_out.c src/ipc/blocking.c

check_PROGRAMS += src/ipc/tests/ipc_test
src_ipc_tests_ipc_test_SOURCES = src/ipc/tests/ipc_test.c
src_ipc_tests_ipc_test_LDADD = $(LIB_IPC) $(LIB_NET) $(LINK_L1)
TESTS += src/ipc/tests/ipc_test
