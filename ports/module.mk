# ports: what src/os promises, for each system. libos.a has one implementation of each contract, composed
# by the conditions configure sets:
#   OS_LINUX OS_BSD OS_SOLARIS OS_AIX
#   POLLER_* SANDBOX_* DIRWATCH_* PEERCRED_*       the one chosen
#   HAVE_POLLER_EPOLL _KQUEUE _EVPORT _POLLSET     compiles here, for the contract test
noinst_LIBRARIES += libos.a
LIB_OS = libos.a
PORT_CPPFLAGS = $(OPEN_CPPFLAGS)
libos_a_CPPFLAGS = $(PORT_CPPFLAGS)

# --- the same everywhere ------------------------------------------------------------------------
libos_a_SOURCES = \
	ports/poller_ops.h ports/poller_slots.h ports/poller_table.c ports/sandbox_warm.h \
	ports/posix/poller_poll.c ports/posix/poller_slots.c \
	ports/posix/accounts.c \
	ports/posix/background.c \
	ports/posix/clock.c \
	ports/posix/durable_pool.c \
	ports/posix/fdpass.c \
	ports/posix/filelock.c \
	ports/posix/pidfile.c \
	ports/posix/privs.c ports/posix/privs_common.h \
	ports/posix/sandbox_warm.c \
	ports/posix/spawn.c \
	ports/posix/syslogin.c ports/posix/syslogin.h \
	ports/posix/sendfile_by_copy.c ports/posix/sendfile_common.h \
	ports/posix/sysinfo_statvfs.c ports/posix/sysinfo_common.h

# --- the floor, and what a system does better: PORT_FLOOR_x, PORT_LINUX_x ... are alternatives ----------
PORT_FLOOR_PRIVS = ports/posix/privs_floor.c
PORT_FLOOR_PROCTITLE = ports/posix/proctitle_none.c
PORT_FLOOR_RANDOM = ports/posix/random.c
PORT_FLOOR_SENDFILE = ports/posix/sendfile_copy.c
PORT_FLOOR_SERVICE = ports/posix/service_none.c
PORT_FLOOR_SYSINFO = ports/posix/sysinfo.c
PORT_FLOOR_SANDBOX = ports/posix/sandbox_none.c
PORT_FLOOR_DIRWATCH = ports/posix/dirwatch_poll.c
PORT_FLOOR_PEERCRED = ports/posix/peercred_none.c
# How the system is asked for passwords is no part of libos.a: a program takes one of these.
PORT_FLOOR_SYSLOGIN = ports/posix/syslogin_shadow.c
PORT_FLOOR_PAM = ports/posix/syslogin_pam.c
PORT_BSD_SYSLOGIN = ports/bsd/syslogin_bsdauth.c
PORT_AIX_SYSLOGIN = ports/aix/syslogin_lam.c

PORT_LINUX_PRIVS = ports/linux/privs_linux.c
PORT_LINUX_PROCTITLE = ports/linux/proctitle_environ.c
PORT_LINUX_RANDOM = ports/linux/random_getrandom.c
PORT_LINUX_SENDFILE = ports/linux/sendfile_linux.c
PORT_LINUX_SERVICE = ports/linux/service_notify.c
PORT_LINUX_SYSINFO = ports/linux/sysinfo_linux.c
PORT_LINUX_SANDBOX = ports/linux/sandbox_linux.c ports/linux/sandbox_linux.h ports/linux/sandbox_calls.c \
	ports/linux/sandbox_filter.c ports/linux/sandbox_landlock.c ports/linux/sandbox_socketcall.c
PORT_LINUX_DIRWATCH = ports/linux/dirwatch_inotify.c
PORT_LINUX_PEERCRED = ports/linux/peercred_so.c

