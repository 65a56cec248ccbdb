# ports: what src/os promises, for each system. One archive, composed by the conditions configure sets:
#   OS_LINUX OS_BSD OS_SOLARIS OS_AIX
#   POLLER_* SANDBOX_* DIRWATCH_* PEERCRED_*       the one chosen
#   HAVE_POLLER_EPOLL _KQUEUE _EVPORT _POLLSET     compiles here, for the contract test
# An archive is written as:
#   noinst_LIBRARIES += libos.a
#   LIB_OS = libos.a
#   libos_a_CPPFLAGS = $(OPEN_CPPFLAGS)
#   libos_a_SOURCES = ports/posix/...
