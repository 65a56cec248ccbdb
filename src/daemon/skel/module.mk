# src/daemon/skel: the frame every daemon but master stands in
LIB_SKEL = libskel.a
noinst_LIBRARIES += libskel.a
libskel_a_SOURCES = src/daemon/skel/proc.h src/daemon/skel/proc_int.h src/daemon/skel/proc.c src/daemon/skel/proc_peers.c src/daemon/skel/proc_tls.c src/daemon/skel/proc_who.c
