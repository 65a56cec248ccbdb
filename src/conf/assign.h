/*
 * NAME=value files: parsed, never executed. docs/CONFIG.md section 3 has the grammar.
 */
#ifndef CONF_ASSIGN_H
#define CONF_ASSIGN_H

#include "conf/conf.h"

/* Most bytes of one value. */
#define CONF_VALUE_MAX ((size_t)65536)

/* A name that $NAME can stand for. */
struct conf_var {
	struct slice name, value;
	const struct conf_var *next;
};

struct conf_assign {
	const char *file; /* for messages */
	struct conf_report *report;
	struct arena *arena;         /* where values are kept */
	const struct conf_var *vars; /* newest first; assignments are put in front */
	/* Called for each assignment, in order. name and value live as long as arena. */
	void (*set)(void *arg, struct slice name, struct slice value, unsigned line);
	void *arg;
};

/* Reads a whole file. Mistakes go to p->report, and reading goes on with the next line. */
void conf_assign_read(struct conf_assign *p, struct slice text);

/* Appends "NAME='value'\n" such that conf_assign_read gives the same value, whatever its bytes. */
void conf_assign_put(struct slice name, struct slice value, struct buf *out);

/* The value of a variable; false when there is none. */
bool conf_var_get(const struct conf_var *vars, struct slice name, struct slice *value);

/* Appends text with each $NAME replaced; an unknown one is left as it is. For defaults of rows. */
void conf_var_expand(const struct conf_var *vars, struct slice text, struct buf *out);

#endif
