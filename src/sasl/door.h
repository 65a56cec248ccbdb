/*
 * A session before its login, as an engine (base/engine.h): what IMAP and POP3 have in common
 * there. Lines within narrow limits, one question at a time, STARTTLS, SASL exchanges, a patience
 * for the whole of it. What lines mean and how answers look is in the protocol's rows (struct
 * door_rules): src/imap/login.h, src/pop3/login.h.
 *
 * After a login the phase is ENGINE_WANTS_HANDOFF: somebody else answers the client. When nobody
 * takes the connection, event(ENGINE_NOTICE, const struct fault *) brings the session back to OPEN.
 *
 * RFC 2595 (STARTTLS and STLS), RFC 4422 (SASL).
 */
#ifndef SASL_DOOR_H
#define SASL_DOOR_H

#include <stdbool.h>

#include "base/engine.h"
#include "sasl/server.h"

#define DOOR_LINE_MAX 8192    /* octets of a command, without its literals */
#define DOOR_LITERAL_MAX 1024 /* octets of a literal */
#define DOOR_LITERALS_MAX 4   /* literals of a command */
#define DOOR_TAG_MAX 256      /* octets of an IMAP tag: as the frame `session` has them */

enum door_ask {
	DOOR_ASK_CONNECT, /* NULL: may it come in? */
	DOOR_ASK_AUTH,    /* struct door_auth: who is this? The answer no comes after a delay */
};

struct door_auth {
	const char *mechanism;       /* "PLAIN", "LOGIN", "USER" */
	struct slice authzid;        /* who to act as; empty: the user */
	struct slice user, password; /* wiped after the answer */
};

/* Fill it with door_opts_init(), then change what differs. Slices are borrowed for life. */
struct door_opts {
	struct slice host;                       /* our name */
	struct slice words, words_tls;           /* IMAP: what CAPABILITY says beside AUTH= */
	struct slice mechanisms, mechanisms_tls; /* of SASL, separated by blanks */
	bool start_tls;                          /* offered */
	bool plaintext;                          /* passwords are taken without TLS */
	bool tls_on;                             /* implicit TLS */
	bool has_id;                             /* IMAP: ID is offered */
	struct slice version;                    /* ... and tells this; empty: nothing */
	int64_t patience_ms;                     /* for all of it, default 60 s */
	unsigned failures_max;                   /* logins that fail, default 3 */
	unsigned errors_max;                     /* commands that are wrong, default 10 */
};
void door_opts_init(struct door_opts *o, struct slice host);

/* What is known; borrowed until the next call. */
struct door_facts {
	bool tls_on;
	struct slice
	    tls; /* "TLSv1.3 TLS_AES_256_GCM_SHA384 256", empty for implicit TLS too early */
	struct slice tag; /* IMAP: of the command that logs in */
	unsigned failures;
};

struct door;

/* A line without its end, or "more": a literal of d->literal octets comes, and another line. */
enum door_line { DOOR_DONE, DOOR_MORE };

struct door_rules {
	const char *name; /* of the engine */
	void (*greet)(struct door *d);
	/* Cannot come in, or must go: the last words. */
	void (*bye)(struct door *d, const char *words);
	/* A command: text is all of it, last its last line. */
	enum door_line (*line)(struct door *d, struct slice text, struct slice last);
	/* A challenge of an exchange, in BASE64 behind "+ ". */
	void (*failed)(struct door *d, const struct fault *f);  /* the login: credentials */
	void (*wrong)(struct door *d, const char *words);       /* the exchange: its form */
	void (*refused)(struct door *d, const struct fault *f); /* the hand-over */
};

/* A new door in arena a (which ends it); NULL at the arena's limit. It asks CONNECT first. */
struct door *door_new(
    struct arena *a, const struct door_rules *rules, const struct door_opts *o, int64_t now_ms);
struct engine *door_engine(struct door *d);
void door_facts(const struct door *d, struct door_facts *facts);

/* ---- for the protocols ---- */

/* Where replies go. */
struct buf *door_out(struct door *d);
const struct door_opts *door_opts(const struct door *d);
/* Memory until the next command. */
struct arena *door_scratch(struct door *d);
/* May passwords be said now? */
bool door_takes_passwords(const struct door *d);
bool door_tls_on(const struct door *d);
/* The mechanisms offered now; empty: none. */
struct slice door_mechanisms(const struct door *d);
/* STARTTLS may be said now. */
bool door_offers_tls(const struct door *d);
/* Takes n octets behind this line, then one more line. False: too large. */
bool door_literal(struct door *d, uint64_t n);
/* Counts a mistake; too many end the session. */
void door_mistake(struct door *d);
/* Ends it after what was said. */
void door_close(struct door *d, enum engine_why why);
/* TLS starts after the output. */
void door_start_tls(struct door *d);
/* Keeps the tag of the command under way. */
void door_tag(struct door *d, struct slice tag);
struct slice door_tag_of(const struct door *d);
/* Credentials are complete: asks. */
void door_ask_auth(struct door *d, const char *mechanism, struct slice user, struct slice password);
/*
 * Begins an exchange with a mechanism of door_mechanisms(); initial in BASE64 ("=": an empty one).
 * False: no such mechanism.
 */
bool door_sasl(struct door *d, struct slice mechanism, bool has_initial, struct slice initial);

#endif
