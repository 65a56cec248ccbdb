/*
 * Paths and mailboxes of the envelope, RFC 5321 sections 4.1.2 and 4.1.3.
 */
#include "smtp/path.h"

#include "base/ascii.h"
#include "base/num.h"
#include "base/utf8.h"
#include "message/token.h"

#define PATH_MAX_BYTES 1024 /* with a source route; 4.5.3.1.3 demands 256 */
#define LABEL_MAX 63

/*
 * R5321-4.1.2-d. One label without its dot: letters, digits, hyphens inside. Underscores exist in
 * real names.
 */
static bool
is_label(struct slice s)
{
	if (s.n == 0 || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			return false;
	return true;
}

bool
smtp_is_domain(struct slice s)
{
	struct slice label;
	bool more = s.n > 0 && s.n <= SMTP_DOMAIN_MAX;

	if (!more)
		return false;
	while (more) {
		more = sl_cut(&s, '.', &label);
		if (!is_label(label))
			return false;
	}
	return true;
}

/* Four numbers of at most three digits, R5321-4.1.3-b. */
static bool
is_ipv4(struct slice s)
{
	struct slice part;
	uint64_t v;
	bool more = true;

	for (int i = 0; i < 4; i++) {
		if (!more)
			return false;
		more = sl_cut(&s, '.', &part);
		if (part.n > 3 || !num_u64(part, 255, &v))
			return false;
	}
	return !more;
}

/* Groups of at most four hexadecimal digits separated by colons; returns their count or -1. */
static int
ipv6_groups(struct slice s, bool ipv4_at_end)
{
	struct slice part;
	uint64_t v;
	bool more = s.n > 0;
	int groups = 0;

	while (more) {
		more = sl_cut(&s, ':', &part);
		if (!more && ipv4_at_end && sl_find(part, '.') < part.n)
			return is_ipv4(part) ? groups + 2 : -1;
		if (part.n > 4 || !num_hex(part, &v))
			return -1;
		groups++;
	}
	return groups;
}

/* RFC 5321 4.1.3: IPv6-full, -comp, v4-full, v4-comp; "::" stands for at least two groups. */
static bool
is_ipv6(struct slice s)
{
	size_t at = sl_search(s, SL("::"));
	int before, after;

	if (at == s.n)
		return ipv6_groups(s, true) == 8;
	before = ipv6_groups(sl_sub(s, 0, at), false);
	after = ipv6_groups(sl_skip(s, at + 2), true);
	return before >= 0 && after >= 0 && before + after <= 6;
}

/* R5321-4.1.3-a */
bool
smtp_is_literal(struct slice s)
{
	struct slice tag, rest;

	if (s.n < 3 || s.n > SMTP_DOMAIN_MAX || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	rest = sl_sub(s, 1, s.n - 1);
	if (is_ipv4(rest))
		return true;
	/* IPv6 is the one tag that is registered; an address with another leads nowhere. */
	return sl_cut(&rest, ':', &tag) && sl_ieq(tag, SL("IPv6")) && is_ipv6(rest);
}

/* Index behind a Quoted-string at the start of s, or 0. RFC 5321 4.1.2. */
static size_t
quoted_end(struct slice s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
		if (i >= s.n || s.p[i] < 32 || s.p[i] > 126)
			return 0;
	}
	return 0;
}

/*
 * The local part as it really is: quotes and backslashes are form only, R5321-4.1.2-b; its case
 * stays, R5321-2.4-a.
 */
static struct slice
local_unquote(struct arena *a, struct slice written)
{
	unsigned char *p;
	size_t n = 0;

	if (written.p[0] != '"')
		return arena_copy(a, written);
	p = arena_get(a, written.n);
	if (!p)
		return SL_NONE;
	for (size_t i = 1; i + 1 < written.n; i++) {
		if (written.p[i] == '\\')
			i++;
		p[n++] = written.p[i];
	}
	return sl_mem(p, n);
}

/* local@domain with the least quoting that keeps the meaning. */
static struct slice
mailbox_text(struct arena *a, struct slice local, struct slice domain)
{
	bool quote = !token_is_dot_atom(local);
	unsigned char *p = arena_get(a, 2 * local.n + domain.n + 3);
	size_t n = 0;

	if (!p)
		return SL_NONE;
	if (quote)
		p[n++] = '"';
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '"' || local.p[i] == '\\')
			p[n++] = '\\';
		p[n++] = local.p[i];
	}
	if (quote)
		p[n++] = '"';
	if (domain.n) {
		p[n++] = '@';
		memcpy(p + n, domain.p, domain.n);
		n += domain.n;
	}
	return sl_mem(p, n);
}

/* Fills path from parts that are checked; local is as written. */
static enum st
path_make(struct arena *a, struct slice local, struct slice domain, struct smtp_path *path,
    struct fault *f)
{
	path->local = local_unquote(a, local);
	path->domain = arena_copy(a, domain);
	path->is_literal = domain.n && domain.p[0] == '[';
	path->text = mailbox_text(a, path->local, path->domain);
	if (!path->local.p || !path->domain.p || !path->text.p)
		return fault_set(f, ST_LIMIT, "4.3.2", "Out of memory for this session");
	return ST_OK;
}

