/*
 * The header of a submitted message: held back until it has ended, then passed on with the Date and
 * Message-ID it lacks in front. RFC 6409 sections 8.2 and 8.3; RFC 5321 section 6.4.
 */
#ifndef DAEMON_ESMTPD_HEAD_H
#define DAEMON_ESMTPD_HEAD_H

#include <stdbool.h>

#include "base/slice.h"
#include "message/edit.h"

/* Octets held at most; a longer header is passed on as it is. */
#define HEAD_MAX ((size_t)1 << 20)

struct head;

/* add_date, add_id: which fields may be added; missing says with what (its slices must outlive the
 * head). */
struct head *head_new(bool add_date, bool add_id, const struct edit_missing *missing);
void head_free(struct head *h);

/* Takes content; the result is what may go on now (borrowed until the next call), possibly
 * empty. */
struct slice head_feed(struct head *h, struct slice chunk);

/* The content has ended: what is still held. */
struct slice head_end(struct head *h);

#endif
