/*
 * The inside of src/queue: messages, segments, groups. docs/QUEUE.md names the steps.
 */
#ifndef QUEUE_QUEUE_INT_H
#define QUEUE_QUEUE_INT_H

#include "base/arena.h"
#include "base/heap.h"
#include "queue/queue.h"
#include "queue/record.h"

#define SEGMENT_BYTES (16u << 20)
#define SEGMENT_START QUEUE_BLOCK
#define SEGMENTS_MAX 64
#define SEGMENTS_HELD 8 /* more in use than this: the stragglers of the oldest are moved */
#define CLEAN_MIN 4
#define CLEAN_MAX 16
#define GROUP_MESSAGES 1024
#define GROUP_BYTES (4u << 20)
#define LINES_WAIT_MS 100
#define LINES_HURRY_BYTES (1u << 20)
#define MOVE_WAIT_MS 5000
#define MOVE_ANY_MS 30000
#define MOVE_BATCH 32
#define BODIES_MAX_BYTES ((size_t)64 << 20)
#define ENVELOPE_MAX_BYTES (3u << 20)
#define TMP_BODIES_MAX 60000
#define RETRY_MS 1000
#define DUE_UNREADABLE_SEC 300

/* What stands in the map of ids: a message in memory, or the memory of one in msgs/ that waits. */
struct waiter {
	struct hmap_node by_id;
	struct heap_node due; /* in the heap while parked */
	struct queue_id key;
	bool resident; /* it is a member of a struct message */
	bool in_log;   /* at a start: its M stands in a segment without a V */
};

enum message_place { PLACE_NONE, PLACE_LOG, PLACE_MSGS };
enum body_place { BODY_INLINE, BODY_FILE, BODY_MSGS };

struct message {
	struct queue_message pub; /* first */
	struct waiter w;
	struct list_node in_segment;  /* segment->messages: until complete, or the V is synced */
	struct list_node waiting;     /* queue->waiting: parked and in the log */
	struct list_node moved;       /* queue->moved or the group's: the V is not synced */
	struct list_node dirty;       /* queue->dirty: lines wait for .env */
	struct list_node body_known;  /* queue->bodies: the body is in memory */
	struct segment *segment;
	uint32_t body_at;             /* in the segment */
	uint32_t env_bytes;           /* valid bytes of .env */
	unsigned char *body;          /* or NULL */
	struct buf *lines;            /* what waits for .env; NULL: nothing */
	const char *text;
	int64_t committed_ms;
	uint8_t place, body_place;
	bool parked;
	bool complete;   /* no custody any more, somebody below is still at work on it */
	bool busy;       /* a move or an append holds it */
	bool v_pending;  /* moved, and its V is not synced */
	bool env_bad;    /* .env must be written anew */
	bool indexed;    /* queue->ids has it */
};

enum segment_state { SEGMENT_CLEAN, SEGMENT_CURRENT, SEGMENT_CLOSED, SEGMENT_CLEANING };

struct segment {
	struct list_node node; /* queue->segments in order of serial, or queue->clean */
	struct list messages;
	uint32_t number, serial, fill, size;
	int fd;
	uint8_t state;
	bool bad; /* a write or sync failed: nothing more is written, removed when empty */
};

/* A message on its way to being durable. */
struct commit {
	struct list_node node;
	struct queue *queue;
	struct message *m;
	void (*done)(void *arg, struct queue_message *m, const struct fault *f);
	void *arg;
	struct message *about;
	uint32_t *about_rcpts, about_count;
	int fd; /* of a body file, or -1 */
	uint32_t number;
	int dirs[2];
	struct durable_item items[2];
	struct durable_group sync;
	struct fault fault;
};

struct group {
	bool active;
	struct buf out, lines;
	struct list commits, moved;
	struct segment *segment;
	struct durable_item item;
	struct durable_group sync;
};

enum maker_state { MAKER_IDLE, MAKER_WRITES, MAKER_SYNCS, MAKER_NAMES };