PORT_BSD_PROCTITLE = ports/bsd/proctitle_bsd.c
PORT_BSD_RANDOM = ports/bsd/random_arc4.c
PORT_BSD_SYSINFO = ports/bsd/sysinfo_bsd.c
PORT_BSD_DIRWATCH = ports/bsd/dirwatch_kqueue.c
PORT_BSD_PEERCRED = ports/bsd/peercred_getpeereid.c
PORT_BSD_PLEDGE = ports/bsd/sandbox_openbsd.c
PORT_BSD_CAPSICUM = ports/bsd/sandbox_capsicum.c
PORT_SOLARIS_DIRWATCH = ports/solaris/dirwatch_evport.c
PORT_SOLARIS_PEERCRED = ports/solaris/peercred_ucred.c
PORT_SOLARIS_SANDBOX = ports/solaris/sandbox_privileges.c

if OS_LINUX
libos_a_SOURCES += $(PORT_LINUX_PRIVS) $(PORT_LINUX_PROCTITLE) $(PORT_LINUX_RANDOM) $(PORT_LINUX_SENDFILE) \
	$(PORT_LINUX_SERVICE) $(PORT_LINUX_SYSINFO)
else
if OS_BSD
libos_a_SOURCES += $(PORT_FLOOR_PRIVS) $(PORT_BSD_PROCTITLE) $(PORT_BSD_RANDOM) $(PORT_FLOOR_SENDFILE) \
	$(PORT_FLOOR_SERVICE) $(PORT_BSD_SYSINFO)
else
libos_a_SOURCES += $(PORT_FLOOR_PRIVS) $(PORT_FLOOR_PROCTITLE) $(PORT_FLOOR_RANDOM) $(PORT_FLOOR_SENDFILE) \
	$(PORT_FLOOR_SERVICE) $(PORT_FLOOR_SYSINFO)
endif
endif

if HAVE_POLLER_EPOLL
libos_a_SOURCES += ports/linux/poller_epoll.c
libos_a_CPPFLAGS += -DPORT_POLLER_EPOLL
endif
if POLLER_EPOLL
libos_a_CPPFLAGS += -DPOLLER_DEFAULT=poller_epoll_ops
endif
if HAVE_POLLER_KQUEUE
libos_a_SOURCES += ports/bsd/poller_kqueue.c
libos_a_CPPFLAGS += -DPORT_POLLER_KQUEUE
endif
if POLLER_KQUEUE
libos_a_CPPFLAGS += -DPOLLER_DEFAULT=poller_kqueue_ops
endif
if HAVE_POLLER_EVPORT
libos_a_SOURCES += ports/solaris/poller_evport.c
libos_a_CPPFLAGS += -DPORT_POLLER_EVPORT
endif
if POLLER_EVPORT
libos_a_CPPFLAGS += -DPOLLER_DEFAULT=poller_evport_ops
endif
if HAVE_POLLER_POLLSET
libos_a_SOURCES += ports/aix/poller_pollset.c
libos_a_CPPFLAGS += -DPORT_POLLER_POLLSET
endif
if POLLER_POLLSET
libos_a_CPPFLAGS += -DPOLLER_DEFAULT=poller_pollset_ops
endif
if SANDBOX_LINUX
libos_a_SOURCES += $(PORT_LINUX_SANDBOX)
endif
if SANDBOX_PLEDGE
libos_a_SOURCES += $(PORT_BSD_PLEDGE)
endif
if SANDBOX_CAPSICUM
libos_a_SOURCES += $(PORT_BSD_CAPSICUM)
endif
if SANDBOX_PRIVILEGES
libos_a_SOURCES += $(PORT_SOLARIS_SANDBOX)
endif
if SANDBOX_NONE
libos_a_SOURCES += $(PORT_FLOOR_SANDBOX)
endif
if DIRWATCH_INOTIFY
libos_a_SOURCES += $(PORT_LINUX_DIRWATCH)
endif
if DIRWATCH_KQUEUE
libos_a_SOURCES += $(PORT_BSD_DIRWATCH)
endif
if DIRWATCH_EVPORT
libos_a_SOURCES += $(PORT_SOLARIS_DIRWATCH)
endif
if DIRWATCH_POLL
libos_a_SOURCES += $(PORT_FLOOR_DIRWATCH)
endif
if PEERCRED_SO_PEERCRED
libos_a_SOURCES += $(PORT_LINUX_PEERCRED)
endif
if PEERCRED_GETPEEREID
libos_a_SOURCES += $(PORT_BSD_PEERCRED)
endif
if PEERCRED_GETPEERUCRED
libos_a_SOURCES += $(PORT_SOLARIS_PEERCRED)
endif
if PEERCRED_NONE
libos_a_SOURCES += $(PORT_FLOOR_PEERCRED)
endif

