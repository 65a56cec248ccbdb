/*
 * Names of messages in a Maildir (docs/FACTS.md, "The base name").
 *
 *   <seconds>.Q<queue id>R<recipient number>.<host>,S=<file size>,W=<CRLF size>[:2,FLAGS]
 *
 * Up to the host it is a function of queue id and recipient alone, so that a delivery tried again
 * after an unknown outcome finds its own file.
 */
#ifndef MAILDIR_NAME_H
#define MAILDIR_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define MAILDIR_NAME_MAX 255 /* bytes of a name, as file systems have it */
#define MAILDIR_BASE_MAX 180 /* what maildir_name_base writes at most */

/* What a delivery's name is made of. */
struct maildir_key {
	struct slice id;     /* queue id, 1 to 40 bytes of letters, digits and dots */
	uint32_t recipient;  /* number within the message */
	int64_t arrived_sec; /* of the message, not of the attempt */
};

/*
 * Writes the part before ",S=" and a NUL; host is this server's name ("/" and ":" become \057 and
 * \072, it is cut at 100 bytes). Bytes without the NUL; 0 when the id has other bytes or lengths.
 */
size_t
maildir_name_base(const struct maildir_key *key, struct slice host, char out[MAILDIR_BASE_MAX + 1]);

/* Appends ",S=..,W=.." to a base name and a NUL; the whole length. */
size_t maildir_name_sized(
    const char *base, uint64_t file_bytes, uint64_t wire_bytes, char out[MAILDIR_NAME_MAX + 1]);

/* Is this file the delivery with that base name, whatever sizes and flags stand behind it? */
bool maildir_name_is(struct slice name, struct slice base);

/* The file size that a name tells by ",S="; false when it does not. */
bool maildir_name_size(struct slice name, uint64_t *file_bytes);

/* The CRLF size that a name tells by ",W="; false when it does not. */
bool maildir_name_wire_size(struct slice name, uint64_t *wire_bytes);

/* A name of a message in cur/ or new/, taken apart. */
struct maildir_parts {
	struct slice base; /* before the first ":" */
	struct slice tail; /* from ":" on, or empty */
	uint32_t upper;    /* letters behind ":2,": bit 0 is 'A' */
	uint32_t lower;    /* the same, bit 0 is 'a' */
};
void maildir_name_split(struct slice file, struct maildir_parts *out);

/*
 * Writes base, ":2,", the letters in order, then what stands in tail behind ":2," and is no letter;
 * and a NUL. The length; 0 when that is no file name.
 */
size_t maildir_name_join(struct slice base, uint32_t upper, uint32_t lower, struct slice tail,
    char out[MAILDIR_NAME_MAX + 1]);

/*
 * Order in which messages that arrived get their UIDs: by the number in front (seconds), then
 * bytewise.
 */
int maildir_name_cmp(struct slice a, struct slice b);

/* Does the name say that the message was marked for removal (flag T)? */
bool maildir_name_is_trashed(struct slice name);

#endif
