# src/daemon/esmtpd: mail comes in
daemon_PROGRAMS += src/daemon/esmtpd/esmtpd
src_daemon_esmtpd_esmtpd_SOURCES = \
	src/daemon/esmtpd/esmtpd.h src/daemon/esmtpd/main.c src/daemon/esmtpd/client.c src/daemon/esmtpd/policy.c src/daemon/esmtpd/txn.c src/daemon/esmtpd/head.c src/daemon/esmtpd/head.h
src_daemon_esmtpd_esmtpd_LDADD = $(LIB_SKEL) $(LIB_SMTP) $(LIB_SASL) $(LIB_MESSAGE) $(LINK_L2) $(EXT_LIBS)
