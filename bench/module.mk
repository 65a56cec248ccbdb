# bench: tools that measure; built with everything, never installed

noinst_PROGRAMS += bench/smtpload bench/rawdisk bench/commitrate

bench_smtpload_SOURCES = bench/smtpload.c bench/smtpload.h \
	bench/smtpload_session.c bench/smtpload_stats.c
bench_rawdisk_SOURCES = bench/rawdisk.c
bench_commitrate_SOURCES = bench/commitrate.c
bench_commitrate_LDADD = $(LIB_QUEUE) $(LIB_NET) $(LINK_L1)
