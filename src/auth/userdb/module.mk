# src/auth/userdb: the account back end of userdb
auth_PROGRAMS += src/auth/userdb/authuserdb
src_auth_userdb_authuserdb_SOURCES = src/auth/userdb/main.c
src_auth_userdb_authuserdb_LDADD = $(LIB_AUTHBACKEND) $(LIB_ACCOUNT) $(LINK_L2) $(EXT_LIBS)

TESTS += src/auth/userdb/tests/authuserdb_test.sh
