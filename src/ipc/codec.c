/*
 * One encoder and one decoder for all rows of ipc/messages.h, driven by field tables.
 */
#include "ipc/codec.h"

#include "base/num.h"

/* Every LIST member has this shape, with its own type of v. */
struct any_list {
	void *v;
	uint32_t n;
};

enum record {
#define RECORD_ID(name) RECORD_##name,
	IPC_RECORDS(RECORD_ID) RECORD_none
};

static const struct ipc_layout records[RECORD_none];

#define FIELD_ROW(S, kind_, name_, max_, record_)            \
	{.name = #name_,                                     \
	    .kind = IPC_KIND_##kind_,                        \
	    .max = (max_),                                   \
	    .at = offsetof(struct ipc_##S, name_),           \
	    .record = RECORD_##record_ == RECORD_none ? NULL \
						      : &records[RECORD_##record_ % RECORD_none]},

#define RECORD_FIELDS(name) \
	static const struct ipc_field fields_##name[] = {IPC_FIELDS_##name(FIELD_ROW, name)};
IPC_RECORDS(RECORD_FIELDS)
#define MESSAGE_FIELDS(name, type, link, flow, fd, credit) RECORD_FIELDS(name)
IPC_MESSAGES(MESSAGE_FIELDS)

#define LAYOUT(name_)                                                                         \
	{                                                                                     \
		.name = #name_, .size = sizeof(struct ipc_##name_), .fields = fields_##name_, \
		.count = COUNT_OF(fields_##name_)                                             \
	}
#define RECORD_LAYOUT(name) LAYOUT(name),
static const struct ipc_layout records[RECORD_none] = {IPC_RECORDS(RECORD_LAYOUT)};

#define MESSAGE_ROW(name, type_, link_, flow_, fd_, credit_) \
	{.type = (type_),                                    \
	    .link = IPC_LINK_##link_,                        \
	    .flow = IPC_FLOW_##flow_,                        \
	    .fd = IPC_FD_##fd_,                              \
	    .credit = (credit_),                             \
	    .layout = LAYOUT(name)},
static const struct ipc_row rows[] = {IPC_MESSAGES(MESSAGE_ROW)};

const struct ipc_row *
ipc_rows(size_t *count)
{
	*count = COUNT_OF(rows);
	return rows;
}

const struct ipc_row *
ipc_row(uint16_t type)
{
	size_t low = 0, high = COUNT_OF(rows);

	while (low < high) { /* rows stand in the order of their types (a test says so) */
		size_t mid = (low + high) / 2;

		if (rows[mid].type == type)
			return &rows[mid];
		if (rows[mid].type < type)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

size_t
ipc_row_index(const struct ipc_row *row)
{
	return (size_t)(row - rows);
}

const struct ipc_row *
ipc_reply_row(const struct ipc_row *request)
{
	for (const struct ipc_row *r = request + 1; r < rows + COUNT_OF(rows); r++)
		if (r->flow == IPC_FLOW_REPLY)
			return r;
	return NULL;
}

static uint64_t
hash_bytes(uint64_t h, const void *p, size_t n)
{
	const unsigned char *c = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ c[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
	return h;
}

static uint64_t
hash_layout(uint64_t h, const struct ipc_layout *l)
{
	h = hash_bytes(h, l->name, strlen(l->name));
	for (size_t i = 0; i < l->count; i++) {
		const struct ipc_field *fl = &l->fields[i];
		unsigned char facts[5];

		facts[0] = (unsigned char)fl->kind;
		num_put_be32(facts + 1, fl->max);
		h = hash_bytes(h, fl->name, strlen(fl->name) + 1);
		h = hash_bytes(h, facts, sizeof(facts));
		if (fl->record)
			h = hash_bytes(h, fl->record->name, strlen(fl->record->name) + 1);
	}
	return h;
}

uint64_t
ipc_schema(void)
{
	static uint64_t schema;

	if (schema)
		return schema;
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < COUNT_OF(records); i++)
		h = hash_layout(h, &records[i]);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		unsigned char facts[9];

		num_put_be16(facts, rows[i].type);
		facts[2] = (unsigned char)rows[i].link;
		facts[3] = (unsigned char)rows[i].flow;
		facts[4] = (unsigned char)rows[i].fd;
		num_put_be32(facts + 5, rows[i].credit);
		h = hash_layout(hash_bytes(h, facts, sizeof(facts)), &rows[i].layout);
	}
	schema = h;
	return schema;
}

static void
put_u32(struct buf *out, uint32_t v)
{
	unsigned char b[4];

	num_put_be32(b, v);
	buf_put(out, sl_mem(b, sizeof(b)));
}

static void
put_u64(struct buf *out, uint64_t v)
{
	unsigned char b[8];

	num_put_be64(b, v);
	buf_put(out, sl_mem(b, sizeof(b)));
}

static enum st
over_limit(const struct ipc_layout *l, const struct ipc_field *fl, size_t got, struct fault *f)
{
	return fault_set(f, ST_LIMIT, "", "frame %s: %s has %zu, at most %u are allowed", l->name,
	    fl->name, got, (unsigned)fl->max);
}

/* One field that is not a list. */
static enum st
encode_plain(const struct ipc_layout *l, const struct ipc_field *fl, const void *at,
    struct buf *out, struct fault *f)
{
	struct slice s;
	uint32_t v32;
	uint64_t v64;

	switch (fl->kind) {
	case IPC_KIND_U8:
		buf_put(out, sl_mem(at, 1));
		return ST_OK;
	case IPC_KIND_U32:
		memcpy(&v32, at, sizeof(v32));
		put_u32(out, v32);
		return ST_OK;
	case IPC_KIND_U64:
	case IPC_KIND_I64:
		memcpy(&v64, at, sizeof(v64));
		put_u64(out, v64);
		return ST_OK;
	case IPC_KIND_BYTES:
		memcpy(&s, at, sizeof(s));
		if (s.n > fl->max)
			return over_limit(l, fl, s.n, f);
		put_u32(out, (uint32_t)s.n);
		buf_put(out, s);
		return ST_OK;
	default:
		return fault_set(f, ST_BUG, "", "frame %s: list inside a list", l->name);
	}
}

static enum st
encode_record(
    const struct ipc_layout *l, const unsigned char *record, struct buf *out, struct fault *f)
{
	enum st st = ST_OK;

	for (size_t i = 0; i < l->count && st == ST_OK; i++)
		st = encode_plain(l, &l->fields[i], record + l->fields[i].at, out, f);
	return st;
}

static enum st
encode_list(const struct ipc_layout *l, const struct ipc_field *fl, const void *at, struct buf *out,
    struct fault *f)
{
	struct any_list list;
	enum st st = ST_OK;

	memcpy(&list.v, at, sizeof(list.v));
	memcpy(&list.n, (const unsigned char *)at + offsetof(struct any_list, n), sizeof(list.n));
	if (list.n > fl->max)
		return over_limit(l, fl, list.n, f);
	put_u32(out, list.n);
	for (uint32_t i = 0; i < list.n && st == ST_OK; i++)
		st = encode_record(
		    fl->record, (const unsigned char *)list.v + i * fl->record->size, out, f);
	return st;
}

enum st
ipc_encode(const struct ipc_row *row, const void *message, struct buf *out, struct fault *f)
{
	const struct ipc_layout *l = &row->layout;
	enum st st = ST_OK;

	for (size_t i = 0; i < l->count && st == ST_OK; i++) {
		const struct ipc_field *fl = &l->fields[i];
		const unsigned char *at = (const unsigned char *)message + fl->at;

		st = fl->kind == IPC_KIND_LIST ? encode_list(l, fl, at, out, f)
					       : encode_plain(l, fl, at, out, f);
	}
	if (st == ST_OK && !buf_ok(out))
		return fault_set(f, ST_LIMIT, "", "frame %s does not fit", l->name);
	return st;
}

static bool
take(struct slice *rest, size_t n, struct slice *got)
{
	if (rest->n < n)
		return false;
	*got = sl_sub(*rest, 0, n);
	*rest = sl_skip(*rest, n);
	return true;
}

static enum st
cut_short(const struct ipc_layout *l, const struct ipc_field *fl, struct fault *f)
{
	return fault_set(f, ST_SYNTAX, "", "frame %s ends inside %s", l->name, fl->name);
}

static enum st
decode_plain(const struct ipc_layout *l, const struct ipc_field *fl, struct slice *rest, void *at,
    struct fault *f)
{
	static const unsigned char width[] = {
	    [IPC_KIND_U8] = 1,
	    [IPC_KIND_U32] = 4,
	    [IPC_KIND_U64] = 8,
	    [IPC_KIND_I64] = 8,
	    [IPC_KIND_BYTES] = 4,
	    [IPC_KIND_LIST] = 4,
	};
	struct slice got;
	uint32_t v32;
	uint64_t v64;

	if (!take(rest, width[fl->kind], &got))
		return cut_short(l, fl, f);
	switch (fl->kind) {
	case IPC_KIND_U8:
		memcpy(at, got.p, 1);
		return ST_OK;
	case IPC_KIND_U32:
		v32 = num_get_be32(got.p);
		memcpy(at, &v32, sizeof(v32));
		return ST_OK;
	case IPC_KIND_U64:
	case IPC_KIND_I64:
		v64 = num_get_be64(got.p);
		memcpy(at, &v64, sizeof(v64));
		return ST_OK;
	case IPC_KIND_BYTES:
		v32 = num_get_be32(got.p);
		if (v32 > fl->max)
			return over_limit(l, fl, v32, f);
		if (!take(rest, v32, &got))
			return cut_short(l, fl, f);
		memcpy(at, &got, sizeof(got));
		return ST_OK;
	default:
		return fault_set(f, ST_BUG, "", "frame %s: list inside a list", l->name);
	}
}

static enum st
decode_record(
    const struct ipc_layout *l, struct slice *rest, unsigned char *record, struct fault *f)
{
	enum st st = ST_OK;

	for (size_t i = 0; i < l->count && st == ST_OK; i++)
		st = decode_plain(l, &l->fields[i], rest, record + l->fields[i].at, f);
	return st;
}

static enum st
decode_list(const struct ipc_layout *l, const struct ipc_field *fl, struct slice *rest,
    struct arena *a, void *at, struct fault *f)
{
	struct any_list list;
	struct slice got;
	enum st st = ST_OK;

	if (!take(rest, 4, &got))
		return cut_short(l, fl, f);
	list.n = num_get_be32(got.p);
	if (list.n > fl->max)
		return over_limit(l, fl, list.n, f);
	if (list.n > rest->n) /* each record has a byte at least: do not take memory for a lie */
		return cut_short(l, fl, f);
	list.v = arena_get_array(a, list.n, fl->record->size);
	if (!list.v)
		return fault_set(
		    f, ST_LIMIT, "", "frame %s: %s needs too much memory", l->name, fl->name);
	for (uint32_t i = 0; i < list.n && st == ST_OK; i++)
		st = decode_record(
		    fl->record, rest, (unsigned char *)list.v + i * fl->record->size, f);
	memcpy(at, &list.v, sizeof(list.v));
	memcpy((unsigned char *)at + offsetof(struct any_list, n), &list.n, sizeof(list.n));
	return st;
}

enum st
ipc_decode(const struct ipc_row *row, struct slice payload, struct arena *a, void *message,
    struct fault *f)
{
	const struct ipc_layout *l = &row->layout;
	struct slice rest = payload;
	enum st st = ST_OK;

	for (size_t i = 0; i < l->count && st == ST_OK; i++) {
		const struct ipc_field *fl = &l->fields[i];
		unsigned char *at = (unsigned char *)message + fl->at;

		st = fl->kind == IPC_KIND_LIST ? decode_list(l, fl, &rest, a, at, f)
					       : decode_plain(l, fl, &rest, at, f);
	}
	if (st == ST_OK && rest.n)
		return fault_set(
		    f, ST_SYNTAX, "", "frame %s has %zu bytes too many", l->name, rest.n);
	return st;
}

void *
ipc_keep(const struct ipc_row *row, const void *message)
{
	const struct ipc_layout *l = &row->layout;
	size_t need = l->size;
	unsigned char *kept, *at;
	struct slice s;

	for (size_t i = 0; i < l->count; i++) {
		memcpy(&s, (const unsigned char *)message + l->fields[i].at, sizeof(s));
		need += l->fields[i].kind == IPC_KIND_BYTES ? s.n : 0;
	}
	kept = mem_get(need);
	memcpy(kept, message, l->size);
	at = kept + l->size;
	for (size_t i = 0; i < l->count; i++) {
		if (l->fields[i].kind != IPC_KIND_BYTES)
			continue;
		memcpy(&s, kept + l->fields[i].at, sizeof(s));
		if (s.n)
			memcpy(at, s.p, s.n);
		s.p = at;
		memcpy(kept + l->fields[i].at, &s, sizeof(s));
		at += s.n;
	}
	return kept;
}

void
ipc_verdict_from(struct ipc_verdict *v, const struct fault *f)
{
	*v = (struct ipc_verdict){
	    .st = (uint8_t)f->st,
	    .class = f->esc[0],
	    .subject = f->esc[1],
	    .detail = f->esc[2],
	    .text = sl_str(f->text),
	};
}

void
ipc_verdict_to(const struct ipc_verdict *v, uint32_t n, struct fault *f)
{
	*f = FAULT_NONE;
	if (n == 0 || v->st == ST_OK)
		return;
	/* The process at the other end may be a user's: only what a fault can be comes out of this.
	 */
	fault_set(f, v->st <= ST_BUG ? (enum st)v->st : ST_TEMP, "", "%.*s", SL_FMT(v->text));
	if (v->class != 4 && v->class != 5)
		return;
	f->esc[0] = v->class;
	f->esc[1] = v->subject;
	f->esc[2] = v->detail;
}
