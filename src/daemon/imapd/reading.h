/*
 * One message as FETCH and SEARCH need it: what the cache knows of it, else what is found by
 * reading it once; and its octets.
 */
#ifndef DAEMON_IMAPD_READING_H
#define DAEMON_IMAPD_READING_H

#include "daemon/imapd/imapd.h"
#include "imap/describe.h"

/* Header sections are read whole, up to this. */
#define READING_HEADER_MAX (1u << 20)

/* What is known; a part that is not has p NULL. */
struct reading_facts {
	bool has_sizes;
	struct imap_sizes sizes;
	struct slice envelope, structure, outline;
};

struct reading {
	struct mailbox *mailbox;
	uint32_t uid;
	struct text text; /* closed until something reads */
	/* While it is described: */
	struct arena *arena;
	struct imap_describer *describer;
	uint64_t at;
	bool by_octets; /* what is read are octets, not bytes of the file */
};

/* Begins; touches nothing. */
void reading_init(struct reading *c, struct mailbox *m, uint32_t uid);
void reading_fini(struct reading *c);

/* What the cache has; slices are borrowed as from cache_get. */
void reading_cached(const struct reading *c, struct reading_facts *out);

/* Opens the text when it is not open. As text_open. */
enum st reading_open(struct reading *c, struct fault *f);

/*
 * Reads and describes a piece of the message. ST_AGAIN: there is more. ST_OK: *out, in the arena of
 * c until reading_fini, and put into the cache. Else as text_read. The text is open.
 */
enum st reading_describe(struct reading *c, struct reading_facts *out, struct fault *f);

/*
 * The place is one of the open text: reading may begin there. No effect when it was found in
 * another file, or in octets.
 */
void reading_hint(
    struct reading *c, const struct reading_facts *known, const struct imap_place *place);

/* Appends octets [from, to) to out. ST_OK, or as text_read; ST_IO also when there are fewer. */
enum st reading_octets(
    struct reading *c, uint64_t from, uint64_t to, struct buf *out, struct fault *f);

/*
 * Appends the header section, up to and with the empty line. ST_OK, ST_LIMIT: it is longer than
 * READING_HEADER_MAX, out has its beginning.
 */
enum st reading_header(struct reading *c, struct buf *out, struct fault *f);

#endif
