/*
 * The body of a log line: an event name, then key=value pairs. Values with blanks, quotes or commas
 * are quoted; control and non-UTF-8 bytes become \xHH; a line never passes the maximum of its
 * buffer (it is cut and ends in "..."). Pure: the sink is src/net/log.h.
 */
#ifndef BASE_KV_H
#define BASE_KV_H

#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"

enum kv_type { KV_TYPE_END, KV_TYPE_SLICE, KV_TYPE_STR, KV_TYPE_U64, KV_TYPE_I64, KV_TYPE_FAULT };

struct kv {
	enum kv_type type;
	const char *key;
	struct slice s;
	const char *str;
	uint64_t u;
	int64_t i;
	const struct fault *fault;
};

#define KV_SL(k, v) ((struct kv){.type = KV_TYPE_SLICE, .key = (k), .s = (v)})
#define KV_STR(k, v) ((struct kv){.type = KV_TYPE_STR, .key = (k), .str = (v)})
#define KV_U64(k, v) ((struct kv){.type = KV_TYPE_U64, .key = (k), .u = (v)})
#define KV_I64(k, v) ((struct kv){.type = KV_TYPE_I64, .key = (k), .i = (v)})
/* Expands to status=4.3.0 reason="..." (and req=... when there is one). */
#define KV_FAULT(f) ((struct kv){.type = KV_TYPE_FAULT, .key = "reason", .fault = (f)})
#define KV_END ((struct kv){.type = KV_TYPE_END})

/*
 * Appends ",key=value" pairs after event, Courier's shape: "started,id=X,from=<a@b>,module=local".
 */
void kv_put(struct buf *out, const char *event, const struct kv *pairs);

#endif
