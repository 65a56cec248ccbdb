/*
 * Delivery instructions: the lines of .courier and .qmail files, of DEFAULTDELIVERY, and of what
 * `||command` prints. docs/DELIVERY.md describes them.
 *
 *   blank, #comment            nothing
 *   ./path  /path              a Maildir or an mbox file
 *   |command                   a program; a backslash before the line end joins lines
 *   ||command                  a program whose output is more instructions
 *   &a, b   !a   a, b          forward
 */
#ifndef DELIVER_INSTR_H
#define DELIVER_INSTR_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"

#define DELIVER_TEXT_MAX 65536  /* bytes of instructions in a file */
#define DELIVER_OUTPUT_MAX 8191 /* bytes that ||command may print */
#define DELIVER_LINES_MAX 1000  /* instructions of one text, addresses of one line */
#define DELIVER_DEPTH_MAX 4     /* ||commands inside each other's output */

enum deliver_kind {
	DELIVER_MAILBOX,
	DELIVER_PROGRAM,
	DELIVER_DYNAMIC,
	DELIVER_FORWARD,
};

struct deliver_instr {
	struct deliver_instr *next;
	enum deliver_kind kind;
	struct slice text;       /* path, or command with a NUL behind it */
	struct slice *addresses; /* DELIVER_FORWARD: "local@domain", or "local" */
	size_t address_count;
};

struct deliver_plan {
	struct deliver_instr *first;
	size_t count;
	bool is_empty; /* not even a comment: the account's default counts. No instruction
			  otherwise: discard */
};

/* Reads instructions; all of the plan lies in a. ST_OK, or ST_SYNTAX, ST_LIMIT with "line N: ..."
 * and 4.3.5. */
enum st deliver_parse(
    struct slice text, struct arena *a, struct deliver_plan *plan, struct fault *f) ATTR_CHECKED;

/* Appends the instructions in the form deliver_parse reads. */
void deliver_plan_put(const struct deliver_plan *plan, struct buf *out);

#endif
