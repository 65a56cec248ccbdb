# src/conf: the configuration engine; one row is parser, range, default, explanation and manual.
noinst_LIBRARIES += libconf.a
LIB_CONF = libconf.a
libconf_a_SOURCES = \
	src/conf/assign.c \
	src/conf/explain.c \
	src/conf/files.c \
	src/conf/load.c \
	src/conf/paths.c \
	src/conf/report.c \
	src/conf/route_line.c \
	src/conf/rows.c \
	src/conf/rows_bofh.c \
	src/conf/rows_courierd.c \
	src/conf/rows_esmtpd.c \
	src/conf/rows_mail.c \
	src/conf/rows_other.c \
	src/conf/rows_site.c \
	src/conf/snapshot.c \
	src/conf/value.c \
	src/conf/value_list.c

# The manual page is made from the rows; what is committed must be what is made (conf_man_test.sh).
noinst_PROGRAMS += conf_man
conf_man_SOURCES = src/conf/conf_man.c
conf_man_LDADD = $(LIB_CONF) $(LINK_L1)

check_PROGRAMS += src/conf/tests/conf_test
TESTS += src/conf/tests/conf_test src/conf/tests/conf_man_test.sh
src_conf_tests_conf_test_SOURCES = src/conf/tests/conf_test.c src/conf/tests/conf_test.h src/conf/tests/assign_test.c
src_conf_tests_conf_test_LDADD = $(LIB_CONF) $(LINK_L1)
