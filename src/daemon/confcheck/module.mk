# src/daemon/confcheck: reads the configuration for master, as the mail user
daemon_PROGRAMS += src/daemon/confcheck/confcheck
src_daemon_confcheck_confcheck_SOURCES = src/daemon/confcheck/main.c
src_daemon_confcheck_confcheck_LDADD = $(LIB_SKEL) $(LINK_L2) $(EXT_LIBS)
