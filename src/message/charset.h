/*
 * The character sets that every build knows: us-ascii, utf-8, iso-8859-1 to -16, windows-1250 to
 * -1258 and -874, koi8-r, koi8-u and a few older ones (message/charset_tables.c). src/ext/iconv
 * knows more.
 */
#ifndef MESSAGE_CHARSET_H
#define MESSAGE_CHARSET_H

#include "base/charset.h"

extern const struct charset_ops charset_builtin;

#endif
