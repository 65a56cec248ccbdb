# src/sched: when, how many, in what batch
noinst_LIBRARIES += libsched.a
LIB_SCHED = libsched.a
libsched_a_SOURCES = src/sched/sched.h src/sched/sched.c

check_PROGRAMS += src/sched/tests/sched_test
src_sched_tests_sched_test_SOURCES = src/sched/tests/sched_test.c
src_sched_tests_sched_test_LDADD = $(LIB_SCHED) $(LINK_L1)
TESTS += src/sched/tests/sched_test