/* R5321-2.3.5-c, R6409-4.2-a, R6409-5.1-a */
static enum st
mailbox_parse(
    struct arena *a, struct slice s, const char *esc, struct smtp_path *path, struct fault *f)
{
	struct slice local, domain;
	size_t end;

	if (utf8_has_8bit(s)) /* SMTPUTF8 is not offered: R5321-4.1.2-f, R5321-2.4-d */
		return fault_set(f, ST_SYNTAX, "5.6.7", "Non-ASCII addresses are not permitted");
	if (s.n && s.p[0] == '"')
		end = quoted_end(s);
	else
		end = sl_find(s, '@');
	local = sl_sub(s, 0, end);
	/* R5321-4.1.2-e */
	if (local.n == 0 || (local.p[0] != '"' && !token_is_dot_atom(local)))
		return fault_set(f, ST_SYNTAX, esc, "Bad local part in address");
	if (end >= s.n || s.p[end] != '@')
		return fault_set(f, ST_SYNTAX, esc, "Address has no domain"); /* R5321-4.1.2-g */
	domain = sl_skip(s, end + 1);
	if (domain.n > 1 && domain.p[domain.n - 1] == '.')
		domain.n--;
	/* R5321-4.5.3.1.1-a, R5321-4.5.3.1.2-a ask for less. */
	if (local.n > SMTP_LOCAL_MAX || domain.n > SMTP_DOMAIN_MAX)
		return fault_set(f, ST_LIMIT, esc, "Address too long");
	if (!smtp_is_domain(domain) && !smtp_is_literal(domain)) /* R5321-4.1.2-c */
		return fault_set(f, ST_SYNTAX, esc, "Bad domain in address");
	return path_make(a, local, domain, path, f);
}

enum st
smtp_mailbox_parse(struct arena *a, struct slice s, struct smtp_path *path, struct fault *f)
{
	return mailbox_parse(a, s, "5.1.3", path, f);
}

/*
 * Index of the '>' that closes the path at the start of s (behind its '<'), or s.n. Quoted local
 * parts may contain one; a backslash counts inside quotes only.
 */
static size_t
path_close(struct slice s)
{
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (quoted && s.p[i] == '\\')
			i++;
		else if (!quoted && s.p[i] == '>')
			return i;
	}
	return s.n;
}

/*
 * Cuts "@a,@b:" off; its domains are checked and then ignored: R5321-4.1.2-a, R5321-C-a,
 * R5321-3.3-h, R5321-3.6.1-a, R5321-4.1.1.3-b, R5321-4.1.1.3-d, R5321-4.1.1.3-e.
 */
static bool
route_skip(struct slice *s)
{
	struct slice route, hop;
	bool more = true;

	if (s->n == 0 || s->p[0] != '@')
		return true;
	if (!sl_cut(s, ':', &route))
		return false;
	while (more) {
		more = sl_cut(&route, ',', &hop);
		if (hop.n < 2 || hop.p[0] != '@' || !smtp_is_domain(sl_skip(hop, 1)))
			return false;
	}
	return true;
}

/*
 * R5321-4.1.1.2-b, R5321-4.5.5-a, R5321-4.5.3.1.3-a, R5321-4.5.1-b
 * R5321-3.3-k, R5321-6.1-e, R5321-F.2-a, R5321-5.1-g, R6409-4.1-a
 */
enum st
smtp_path_take(struct arena *a, struct slice *rest, bool null_allowed, bool postmaster_allowed,
    struct smtp_path *path, struct fault *f)
{
	const char *esc = null_allowed ? "5.1.7" : "5.1.3"; /* R3463-3.2-e, R3463-3.2-c */
	struct slice inside;
	size_t end;

	*path = (struct smtp_path){.is_literal = false};
	if (rest->n == 0 || rest->p[0] != '<')
		return fault_set(f, ST_SYNTAX, esc, "Address must stand in <>");
	inside = sl_skip(*rest, 1);
	end = path_close(inside);
	if (end == inside.n)
		return fault_set(f, ST_SYNTAX, esc, "Address lacks its >");
	*rest = sl_skip(inside, end + 1);
	inside.n = end;
	if (inside.n == 0) {
		if (null_allowed)
			return ST_OK;
		return fault_set(f, ST_SYNTAX, esc, "Address is empty");
	}
	if (inside.n > PATH_MAX_BYTES)
		return fault_set(f, ST_LIMIT, esc, "Address too long");
	if (postmaster_allowed && sl_ieq(inside, SL("postmaster"))) /* R5321-2.3.5-b */
		return path_make(a, inside, SL_NONE, path, f);
	if (!route_skip(&inside))
		return fault_set(f, ST_SYNTAX, esc, "Bad source route in address");
	return mailbox_parse(a, inside, esc, path, f);
}
