/*
 * Charsets that src/message does not know itself, by the system's iconv. Only those of a list:
 * a peer names the charset, and libraries have had holes in the rare ones (ISO-2022-CN-EXT). Each
 * is tried with known text before it is used, since systems spell and mean them differently.
 */
#ifndef EXT_ICONV_H
#define EXT_ICONV_H

#include "base/buf.h"
#include "base/charset.h"

/*
 * Opens a converter for each charset of the list that this system has. Call it before
 * sandbox_enter: afterwards nothing more can be loaded. Further calls do nothing.
 */
void charset_iconv_warm(void);

/* Fills *cs: first (lives as long) is asked first, then what charset_iconv_warm has opened. */
void charset_iconv_init(struct charset_ops *cs, const struct charset_ops *first);

/* Appends the names of what was opened, separated by blanks (for `courier status`). */
void charset_iconv_names(struct buf *out);

#endif
