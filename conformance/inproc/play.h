/*
 * The inside of the scenario player: one play of one scenario.
 */
#ifndef INPROC_PLAY_H
#define INPROC_PLAY_H

#include <regex.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/engine.h"
#include "scn.h"

#define PLAY_DOMAIN "example.test"
#define PLAY_PASSWORD "secret"
#define CONNS_MAX 8
#define VARS_MAX 48
#define COLLECT_MAX ((size_t)256 << 20)
#define TRANSCRIPT_MAX ((size_t)1 << 20)
#define PIECEMEAL_MAX ((size_t)4 << 20) /* more than this is not cut into pieces of a few bytes */

struct play;
struct conn;

/*
 * What is played against: the engine of a protocol in its small world. wire is what `open` gave.
 */
struct play_target {
	/* Can the scenario be played here? */
	bool (*is_possible)(const struct scn *scn);
	void (*begin)(struct play *p);
	void (*end)(struct play *p);
	/* A new connection; NULL when play_fail was called. */
	void *(*open)(struct play *p, const struct scn_step *s);
	void (*abort)(void *wire);
	void (*send)(void *wire, struct slice in, size_t chunk);
	void (*shut)(void *wire);
	bool (*start_tls)(void *wire);
	void (*event)(void *wire, enum engine_event_kind kind);
	struct slice (*heard)(const void *wire);
	void (*heard_drop)(void *wire, size_t n);
	bool (*is_closed)(const void *wire);
	bool (*hurry)(void *wire);
	void (*wait)(struct play *p, int64_t ms);
	/*
	 * Octets of the complete reply at the start of heard, as the alternatives want it; 0: not
	 * yet. *form is false when it is malformed.
	 */
	size_t (*reply_length)(struct slice heard, const struct scn_alternative *want, bool *form);
	/* Takes the next line of a complete reply off *s: what patterns look at. */
	bool (*reply_line)(struct slice *s, struct slice *text);
	/* Does the reply fit an alternative, its pattern not counted? */
	bool (*fits)(const struct scn_alternative *alt, struct slice reply);
	/* Has it this code, as `if` has it? */
	bool (*has_code)(struct slice want, struct slice reply);
	/* A message of a fixture user, by its place from 0; false: no more. May be NULL. */
	bool (*mail)(struct play *p, unsigned user, size_t index, struct slice *content);
};

/* play_smtp.c, play_imap.c, play_pop3.c */
extern const struct play_target play_smtp, play_imap, play_pop3;

struct conn {
	struct slice name;
	void *wire;
	struct buf out;   /* collected */
	struct buf reply; /* matched last */
	bool is_rest;     /* it is what `rest` took */
	enum { LAST_NONE, LAST_EOF, LAST_REPLY } last;
};

struct var {
	struct slice name, value;
};

struct play {
	const struct scn *scn;
	struct arena *a; /* of this play */
	const struct play_target *target;
	void *world; /* the target's */
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

/* Waits for a complete reply, or the end: c->last says which. */
bool play_fetch(struct play *p, const struct scn_step *s, struct conn *c);

/* Does some line of the reply match? */
bool play_reply_matches(struct play *p, const struct scn_step *s, struct conn *c,
    const struct scn_pattern *pat);

/* --- play_drive.c: where a connection is a struct drive_conn -------------------------------- */

void play_drive_abort(void *wire);
void play_drive_send(void *wire, struct slice in, size_t chunk);
void play_drive_shut(void *wire);
bool play_drive_start_tls(void *wire);
void play_drive_event(void *wire, enum engine_event_kind kind);
struct slice play_drive_heard(const void *wire);
void play_drive_heard_drop(void *wire, size_t n);
bool play_drive_is_closed(const void *wire);
bool play_drive_hurry(void *wire);

/* --- play_mailbox.c ------------------------------------------------------------------------- */

/* A step `mailbox`. */
bool play_mailbox(struct play *p, const struct scn_step *s);

/* --- play_reply.c, play_rest.c -------------------------------------------------------------- */

/* A step `rest`, `octets` or `lines` of POP3. */
bool play_rest(struct play *p, const struct scn_step *s, struct conn *c);

/* Is the reply matched last this one? */
bool play_alternative_fits(struct play *p, const struct scn_step *s, struct conn *c,
    const struct scn_alternative *alt);

#endif
