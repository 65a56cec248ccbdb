# ports: what src/os promises, for each system. libos.a has one implementation of each contract, composed
# by the conditions configure sets:
#   OS_LINUX OS_BSD OS_SOLARIS OS_AIX
#   POLLER_* SANDBOX_* DIRWATCH_* PEERCRED_*       the one chosen
#   HAVE_POLLER_EPOLL _KQUEUE _EVPORT _POLLSET     compiles here, for the contract test
# The contract tests (ports/tests) are built once for each implementation that compiles here.
noinst_LIBRARIES += libos.a
LIB_OS = libos.a
PORT_CPPFLAGS = $(OPEN_CPPFLAGS)
libos_a_CPPFLAGS = $(PORT_CPPFLAGS)
libos_a_SOURCES = \
	ports/poller_ops.h ports/poller_table.c ports/posix/poller_poll.c \
	ports/posix/clock.c ports/posix/durable_pool.c ports/posix/fdpass.c

if HAVE_POLLER_EPOLL
libos_a_SOURCES += ports/linux/poller_epoll.c
libos_a_CPPFLAGS += -DPORT_POLLER_EPOLL
endif
if POLLER_EPOLL
libos_a_CPPFLAGS += -DPOLLER_DEFAULT=poller_epoll_ops
endif

if OS_LINUX
libos_a_SOURCES += ports/linux/random_getrandom.c
else
libos_a_SOURCES += ports/posix/random.c
endif
