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
	ports/poller_ops.h ports/poller_table.c ports/sandbox_warm.h \
	ports/posix/poller_poll.c \
	ports/posix/accounts.c \
	ports/posix/clock.c \
	ports/posix/durable_pool.c \
	ports/posix/fdpass.c \
	ports/posix/filelock.c \
	ports/posix/privs.c ports/posix/privs_common.h \
	ports/posix/sandbox_warm.c \
	ports/posix/sendfile_by_copy.c ports/posix/sendfile_common.h \
	ports/posix/sysinfo_statvfs.c ports/posix/sysinfo_common.h

# --- the floor, and what a system does better: PORT_FLOOR_x and PORT_LINUX_x are alternatives ----------
PORT_FLOOR_PRIVS = ports/posix/privs_floor.c
PORT_FLOOR_PROCTITLE = ports/posix/proctitle_none.c
PORT_FLOOR_RANDOM = ports/posix/random.c
PORT_FLOOR_SENDFILE = ports/posix/sendfile_copy.c
PORT_FLOOR_SERVICE = ports/posix/service_none.c
PORT_FLOOR_SYSINFO = ports/posix/sysinfo.c
PORT_FLOOR_SANDBOX = ports/posix/sandbox_none.c
PORT_FLOOR_DIRWATCH = ports/posix/dirwatch_poll.c
PORT_FLOOR_PEERCRED = ports/posix/peercred_none.c

PORT_LINUX_PRIVS = ports/linux/privs_linux.c
PORT_LINUX_PROCTITLE = ports/linux/proctitle_environ.c
PORT_LINUX_RANDOM = ports/linux/random_getrandom.c
PORT_LINUX_SENDFILE = ports/linux/sendfile_linux.c
PORT_LINUX_SERVICE = ports/linux/service_notify.c
PORT_LINUX_SYSINFO = ports/linux/sysinfo_linux.c
PORT_LINUX_SANDBOX = ports/linux/sandbox_linux.c ports/linux/sandbox_linux.h ports/linux/sandbox_calls.c \
	ports/linux/sandbox_filter.c ports/linux/sandbox_landlock.c
PORT_LINUX_DIRWATCH = ports/linux/dirwatch_inotify.c
PORT_LINUX_PEERCRED = ports/linux/peercred_so.c

if OS_LINUX
libos_a_SOURCES += $(PORT_LINUX_PRIVS) $(PORT_LINUX_PROCTITLE) $(PORT_LINUX_RANDOM) $(PORT_LINUX_SENDFILE) \
	$(PORT_LINUX_SERVICE) $(PORT_LINUX_SYSINFO)
else
libos_a_SOURCES += $(PORT_FLOOR_PRIVS) $(PORT_FLOOR_PROCTITLE) $(PORT_FLOOR_RANDOM) $(PORT_FLOOR_SENDFILE) \
	$(PORT_FLOOR_SERVICE) $(PORT_FLOOR_SYSINFO)
endif

if HAVE_POLLER_EPOLL
libos_a_SOURCES += ports/linux/poller_epoll.c
libos_a_CPPFLAGS += -DPORT_POLLER_EPOLL
endif
if POLLER_EPOLL
libos_a_CPPFLAGS += -DPOLLER_DEFAULT=poller_epoll_ops
endif
if SANDBOX_LINUX
libos_a_SOURCES += $(PORT_LINUX_SANDBOX)
endif
if SANDBOX_NONE
libos_a_SOURCES += $(PORT_FLOOR_SANDBOX)
endif
if DIRWATCH_INOTIFY
libos_a_SOURCES += $(PORT_LINUX_DIRWATCH)
endif
if DIRWATCH_POLL
libos_a_SOURCES += $(PORT_FLOOR_DIRWATCH)
endif
if PEERCRED_SO_PEERCRED
libos_a_SOURCES += $(PORT_LINUX_PEERCRED)
endif
if PEERCRED_NONE
libos_a_SOURCES += $(PORT_FLOOR_PEERCRED)
endif
