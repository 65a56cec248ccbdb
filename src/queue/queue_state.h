/*
 * What src/queue holds in memory: messages, segments, groups, and who is at work on them.
 */
#ifndef QUEUE_QUEUE_STATE_H
#define QUEUE_QUEUE_STATE_H

#include "base/heap.h"
#include "queue/queue.h"
#include "os/durable.h"

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
enum env_doubt { ENV_WHOLE, ENV_TORN, ENV_BODILESS };
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
	uint8_t env_doubt; /* at a start: what is wrong with the .env beside it */
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
	struct buf late; /* at a start: B lines about messages in msgs/ */
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

#endif
