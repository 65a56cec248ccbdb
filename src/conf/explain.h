/*
 * The configuration in words: courier config show, courier config explain, the manual page.
 */
#ifndef CONF_EXPLAIN_H
#define CONF_EXPLAIN_H

#include "conf/row.h"

/* One name, as the command line gives it: "MAXPERIP" (in any file), "esmtpd-msa:MAXPERIP",
 * "queuetime", "" (all). */

/*
 * Appends effective values as assignments, each behind a comment that says where it was set:
 * "esmtpd:MAXPERIP=5" lines. only_set leaves the defaults out. Returns how many there were.
 */
unsigned conf_show(const struct conf *c, struct slice name, bool only_set, struct buf *out);

/* Appends name, file, type, range, default, present value and where it was set, text. Returns how
 * many there were. */
unsigned conf_explain(const struct conf *c, struct slice name, struct buf *out);

/* Appends the nearest known names to one nobody knows: "; the nearest is X". Nothing when none is
 * near. */
void conf_explain_nearest(struct slice name, struct buf *out);

/* Appends courier-config(5) in man macros. */
void conf_manual(struct buf *out);

/*
 * Appends the text of a file of assignments in which every name stands as a comment, with its
 * default below its explanation: what `make install` puts where there is none. false: no such file
 * of assignments.
 */
bool conf_sample(struct slice file, struct buf *out);

#endif
