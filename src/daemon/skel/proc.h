/*
 * The frame every daemon but master stands in: it takes what master gives over descriptor 3
 * (identity, configuration, keys, sockets, channels), becomes who it shall be, shuts the door,
 * serves, and obeys reload, drain, pause, revoke and status. A daemon is a struct proc_def and its
 * handlers.
 *
 * Order: start() with configuration, keys and privileges still there (open files, warm libraries);
 * then ids, chroot and sandbox; then serve(). docs/PROCESSES.md is the normative table.
 */
#ifndef DAEMON_SKEL_PROC_H
#define DAEMON_SKEL_PROC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "conf/conf.h"
#include "conf/paths.h"
#include "ext/tls.h"
#include "ipc/channel.h"
#include "net/loop.h"
#include "os/sandbox.h"

struct proc;

/* A process this one talks to. Ends with a row whose role is NULL. */
struct proc_peer {
	const char *role; /* "courierd" */
	enum ipc_link sends, receives;
	enum ipc_link sends2, receives2;        /* or IPC_LINK_ANY, IPC_LINK_ANY */
	const struct channel_handler *handlers; /* or NULL */
	bool required;                          /* serve() waits until there is one */
	/* There is a channel. Always after start(), maybe before serve(). */
	void (*up)(struct proc *p, struct channel *c, uint32_t index);
	/* The channel is gone (its calls were failed already). */
	void (*down)(struct proc *p, struct channel *c, uint32_t index);
};

struct proc_def {
	const char *role;     /* as master's table names it: "esmtpd" */
	const char *log_name; /* as Courier's logs name it: "courieresmtpd"; NULL: logd itself */
	size_t state_bytes;   /* zeroed memory for the daemon, proc_state() */
	bool has_sandbox;     /* false: this process runs user programs */
	bool needs_no_conf;   /* it is started without one */
	enum sandbox_profile sandbox;
	/* hash_warm where hashes or TLS are used; NULL: the process is linked without them. */
	void (*warm)(void);
	const struct proc_peer *peers;

	/* Before the door shuts. A fault ends the process; master restarts it with backoff. */
	enum st (*start)(struct proc *p, struct fault *f);
	/* Directories for the sandbox, made in start(); NULL-terminated lists or NULL. */
	void (*sandbox_dirs)(
	    struct proc *p, const char *const **write_dirs, const char *const **read_dirs);
	/* The door is shut, peers are there: begin. */
	void (*serve)(struct proc *p);
	/* A bound socket of a service. */
	void (*listen)(struct proc *p, const char *service, int fd);
	/* proc_conf() is new; the old one goes when this returns. After start(), maybe before
	 * serve(). */
	void (*reload)(struct proc *p);
	/*
	 * Take nothing new, finish, call proc_exit(p, 0) when done; the frame ends the process
	 * after within_ms. NULL: exit at once. Not called when start() was not.
	 */
	void (*drain)(struct proc *p, uint32_t within_ms);
	/* After start(), as are the next two. */
	void (*pause)(struct proc *p, unsigned what, bool on);
	void (*revoke)(struct proc *p, struct slice account);
	/* A worker learns whose it is (frame account); the first time before start(). */
	void (*account)(struct proc *p, const struct ipc_account *a);
	/* Appends "name=value\n" lines. */
	void (*status)(struct proc *p, struct buf *out);
	/* `courier who`: appends each session by proc_session_put. After start(). */
	void (*who)(struct proc *p, struct buf *out);
	/*
	 * `courier kick`: ends each session that proc_session_is `what`, and appends it to ended
	 * by proc_session_put. `revoke` of an account calls it too, behind revoke() above.
	 */
	void (*kick)(struct proc *p, struct slice what, struct buf *ended);
};

/* A session as `courier who` shows it. Times by the clock of the loop. */
struct proc_session {
	uint64_t number;      /* never used twice by this process */
	const char *service;  /* "imap" */
	struct slice account; /* empty: nobody has logged in */
	const char *ip;
	bool tls;
	int64_t since_ms, heard_ms; /* when it began; when its client was heard last */
};

/* Appends one line. Signs that would break it become '?'. */
void proc_session_put(const struct proc *p, const struct proc_session *s, struct buf *out);

/* Is it one of those that an account, an IP address or ROLE.INDEX.NUMBER names? */
bool proc_session_is(const struct proc *p, const struct proc_session *s, struct slice what);

/* main() of a daemon. */
int proc_main(int argc, char **argv, const struct proc_def *def);

/* state_bytes of its own, zeroed at the start. */
void *proc_state(struct proc *p);

/* The one loop of the process. */
struct loop *proc_loop(struct proc *p);

/* The configuration in force; reload() is told when it is replaced. */
const struct conf *proc_conf(const struct proc *p);

/* Number of this process in its role, never used twice while master lives. */
uint32_t proc_index(const struct proc *p);

/*
 * Channel to a peer by role and index (index UINT32_MAX: any, each in its turn); NULL while there
 * is none.
 */
struct channel *proc_peer(const struct proc *p, const char *role, uint32_t index);

/* Index of the process at the other end of a channel of ours; UINT32_MAX when it is none. */
uint32_t proc_peer_index(const struct proc *p, const struct channel *c);

/* The control channel (authdaemond's ticket_issue, courierd's redeem). */
struct channel *proc_control(const struct proc *p);

/* The instance's folders. */
const struct paths *proc_paths(const struct proc *p);

/* Descriptor of a key file master opened, by its path in the configuration; read from its start by
 * the callee; -1 when there is none. Only inside start() and reload(). */
int proc_key(const struct proc *p, const char *path);

/*
 * TLS with the keys of t, for the life of the process; only inside start(). A certificate that is
 * missing (NULL) or wrong (NULL, logged) costs TLS on that service, not the service.
 */
struct tls_context *proc_tls(const struct proc *p, const struct conf_tls *t, const char *service);

/* True under --single-user. */
bool proc_is_single_user(const struct proc *p);

/*
 * A worker has so many sessions or deliveries now. Master is told when it has had none for a
 * second, and when it has some again: it ends idle workers when others need their place.
 */
void proc_busy(struct proc *p, size_t count);

/* Leaves the loop; the exit status. */
void proc_exit(struct proc *p, int status);

#endif
