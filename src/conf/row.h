/*
 * Rows: everything the product knows about one configuration name. Parser, range check, default,
 * explanation, manual page and snapshot are loops over them. docs/CONFIG.md.
 */
#ifndef CONF_ROW_H
#define CONF_ROW_H

#include "conf/conf.h"

enum conf_type {
	CONF_BOOL,     /* bool: 0, 1 */
	CONF_YESNO,    /* bool: YES, NO */
	CONF_PRESENT,  /* bool: the file exists */
	CONF_UINT,     /* uint64_t */
	CONF_DURATION, /* int64_t seconds */
	CONF_SIZE,     /* uint64_t bytes */
	CONF_STRING,   /* const char *, one line */
	CONF_TEXT,     /* const char *, lines */
	CONF_PATH,     /* const char *: absolute, empty, or one of words */
	CONF_ADDRESS,  /* const char *: "0" or an IP address */
	CONF_WORD,     /* const char *: one of words, or empty */
	CONF_ENUM,     /* int: index in words */
	CONF_WORDS,    /* struct conf_list: each one of words (any when words is NULL) */
	CONF_UIDS,     /* struct conf_list: "5000", "5000-5999" */
	CONF_LINES,    /* struct conf_list */
	CONF_DOMAIN,   /* const char * */
	CONF_DOMAINS,  /* struct conf_list of domain patterns */
	CONF_ROUTES,   /* struct conf_list of lines of esmtproutes */
	CONF_PORTS,    /* struct conf_ports */
	CONF_NOEFFECT, /* accepted, without a place in struct conf */
	CONF_TABLE,    /* a file with a grammar of its own: documented here only */
};

enum conf_when { CONF_WHEN_RELOAD, CONF_WHEN_RESTART, CONF_WHEN_COMMAND };

enum {
	CONF_OURS = 1,   /* not a name of Courier's */
	CONF_MASK = 2,   /* domain: "*." in front is allowed */
	CONF_MATTERS = 4 /* no effect: setting it deserves a warning */
};

struct conf_row {
	const char *name;
	enum conf_type type;
	size_t offset;     /* in the struct of its file */
	const char *dflt;  /* as a person would write it; may contain $me, $sysconfdir ... */
	uint64_t min, max; /* numbers, durations (seconds), sizes (bytes) */
	const char *unit;  /* what a number counts */
	const char *words; /* separated by blanks */
	enum conf_when when;
	unsigned flags;
	const char *doc; /* sentences */
};

enum conf_shape {
	CONF_VALUES,     /* each row is a file: one line, text, list, presence, by its type */
	CONF_ASSIGN,     /* NAME=value */
	CONF_DIRECTIVES, /* word value */
};

struct conf_file {
	const char *name; /* "esmtpd"; "" for CONF_VALUES */
	enum conf_shape shape;
	size_t base; /* of its struct in struct conf */
	size_t size; /* of that struct */
	/* Tables end with a row without a name. */
	const struct conf_row *own;  /* rows of this file alone (or NULL); they hide shared rows of
					the same place or name */
	const struct conf_row *rows; /* shared with the file it inherits from */
	const char *inherits;        /* NULL or the name of an earlier file with the same struct */
	const char *doc;
};

extern const struct conf_file conf_files[];
extern const size_t conf_file_count;

/* Most rows of one file. */
#define CONF_ROWS_MAX 96

/* Row number i (from 0) of a file, own rows first; NULL behind the last. */
const struct conf_row *conf_row_at(const struct conf_file *f, size_t i);

/* Is the value of this row, when the file does not say, that of the file it inherits from? */
bool conf_row_is_inherited(const struct conf_file *f, const struct conf_row *row);

/* A row by its exact name and its number in *at (may be NULL), or NULL. */
const struct conf_row *conf_row_find(const struct conf_file *f, struct slice name, size_t *at);

/* The known name nearest to a wrong one, or NULL when none is near. */
const char *conf_row_nearest(const struct conf_file *f, struct slice name);

/* Does the row stand for a value in struct conf? */
static inline bool
conf_row_has_value(const struct conf_row *row)
{
	return row->type != CONF_NOEFFECT && row->type != CONF_TABLE;
}

