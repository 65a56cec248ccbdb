/*
 * The inside of src/queue: what its files offer each other. docs/QUEUE.md names the steps.
 */
#ifndef QUEUE_QUEUE_INT_H
#define QUEUE_QUEUE_INT_H

#include "base/arena.h"
#include "queue/queue_state.h"
#include "queue/record.h"

/* A body file that is being written by a submitter. */
struct tmp_body {
	struct hmap_node node;
	uint32_t number;
	int fd;
};

/* ---- id.c ---- */
uint64_t queue_id_hash(const struct queue_id *id);
bool queue_id_same(const struct queue_id *a, const struct queue_id *b);
unsigned queue_bucket(const struct queue_id *id);
struct waiter *queue_find(const struct queue *q, const struct queue_id *id);

/* ---- message.c ---- */
struct message *message_of(struct queue_message *m);
/* A block for e, in no list and no map. NULL with f when e is not acceptable. */
struct message *message_make(struct queue *q, const struct queue_id *id,
    const struct queue_envelope *e, struct fault *f);
void message_index(struct queue *q, struct message *m);
void message_free(struct message *m);
struct queue_note *note_get(struct queue *q, struct slice peer, struct slice text);
void note_drop(struct queue *q, struct queue_note *n);
/* m lost its last use, or may now leave memory: frees it if so. */
void message_settle(struct message *m);

/* ---- envelope.c ---- */
void text_put(struct buf *out, struct slice s, bool token);
/* Borrowed when nothing was escaped, else from a. False: a wrong escape. */
bool text_get(struct arena *a, struct slice in, struct slice *out);
void envelope_put(struct buf *out, const struct message *m, enum body_place place);
/* The payload of an M record. rest: what follows the empty line. Strings from a or borrowed. */
enum st envelope_get(struct arena *a, struct slice payload, struct queue_envelope *e,
    enum body_place *place, struct slice *rest, struct fault *f);

/* ---- lines.c ---- */
void line_result(struct buf *out, const struct message *m, uint32_t number, char kind);
void line_schedule(struct buf *out, const struct message *m);
void line_reported(struct buf *out, const char *id, const char *report_id, const struct message *m,
    const uint32_t *rcpts, uint32_t count);
void line_word(struct buf *out, char kind, const char *id);
void line_cancel(struct buf *out, const struct message *m, uint32_t uid, struct slice reason);
/* What m's state needs in lines, from nothing. */
void lines_compact(struct buf *out, const struct message *m);
/* Splits "K id rest". False: not a line of ours. */
bool line_cut(struct slice line, char *kind, struct queue_id *id, struct slice *rest);
/* R N B X about m. False: it says nothing. */
bool line_apply(struct arena *a, struct message *m, char kind, struct slice rest);
/* Text for the log (and .env of a moved message); starts the timers. */
void lines_changed(struct message *m, size_t from);
struct buf *lines_begin(struct message *m, size_t *from);

/* ---- segment.c, maker.c ---- */
struct segment *segment_new(struct queue *q, uint32_t number, int fd);
void segment_free(struct queue *q, struct segment *s);
void segment_name(uint32_t number, char name[16]);
int segment_write_head(const struct segment *s, bool clean);
/* Takes the next clean one into use; false: none (may be had later), or only the reserve and it is
 * for mail. */
bool segment_next(struct queue *q, bool for_mail);
void segment_close(struct queue *q);
/* The first in use may be clean now. */
void segments_tidy(struct queue *q);
void maker_look(struct queue *q);
/* Blocks; for the first start. 0 or -errno. */
int maker_make_now(struct queue *q);

/* ---- commit.c ---- */
void commit_free(struct commit *c);
/* The submitter is told no, and the message is gone. */
void commit_refuse(struct commit *c, const struct fault *why);
void commit_fail_pending(struct queue *q, const struct fault *f);
bool commit_idle(const struct queue *q);

/* ---- group.c ---- */
void commit_kick(struct queue *q);
void commit_start(struct queue *q, bool forced);
void queue_probe(struct queue *q);
/* Blocks: makes the lines that wait durable. 0 or -errno. */
int group_now(struct queue *q);

/* ---- body.c ---- */
int bucket_open(struct queue *q, bool msgs, unsigned bucket, bool *made);
void body_remember(struct message *m, struct slice body);
void body_forget(struct message *m);
void body_remove(struct message *m);
/* False: custody had ended, for nothing else removes a body; what speaks of it did not reach the
 * disk. */
bool body_exists(const struct message *m);
void tmp_body_name(uint32_t number, char name[16]);
struct tmp_body *tmp_body_take(struct queue *q, uint32_t number);

/* ---- env.c, move.c ---- */
void env_name(const struct message *m, const char *end, char name[64]);
/* Reads .env of id: a message in no list; NULL with f. */
struct message *env_read(struct queue *q, const struct queue_id *id, struct fault *f);
/* Blocks: appends a line (without its LF) to .env. 0 or -errno. */
int env_add_now(struct queue *q, struct message *m, struct slice line);
/* Forgets what waits for .env. */
void env_lines_drop(struct message *m);
void mover_look(struct queue *q, bool at_once);
void appender_look(struct queue *q, bool at_once);

/* ---- park.c, index.c ---- */
void waiter_put(struct queue *q, struct waiter *w, int64_t due_sec);
struct waiter *waiter_new(struct queue *q, const struct queue_id *id, int64_t due_sec);
void waiter_forget(struct queue *q, struct waiter *w);
void message_unload(struct message *m);
void index_write(struct queue *q);
void index_read(struct queue *q);

/* ---- recover.c, queue.c ---- */
enum st queue_recover(struct queue *q, struct fault *f) ATTR_CHECKED;
/* Reads one segment: each M (parsed) and each line is given to the callbacks. */
struct scan {
	void *arg;
	void (*message)(void *arg, struct segment *s, const struct queue_id *id,
	    const struct queue_envelope *e, enum body_place place, uint32_t body_at);
	void (*line)(void *arg, char kind, const struct queue_id *id, struct slice rest);
	void (*odd)(void *arg, struct segment *s, uint32_t at, const char *what);
};
int segment_scan(struct segment *s, const struct scan *to);
/* Opens the folders below root; create: makes what is missing. 0 or -errno. */
int queue_folders(struct queue *q, bool create);
void queue_folders_close(struct queue *q);
struct queue *queue_alloc(struct loop *l, const struct queue_opts *o);
void queue_stop_look(struct queue *q);
/* Calls fn for each name of a folder but "." and ".."; blocks. 0 or -errno. */
int folder_each(int dirfd, void (*fn)(void *arg, int dirfd, const char *name), void *arg);

#endif
