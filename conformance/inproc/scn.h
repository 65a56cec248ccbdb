/*
 * The scenario language (docs/SCENARIOS.md) for playing in process: files into steps.
 */
#ifndef INPROC_SCN_H
#define INPROC_SCN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/slice.h"

enum scn_part_kind { SCN_TEXT, SCN_VAR, SCN_B64, SCN_SCRAM, SCN_REP };

/* A piece of a value: octets, the name of a variable, or parts to be encoded or repeated. */
struct scn_part {
	struct scn_part *next;
	enum scn_part_kind kind;
	struct slice text;
	struct scn_part *inner;
	size_t times; /* SCN_REP */
};

struct scn_pattern {
	struct slice source;     /* as written, for messages */
	struct scn_part *parts;  /* regular expression and variables */
	bool ignore_case;
	struct slice names;      /* of the captures, separated by blanks */
};

struct scn_alternative {
	struct scn_alternative *next;
	bool is_eof;
	struct slice code, enhanced;
	struct slice tag; /* IMAP: a tag with code OK, NO or BAD; "+"; or "*" */
	struct scn_pattern *pattern; /* or NULL */
	struct scn_part *line;       /* POP3: the whole line, or NULL */
	bool is_rest;                /* POP3: the lines up to the dot */
};

enum scn_kind {
	SCN_C,
	SCN_C_RAW,
	SCN_FILL,
	SCN_FLUSH,
	SCN_S,
	SCN_HAS,
	SCN_HASNT,
	SCN_EOF,
	SCN_QUIET,
	SCN_WAIT,
	SCN_STARTTLS,
	SCN_COMPRESS,
	SCN_CONN,
	SCN_CLOSE,
	SCN_ABORT,
	SCN_REPEAT,
	SCN_IF,
	SCN_MAILBOX,
	SCN_EVENT,
	SCN_REST,
	SCN_OCTETS,
	SCN_LINES,
};

struct scn_step {
	struct scn_step *next;
	enum scn_kind kind;
	int line;
	struct slice source;         /* the line, for messages */
	struct scn_part *text;       /* C, C-, fill, octets, mailbox has hasnt */
	struct scn_pattern *pattern; /* S+, S-, mailbox match nomatch received */
	struct scn_alternative *alternatives;
	int64_t number;  /* fill, repeat, lines, mailbox count; milliseconds */
	struct slice word; /* connection, event, condition, mailbox check */
	unsigned user;
	struct scn_step *steps, *otherwise;
};

/* A line `answer:`; kind is enum smtp_ask, imap_ask or pop3_world_ask, by the
 * service. */
struct scn_rule {
	unsigned kind;
	struct slice key;
	int64_t after_ms;
	struct fault fault;
};

#define SCN_RULES_MAX 32

/* A line `message:`: what stands in the folder of the play (IMAP). */
struct scn_message {
	struct scn_message *next;
	struct slice flags;     /* in parentheses */
	struct slice date;      /* in quotes, or empty */
	struct scn_part *text;
	int line;
	struct slice source;
};

/* A line `mail:`: what lies in a mailbox before the scenario begins. times 0: nothing does. */
struct scn_mail {
	struct scn_mail *next;
	unsigned user;
	size_t times;
	struct scn_part *text;
	int line;
	struct slice source;
};

struct scn {
	const char *path;
	struct arena *arena;
	struct slice title, service, needs;
	unsigned users;
	bool has_zone;
	bool no_login; /* `login: no` (IMAP) */
	struct scn_message *messages, **messages_end;
	struct scn_mail *mails, **mails_end;
	struct scn_rule rules[SCN_RULES_MAX];
	size_t rule_count;
	struct scn_step *steps;
	int last_line;
};

/*
 * Reads a scenario from the bytes of a file into a; borrowed from data. Each mistake becomes a line
 * "path:line: found 'X', expected Y" on err. False when there was one.
 */
bool scn_parse(struct arena *a, const char *path, struct slice data, FILE *err, struct scn *scn);

/* --- scn_text.c, shared by both parser files ------------------------------------------------ */

/* A mistake: what was found and what belongs there. */
struct scn_mistake {
	char found[160];
	const char *expected;
};

/* Notes a mistake and returns false. */
bool scn_bad(struct scn_mistake *m, struct slice found, const char *expected);

/* A value with escapes and variables. */
bool
scn_text_parse(struct arena *a, struct slice s, struct scn_part **parts, struct scn_mistake *m);

/* "/ERE/" or "/ERE/i" off the front of *s, with "-> NAME ..." behind it when captures is true. */
bool scn_pattern_parse(
    struct arena *a, struct slice *s, bool captures, struct scn_pattern **p, struct scn_mistake *m);

/* The alternatives of an S: step. */
bool scn_reply_parse(struct arena *a, struct slice s, bool is_imap,
    struct scn_alternative **first, struct scn_mistake *m);

/* The one line of an S: step of POP3: a pattern, or what it must be. */
bool scn_line_parse(struct arena *a, struct slice s, struct scn_alternative **first,
    struct scn_mistake *m);

bool scn_is_name(struct slice s);
bool scn_is_code(struct slice s);
bool scn_is_status(struct slice s); /* OK, NO, BAD */
bool scn_time_parse(struct slice s, int64_t *ms, struct scn_mistake *m);
bool scn_number_parse(struct slice s, int64_t low, int64_t high, int64_t *n, struct scn_mistake *m);

/* --- playing -------------------------------------------------------------------------------- */

enum scn_result { SCN_PASSED, SCN_FAILED, SCN_NOT_OFFERED };

/*
 * Plays a scenario with the client's bytes in pieces of chunk (0: as written). What went wrong goes
 * to err, with the transcript when verbose.
 */
enum scn_result scn_play(const struct scn *scn, size_t chunk, bool verbose, FILE *err);

#endif