/* Where the row's value is. */
static inline void *
conf_row_field(struct conf *c, const struct conf_file *f, const struct conf_row *row)
{
	return (char *)c + f->base + row->offset;
}

/*
 * Reads the text of a value into *field (of the row's C type), strings into a. Empty text is an
 * error for types that cannot be empty (the caller puts the default there). ST_OK, ST_SYNTAX,
 * ST_LIMIT (a is full).
 */
enum st
conf_value_parse(const struct conf_row *row, struct slice text, struct arena *a, void *field);

/* Appends "found ..., expected ..." for a text that conf_value_parse did not take. */
void
conf_value_put_problem(const struct conf_row *row, struct slice text, enum st st, struct buf *out);

/* Appends the canonical text of a value: conf_value_parse gives the same value again. */
void conf_value_put(const struct conf_row *row, const void *field, struct buf *out);

/* Appends what the row accepts: "a number from 1 to 65535". */
void conf_value_put_expected(const struct conf_row *row, struct buf *out);

/* Is an empty text a value of this type (rather than "the default")? */
bool conf_value_may_be_empty(const struct conf_row *row);

/* "number", "duration" ... */
const char *conf_type_name(enum conf_type type);

/* "reload", "restart", "command". */
const char *conf_when_name(enum conf_when when);

/* --- for the tables of rows: the C type of the field is checked by the compiler --- */

#define CONF_AT(s, m, t) _Generic(((s *)0)->m, t : offsetof(s, m))
#define ROW_BOOL(s, m) .type = CONF_BOOL, .offset = CONF_AT(s, m, bool)
#define ROW_YESNO(s, m) .type = CONF_YESNO, .offset = CONF_AT(s, m, bool)
#define ROW_PRESENT(s, m) .type = CONF_PRESENT, .offset = CONF_AT(s, m, bool), .dflt = "0"
#define ROW_UINT(s, m) .type = CONF_UINT, .offset = CONF_AT(s, m, uint64_t)
#define ROW_DURATION(s, m) .type = CONF_DURATION, .offset = CONF_AT(s, m, int64_t)
#define ROW_SIZE(s, m) .type = CONF_SIZE, .offset = CONF_AT(s, m, uint64_t)
#define ROW_STRING(s, m) .type = CONF_STRING, .offset = CONF_AT(s, m, const char *)
#define ROW_TEXT(s, m) .type = CONF_TEXT, .offset = CONF_AT(s, m, const char *)
#define ROW_PATH(s, m) .type = CONF_PATH, .offset = CONF_AT(s, m, const char *)
#define ROW_ADDRESS(s, m) .type = CONF_ADDRESS, .offset = CONF_AT(s, m, const char *)
#define ROW_WORD(s, m) .type = CONF_WORD, .offset = CONF_AT(s, m, const char *)
#define ROW_ENUM(s, m) .type = CONF_ENUM, .offset = CONF_AT(s, m, int)
#define ROW_WORDS(s, m) .type = CONF_WORDS, .offset = CONF_AT(s, m, struct conf_list)
#define ROW_UIDS(s, m) .type = CONF_UIDS, .offset = CONF_AT(s, m, struct conf_list)
#define ROW_LINES(s, m) .type = CONF_LINES, .offset = CONF_AT(s, m, struct conf_list)
#define ROW_DOMAIN(s, m) .type = CONF_DOMAIN, .offset = CONF_AT(s, m, const char *)
#define ROW_DOMAINS(s, m) .type = CONF_DOMAINS, .offset = CONF_AT(s, m, struct conf_list)
#define ROW_ROUTES(s, m) .type = CONF_ROUTES, .offset = CONF_AT(s, m, struct conf_list)
#define ROW_PORTS(s, m) .type = CONF_PORTS, .offset = CONF_AT(s, m, struct conf_ports)
#define ROW_NOEFFECT .type = CONF_NOEFFECT, .dflt = ""
#define ROW_TABLE .type = CONF_TABLE, .dflt = "", .when = CONF_WHEN_COMMAND

#endif