# --- contract tests: one program for each contract, and one more for each other implementation -----------
PORT_TEST_CPPFLAGS = $(PORT_CPPFLAGS)
PORT_TEST_LIBS = libos.a libbase.a
PORT_TESTS = \
	ports/tests/poller_test \
	ports/tests/fdpass_test \
	ports/tests/durable_test \
	ports/tests/filelock_test \
	ports/tests/clock_test \
	ports/tests/accounts_test \
	ports/tests/spawn_test \
	ports/tests/background_test \
	ports/tests/pidfile_test \
	ports/tests/syslogin_shadow_test \
	ports/tests/random_floor_test \
	ports/tests/peercred_floor_test \
	ports/tests/sysinfo_floor_test \
	ports/tests/sendfile_floor_test \
	ports/tests/proctitle_floor_test \
	ports/tests/service_floor_test \
	ports/tests/dirwatch_floor_test \
	ports/tests/privs_floor_test \
	ports/tests/sandbox_floor_test
if OS_LINUX
PORT_TESTS += \
	ports/tests/random_linux_test \
	ports/tests/peercred_linux_test \
	ports/tests/sysinfo_linux_test \
	ports/tests/sendfile_linux_test \
	ports/tests/proctitle_linux_test \
	ports/tests/service_linux_test \
	ports/tests/dirwatch_linux_test \
	ports/tests/privs_linux_test \
	ports/tests/sandbox_linux_test \
	ports/tests/poller_kqueue_test \
	ports/tests/poller_evport_test \
	ports/tests/poller_pollset_test \
	ports/tests/dirwatch_kqueue_test \
	ports/tests/dirwatch_evport_test \
	ports/tests/syslogin_pam_test \
	ports/tests/syslogin_lam_test \
	ports/tests/syslogin_bsdauth_test
endif
check_PROGRAMS += $(PORT_TESTS)
TESTS += $(PORT_TESTS)

