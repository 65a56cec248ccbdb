/*
 * imapload_calls.h - the functions of the IMAP and POP3 load generator that its files share.
 */
#ifndef BENCH_IMAPLOAD_CALLS_H
#define BENCH_IMAPLOAD_CALLS_H

#include "imapload.h"

/* --- imapload.c --- */


/* Whether a further operation may begin; counts it when it may. */
int load_begin(struct load *load);

/* Whether a further operation could begin; counts nothing. */
int load_wants_more(struct load *load);

/* No. */
int load_never(struct load *load);

/* One turn of the loop: waits at most `timeout_ms`, serves all clients.  Returns how many live. */
int load_turn(struct load *load, int timeout_ms);

/* "user" of this client: the accounts rotate over the clients. */
const char *client_user(const struct load *load, const struct client *c);

/* Ends the program with status 2. */
void load_die(const char *what, const char *detail);

/* A larger block or the end of the program. */
void *load_realloc(void *p, size_t n);

/* --- imapload_conn.c --- */

/* Makes the TLS context.  Certificates are not verified: the server is a loopback address. */
void conn_tls_init(struct load *load);

/* Opens, reads, writes, whatever `revents` allows.  Never blocks. */
void conn_step(struct load *load, struct client *c, short revents);

/* The poll(2) events the client waits for. */
short conn_events(const struct client *c);

/* Closes the socket; the client is over, or connects again when the mode wants more cycles. */
void conn_close(struct load *load, struct client *c);

/* Frees what the client owns. */
void conn_fini(struct client *c);

/* Appends bytes to what goes out. */
void client_put(struct client *c, const char *bytes, size_t n);

/* Sends "TAG command\r\n" (IMAP) or "command\r\n" (POP3), counted under `kind`. */
void client_command(struct load *load, struct client *c, const char *kind, const char *command);

/* Sends LOGOUT or QUIT; the connection is closed after the answer. */
void client_end(struct load *load, struct client *c);

/* --- imapload_modes.c, imapload_stress.c, imapload_latency.c --- */

/* The mode of this name, or NULL. */
const struct mode *mode_find(const char *name);

/* Prints a line for each mode. */
void modes_print(FILE *f);

/* The number at `*at` of `n` octets; moves `*at` behind it.  -1 when there is none. */
int64_t text_number(const char *text, size_t n, size_t *at);

/* Whether text begins with or holds the word, octet by octet. */
int text_begins(const char *text, size_t n, const char *word);
int text_holds(const char *text, size_t n, const char *word);

/* Everything of the mode `stress`. */
void stress_begins(struct load *load, struct client *c);
void stress_ready(struct load *load, struct client *c);
void stress_untagged(struct load *load, struct client *c, const struct reply *r);
void stress_more(struct load *load, struct client *c);
int stress_tolerates(struct load *load, struct client *c, const struct reply *r);
void stress_fini(struct client *c);

/* Runs the mode `latency` once all clients idle. */
void latency_run(struct load *load);

/* --- imapload_stats.c --- */

/* The index of a kind of command, made when it is new. */
int stats_kind(struct stats *st, const char *name);

/* Counts an operation and its time. */
void stats_operation(struct stats *st, int64_t ns);

/* Counts a command and what came back. */
void stats_command(struct stats *st, int kind, int64_t ns, int64_t untagged, int64_t octets);

/* Counts an error; the first few texts are kept. */
void stats_error(struct stats *st, const char *what, const char *text, size_t n);

void stats_print(struct stats *st, const struct plan *plan, int json, FILE *f);

#endif
