/*
 * The command FETCH as it goes through parse/fetch.c, cmd/fetch.c and reply/fetch.c. RFC 3501
 * sections 6.4.5 and 7.4.2. For the files of src/imap only.
 */
#ifndef IMAP_FETCH_H
#define IMAP_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "imap/ask_fetch.h"
#include "imap/server_int.h"

#define IMAP_FETCH_ITEMS_MAX 128 /* data items of one command */

/* A data item, in the order in which the client asked. */
struct imap_fetch_item {
	enum imap_want want; /* 0: a section */
	struct slice label;  /* as the answer names it: "BODY[1.MIME]<0>" */
	size_t section;      /* which of the question's */
	bool has_partial;
	uint32_t from, count; /* of octets */
};

struct imap_fetch_run {
	struct imap_fetch ask;
	struct imap_fetch_item *items;
	size_t item_count, item_max;
	struct imap_section *sections;
	bool issued; /* a message was gone */
	bool more;   /* there are messages behind ask.after */
};

/* Appends what is said of one message: "* 1 FETCH (...)". */
void imap_put_fetched(struct imap_server *s, const struct imap_fetch_run *run,
    const struct imap_message *m, const struct imap_keywords *names);

#endif
