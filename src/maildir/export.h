/*
 * The way back: what a folder's facts say, in the files of other servers. For maildirstat(1).
 */
#ifndef MAILDIR_EXPORT_H
#define MAILDIR_EXPORT_H

#include "base/fault.h"
#include "maildir/mailbox.h"

/* courierimapuiddb, courierimapkeywords/:list, courierpop3dsizelist; those there are replaced.
 * ST_OK or ST_IO. */
enum st export_courier(struct mailbox *m, struct fault *f);

/*
 * dovecot-uidlist, dovecot-keywords; and the first 26 keywords as lower-case letters in the names
 * of files. ST_OK or ST_IO.
 */
enum st export_dovecot(struct mailbox *m, struct fault *f);

#endif
