#include "pop3/capa.h"

#include "base/attr.h"
#include "pop3/reply.h"

/* A row is announced when its flag is set, or its value is not empty; without both always. */
struct capa_row {
	const char *tag;
	bool has_flag, has_value;
	bool flag;
	struct slice value;
};

/*
 * R2449-3-b, R2449-5-a, R2449-5-b, R2449-5-c, R2449-5-d; R2449-6.1-a, R2449-6.2-a, R2449-6.3-a,
 * R2449-6.7-a, R2449-6.7-b, R2449-6.8-a, R2449-6.9-a, R2449-8-a; R3206-6-a, R3206-6-b; R2595-4-a
 */
void
pop3_capa_put(struct buf *out, const struct pop3_capa *c)
{
	const struct capa_row rows[] = {
		{.tag = "TOP"},
		{.tag = "UIDL"},
		{.tag = "PIPELINING"},
		{.tag = "RESP-CODES"},
		{.tag = "AUTH-RESP-CODE", .has_flag = true, .flag = c->auth_codes},
		{.tag = "USER", .has_flag = true, .flag = c->user},
		{.tag = "SASL", .has_value = true, .value = c->sasl},
		{.tag = "STLS", .has_flag = true, .flag = c->stls},
		{.tag = "LOGIN-DELAY", .has_value = true, .value = c->login_delay},
		{.tag = "EXPIRE", .has_value = true, .value = c->expire},
		{.tag = "IMPLEMENTATION", .has_value = true, .value = c->implementation},
	};

	pop3_ok(out, "Capability list follows");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (rows[i].has_flag ? !rows[i].flag : rows[i].has_value && !rows[i].value.n)
			continue;
		buf_put_str(out, rows[i].tag);
		if (rows[i].has_value) {
			buf_put_byte(out, ' ');
			buf_put(out, sl_sub(rows[i].value, 0, POP3_LINE_MAX - 32));
		}
		buf_put(out, SL("\r\n"));
	}
	buf_put(out, SL(".\r\n"));
}
