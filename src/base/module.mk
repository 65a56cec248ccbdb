# src/base: no mail knowledge, no I/O.
noinst_LIBRARIES += libbase.a
LIB_BASE = libbase.a
libbase_a_SOURCES = \
	src/base/arena.c \
	src/base/base64.c \
	src/base/buf.c \
	src/base/check.c src/base/check_folder.c \
	src/base/crc32c.c \
	src/base/date.c \
	src/base/date_parse.c \
	src/base/dict_mem.c \
	src/base/fault.c \
	src/base/heap.c \
	src/base/hmap.c \
	src/base/ip.c \
	src/base/kv.c \
	src/base/mem.c \
	src/base/mutf7.c \
	src/base/num.c \
	src/base/qp.c \
	src/base/slice.c \
	src/base/utf8.c \
	src/base/utf8_fold.c \
	src/base/utf8_fold_rows.c

BASE_TESTS = \
	src/base/tests/slice_test \
	src/base/tests/memory_test \
	src/base/tests/containers_test \
	src/base/tests/num_test \
	src/base/tests/text_test \
	src/base/tests/date_test \
	src/base/tests/codec_test \
	src/base/tests/check_test
check_PROGRAMS += $(BASE_TESTS)
TESTS += $(BASE_TESTS)
src_base_tests_slice_test_SOURCES = src/base/tests/slice_test.c
src_base_tests_slice_test_LDADD = libbase.a
src_base_tests_memory_test_SOURCES = src/base/tests/memory_test.c
src_base_tests_memory_test_LDADD = libbase.a
src_base_tests_containers_test_SOURCES = src/base/tests/containers_test.c
src_base_tests_containers_test_LDADD = libbase.a
src_base_tests_num_test_SOURCES = src/base/tests/num_test.c
src_base_tests_num_test_LDADD = libbase.a
src_base_tests_text_test_SOURCES = src/base/tests/text_test.c
src_base_tests_text_test_LDADD = libbase.a
src_base_tests_date_test_SOURCES = src/base/tests/date_test.c
src_base_tests_date_test_LDADD = libbase.a
src_base_tests_codec_test_SOURCES = src/base/tests/codec_test.c
src_base_tests_codec_test_LDADD = libbase.a
src_base_tests_check_test_SOURCES = src/base/tests/check_test.c
src_base_tests_check_test_LDADD = libbase.a

# Drives any engine in virtual time; for the tests of engines.
check_LIBRARIES += libdrive.a
libdrive_a_SOURCES = src/base/tests/drive.c
