/*
 * A line of esmtproutes: DOMAIN:[RELAY][,PORT][/FLAG...]. See esmtproutes(5).
 */
#ifndef CONF_ROUTE_LINE_H
#define CONF_ROUTE_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/ip.h"
#include "base/slice.h"

enum conf_security {
	CONF_SECURITY_NONE,     /* TLS when it is offered */
	CONF_SECURITY_REQUIRED, /* no mail without STARTTLS */
	CONF_SECURITY_VERIFIED, /* and the certificate must be the host's: /SECURITY=STARTTLS */
	CONF_SECURITY_SMTPS,    /* TLS from the first byte */
};

struct conf_route {
	struct slice domain; /* "dom", ".dom"; empty: every domain */
	struct slice relay;  /* a domain, its MX counts; empty: the MX of the domain itself */
	struct ip ip;        /* RELAY was [an address]: family is not 0, relay is that text */
	uint16_t port;       /* 0: not said */
	enum conf_security security;
	unsigned char family; /* 4, 6: addresses of this kind only; 0: both */
};

/* Reads one line; slices point into it. False: it is none; *expected (static) says what was. */
bool
conf_route_parse(struct slice line, struct conf_route *out, const char **expected) ATTR_CHECKED;

#endif
