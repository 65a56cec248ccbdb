/*
 * What the tests of this folder share: a home in a temporary folder, a message, a folder whose
 * turns and sync completions are driven by hand.
 */
#ifndef MAILDIR_TESTS_STORE_H
#define MAILDIR_TESTS_STORE_H

#include "maildir/folder.h"

struct store {
	char home[64];
	struct durable *durable;
	struct maildir_host host;
	struct maildir_place place;
	struct maildir_folder *folder;
	bool wants_turn;
};

struct letter {
	struct maildir_job job;
	struct maildir_body body;
	struct fault fault;
	int answers;
};

/* What stands in for the library's hash. */
extern const struct digest_ops store_hash;
void store_digest(struct slice in, unsigned char out[DIGEST_MAX]);

void store_open(struct store *s);
void store_close(struct store *s);

/* Runs until nothing is under way. */
void store_run(struct store *s);

/* A message with this content (wire form), which lives as long as text does. */
void letter_init(struct letter *l, const char *id, uint32_t recipient, struct slice text);

/* Files in a folder below the home; the content of the only one, or of the one with that name, into
 * out. */
size_t store_count(const struct store *s, const char *dir);
bool store_first(const struct store *s, const char *dir, char name[256]);
struct slice store_read(const struct store *s, const char *dir, const char *name, struct buf *out);
void store_touch(const struct store *s, const char *path, struct slice content);

#endif
