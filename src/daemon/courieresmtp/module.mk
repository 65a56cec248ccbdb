# src/daemon/courieresmtp: mail to other hosts
daemon_PROGRAMS += src/daemon/courieresmtp/courieresmtp
src_daemon_courieresmtp_courieresmtp_SOURCES = \
	src/daemon/courieresmtp/esmtp.h src/daemon/courieresmtp/body.h src/daemon/courieresmtp/body.c src/daemon/courieresmtp/conn.c \
	src/daemon/courieresmtp/job.c src/daemon/courieresmtp/login.c src/daemon/courieresmtp/main.c src/daemon/courieresmtp/memory.c \
	src/daemon/courieresmtp/route.c
src_daemon_courieresmtp_courieresmtp_LDADD = \
	$(LIB_SKEL) $(LIB_ROUTE) $(LIB_DNS) $(LIB_SMTP) $(LIB_SASL) $(LIB_MESSAGE) $(LINK_L2) $(EXT_LIBS)
