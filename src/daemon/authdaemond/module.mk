# src/daemon/authdaemond: accounts, passwords, tickets
daemon_PROGRAMS += src/daemon/authdaemond/authdaemond
src_daemon_authdaemond_authdaemond_SOURCES = \
	src/daemon/authdaemond/authdaemond.h src/daemon/authdaemond/main.c src/daemon/authdaemond/query.c \
	src/daemon/authdaemond/backend.c src/daemon/authdaemond/text.c
src_daemon_authdaemond_authdaemond_LDADD = $(LIB_SKEL) $(LIB_ACCOUNT) $(LINK_L2) $(EXT_LIBS)
