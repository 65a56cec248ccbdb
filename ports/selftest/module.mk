# ports/selftest: the contract tests in one program, for machines that are not ours (docs/PORTING.md). Each test's main() gets a
# name of its own, and each is compiled as the implementation that libos.a has wants it: PORT_FLOOR or not.
check_PROGRAMS += ports/selftest/selftest
SELFTEST_CPPFLAGS = $(PORT_TEST_CPPFLAGS) $(INCLUDE_OPTION)$(srcdir)/ports/selftest/selftest.h
SELFTEST_FLOOR_SYSTEM =
SELFTEST_FLOOR_BSD =
SELFTEST_FLOOR_DIRWATCH =
SELFTEST_FLOOR_PEERCRED =
SELFTEST_CONDITIONS =
if OS_LINUX
else
SELFTEST_FLOOR_SYSTEM += -DPORT_FLOOR
if OS_BSD
else
SELFTEST_FLOOR_BSD += -DPORT_FLOOR
endif
endif
if DIRWATCH_POLL
SELFTEST_FLOOR_DIRWATCH += -DPORT_FLOOR
endif
if PEERCRED_NONE
SELFTEST_FLOOR_PEERCRED += -DPORT_FLOOR
endif

check_LIBRARIES += $(SELFTEST_LIBS)
SELFTEST_LIBS = \
	ports/selftest/libaccounts.a \
	ports/selftest/libbackground.a \
	ports/selftest/libclock.a \
	ports/selftest/libdirwatch.a \
	ports/selftest/libdurable.a \
	ports/selftest/libfdpass.a \
	ports/selftest/libfilelock.a \
	ports/selftest/libpeercred.a \
	ports/selftest/libpidfile.a \
	ports/selftest/libpoller.a \
	ports/selftest/libprivs.a \
	ports/selftest/libproctitle.a \
	ports/selftest/librandom.a \
	ports/selftest/libsendfile.a \
	ports/selftest/libservice.a \
	ports/selftest/libspawn.a \
	ports/selftest/libsysinfo.a
ports_selftest_libaccounts_a_SOURCES = ports/tests/accounts_test.c
ports_selftest_libaccounts_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_accounts
ports_selftest_libbackground_a_SOURCES = ports/tests/background_test.c
ports_selftest_libbackground_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_background
ports_selftest_libclock_a_SOURCES = ports/tests/clock_test.c
ports_selftest_libclock_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_clock
ports_selftest_libdirwatch_a_SOURCES = ports/tests/dirwatch_test.c
ports_selftest_libdirwatch_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_dirwatch $(SELFTEST_FLOOR_DIRWATCH)
ports_selftest_libdurable_a_SOURCES = ports/tests/durable_test.c
ports_selftest_libdurable_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_durable
ports_selftest_libfdpass_a_SOURCES = ports/tests/fdpass_test.c
ports_selftest_libfdpass_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_fdpass
ports_selftest_libfilelock_a_SOURCES = ports/tests/filelock_test.c
ports_selftest_libfilelock_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_filelock
ports_selftest_libpeercred_a_SOURCES = ports/tests/peercred_test.c
ports_selftest_libpeercred_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_peercred $(SELFTEST_FLOOR_PEERCRED)
ports_selftest_libpidfile_a_SOURCES = ports/tests/pidfile_test.c
ports_selftest_libpidfile_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_pidfile
ports_selftest_libpoller_a_SOURCES = ports/tests/poller_test.c
ports_selftest_libpoller_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_poller
ports_selftest_libprivs_a_SOURCES = ports/tests/privs_test.c
ports_selftest_libprivs_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_privs $(SELFTEST_FLOOR_SYSTEM)
ports_selftest_libproctitle_a_SOURCES = ports/tests/proctitle_test.c
ports_selftest_libproctitle_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_proctitle $(SELFTEST_FLOOR_BSD)
ports_selftest_librandom_a_SOURCES = ports/tests/random_test.c
ports_selftest_librandom_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_random $(SELFTEST_FLOOR_BSD)
ports_selftest_libsendfile_a_SOURCES = ports/tests/sendfile_test.c
ports_selftest_libsendfile_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_sendfile $(SELFTEST_FLOOR_SYSTEM)
ports_selftest_libservice_a_SOURCES = ports/tests/service_test.c
ports_selftest_libservice_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_service $(SELFTEST_FLOOR_SYSTEM)
ports_selftest_libspawn_a_SOURCES = ports/tests/spawn_test.c
ports_selftest_libspawn_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_spawn
ports_selftest_libsysinfo_a_SOURCES = ports/tests/sysinfo_test.c
ports_selftest_libsysinfo_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_sysinfo $(SELFTEST_FLOOR_BSD)
if SANDBOX_LINUX
SELFTEST_CONDITIONS += -DSELFTEST_SANDBOX
check_LIBRARIES += ports/selftest/libsandbox.a
SELFTEST_SANDBOX = ports/selftest/libsandbox.a
ports_selftest_libsandbox_a_SOURCES = ports/tests/sandbox_test.c ports/tests/sandbox_attempts.c ports/tests/sandbox_attempts.h
endif
if SANDBOX_NONE
SELFTEST_CONDITIONS += -DSELFTEST_SANDBOX
check_LIBRARIES += ports/selftest/libsandbox.a
SELFTEST_SANDBOX = ports/selftest/libsandbox.a
ports_selftest_libsandbox_a_SOURCES = ports/tests/sandbox_none_test.c
endif
ports_selftest_libsandbox_a_CPPFLAGS = $(SELFTEST_CPPFLAGS) -Dmain=selftest_sandbox

ports_selftest_selftest_SOURCES = ports/selftest/selftest.c ports/selftest/selftest.h ports/selftest/system.c \
	ports/selftest/files.c ports/selftest/sockets.c
ports_selftest_selftest_CPPFLAGS = $(PORT_TEST_CPPFLAGS) $(SELFTEST_CONDITIONS)
ports_selftest_selftest_LDADD = $(SELFTEST_LIBS) $(SELFTEST_SANDBOX) $(PORT_TEST_LIBS) $(CRYPT_LIBS)

# By its short name.
selftest: ports/selftest/selftest
.PHONY: selftest
TESTS += ports/tests/selftest_test.sh
