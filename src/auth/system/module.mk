# src/auth/system: the accounts of the system. authpwd knows the passwd and shadow tables; authpam asks
# what configure found beside them.
AUTH_SYSTEM_LIBS = $(LIB_AUTHBACKEND) $(LIB_ACCOUNT) $(LINK_L2) $(EXT_LIBS)
auth_PROGRAMS += src/auth/system/authpwd
src_auth_system_authpwd_SOURCES = src/auth/system/main.c $(PORT_FLOOR_SYSLOGIN)
src_auth_system_authpwd_LDADD = $(AUTH_SYSTEM_LIBS)
src_auth_system_authpwd_CPPFLAGS = $(PORT_CPPFLAGS)

src_auth_system_authpam_LDADD = $(AUTH_SYSTEM_LIBS)
src_auth_system_authpam_CPPFLAGS = $(PORT_CPPFLAGS)
if SYSLOGIN_PAM
auth_PROGRAMS += src/auth/system/authpam
src_auth_system_authpam_SOURCES = src/auth/system/main.c $(PORT_FLOOR_PAM)
src_auth_system_authpam_LDADD += $(PAM_LIBS)
endif
if SYSLOGIN_LAM
auth_PROGRAMS += src/auth/system/authpam
src_auth_system_authpam_SOURCES = src/auth/system/main.c $(PORT_AIX_SYSLOGIN)
endif
if SYSLOGIN_BSDAUTH
auth_PROGRAMS += src/auth/system/authpam
src_auth_system_authpam_SOURCES = src/auth/system/main.c $(PORT_BSD_SYSLOGIN)
endif

TESTS += src/auth/system/tests/authsystem_test.sh
