/*
 * The structs of ipc/messages.h and their one encoder and one strict decoder. Decoded byte fields
 * borrow from the frame; lists are taken from an arena.
 */
#ifndef IPC_CODEC_H
#define IPC_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"
#include "ipc/messages.h"

#define IPC_C_U8(name, record) uint8_t name;
#define IPC_C_U32(name, record) uint32_t name;
#define IPC_C_U64(name, record) uint64_t name;
#define IPC_C_I64(name, record) int64_t name;
#define IPC_C_BYTES(name, record) struct slice name;
#define IPC_C_LIST(name, record)        \
	struct {                        \
		struct ipc_##record *v; \
		uint32_t n;             \
	} name;
#define IPC_C_FIELD(S, kind, name, max, record) IPC_C_##kind(name, record)

#define IPC_C_RECORD(name)                           \
	struct ipc_##name {                          \
		IPC_FIELDS_##name(IPC_C_FIELD, name) \
	};
IPC_RECORDS(IPC_C_RECORD)
#define IPC_C_MESSAGE(name, type, link, flow, fd, credit) \
	struct ipc_##name {                               \
		IPC_FIELDS_##name(IPC_C_FIELD, name)      \
	};
IPC_MESSAGES(IPC_C_MESSAGE)

/* IPC_hello, IPC_submit ... */
enum ipc_type {
#define IPC_C_TYPE(name, type, link, flow, fd, credit) IPC_##name = type,
	IPC_MESSAGES(IPC_C_TYPE)
#undef IPC_C_TYPE
};

enum ipc_link { /* kind of channel and direction a message may travel */
	IPC_LINK_ANY,
	IPC_LINK_MASTER_DOWN,
	IPC_LINK_MASTER_UP,
	IPC_LINK_AUTH_ASK,
	IPC_LINK_AUTH_SAY,
	IPC_LINK_ROUTE_ASK,
	IPC_LINK_ROUTE_SAY,
	IPC_LINK_TALLY_ASK,
	IPC_LINK_TALLY_SAY,
	IPC_LINK_CUSTODY_ASK,
	IPC_LINK_CUSTODY_SAY,
	IPC_LINK_DELIVER_ASK,
	IPC_LINK_DELIVER_SAY,
	IPC_LINK_SESSION_ASK,
	IPC_LINK_SESSION_SAY,
	IPC_LINK_NOTICE,
	IPC_LINK_NONE, /* nothing may travel: the other end only listens */
	IPC_LINK_REPORT_ASK,
	IPC_LINK_REPORT_SAY,
	IPC_LINK_COMMAND_ASK,
	IPC_LINK_COMMAND_SAY,
};

enum ipc_flow { IPC_FLOW_REQUEST, IPC_FLOW_REPLY, IPC_FLOW_NOTE };
enum ipc_fd { IPC_FD_NO_FD, IPC_FD_FD, IPC_FD_MAY_FD };
enum ipc_kind {
	IPC_KIND_U8,
	IPC_KIND_U32,
	IPC_KIND_U64,
	IPC_KIND_I64,
	IPC_KIND_BYTES,
	IPC_KIND_LIST
};

struct ipc_field {
	const char *name;
	enum ipc_kind kind;
	uint32_t max;
	size_t at;                       /* offset in the struct */
	const struct ipc_layout *record; /* of a LIST */
};

struct ipc_layout {
	const char *name;
	size_t size;
	const struct ipc_field *fields;
	size_t count;
};

struct ipc_row {
	uint16_t type;
	enum ipc_link link;
	enum ipc_flow flow;
	enum ipc_fd fd;
	uint32_t credit; /* open requests of this type until a credit frame says otherwise */
	struct ipc_layout layout;
};

/* The row of a type, or NULL. */
const struct ipc_row *ipc_row(uint16_t type);

/* The row of the reply to a request. */
const struct ipc_row *ipc_reply_row(const struct ipc_row *request);

/* Index of a row in ipc_rows(), for tables beside it. */
size_t ipc_row_index(const struct ipc_row *row);

/* Number of rows. */
#define IPC_C_ONE(name, type, link, flow, fd, credit) +1
enum { IPC_ROW_COUNT = 0 IPC_MESSAGES(IPC_C_ONE) };

/* All rows, for documents and fuzzing. */
const struct ipc_row *ipc_rows(size_t *count);

/* Hash over all rows: two processes with the same value agree about every frame. */
uint64_t ipc_schema(void);

/* Appends the payload of a message (a struct ipc_<name>). ST_OK, or ST_LIMIT when a field passes
 * its maximum. */
enum st
ipc_encode(const struct ipc_row *row, const void *message, struct buf *out, struct fault *f);

/*
 * Reads a payload into *message (row->layout.size bytes). Strict: every length exact, every maximum
 * kept, nothing left over. Byte fields borrow from payload; lists come from a. ST_OK | ST_SYNTAX |
 * ST_LIMIT.
 */
enum st ipc_decode(const struct ipc_row *row, struct slice payload, struct arena *a, void *message,
    struct fault *f);

/*
 * A copy of a message without lists that needs nothing else: one block with its strings behind it,
 * for mem_free.
 */
void *ipc_keep(const struct ipc_row *row, const void *message);

/* A verdict list of one from a fault, and back. v must live as long as the message. */
#define IPC_VERDICT(v) \
	{              \
		(v), 1 \
	}
void ipc_verdict_from(struct ipc_verdict *v, const struct fault *f);
void ipc_verdict_to(const struct ipc_verdict *v, uint32_t n, struct fault *f);

/*
 * What became of a request, in *f: the verdict of its answer m; without one (NULL), *lost. The
 * arguments are evaluated more than once.
 */
#define IPC_OUTCOME(m, lost, f) \
	((m) ? ipc_verdict_to((m)->verdict.v, (m)->verdict.n, (f)) : (void)(*(f) = *(lost)))

#endif
