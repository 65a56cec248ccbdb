/*
 * The inside of a channel, shared by its three files.
 */
#ifndef IPC_CHANNEL_INT_H
#define IPC_CHANNEL_INT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "ipc/channel.h"
#include "ipc/frame.h"

/* Requests that have no answer yet: of the peer, or of ours that nobody waits for any more. */
struct request_set {
	struct request_key {
		uint32_t sequence;
		uint16_t type;
	} * v;
	size_t n, cap;
};

/* A descriptor leaves with the byte at this place of the output. */
struct out_mark {
	struct list_node node;
	uint64_t place; /* counted over all bytes ever sent */
	int fd;
};

struct channel {
	struct loop *loop;
	struct watch watch;
	struct deferred release, last_words, flush;
	struct timer rest; /* the system cannot take more descriptors or bytes just now */
	bool resting;
	struct channel_opts opts;
	int fd;
	uint32_t peer_uid;
	bool dead, paused, greeted;
	bool broken; /* nothing more can be sent; why says what happened */
	struct fault why;

	uint32_t sequence;            /* of our last request */
	struct list open, waiting;    /* struct channel_call */
	struct request_set cancelled; /* they hold their credit until the reply comes */
	uint32_t send_open[IPC_ROW_COUNT], send_waiting[IPC_ROW_COUNT], send_limit[IPC_ROW_COUNT];

	struct request_set received;
	uint32_t receive_open[IPC_ROW_COUNT], receive_limit[IPC_ROW_COUNT];

	struct buf out;
	uint64_t out_sent; /* bytes that left, ever */
	struct list marks; /* struct out_mark, in order */

	unsigned char header[FRAME_HEADER];
	size_t header_n;
	struct frame frame; /* when the header is whole */
	struct buf in;      /* the payload so far */
	int in_fd;
	struct arena *arena; /* for one decoded message */
};

/* Who we are, for hello: set once by channel_identify. */
extern const char *channel_build, *channel_role;

/*
 * Encodes into a buffer shared by the process; the slice lives until the next call. False (and
 * logged) when a field is too long.
 */
bool channel_encode(
    struct channel *c, const struct ipc_row *row, const void *message, struct slice *payload);

/* Adds; false when the sequence is there already. */
bool request_add(struct request_set *s, uint32_t sequence, uint16_t type);
/* Takes out; the type, or 0 when it is not there. */
uint16_t request_take(struct request_set *s, uint32_t sequence);

/* Appends a frame to the output, which is sent at the end of the turn. fd is taken over. */
void channel_out_frame(
    struct channel *c, const struct ipc_row *row, uint32_t sequence, struct slice payload, int fd);
void channel_out_flush(struct channel *c);
void channel_out_fini(struct channel *c);

/* Reads and dispatches what is there, a bounded number of frames. */
void channel_in_read(struct channel *c);

/* The peer broke a rule or went away. closed() is called. Only from the loop, never inside an
 * owner's call. */
void channel_fail(struct channel *c, const struct fault *why);

/*
 * Sending is over. What the peer said before it went is still read, then channel_fail: at the end
 * of this turn at the earliest.
 */
void channel_break(struct channel *c, const struct fault *why);

/* Answers with f, where the reply's row has a verdict; fd and lists are left out. */
void channel_reply_fault(
    struct channel *c, uint32_t sequence, const struct ipc_row *reply, const struct fault *f);

/* Takes the call out of its list and gives back what it holds. */
void channel_forget_call(struct channel_call *call);
void channel_send_waiting(struct channel *c);
void channel_want(struct channel *c);

#endif
