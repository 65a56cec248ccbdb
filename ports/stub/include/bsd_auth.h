/*
 * BSD authentication as OpenBSD declares it, as far as ports/bsd uses it. For the emulation.
 */
#ifndef STUB_BSD_AUTH_H
#define STUB_BSD_AUTH_H

int auth_userokay(char *name, char *style, char *type, char *password);

#endif
