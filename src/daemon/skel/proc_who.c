/*
 * The daemon frame: sessions as `courier who` shows them and `courier kick` names them.
 */
#include "daemon/skel/proc_int.h"

#include "base/num.h"

static void
put_word(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];

		buf_put_byte(out, c <= ' ' || c == 127 ? '?' : c);
	}
	if (s.n == 0)
		buf_put_byte(out, '-');
}

void
proc_session_put(const struct proc *p, const struct proc_session *s, struct buf *out)
{
	int64_t now = loop_now(p->loop);

	buf_fmt(out, "session=%llu service=%s account=", (unsigned long long)s->number, s->service);
	put_word(s->account, out);
	buf_put_str(out, " ip=");
	put_word(sl_str(s->ip), out);
	buf_fmt(out, " tls=%s since=%llds idle=%llds\n", s->tls ? "yes" : "no",
	    (long long)((now - s->since_ms) / 1000), (long long)((now - s->heard_ms) / 1000));
}

bool
proc_session_is(const struct proc *p, const struct proc_session *s, struct slice what)
{
	struct slice rest = what, role, index;
	uint64_t number;

	if (what.n == 0)
		return false;
	if (sl_eq(what, s->account) || sl_eq(what, sl_str(s->ip)))
		return true;
	return sl_cut(&rest, '.', &role) && sl_eq(role, sl_str(p->def->role)) &&
	       sl_cut(&rest, '.', &index) && num_u64(index, UINT32_MAX, &number) &&
	       number == p->index && num_u64(rest, UINT64_MAX, &number) && number == s->number;
}
