/*
 * For src/conf/value*.c alone: the functions behind the types.
 */
#ifndef CONF_VALUE_INT_H
#define CONF_VALUE_INT_H

#include "conf/row.h"

/* Takes the next word off *rest; false at the end. */
bool value_word_next(struct slice *rest, struct slice *word);

/* The place of word in a list of words (case folded), or -1; *found is its spelling there. */
int value_word_index(const char *words, struct slice word, struct slice *found);

/* A copy of text in a, its address in *field (a const char *). */
enum st value_store_string(struct slice text, struct arena *a, void *field);

/* Letters, digits, - and _ in labels of at most 63 bytes, or UTF-8; 255 bytes in all. */
bool value_is_domain(struct slice s);

/* Printable UTF-8 (HTAB counts); LF too when lines is set. */
bool value_is_clean(struct slice text, bool lines);

/* One of each for a type: conf_value_parse and conf_value_put call them by table. */
void value_put_string(const struct conf_row *row, const void *field, struct buf *out);
enum st
value_parse_words(const struct conf_row *row, struct slice text, struct arena *a, void *field);
void value_put_words(const struct conf_row *row, const void *field, struct buf *out);
enum st
value_parse_uids(const struct conf_row *row, struct slice text, struct arena *a, void *field);
enum st
value_parse_lines(const struct conf_row *row, struct slice text, struct arena *a, void *field);
void value_put_lines(const struct conf_row *row, const void *field, struct buf *out);
enum st
value_parse_domain(const struct conf_row *row, struct slice text, struct arena *a, void *field);
enum st
value_parse_domains(const struct conf_row *row, struct slice text, struct arena *a, void *field);
enum st
value_parse_routes(const struct conf_row *row, struct slice text, struct arena *a, void *field);
enum st
value_parse_ports(const struct conf_row *row, struct slice text, struct arena *a, void *field);
void value_put_ports(const struct conf_row *row, const void *field, struct buf *out);

#endif
