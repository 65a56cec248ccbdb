# src/daemon/routed: where addresses go
daemon_PROGRAMS += src/daemon/routed/routed
src_daemon_routed_routed_SOURCES = src/daemon/routed/main.c src/daemon/routed/known.c src/daemon/routed/known.h
src_daemon_routed_routed_LDADD = $(LIB_SKEL) $(LIB_ROUTE) $(LINK_L2) $(EXT_LIBS)
