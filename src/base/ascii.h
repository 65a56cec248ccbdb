/*
 * Character classes of US-ASCII, independent of any locale (the ctype functions are banned: their
 * answer depends on setlocale and their argument range on the signedness of char).
 */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>

static inline bool
ascii_is_upper(unsigned char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool
ascii_is_lower(unsigned char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool
ascii_is_alpha(unsigned char c)
{
	return ascii_is_upper(c) || ascii_is_lower(c);
}

static inline bool
ascii_is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_is_alnum(unsigned char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

/* Space or horizontal tab, the WSP of RFC 5234. */
static inline bool
ascii_is_wsp(unsigned char c)
{
	return c == ' ' || c == '\t';
}

/* WSP, CR or LF. */
static inline bool
ascii_is_space(unsigned char c)
{
	return ascii_is_wsp(c) || c == '\r' || c == '\n';
}

/* C0 controls and DEL. */
static inline bool
ascii_is_ctl(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static inline unsigned char
ascii_lower(unsigned char c)
{
	return ascii_is_upper(c) ? (unsigned char)(c | 0x20) : c;
}

static inline unsigned char
ascii_upper(unsigned char c)
{
	return ascii_is_lower(c) ? (unsigned char)(c & ~0x20) : c;
}

/* Value of a hexadecimal digit, or -1. */
static inline int
ascii_hex_value(unsigned char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
