/*
 * Character sets as a table of functions, so that message code can convert without knowing a
 * library. src/message/charset.h has one that is always there, src/ext/iconv.h one for the rest; L5
 * hands it down.
 */
#ifndef BASE_CHARSET_H
#define BASE_CHARSET_H

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

#endif
