#include "route/domains.h"

#include "base/ascii.h"
#include "conf/row.h"

struct reading {
	const struct conf *conf;
	const char *file;
	unsigned line;
	struct arena *arena;
	struct conf_report *report;
};

/* "*" and "*.x": this server's name, or its first label before ".x". */
static bool
unmask(const struct reading *in, struct slice s, struct buf *out)
{
	struct slice me = sl_str(in->conf->site.me);

	if (s.n == 0 || s.p[0] != '*') {
		buf_put(out, s);
		return true;
	}
	if (s.n == 1)
		buf_put(out, me);
	else
		buf_put(out, sl_sub(me, 0, sl_find(me, '.')));
	buf_put(out, sl_skip(s, 1));
	return s.n == 1 || s.p[1] == '.';
}

/* A domain, checked and folded as the rows of domain lists are. */
static bool
domain_check(const struct reading *in, struct slice s, struct slice *out)
{
	static const struct conf_row row = {"domain", CONF_DOMAINS};
	struct conf_list list;
	struct buf name;
	bool good;

	buf_init(&name, 1024);
	good = unmask(in, s, &name) && s.n > 0 && s.p[0] != '!' && buf_ok(&name) &&
	       conf_value_parse(&row, buf_slice(&name), in->arena, &list) == ST_OK &&
	       list.count == 1;
	buf_fini(&name);
	if (good)
		*out = sl_str(list.items[0]);
	else
		conf_error(in->report, in->file, in->line,
		    "found \"%.*s\", expected a domain such as example.com or .example.com",
		    SL_FMT(sl_sub(s, 0, 48)));
	return good;
}

void
route_domains_read(const struct conf *conf, const char *file, struct slice text,
    bool aliases_allowed, bool (*fn)(void *arg, struct slice key, struct slice value), void *arg,
    struct conf_report *r)
{
	struct reading in = {conf, file, 0, arena_new("domains", 65536), r};
	struct slice line;

	while (text.n > 0) {
		struct slice name, other = SL(""), key, value = SL("");
		size_t n = 0;

		in.line++;
		arena_reset(in.arena);
		sl_cut(&text, '\n', &line);
		line = sl_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		while (n < line.n && !ascii_is_wsp(line.p[n]))
			n++;
		name = sl_sub(line, 0, n);
		other = sl_trim(sl_skip(line, n));
		if (other.n > 0 && !aliases_allowed)
			conf_error(r, file, in.line,
			    "found \"%.*s\" behind the domain, expected nothing",
			    SL_FMT(sl_sub(other, 0, 48)));
		else if (domain_check(&in, name, &key) &&
			 (other.n == 0 || domain_check(&in, other, &value)) && !fn(arg, key, value))
			break;
	}
	arena_free(in.arena);
}
