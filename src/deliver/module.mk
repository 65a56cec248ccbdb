# src/deliver: instructions, mailboxes, programs
noinst_LIBRARIES += libdeliver.a
LIB_DELIVER = libdeliver.a
libdeliver_a_SOURCES = \
	src/deliver/env.c src/deliver/env.h \
	src/deliver/file.c src/deliver/file.h \
	src/deliver/instr.c src/deliver/instr.h \
	src/deliver/loop.c src/deliver/loop.h \
	src/deliver/mbox.c src/deliver/mbox.h \
	src/deliver/program.c src/deliver/program.h

DELIVER_TESTS = src/deliver/tests/instr_test src/deliver/tests/deliver_test
DELIVER_TEST_LIBS = $(LIB_DELIVER) $(LIB_MAILDIR) $(LIB_MESSAGE) $(LINK_L1)
check_PROGRAMS += $(DELIVER_TESTS)
TESTS += $(DELIVER_TESTS)
src_deliver_tests_instr_test_SOURCES = src/deliver/tests/instr_test.c
src_deliver_tests_instr_test_LDADD = $(DELIVER_TEST_LIBS)
src_deliver_tests_deliver_test_SOURCES = src/deliver/tests/deliver_test.c
src_deliver_tests_deliver_test_LDADD = $(DELIVER_TEST_LIBS)

# Instructions and mbox quoting; the frame is fuzz/fuzz.h.
FUZZ_HARNESSES += fuzz/fuzz_deliver fuzz/fuzz_mbox
fuzz_fuzz_deliver_SOURCES = fuzz/fuzz_deliver.c
fuzz_fuzz_deliver_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_deliver_LDADD = $(FUZZ_FRAME) $(DELIVER_TEST_LIBS)
fuzz_fuzz_mbox_SOURCES = fuzz/fuzz_mbox.c
fuzz_fuzz_mbox_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_fuzz_mbox_LDADD = $(FUZZ_FRAME) $(DELIVER_TEST_LIBS)
