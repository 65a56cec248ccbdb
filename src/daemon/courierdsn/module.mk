# src/daemon/courierdsn: reports about mail
daemon_PROGRAMS += src/daemon/courierdsn/courierdsn
src_daemon_courierdsn_courierdsn_SOURCES = \
	src/daemon/courierdsn/courierdsn.h src/daemon/courierdsn/main.c src/daemon/courierdsn/job.c
src_daemon_courierdsn_courierdsn_LDADD = \
	$(LIB_SKEL) $(LIB_DSN) $(LIB_MESSAGE) $(LINK_L2) $(EXT_LIBS)
