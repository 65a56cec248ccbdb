/*
 * The grammar of a client's command, RFC 3501 section 9, over one complete command in memory:
 * lines and literals one after the other as they came, without the last line end.
 *
 * Each imap_lex_* function takes one thing off the front. It returns true, or false with words
 * about what was expected in lx->error (the first mistake stays) and the place unchanged. Slices
 * point into the command, or into the arena where a quoted string had escapes; at the arena's
 * limit a function returns false too.
 */
#ifndef IMAP_LEXER_H
#define IMAP_LEXER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "imap/ask_message.h"

struct imap_lexer {
	struct slice in;   /* what is left */
	struct arena *a;   /* of the command */
	const char *error; /* static words, or NULL */
};

/* A lexer at the start of a command. */
void imap_lex_init(struct imap_lexer *lx, struct slice in, struct arena *a);

/* Notes words about the first mistake; returns false. */
bool imap_lex_fail(struct imap_lexer *lx, const char *words);

/* The next byte, or 0 at the end; nothing is taken. */
static inline unsigned char
imap_lex_peek(const struct imap_lexer *lx)
{
	return lx->in.n ? lx->in.p[0] : 0;
}

/* Exactly one space. */
bool imap_lex_space(struct imap_lexer *lx);

/* Exactly this byte. */
bool imap_lex_char(struct imap_lexer *lx, unsigned char c);

/* This byte when it is there; no error when it is not. */
bool imap_lex_maybe(struct imap_lexer *lx, unsigned char c);

/* The end of the command. */
bool imap_lex_end(struct imap_lexer *lx);

/* atom, 1*ATOM-CHAR; "[" is one, "]" is not. */
bool imap_lex_atom(struct imap_lexer *lx, struct slice *out);

/* Letters, digits, "-", "." and "_": names of commands and of data items. */
bool imap_lex_name(struct imap_lexer *lx, struct slice *out);

/* tag, 1*<any ASTRING-CHAR except "+">. */
bool imap_lex_tag(struct imap_lexer *lx, struct slice *out);

/* string: quoted or literal. nstring: or NIL, *is_nil then. astring: or 1*ASTRING-CHAR. */
bool imap_lex_string(struct imap_lexer *lx, struct slice *out);
bool imap_lex_nstring(struct imap_lexer *lx, struct slice *out, bool *is_nil);
bool imap_lex_astring(struct imap_lexer *lx, struct slice *out);

/* list-mailbox: as astring with "%" and "*" among its characters. */
bool imap_lex_list_mailbox(struct imap_lexer *lx, struct slice *out);

/* number and nz-number: at most 4294967295. */
bool imap_lex_number(struct imap_lexer *lx, uint32_t *out);
bool imap_lex_nz_number(struct imap_lexer *lx, uint32_t *out);

/* A number of any size up to 2^64 - 1. */
bool imap_lex_number64(struct imap_lexer *lx, uint64_t *out);

/*
 * sequence-set, in the form of struct imap_set. Of sequence numbers (is_uid false) none may be
 * above exists; "*" in an empty folder is allowed and stands for nothing.
 */
bool imap_lex_set(struct imap_lexer *lx, bool is_uid, uint32_t exists, struct imap_set *out);

/* Flags as struct imap_store and struct imap_append take them; \Recent is refused. */
struct imap_lex_flags {
	unsigned flags;
	const struct slice *keywords; /* in the arena */
	size_t keyword_count;
};

/* flag-list in parentheses; with bare_allowed also flags separated by spaces (STORE). */
bool imap_lex_flags(struct imap_lexer *lx, bool bare_allowed, struct imap_lex_flags *out);

/* date-time, in quotes: seconds since 1970. */
bool imap_lex_date_time(struct imap_lexer *lx, int64_t *sec);

/* date (SEARCH), quoted or not: seconds since 1970 of its midnight, as if in UTC. */
bool imap_lex_date(struct imap_lexer *lx, int64_t *sec);

/*
 * mailbox: an astring in modified UTF-7 (RFC 3501 section 5.1.3), as UTF-8; INBOX, alone or in
 * front of ".", in capitals (section 5.1).
 */
bool imap_lex_mailbox(struct imap_lexer *lx, struct slice *out);

/* The same for a name that is already taken; false when it is not modified UTF-7. */
bool imap_name_from_wire(struct arena *a, struct slice wire, struct slice *out);

/* Behind ID: a space, and a list of at most 30 fields with values, or NIL; RFC 2971. */
bool imap_lex_id(struct imap_lexer *lx);

/*
 * Does text end with the head of a literal, "{n}" or "{n+}" (RFC 7888), outside a quoted string?
 * *n is UINT64_MAX when it is larger than that.
 */
bool imap_lex_literal_head(struct slice text, uint64_t *n, bool *is_sync);

#endif
