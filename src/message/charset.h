/*
 * Character sets as a table of functions, so that message code can convert without knowing a
 * library. charset_builtin knows us-ascii, utf-8, iso-8859-1 to -16, windows-1250 to -1258 and
 * -874, koi8-r, koi8-u and a few older ones (message/charset_tables.c); src/ext/iconv fills one
 * that knows the rest; L5 hands it down.
 */
#ifndef MESSAGE_CHARSET_H
#define MESSAGE_CHARSET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

struct charset_ops {
	const char *name;
	void *arg;
	/*
	 * Appends in, which is in the named charset (any case), as UTF-8; what cannot be converted
	 * becomes U+FFFD. False when the charset is not known: nothing was appended.
	 */
	bool (*to_utf8)(void *arg, struct slice charset, struct slice in, struct buf *out);
};

extern const struct charset_ops charset_builtin;

#endif
