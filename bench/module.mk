# bench: tools that measure; built with everything, never installed

noinst_PROGRAMS += bench/smtpload bench/imapload bench/smtpsink bench/rawdisk bench/commitrate bench/pollrate

LOADTOOL = bench/loadtool.c bench/loadtool.h
bench_smtpload_SOURCES = $(LOADTOOL) bench/smtpload.c bench/smtpload.h \
	bench/smtpload_session.c bench/smtpload_stats.c
bench_smtpsink_SOURCES = bench/smtpsink.c
bench_imapload_SOURCES = $(LOADTOOL) bench/imapload.c bench/imapload.h bench/imapload_calls.h \
	bench/imapload_conn.c bench/imapload_latency.c bench/imapload_modes.c \
	bench/imapload_stats.c bench/imapload_stress.c
bench_imapload_CPPFLAGS = $(OPEN_CPPFLAGS) $(OPENSSL_CPPFLAGS)
bench_imapload_LDADD = $(OPENSSL_LIBS)
bench_rawdisk_SOURCES = bench/rawdisk.c
bench_commitrate_SOURCES = bench/commitrate.c
bench_commitrate_LDADD = $(LIB_QUEUE) $(LIB_NET) $(LINK_L1)

# The pollers: those of this build, and on Linux those of other systems over the emulations of ports/stub.
bench_pollrate_SOURCES = bench/pollrate.c
bench_pollrate_LDADD = libos.a libbase.a
if OS_LINUX
noinst_PROGRAMS += bench/pollrate_kqueue bench/pollrate_evport bench/pollrate_pollset
endif
BENCH_STUB_POLLER = bench/pollrate.c ports/poller_table.c ports/posix/poller_poll.c ports/posix/poller_slots.c $(PORT_STUB)
bench_pollrate_kqueue_SOURCES = $(BENCH_STUB_POLLER) ports/bsd/poller_kqueue.c ports/stub/kqueue.c
bench_pollrate_kqueue_CPPFLAGS = $(PORT_STUB_CPPFLAGS) -DPORT_POLLER_KQUEUE -DPOLLER_DEFAULT=poller_kqueue_ops
bench_pollrate_kqueue_LDADD = libos.a libbase.a
bench_pollrate_evport_SOURCES = $(BENCH_STUB_POLLER) ports/solaris/poller_evport.c ports/stub/evport.c
bench_pollrate_evport_CPPFLAGS = $(PORT_STUB_CPPFLAGS) -DPORT_POLLER_EVPORT -DPOLLER_DEFAULT=poller_evport_ops
bench_pollrate_evport_LDADD = libos.a libbase.a
bench_pollrate_pollset_SOURCES = $(BENCH_STUB_POLLER) ports/aix/poller_pollset.c ports/stub/pollset.c
bench_pollrate_pollset_CPPFLAGS = $(PORT_STUB_CPPFLAGS) -DPORT_POLLER_POLLSET -DPOLLER_DEFAULT=poller_pollset_ops
bench_pollrate_pollset_LDADD = libos.a libbase.a
