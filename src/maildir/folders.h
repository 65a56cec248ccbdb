/*
 * What the files about folders share.
 */
#ifndef MAILDIR_FOLDERS_H
#define MAILDIR_FOLDERS_H

#include "base/buf.h"
#include "maildir/dir.h"
#include "maildir/folder_name.h"
#include "maildir/store_int.h"

/* The subscriptions as they stand in the file; nothing when there is none. Initialises out. */
enum st subscribed_read(struct store *s, struct buf *out, struct fault *f);

/* Is there a folder of that name? ST_OK, ST_NOENT, ST_SYNTAX. */
enum st folder_check(int top, struct slice name, struct fault *f);

/* Makes one folder when it is missing; *made when it was. Its directory entries are not on disk
 * yet. */
enum st folder_make(int top, struct slice name, bool *made, struct fault *f);

/* The same with the parents it lacks; ST_EXISTS when it is there. */
enum st folder_make_with_parents(int top, struct slice name, struct fault *f);

/* Removes what store_folder_delete put aside, now or before a crash. */
void folders_clean(struct store *s);

/* Does this line of the subscriptions name that folder? */
bool subscribed_is(struct slice line, struct slice name);

/* mailbox_copy.c: as mailbox_copy, whatever the quota says. */
void mailbox_copy_all(
    struct mailbox *m, const uint32_t *uids, size_t count, struct mailbox *to, struct store_op *op);

#endif
