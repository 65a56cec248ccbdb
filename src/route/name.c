/*
 * Addresses in pieces, keys of aliases, and who may send.
 */
#include "base/ascii.h"
#include "route/alias.h"
#include "route/map_int.h"

/* RFC 5321 section 4.1.2, Quoted-string. The result is never longer. */
static bool
unquote(struct slice s, struct arena *a, struct slice *out)
{
	unsigned char *copy = arena_get(a, s.n + 1);
	size_t n = 0;

	if (copy == NULL || s.n < 2 || s.p[s.n - 1] != '"')
		return false;
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (s.p[i] == '"')
			return false;
		if (s.p[i] == '\\' && ++i + 1 >= s.n)
			return false;
		copy[n++] = s.p[i];
	}
	*out = sl_mem(copy, n);
	return true;
}

bool
route_name_split(struct slice address, struct arena *a, struct route_name *out)
{
	size_t at = sl_rfind(address, '@');
	struct slice local = sl_sub(address, 0, at);

	/* An "@" inside quotes, without a domain behind them. */
	if (at < address.n && address.p[address.n - 1] == '"' && address.p[0] == '"')
		at = address.n, local = address;
	out->domain = at < address.n ? sl_skip(address, at + 1) : SL_NONE;
	if (local.n > 0 && local.p[0] == '"')
		return unquote(local, a, &out->local);
	out->local = local;
	return true;
}

/* An "@" inside a local part gets a backslash, so that no key means two addresses. */
void
route_alias_key(struct slice local, struct slice domain, struct buf *key)
{
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '@' || local.p[i] == '\\')
			buf_put_byte(key, '\\');
		buf_put_byte(key, ascii_lower(local.p[i]));
	}
	if (domain.n > 0)
		buf_put_byte(key, '@');
	for (size_t i = 0; i < domain.n; i++)
		buf_put_byte(key, ascii_lower(domain.p[i]));
}

enum st
alias_key(struct route_map *m, struct slice address, struct buf *key, struct fault *f)
{
	struct arena *a = arena_new("alias key", (size_t)64 * ROUTE_ADDRESS_MAX);
	struct route_name name;
	enum route_domain kind = ROUTE_LOCAL;
	struct slice as = SL_NONE;
	enum st st = ST_OK;

	if (!route_name_split(address, a, &name))
		st = fault_set(f, ST_SYNTAX, "5.1.3",
		    "found the address \"%.*s\", whose quotes do not fit",
		    SL_FMT(sl_sub(address, 0, 80)));
	else if (name.local.n == 0)
		st = fault_set(f, ST_SYNTAX, "5.1.3",
		    "found the address \"%.*s\", whose local part is empty",
		    SL_FMT(sl_sub(address, 0, 80)));
	else if (name.domain.n > 0)
		st = route_domain_kind(m, name.domain, a, &kind, &as, f);
	if (st == ST_OK)
		route_alias_key(name.local, kind == ROUTE_LOCAL ? SL_NONE : as, key);
	arena_free(a);
	return st;
}

/* --- senders --------------------------------------------------------------- */

/* "user@dom" "@dom" "@.dom" "user@.dom": a dot means the domains below. */
static bool
badfrom_matches(struct slice pattern, struct slice local, struct slice domain)
{
	struct slice who;

	if (!sl_cut(&pattern, '@', &who))
		return false;
	if (who.n > 0 && !sl_ieq(who, local))
		return false;
	if (pattern.n > 0 && pattern.p[0] == '.')
		return domain.n > pattern.n && sl_iends(domain, pattern);
	return sl_ieq(pattern, domain);
}

enum st
route_sender(const struct conf *conf, struct slice sender, struct fault *f)
{
	const struct conf_list *list = &conf->bofh.badfrom;
	size_t at = sl_rfind(sender, '@');
	struct slice local = sl_sub(sender, 0, at), domain = sl_skip(sender, at + 1);

	if (at == sender.n)
		return ST_OK;
	for (size_t i = 0; i < list->count; i++)
		if (badfrom_matches(sl_str(list->items[i]), local, domain))
			return fault_set(f, ST_DENIED, "5.7.1",
			    "Mail from <%.*s> is not accepted here",
			    SL_FMT(sl_sub(sender, 0, 100)));
	return ST_OK;
}
