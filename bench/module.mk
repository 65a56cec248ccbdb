# bench: tools that measure; built with everything, never installed

noinst_PROGRAMS += bench/smtpload bench/imapload bench/smtpsink bench/rawdisk bench/commitrate

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