/* Makes one segment at a time; also the place of the sync that cleans one. */
struct maker {
	enum maker_state state;
	uint32_t number, written;
	int fd;
	bool failed;
	struct timer timer;
	struct durable_item item;
	struct durable_group sync;
	int64_t minute_ms;         /* begin of the minute that is counted */
	unsigned taken, taken_before; /* segments taken into use in this minute and the last */
	struct timer giving; /* one clean segment too many, each minute */
};

struct cleaner {
	struct segment *segment; /* NULL: idle */
	struct durable_item item;
	struct durable_group sync;
};

struct mover {
	bool active;
	struct timer timer;
	struct {
		struct message *m;
		bool with_body, failed, made_bucket;
		uint32_t env_bytes;
	} items[MOVE_BATCH];
	size_t count;
	struct durable_item sync_items[2 * MOVE_BATCH + 1];
	unsigned owner[2 * MOVE_BATCH + 1]; /* which item a sync is for */
	struct durable_group sync;
};

struct appender {
	bool active;
	struct timer timer;
	struct message *items[MOVE_BATCH];
	uint32_t env_bytes[MOVE_BATCH];
	size_t count;
	int fds[MOVE_BATCH];
	struct durable_item sync_items[MOVE_BATCH];
	struct durable_group sync;
};

struct queue {
	struct loop *loop;
	struct durable *durable;
	struct queue_opts opts;
	int root_fd, lock_fd, log_fd, body_fd, msgs_fd, tmp_fd;
	bool made_body[256], made_msgs[256]; /* buckets that exist and are synced */
	struct hmap ids, notes, tmp_bodies;
	struct heap due;
	size_t resident;
	struct list segments, clean; /* in use by serial; clean in any order */
	size_t segment_count, clean_count;
	struct segment *current;
	uint32_t next_serial, next_number, next_tmp;
	struct list staging; /* struct commit: the body file is being synced */
	struct list pending; /* waits for a group */
	struct list failed;  /* waits to be told */
	struct buf lines;
	struct list moved, dirty, waiting, bodies;
	size_t body_bytes;
	struct group group;
	struct deferred kick, fail_later;
	struct timer lines_timer, retry_timer, index_timer;
	struct maker maker;
	struct cleaner cleaner;
	struct mover mover;
	struct appender appender;
	int64_t space_checked_ms;
	struct fault space; /* ST_OK: there is room */
	unsigned failed_in_row;
	bool down;     /* writing does not work at present */
	bool probing;
	int probe_fd;
	struct durable_item probe_item;
	struct durable_group probe;
	bool stopping, read_only;
	void (*stopped)(void *arg);
	void *stopped_arg;
	struct deferred stop_later;
	struct queue_counts counts;
};

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
struct message *message_make(struct queue *q, const struct queue_id *id, const struct queue_envelope *e, struct fault *f);
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
enum st envelope_get(struct arena *a, struct slice payload, struct queue_envelope *e, enum body_place *place, struct slice *rest, struct fault *f);

/* ---- lines.c ---- */
void line_result(struct buf *out, const struct message *m, uint32_t number, char kind);
void line_schedule(struct buf *out, const struct message *m);
void line_reported(struct buf *out, const char *id, const char *report_id, const struct message *m, const uint32_t *rcpts, uint32_t count);
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
/* Takes the next clean one into use; false: none (may be had later), or only the reserve and it is for mail. */
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
/* False: custody had ended, for nothing else removes a body; what speaks of it did not reach the disk. */
bool body_exists(const struct message *m);
void tmp_body_name(uint32_t number, char name[16]);
struct tmp_body *tmp_body_take(struct queue *q, uint32_t number);

/* ---- env.c, move.c ---- */
void env_name(const struct message *m, const char *end, char name[64]);
/* Reads .env of id: a message in no list; NULL with f. */
struct message *env_read(struct queue *q, const struct queue_id *id, struct fault *f);
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
	void (*message)(void *arg, struct segment *s, const struct queue_id *id, const struct queue_envelope *e, enum body_place place, uint32_t body_at);
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
