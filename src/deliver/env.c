/*
 * The environment of programs.
 */
#include "deliver/env.h"

#include "base/attr.h"
#include "base/buf.h"
#include "deliver/mbox.h"
#include "message/trace.h"

#define VARIABLES_MAX 24
#define VALUE_MAX 16384

struct maker {
	struct arena *arena;
	char **vars;
	size_t n;
	bool ok;
	struct buf text;
};

static void
put(struct maker *m, const char *name, struct slice value)
{
	char *var;

	buf_clear(&m->text);
	buf_put_str(&m->text, name);
	buf_put_byte(&m->text, '=');
	buf_put(&m->text, value);
	/* A NUL would hide the rest of a value: such a variable is empty. */
	var = arena_str(m->arena, buf_slice(&m->text));
	if (!var)
		var = arena_str(m->arena, sl_sub(buf_slice(&m->text), 0, strlen(name) + 1));
	if (!var || !buf_ok(&m->text) || m->n >= VARIABLES_MAX)
		m->ok = false;
	else
		m->vars[m->n++] = var;
}

/* EXT EXT2 EXT3 EXT4: all of it, behind the first '-', behind the second ... */
static void
put_extensions(struct maker *m, const char *extension)
{
	static const char *const names[] = {"EXT", "EXT2", "EXT3", "EXT4"};
	struct slice rest = sl_str(extension), skipped;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		put(m, names[i], rest);
		sl_cut(&rest, '-', &skipped);
	}
}

/* A line as it would stand in front of the message, without its end. */
static void
put_lines(struct maker *m, const struct deliver_env *e)
{
	struct buf line;

	buf_init(&line, VALUE_MAX);
	deliver_from_line(&line, e->sender, e->arrived_sec, e->offset_minutes);
	put(m, "UFLINE", buf_slice(&line));
	buf_clear(&line);
	trace_put_return_path(&line, e->sender, "");
	put(m, "RPLINE", buf_slice(&line));
	buf_clear(&line);
	trace_put_delivered_to(&line, e->recipient, "");
	put(m, "DTLINE", buf_slice(&line));
	buf_fini(&line);
}

char **
deliver_env_make(const struct deliver_env *e, struct arena *a)
{
	struct maker m = {.arena = a, .ok = true};
	size_t at = sl_rfind(e->recipient, '@');

	m.vars = arena_get_array(a, VARIABLES_MAX + 1, sizeof(*m.vars));
	if (!m.vars)
		return NULL;
	buf_init(&m.text, VALUE_MAX);
	put(&m, "HOME", sl_str(e->home));
	put(&m, "USER", e->user);
	put(&m, "LOGNAME", e->user);
	put(&m, "SHELL", sl_str(e->shell));
	put(&m, "PATH", sl_str(e->path));
	put(&m, "SENDER", e->sender);
	put(&m, "RECIPIENT", e->recipient);
	put(&m, "LOCAL", sl_sub(e->recipient, 0, at));
	put(&m, "HOST", sl_skip(e->recipient, at + 1));
	put_extensions(&m, e->extension);
	if (e->rest)
		put(&m, "DEFAULT", sl_str(e->rest));
	put_lines(&m, e);
	if (e->quota.n)
		put(&m, "MAILDIRQUOTA", e->quota);
	put(&m, "MAILDROPDEFAULT", sl_str(e->maildrop_default));
	put(&m, "DEFAULTDELIVERY", sl_str(e->default_delivery));
	buf_fini(&m.text);
	m.vars[m.n] = NULL;
	return m.ok ? m.vars : NULL;
}
