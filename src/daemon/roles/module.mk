# src/daemon/roles: the tables of processes that master obeys
LIB_ROLES = libroles.a
noinst_LIBRARIES += libroles.a
libroles_a_SOURCES = src/daemon/roles/roles.h src/daemon/roles/roles.c
