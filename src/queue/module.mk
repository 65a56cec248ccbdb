# src/queue: custody of accepted mail
LIB_QUEUE = libqueue.a
noinst_LIBRARIES += libqueue.a
libqueue_a_SOURCES = \
	src/queue/queue.h src/queue/model.h \
	src/queue/queue_int.h src/queue/queue_state.h src/queue/record.h \
	src/queue/body.c src/queue/commit.c src/queue/env.c src/queue/envelope.c src/queue/group.c src/queue/id.c \
	src/queue/index.c src/queue/lines.c src/queue/maker.c src/queue/message.c src/queue/move.c src/queue/offline.c \
	src/queue/park.c src/queue/queue.c src/queue/record.c src/queue/recover.c src/queue/segment.c

QUEUE_TESTS = src/queue/tests/queue_test src/queue/tests/crash_test
check_PROGRAMS += $(QUEUE_TESTS)
TESTS += $(QUEUE_TESTS)
QUEUE_TEST_SOURCES = src/queue/tests/bench.c src/queue/tests/bench.h src/queue/tests/disk.c src/queue/tests/disk.h
src_queue_tests_queue_test_SOURCES = src/queue/tests/queue_test.c $(QUEUE_TEST_SOURCES)
src_queue_tests_queue_test_LDADD = $(LIB_QUEUE) $(LIB_NET) $(LINK_L1)
src_queue_tests_crash_test_SOURCES = src/queue/tests/crash_test.c $(QUEUE_TEST_SOURCES)
src_queue_tests_crash_test_LDADD = $(LIB_QUEUE) $(LIB_NET) $(LINK_L1)
