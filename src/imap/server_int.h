/*
 * The inside of an IMAP session, for the files of src/imap only.
 *
 *     server.c          the engine's calls, time, events
 *     server_read.c     input into commands: lines, literals, the message of APPEND, DONE
 *     server_command.c  the rows, and which one a command is
 *     server_end.c      how a command ends: SYNC, untagged data, the tagged answer
 *     server_out.c      output: bytes, and content that the owner holds
 *
 * A command is a row of struct imap_command. parse() reads its arguments into memory of the
 * command's arena (s->run.data), run() begins, answered() goes on with each answer, taken() when
 * output has left. Each of run(), answered() and taken() ends in exactly one of
 *
 *     imap_ask(...)                        wait for our side
 *     imap_done / imap_done_code / imap_failed / imap_bad   the command is over
 *     (row with taken, output waiting)     nothing: taken() comes when it has left
 *     (row that reads on: APPEND, IDLE)    imap_read_body / imap_read_idle
 *
 * Invariants:
 * - at most one question is open; notices are not counted
 * - s->run.row is set from the moment a command is complete (APPEND: its head) to its tagged answer
 * - s->text and the command's arena live exactly as long as a command is read or run
 */
#ifndef IMAP_SERVER_INT_H
#define IMAP_SERVER_INT_H

#include "imap/server_state.h"

/* --- server.c ------------------------------------------------------------------------------- */

/* Asks; the detail is in the command's arena or in s. An answer goes to the row's answered(). */
void imap_ask(struct imap_server *s, enum imap_ask kind, const void *detail);

/* The message that the owner takes is given up: it is told. Nothing without one. */
void imap_append_drop(struct imap_server *s);

/* Ends the session: "* BYE words" (NULL: nothing is said). */
void imap_bye(struct imap_server *s, enum engine_why why, const char *words);

/* --- server_end.c --------------------------------------------------------------------------- */

/*
 * "tag OK words" behind what SYNC says. code stands in brackets before the words: "READ-ONLY";
 * imap_done_code takes it as it is built, in the command's arena or static.
 */
void imap_done(struct imap_server *s, const char *words);
void imap_done_code(struct imap_server *s, struct slice code, const char *words);

/* "tag NO [code] words" behind what SYNC says; the code follows from the fault (imap/ask.h). */
void imap_failed(struct imap_server *s, const struct fault *f);

/* The same where it is decided here. */
void imap_no(struct imap_server *s, const char *code, const char *words);

/* "tag BAD words": the client made a mistake; too many in a row end the session. */
void imap_bad(struct imap_server *s, const char *words);

/* For a question that can only fail or succeed: "OK words" or NO. */
void imap_done_or_failed(struct imap_server *s, const struct engine_answer *a, const char *words);

/* What the reader refused is said. */
void imap_refused(struct imap_server *s);

/* The folder is no longer selected. */
void imap_deselect(struct imap_server *s);

/* SYNC in IDLE; nothing when one is under way. */
void imap_idle_sync(struct imap_server *s);

/* The answer to a SYNC. */
void imap_sync_answer(struct imap_server *s, const struct engine_answer *a);

/* SYNC goes on after output has left. */
void imap_sync_resume(struct imap_server *s);

/* --- server_read.c -------------------------------------------------------------------------- */

/* Takes input: what it could use of in; 0 when it has to wait. */
size_t imap_read(struct imap_server *s, struct slice in);

/* The row now reads length octets of a message (is_sync: the client is told to send). */
void imap_read_body(struct imap_server *s, uint64_t length, bool is_sync);

/* The row now reads the line DONE. */
void imap_read_idle(struct imap_server *s);

/* The command is over: its memory is given back, the next one is read. */
void imap_read_next(struct imap_server *s);

/* Refuses with NO a command whose last literal, of n octets, has only been announced. */
void imap_read_refuse_literal(struct imap_server *s, const char *code, const char *words,
    uint64_t n, bool is_sync);

/* --- server_command.c ----------------------------------------------------------------------- */

/* n zeroed bytes in the command's arena; NULL at its limit, when the command is refused. */
void *imap_run_get(struct imap_server *s, size_t n);

/* s->text is a complete command (or the head of one that streams): parse it and run it. */
void imap_command_start(struct imap_server *s);

/*
 * s->text ends with the head of a literal. True: the row streams it, and has been started.
 * False: it is read into memory, or *words says why the command is refused.
 */
bool imap_command_literal(struct imap_server *s, const char **words);

/* --- server_out.c --------------------------------------------------------------------------- */

/* Bytes are written straight into this buffer. */
static inline struct buf *
imap_out(struct imap_server *s)
{
	return &s->out.bytes;
}

/*
 * length octets at offset of the owner's handle come next. release: the owner is told
 * (IMAP_ASK_RELEASE) when they have left; give it with the last use of a handle, length 0 too.
 */
void imap_out_handle(struct imap_server *s, uint32_t handle, uint64_t offset, uint64_t length,
    bool release);

/* Octets that have not left, those of handles among them. */
uint64_t imap_out_waiting(const struct imap_server *s);

/* The engine's output, output_taken, and the next handle to release. */
size_t imap_out_pieces(const struct imap_server *s, struct engine_piece *pieces, size_t max);
void imap_out_taken(struct imap_server *s, uint64_t n);
bool imap_out_release(struct imap_server *s, uint32_t *handle);
void imap_out_init(struct server_out *o);
void imap_out_fini(struct server_out *o);

#endif
