# src/auth/backend: what the account back ends share
noinst_LIBRARIES += libauthbackend.a
LIB_AUTHBACKEND = libauthbackend.a
libauthbackend_a_SOURCES = src/auth/backend/backend.c
