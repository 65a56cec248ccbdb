/*
 * userdb: a text file (or folder of files) of lines `address TAB field=value|field=value`, compiled
 * to userdb.dat (everything but passwords, and uid=N entries for the way back) and userdbshadow.dat
 * (fields that end in "pw"). docs/ACCOUNTS.md section 3.
 */
#ifndef ACCOUNT_USERDB_H
#define ACCOUNT_USERDB_H

#include "account/account.h"

#define USERDB_LINE_MAX 8192

/* The next field of "a=1|b|c=3" taken off *rest; a field without "=" has the value "". False at the
 * end. */
bool userdb_field_next(struct slice *rest, struct slice *name, struct slice *value);

/* The value of one field; false when it is not there. */
bool userdb_field(struct slice fields, struct slice name, struct slice *value);

/* Does this field belong to userdbshadow.dat? */
bool userdb_field_is_secret(struct slice name);

/*
 * Splits a line. ST_OK with key and fields (pointing into line); ST_NOENT a comment or empty line;
 * ST_SYNTAX with "found ..., expected ..." in f.
 */
enum st
userdb_line_parse(struct slice line, struct slice *key, struct slice *fields, struct fault *f);

/* Can key and fields stand in a line? f says why not. */
enum st userdb_key_check(struct slice key, struct fault *f);
enum st userdb_field_check(struct slice name, struct slice value, struct fault *f);

/*
 * The account behind a key: fields uid gid home mail quota options gecos and (from shadow, for this
 * service) the password. Slices are copies in a. ST_OK; ST_SYNTAX: uid, gid or home are missing or
 * wrong.
 */
enum st userdb_account(struct slice key, struct slice fields, struct slice shadow,
    struct slice service, struct arena *a, struct account *out, struct fault *f);

#endif
