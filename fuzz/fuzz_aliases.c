/*
 * aliases: a table that is whole, printed and read again, is the same table (what was expanded
 * stays expanded); a lookup of each key finds it.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "fuzz/fuzz.h"
#include "route/alias.h"
#include "route/domains.h"

static struct conf conf;
static struct route_map *map;

static enum st
include(void *arg, const char *path, struct buf *out, struct fault *f)
{
	(void)arg;
	if (strcmp(path, "/l") != 0)
		return fault_set(f, ST_NOENT, "", "does not exist");
	buf_put_str(out, "a@b.example, c");
	return ST_OK;
}

static bool
put_pair(void *arg, struct slice key, struct slice value)
{
	struct buf *out = arg;

	buf_put(out, key);
	buf_put_byte(out, 0);
	buf_put(out, value);
	buf_put_byte(out, 0);
	return true;
}

/* "key: member, member", the name quoted: in the key an "@" that is not the last separator has a
 * backslash. */
static bool
put_text(void *arg, struct slice key, struct slice value)
{
	struct buf *out = arg;
	size_t at = 0;

	while (at < key.n && key.p[at] != '@')
		at += key.p[at] == '\\' ? 2 : 1;
	if (at > 0) {
		buf_put_byte(out, '"');
		for (size_t i = 0; i < at; i++) {
			if (key.p[i] == '\\')
				i++;
			if (key.p[i] == '"' || key.p[i] == '\\')
				buf_put_byte(out, '\\');
			buf_put_byte(out, key.p[i]);
		}
		buf_put_byte(out, '"');
	}
	buf_put(out, sl_skip(key, at));
	buf_put_byte(out, ':');
	for (struct slice member; value.n > 0;) {
		sl_cut(&value, '\n', &member);
		buf_put(out, SL(" "));
		buf_put(out, member);
		if (value.n > 0)
			buf_put(out, SL(","));
	}
	buf_put(out, SL("\n"));
	return true;
}

/* Errors of reading and expanding text; its pairs and its text when there are none. */
static unsigned
compile(struct slice text, struct buf *pairs, struct buf *written)
{
	struct alias_table *t = alias_table_new(map, &conf, include, NULL);
	struct conf_report r;
	unsigned errors;

	conf_report_init(&r);
	alias_table_read(t, "al", text, &r);
	alias_table_expand(t, &r);
	errors = r.errors;
	if (errors == 0) {
		alias_table_each(t, put_pair, pairs);
		alias_table_each(t, put_text, written);
	}
	conf_report_fini(&r);
	alias_table_free(t);
	return errors;
}

static bool
put_domain(void *arg, struct slice key, struct slice value)
{
	struct arena *a = arena_new("fuzz", 65536);
	enum route_domain kind;
	struct slice as;

	/* What the reader of domain lists takes, the classifier can look at. */
	(void)value;
	if (key.p[0] != '.')
		FUZZ_CHECK(
		    route_domain_kind(map, key, a, &kind, &as, NULL) == ST_OK && sl_eq(as, key));
	arena_free(a);
	(void)arg;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf pairs, written, pairs2, written2;
	struct conf_report r;

	if (map == NULL) {
		conf_defaults("here.example", &conf);
		map = route_map_new(&conf);
	}
	buf_init(&pairs, 1 << 26);
	buf_init(&written, 1 << 26);
	buf_init(&pairs2, 1 << 26);
	buf_init(&written2, 1 << 26);
	if (memchr(data, 0, size) == NULL && compile(sl_mem(data, size), &pairs, &written) == 0 &&
	    buf_ok(&written)) {
		FUZZ_CHECK(compile(buf_slice(&written), &pairs2, &written2) == 0);
		FUZZ_SAME(buf_slice(&pairs2), buf_slice(&pairs));
	}
	conf_report_init(&r);
	route_domains_read(&conf, "d", sl_mem(data, size), true, put_domain, NULL, &r);
	conf_report_fini(&r);
	buf_fini(&pairs);
	buf_fini(&written);
	buf_fini(&pairs2);
	buf_fini(&written2);
	return 0;
}
