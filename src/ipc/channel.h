/*
 * One end of a connection between two of our processes (docs/IPC.md). Frames have a 16-byte header
 * {u32 length, u16 type, u16 flags, u32 reserved, u32 sequence}, big-endian; a descriptor travels
 * with the first byte of its frame.
 *
 * The channel keeps the rules, so that owners cannot break them: what may travel on this link,
 * exact schemas, credits (requests beyond the credit wait here, in order), one reply for each
 * request, a descriptor only where the row allows it. A peer that breaks a rule is cut off and
 * logged.
 *
 * Nothing is called back inside channel_note, channel_reply or channel_grant, so an owner may use
 * them while it walks its own lists; channel_request calls back at once only when there is no
 * channel.
 */
#ifndef IPC_CHANNEL_H
#define IPC_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/codec.h"
#include "net/loop.h"

struct channel;

/* What the owner of this end understands. Ends with a row of type 0. */
struct channel_handler {
	uint16_t type;
	/*
	 * message: struct ipc_<name>, borrowed for the call. fd: the descriptor that came (the
	 * callee's to close), or -1. sequence: for the reply to a REQUEST. When a descriptor was
	 * announced and lost on the way (our table was full) the channel answers for itself and
	 * this is not called.
	 */
	void (*fn)(struct channel *c, uint32_t sequence, const void *message, int fd);
};

/* A request under way. Embedded in the caller's struct; zero-initialise. */
struct channel_call {
	struct list_node node;
	struct channel *channel; /* private; NULL when not under way */
	uint32_t sequence;
	uint16_t type;
	/*
	 * message is the reply (struct ipc_<name>), or NULL when there will be none (the channel or
	 * the reply's descriptor was lost): then f says why, class 4. fd as above.
	 */
	void (*fn)(struct channel_call *call, uint16_t type, const void *message, int fd,
	    const struct fault *f);
	void *arg;
	struct slice payload; /* private: waiting for credit */
	int fd;               /* private */
};

struct channel_opts {
	const char *name;              /* static: for logs, "courierd" */
	enum ipc_link sends, receives; /* e.g. IPC_LINK_CUSTODY_ASK, IPC_LINK_CUSTODY_SAY */
	enum ipc_link sends2,
	    receives2; /* a second pair on the same channel (courierdsn), or IPC_LINK_ANY */
	const struct channel_handler *handlers;
	/*
	 * After all calls were failed; the channel frees itself afterwards. why->st is ST_EOF when
	 * the peer went away, ST_SYNTAX when it broke a rule, ST_LIMIT when it does not read.
	 */
	void (*closed)(struct channel *c, const struct fault *why);
	void *owner;
	size_t frame_max_bytes; /* largest payload accepted; 0 = 16 MiB */
	size_t queue_max_bytes; /* output kept for a slow reader before the channel is cut; 0 = 16
				   MiB */
};

/* Who this process is, said in each hello (static strings). Call once at start. */
void channel_identify(const char *role, const char *build);

/* A channel on a connected UNIX stream socket (taken over). Sends hello at once. */
struct channel *channel_new(struct loop *l, int fd, const struct channel_opts *o);

/*
 * Ends it; calls under way are failed first; closed() is not called. Bytes already queued are sent
 * if the socket takes them now.
 */
void channel_free(struct channel *c);

/* Reads and dispatches now what has come: the last words of a process that has ended. */
void channel_hear(struct channel *c);

/* What channel_new was given: opts.owner, opts.name. */
void *channel_owner(const struct channel *c);
const char *channel_name(const struct channel *c);

/* uid of the peer by the kernel; UINT32_MAX when unknown. */
uint32_t channel_peer_uid(const struct channel *c);

/*
 * Sends a REQUEST; call->fn is called exactly once, unless channel_cancel comes first. fd is taken
 * over (closed after sending). Never blocks; waits for credit inside.
 */
void channel_request(
    struct channel *c, struct channel_call *call, enum ipc_type type, const void *message, int fd);

/*
 * The caller no longer wants the reply (its struct may go away); the reply is dropped when it
 * comes, its descriptor closed. True when the request had left: the peer will act on it.
 */
bool channel_cancel(struct channel_call *call);

/* Requests of a type sent and not answered, and those waiting for credit. */
size_t channel_open_count(const struct channel *c, enum ipc_type type);
size_t channel_waiting_count(const struct channel *c, enum ipc_type type);

/* Answers a request once. fd is taken over. */
void channel_reply(
    struct channel *c, uint32_t sequence, enum ipc_type type, const void *message, int fd);

/* Sends a NOTE. fd is taken over. */
void channel_note(struct channel *c, enum ipc_type type, const void *message, int fd);

/* Grants the peer `open_max` open requests of a type. */
void channel_grant(struct channel *c, enum ipc_type type, uint32_t open_max);

/* Bytes that wait for a slow reader. */
size_t channel_backlog_bytes(const struct channel *c);

/* Stops and resumes reading (the receiver's own limits). */
void channel_pause(struct channel *c, bool paused);

/*
 * Blocking use, for commands: sends a request on fd and gives each frame that comes to fn until the
 * reply. ST_OK or a fault.
 */
enum st channel_ask_blocking(int fd, enum ipc_type type, const void *message,
    void (*fn)(void *arg, uint16_t type, const void *message), void *arg, struct fault *f);

#endif
