# src/net: the event loop, streams, the one driver of all engines, listeners, the log.
noinst_LIBRARIES += libnet.a
LIB_NET = libnet.a
libnet_a_SOURCES = \
	src/net/addr.c \
	src/net/bound.c \
	src/net/dns_loop.c \
	src/net/listener.c \
	src/net/log.c \
	src/net/loop.c \
	src/net/session.c \
	src/net/session_life.c \
	src/net/stream_fd.c \
	src/net/stream_tls.c \
	src/net/stream_transcript.c

NET_TEST_LIBS = $(LIB_NET) $(LIB_EXT) $(LINK_L1) $(EXT_LIBS)

check_PROGRAMS += loop_test
TESTS += loop_test
loop_test_SOURCES = src/net/tests/loop_test.c
loop_test_LDADD = $(NET_TEST_LIBS)

check_PROGRAMS += dns_loop_test
TESTS += dns_loop_test
dns_loop_test_SOURCES = src/net/tests/dns_loop_test.c
dns_loop_test_LDADD = $(NET_TEST_LIBS)

check_LIBRARIES += libprobe.a
libprobe_a_SOURCES = \
	src/net/tests/probe.h \
	src/net/tests/probe_imap.c \
	src/net/tests/probe_smtp.c \
	src/net/tests/probe_world.c

check_PROGRAMS += probe_smtp_test
TESTS += probe_smtp_test
probe_smtp_test_SOURCES = src/net/tests/probe_smtp_test.c
probe_smtp_test_LDADD = libprobe.a $(NET_TEST_LIBS)

check_PROGRAMS += probe_imap_test
TESTS += probe_imap_test
probe_imap_test_SOURCES = src/net/tests/probe_imap_test.c
probe_imap_test_LDADD = libprobe.a $(NET_TEST_LIBS)

check_PROGRAMS += session_leak_test
TESTS += session_leak_test
session_leak_test_SOURCES = src/net/tests/session_leak_test.c
session_leak_test_LDADD = libprobe.a $(NET_TEST_LIBS)

# Figures, by hand: not a test.
check_PROGRAMS += session_cost
session_cost_SOURCES = src/net/tests/session_cost.c
session_cost_LDADD = libprobe.a $(NET_TEST_LIBS)
