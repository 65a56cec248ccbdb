/*
 * The tests of src/route, in two sources.
 */
#ifndef ROUTE_TEST_H
#define ROUTE_TEST_H

#include "base/dict.h"
#include "route/route.h"

/* A configuration of mail.example.org: locals here.example, .sub.example, !not.sub.example; accepts
 * far.example. */
void test_conf(struct conf *c);

/* Reads alias text into a new dictionary; messages are appended to out. */
struct dict *
test_aliases(struct route_map *m, const struct conf *c, const char *text, struct buf *out);

void test_access_blocks(void);
void test_access_errors(void);
void test_access_lookup(void);
void test_domains(void);
void test_alias_forms(void);
void test_alias_errors(void);
void test_alias_include(void);
void test_alias_big(void);

#endif
