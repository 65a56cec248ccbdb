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

/* A request of the peer that has no answer yet. */
struct received {
	uint32_t sequence;
	uint16_t type;
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
	struct deferred release;
	struct channel_opts opts;
	int fd;
	uint32_t peer_uid;
	bool dead, paused, greeted;

	uint32_t sequence;           /* of our last request */
	size_t orphans;              /* cancelled requests whose reply is still to come */
	struct list open, waiting;   /* struct channel_call */
	uint32_t send_open[IPC_ROW_COUNT], send_waiting[IPC_ROW_COUNT], send_limit[IPC_ROW_COUNT];

	struct received *received;
	size_t received_n, received_cap;
	uint32_t receive_open[IPC_ROW_COUNT], receive_limit[IPC_ROW_COUNT];

	struct buf out;
	uint64_t out_sent;           /* bytes that left, ever */
	struct list marks;           /* struct out_mark, in order */

	unsigned char header[FRAME_HEADER];
	size_t header_n;
	struct frame frame;          /* when the header is whole */
	struct buf in;               /* the payload so far */
	int in_fd;
	bool in_fd_lost;
	struct arena *arena;         /* for one decoded message */
};

/* Who we are, for hello: set once by channel_identify. */
extern const char *channel_build, *channel_role;

/* Encodes into a buffer shared by the process; the slice lives until the next call. False (and logged) when a field is too long. */
bool channel_encode(struct channel *c, const struct ipc_row *row, const void *message, struct slice *payload);

/* Appends a frame to the output and sends what goes. fd is taken over. */
void channel_out_frame(struct channel *c, const struct ipc_row *row, uint32_t sequence, struct slice payload, int fd);
void channel_out_flush(struct channel *c);
void channel_out_fini(struct channel *c);

/* Reads and dispatches what is there, a bounded number of frames. */
void channel_in_read(struct channel *c);

/* The peer broke a rule or went away. closed() is called. */
void channel_fail(struct channel *c, const struct fault *why);

/* Takes the call out of its list and gives back what it holds. */
void channel_forget_call(struct channel_call *call);
void channel_send_waiting(struct channel *c);
bool channel_take_received(struct channel *c, uint32_t sequence);
void channel_want(struct channel *c);

#endif
