# src/daemon/master: supervision, sockets, tickets; at most 1,500 lines, for it is root
daemon_PROGRAMS += src/daemon/master/master
src_daemon_master_master_SOURCES = \
	src/daemon/master/master.h src/daemon/master/main.c \
	src/daemon/master/children.c src/daemon/master/workers.c src/daemon/master/sockets.c \
	src/daemon/master/config.c src/daemon/master/command.c
src_daemon_master_master_LDADD = $(LIB_ROLES) $(LINK_L2) $(EXT_LIBS)
