/*
 * Names of folders: "INBOX.Sent.2026" for people and protocols, ".Sent.2026" on disk, in UTF-8 or
 * in the older modified UTF-7 (RFC 3501 section 5.1.3).
 */
#ifndef MAILDIR_FOLDER_NAME_H
#define MAILDIR_FOLDER_NAME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"
#include "maildir/name.h"

/* The name a new folder gets on disk; "." for INBOX. ST_OK or ST_SYNTAX. */
enum st folder_name_to_disk(struct slice name, char out[MAILDIR_NAME_MAX + 1], struct fault *f);

/* The directory of a folder that exists, in either form. ST_OK, ST_NOENT, ST_SYNTAX. */
enum st
folder_name_find(int top, struct slice name, char out[MAILDIR_NAME_MAX + 1], struct fault *f);

/* A copy of a name as it is kept: "INBOX" in capitals, no dot at the end. */
char *folder_name_keep(struct slice name);

/* Appends the name of the folder ".Sent.2026": "INBOX.Sent.2026". False when it is none. */
bool folder_name_from_disk(struct slice dir, struct buf *out);

/*
 * The largest UIDVALIDITY that a folder of this Maildir ever got: none that is made later may have
 * it again (RFC 3501 section 2.3.1.1). 0: none did.
 */
uint32_t folder_validity_floor(int top);

/* Notes a larger one. 0 or -errno. */
int folder_validity_note(int top, uint32_t uidvalidity);

#endif
