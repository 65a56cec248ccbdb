/*
 * The inside of the scenario player: one play of one scenario.
 */
#ifndef INPROC_PLAY_H
#define INPROC_PLAY_H

#include <regex.h>

#include "base/arena.h"
#include "base/buf.h"
#include "scn.h"

#define CONNS_MAX 8
#define VARS_MAX 48
#define COLLECT_MAX ((size_t)256 << 20)
#define TRANSCRIPT_MAX ((size_t)1 << 20)
#define PIECEMEAL_MAX ((size_t)4 << 20) /* more than this is not cut into pieces of a few bytes */

struct conn {
	struct slice name;
	struct world_conn *wire;
	struct buf out;   /* collected */
	struct buf reply; /* matched last */
	enum { LAST_NONE, LAST_EOF, LAST_REPLY } last;
};

struct var {
	struct slice name, value;
};

struct play {
	const struct scn *scn;
	struct arena *a; /* of this play */
	struct world world;
	enum world_service service;
	size_t chunk;
	struct conn conns[CONNS_MAX];
	struct conn *current;
	struct var vars[VARS_MAX];
	size_t var_count;
	struct slice id;
	struct buf transcript;
	bool failed;
	FILE *err;
};

/* --- play_value.c --------------------------------------------------------------------------- */

/* Adds lines to the transcript; who is C or S. */
void play_note(struct play *p, const char *who, struct slice s);

/* Says what went wrong and returns false. */
bool play_fail(struct play *p, const struct scn_step *s, const char *expected, struct slice found);

/* The value of a variable, or NULL. */
struct slice *play_var(struct play *p, struct slice name);

/* Sets a variable; value is copied, name is borrowed. */
void play_var_set(struct play *p, struct slice name, struct slice value);

/* Appends a value with its variables; false when one is not set. */
bool play_put_text(struct play *p, const struct scn_step *s, const struct scn_part *part,
    struct buf *out);

/* Compiles a pattern with its variables put in as plain text. */
bool play_pattern_ready(struct play *p, const struct scn_step *s, const struct scn_pattern *pat,
    regex_t *re);

/* Searches one line; captures become variables. */
bool play_pattern_search(struct play *p, const struct scn_pattern *pat, const regex_t *re,
    struct slice line);

/* --- play_reply.c --------------------------------------------------------------------------- */

/* Takes the next line of a reply off *s: its text behind code and separator. */
bool play_reply_line(struct slice *s, struct slice *text);

/* Waits for a complete reply, or the end: c->last says which. */
bool play_fetch(struct play *p, const struct scn_step *s, struct conn *c);

/* Does the reply's code fit, 'x' standing for any digit? */
bool play_code_fits(struct slice want, struct slice reply);

/* Does some line of the reply match? */
bool play_reply_matches(struct play *p, const struct scn_step *s, struct conn *c,
    const struct scn_pattern *pat);

/* Is the reply matched last this one? */
bool play_alternative_fits(struct play *p, const struct scn_step *s, struct conn *c,
    const struct scn_alternative *alt);

/* --- play_offer.c --------------------------------------------------------------------------- */

/* Can the scenario be played in process? The service is set. */
bool play_is_possible(const struct scn *scn, enum world_service *service);

#endif