ports_tests_poller_test_SOURCES = ports/tests/poller_test.c
ports_tests_poller_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_poller_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_fdpass_test_SOURCES = ports/tests/fdpass_test.c
ports_tests_fdpass_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_fdpass_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_durable_test_SOURCES = ports/tests/durable_test.c
ports_tests_durable_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_durable_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_filelock_test_SOURCES = ports/tests/filelock_test.c
ports_tests_filelock_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_filelock_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_clock_test_SOURCES = ports/tests/clock_test.c
ports_tests_clock_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_clock_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_accounts_test_SOURCES = ports/tests/accounts_test.c
ports_tests_accounts_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_accounts_test_LDADD = $(PORT_TEST_LIBS) $(CRYPT_LIBS)
ports_tests_spawn_test_SOURCES = ports/tests/spawn_test.c
ports_tests_spawn_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_spawn_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_background_test_SOURCES = ports/tests/background_test.c
ports_tests_background_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_background_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_pidfile_test_SOURCES = ports/tests/pidfile_test.c
ports_tests_pidfile_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_pidfile_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_random_floor_test_SOURCES = ports/tests/random_test.c $(PORT_FLOOR_RANDOM)
ports_tests_random_floor_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS) -DPORT_FLOOR
ports_tests_random_floor_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_random_linux_test_SOURCES = ports/tests/random_test.c $(PORT_LINUX_RANDOM)
ports_tests_random_linux_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_random_linux_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_peercred_floor_test_SOURCES = ports/tests/peercred_test.c $(PORT_FLOOR_PEERCRED)
ports_tests_peercred_floor_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS) -DPORT_FLOOR
ports_tests_peercred_floor_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_peercred_linux_test_SOURCES = ports/tests/peercred_test.c $(PORT_LINUX_PEERCRED)
ports_tests_peercred_linux_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_peercred_linux_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_sysinfo_floor_test_SOURCES = ports/tests/sysinfo_test.c $(PORT_FLOOR_SYSINFO)
ports_tests_sysinfo_floor_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS) -DPORT_FLOOR
ports_tests_sysinfo_floor_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_sysinfo_linux_test_SOURCES = ports/tests/sysinfo_test.c $(PORT_LINUX_SYSINFO)
ports_tests_sysinfo_linux_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_sysinfo_linux_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_sendfile_floor_test_SOURCES = ports/tests/sendfile_test.c $(PORT_FLOOR_SENDFILE)
ports_tests_sendfile_floor_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS) -DPORT_FLOOR
ports_tests_sendfile_floor_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_sendfile_linux_test_SOURCES = ports/tests/sendfile_test.c $(PORT_LINUX_SENDFILE)
ports_tests_sendfile_linux_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_sendfile_linux_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_proctitle_floor_test_SOURCES = ports/tests/proctitle_test.c $(PORT_FLOOR_PROCTITLE)
ports_tests_proctitle_floor_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS) -DPORT_FLOOR
ports_tests_proctitle_floor_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_proctitle_linux_test_SOURCES = ports/tests/proctitle_test.c $(PORT_LINUX_PROCTITLE)
ports_tests_proctitle_linux_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_proctitle_linux_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_service_floor_test_SOURCES = ports/tests/service_test.c $(PORT_FLOOR_SERVICE)
ports_tests_service_floor_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS) -DPORT_FLOOR
ports_tests_service_floor_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_service_linux_test_SOURCES = ports/tests/service_test.c $(PORT_LINUX_SERVICE)
ports_tests_service_linux_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_service_linux_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_dirwatch_floor_test_SOURCES = ports/tests/dirwatch_test.c $(PORT_FLOOR_DIRWATCH)
ports_tests_dirwatch_floor_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS) -DPORT_FLOOR
ports_tests_dirwatch_floor_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_dirwatch_linux_test_SOURCES = ports/tests/dirwatch_test.c $(PORT_LINUX_DIRWATCH)
ports_tests_dirwatch_linux_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_dirwatch_linux_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_privs_floor_test_SOURCES = ports/tests/privs_test.c $(PORT_FLOOR_PRIVS)
ports_tests_privs_floor_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS) -DPORT_FLOOR
ports_tests_privs_floor_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_privs_linux_test_SOURCES = ports/tests/privs_test.c $(PORT_LINUX_PRIVS)
ports_tests_privs_linux_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_privs_linux_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_sandbox_floor_test_SOURCES = ports/tests/sandbox_none_test.c $(PORT_FLOOR_SANDBOX)
ports_tests_sandbox_floor_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS) -DPORT_FLOOR
ports_tests_sandbox_floor_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_sandbox_linux_test_SOURCES = ports/tests/sandbox_test.c \
	ports/tests/sandbox_attempts.c ports/tests/sandbox_attempts.h $(PORT_LINUX_SANDBOX) \
	$(PORT_LINUX_DIRWATCH)
ports_tests_sandbox_linux_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_sandbox_linux_test_LDADD = $(PORT_TEST_LIBS)

# --- what is on disk, between byte orders: the program, and what each order wrote with it -----------------
check_PROGRAMS += ports/tests/byteorder
ports_tests_byteorder_SOURCES = ports/tests/byteorder.c ports/tests/byteorder.h ports/tests/byteorder_maildir.c \
	ports/tests/byteorder_queue.c ports/tests/byteorder_tables.c \
	src/queue/tests/bench.c src/queue/tests/bench.h src/queue/tests/disk.c src/queue/tests/disk.h
ports_tests_byteorder_CPPFLAGS = $(STRICT_FLAGS) -I$(top_srcdir)
ports_tests_byteorder_LDADD = libmailworld.a $(LIB_QUEUE) $(LIB_MAILDIR) $(LINK_L2) $(EXT_LIBS)
TESTS += ports/tests/byteorder_test.sh
EXTRA_DIST += ports/tests/byteorder_test.sh

# --- back ends of other systems, over the emulations of ports/stub -----------------------------------------
PORT_STUB_CPPFLAGS = -I$(srcdir)/ports/stub/include $(PORT_TEST_CPPFLAGS)
PORT_STUB = ports/stub/stub.c ports/stub/stub.h ports/stub/include/port.h \
	ports/stub/include/sys/event.h ports/stub/include/sys/pollset.h
