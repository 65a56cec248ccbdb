/*
 * IP addresses as bytes and text. RFC 4291 section 2.2 (reading any form of IPv6), RFC 5952
 * (writing the one canonical form), dotted quads without leading zeros for IPv4.
 */
#ifndef BASE_IP_H
#define BASE_IP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

struct ip {
	unsigned char family;    /* 4, 6; 0 = none */
	unsigned char bytes[16]; /* network order; 4 or 16 in use, the rest zero */
};

/*
 * Reads the whole of text; false (and *out unchanged) when it is no address. No zone, no brackets.
 */
bool ip_parse(struct slice text, struct ip *out);

/* Appends the canonical text; nothing for family 0. */
void ip_put(const struct ip *ip, struct buf *out);

/* ::ffff:1.2.3.4 becomes 1.2.3.4; others stay. */
void ip_unmap(struct ip *ip);

#endif
