# src/daemon/logd: the one writer of the log
daemon_PROGRAMS += src/daemon/logd/logd
src_daemon_logd_logd_SOURCES = src/daemon/logd/main.c
src_daemon_logd_logd_LDADD = $(LIB_SKEL) $(LINK_L2) $(EXT_LIBS)
