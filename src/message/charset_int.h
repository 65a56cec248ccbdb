/*
 * The tables behind message/charset.h: charsets of one octet a character, whose lower half is
 * US-ASCII.
 */
#ifndef MESSAGE_CHARSET_INT_H
#define MESSAGE_CHARSET_INT_H

#include <stddef.h>
#include <stdint.h>

struct charset_table {
	const char *name;     /* lower case */
	const uint16_t *high; /* code points of 0x80 to 0xff; 0: none */
};

extern const struct charset_table charset_tables[];
extern const size_t charset_table_count;

#endif