PORT_STUB_POLLER = ports/tests/poller_test.c ports/poller_table.c ports/posix/poller_poll.c \
	ports/posix/poller_slots.c $(PORT_STUB)
ports_tests_poller_kqueue_test_SOURCES = $(PORT_STUB_POLLER) ports/bsd/poller_kqueue.c ports/stub/kqueue.c
ports_tests_poller_kqueue_test_CPPFLAGS = $(PORT_STUB_CPPFLAGS) -DPORT_POLLER_KQUEUE \
	-DPOLLER_DEFAULT=poller_kqueue_ops
ports_tests_poller_kqueue_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_poller_evport_test_SOURCES = $(PORT_STUB_POLLER) ports/solaris/poller_evport.c ports/stub/evport.c
ports_tests_poller_evport_test_CPPFLAGS = $(PORT_STUB_CPPFLAGS) -DPORT_POLLER_EVPORT \
	-DPOLLER_DEFAULT=poller_evport_ops
ports_tests_poller_evport_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_poller_pollset_test_SOURCES = $(PORT_STUB_POLLER) ports/aix/poller_pollset.c ports/stub/pollset.c
ports_tests_poller_pollset_test_CPPFLAGS = $(PORT_STUB_CPPFLAGS) -DPORT_POLLER_POLLSET \
	-DPOLLER_DEFAULT=poller_pollset_ops
ports_tests_poller_pollset_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_dirwatch_kqueue_test_SOURCES = ports/tests/dirwatch_test.c $(PORT_BSD_DIRWATCH) \
	ports/stub/kqueue.c $(PORT_STUB)
ports_tests_dirwatch_kqueue_test_CPPFLAGS = $(PORT_STUB_CPPFLAGS)
ports_tests_dirwatch_kqueue_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_dirwatch_evport_test_SOURCES = ports/tests/dirwatch_test.c $(PORT_SOLARIS_DIRWATCH) \
	ports/stub/evport.c $(PORT_STUB)
ports_tests_dirwatch_evport_test_CPPFLAGS = $(PORT_STUB_CPPFLAGS)
ports_tests_dirwatch_evport_test_LDADD = $(PORT_TEST_LIBS)

ports_tests_syslogin_shadow_test_SOURCES = ports/tests/syslogin_test.c $(PORT_FLOOR_SYSLOGIN) \
	ports/stub/passwd.c ports/stub/logins.h
ports_tests_syslogin_shadow_test_CPPFLAGS = $(PORT_TEST_CPPFLAGS)
ports_tests_syslogin_shadow_test_LDADD = $(PORT_TEST_LIBS) $(CRYPT_LIBS)
ports_tests_syslogin_pam_test_SOURCES = ports/tests/syslogin_test.c $(PORT_FLOOR_PAM) \
	ports/stub/pam.c ports/stub/logins.h
ports_tests_syslogin_pam_test_CPPFLAGS = $(PORT_STUB_CPPFLAGS)
ports_tests_syslogin_pam_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_syslogin_lam_test_SOURCES = ports/tests/syslogin_test.c $(PORT_AIX_SYSLOGIN) \
	ports/stub/lam.c ports/stub/logins.h
ports_tests_syslogin_lam_test_CPPFLAGS = $(PORT_STUB_CPPFLAGS)
ports_tests_syslogin_lam_test_LDADD = $(PORT_TEST_LIBS)
ports_tests_syslogin_bsdauth_test_SOURCES = ports/tests/syslogin_test.c $(PORT_BSD_SYSLOGIN) \
	ports/stub/bsdauth.c ports/stub/logins.h
ports_tests_syslogin_bsdauth_test_CPPFLAGS = $(PORT_STUB_CPPFLAGS)
ports_tests_syslogin_bsdauth_test_LDADD = $(PORT_TEST_LIBS)

EXTRA_DIST += ports/stub/README ports/stub/include/security/pam_appl.h ports/stub/include/usersec.h \
	ports/stub/include/login.h ports/stub/include/bsd_auth.h ports/stub/include/login_cap.h
