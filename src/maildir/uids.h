/*
 * A growing list of UIDs.
 */
#ifndef MAILDIR_UIDS_H
#define MAILDIR_UIDS_H

#include <stddef.h>
#include <stdint.h>

struct uids {
	uint32_t *p;
	size_t n, cap;
};

/* Appends; releases. */
void uids_add(struct uids *u, uint32_t uid);
void uids_free(struct uids *u);

/* Ascending, each once. Costs nothing when they are in order already. */
void uids_sort(struct uids *u);

/* A copy of a list, sorted. */
struct uids uids_copy(const uint32_t *p, size_t n);

#endif
