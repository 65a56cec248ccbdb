/*
 * What authdaemond said about names in the last few seconds: a message to twenty recipients, or
 * twenty messages to one, need not ask twenty times. Answers are short-lived, so a new account or a
 * removed one counts within seconds.
 */
#ifndef DAEMON_ROUTED_KNOWN_H
#define DAEMON_ROUTED_KNOWN_H

#include <stdint.h>

#include "base/fault.h"
#include "base/slice.h"

#define KNOWN_YES_MS 5000
#define KNOWN_NO_MS 1000
#define KNOWN_MAX 20000 /* names; above it all are forgotten */

struct known;

/* Nothing is known yet. */
struct known *known_new(void);

/* Forgets everything and releases k. */
void known_free(struct known *k);

/* ST_OK with the account's own address (until the next call), ST_NOENT, or ST_AGAIN: ask. */
enum st known_get(struct known *k, struct slice name, int64_t now_ms, struct slice *account);

/* Keeps an answer; only ST_OK and ST_NOENT are kept. */
void
known_put(struct known *k, struct slice name, enum st st, struct slice account, int64_t now_ms);

/* Forgets everything. */
void known_forget(struct known *k);

#endif
