/*
 * All files into one struct conf: defaults, then what the files say, in the order of conf_files.
 */
#include "conf/load_int.h"

#include <unistd.h>

#include "build_config.h"
#include "conf/assign.h"
#include "conf/files.h"

#define FILE_BUF_MAX (CONF_FILE_MAX + 65536)

struct loader {
	struct conf *conf;
	struct arena *scratch; /* values that are only checked */
	struct conf_report *report;
	const char *dir; /* absolute */
	const char *hostname;
	const struct conf_var *vars; /* what defaults and assignments may refer to */
	conf_get_fn *get;
	void *get_arg;
};

/* One file while it is read. */
struct loading {
	struct loader *loader;
	const struct conf_file *file;
	const char *path; /* for messages */
};

/* --- names that values may refer to ---------------------------------------- */

static const struct conf_var *
var_add(struct loader *l, const struct conf_var *vars, const char *name, const char *value)
{
	struct conf_var *var = arena_get(l->conf->arena, sizeof(*var));

	if (var == NULL)
		return vars;
	*var = (struct conf_var){sl_str(name), sl_str(value), vars};
	return var;
}

static const struct conf_var *
vars_of_build(struct loader *l)
{
	const struct {
		const char *name, *value;
	} built[] = {
	    {"prefix", BUILD_PREFIX_DIR},
	    {"exec_prefix", BUILD_PREFIX_DIR},
	    {"sysconfdir", l->dir},
	    {"bindir", BUILD_BIN_DIR},
	    {"sbindir", BUILD_SBIN_DIR},
	    {"libexecdir", BUILD_MODULE_DIR},
	    {"datadir", BUILD_PREFIX_DIR "/share"},
	    {"localstatedir", BUILD_STATE_DIR},
	};
	const struct conf_var *vars = NULL;

	for (size_t i = 0; i < COUNT_OF(built); i++)
		vars = var_add(l, vars, built[i].name, built[i].value);
	return vars;
}

/* --- values ---------------------------------------------------------------- */

static const char *
row_label(const struct conf_file *f, const struct conf_row *row)
{
	return f->shape == CONF_VALUES ? "" : row->name;
}

static void
value_error(const struct loading *in, const struct conf_row *row, struct slice text, enum st st,
    unsigned line)
{
	const char *label = row_label(in->file, row);
	struct buf problem;

	buf_init(&problem, 1024);
	conf_value_put_problem(row, text, st, &problem);
	conf_error(in->loader->report, in->path, line, "%s%s%s", label,
	    label[0] != '\0' ? ": " : "", buf_str(&problem));
	buf_fini(&problem);
}

/* Only a host name that is no domain can make a default wrong. */
static void
value_default(const struct loading *in, const struct conf_row *row)
{
	struct loader *l = in->loader;
	struct buf text;
	enum st st;

	buf_init(&text, CONF_VALUE_MAX);
	conf_var_expand(l->vars, sl_str(row->dflt), &text);
	st = conf_value_parse(
	    row, buf_slice(&text), l->conf->arena, conf_row_field(l->conf, in->file, row));
	if (st != ST_OK)
		conf_error(l->report, in->path, 0,
		    "the default of %s is \"%.*s\", which cannot be used; write the file %s",
		    row->name, SL_FMT(buf_slice(&text)),
		    in->file->shape == CONF_VALUES ? row->name : in->file->name);
	buf_fini(&text);
}

static bool
is_text_type(enum conf_type type)
{
	return type == CONF_STRING || type == CONF_TEXT;
}

/* What a file says for a row. */
static void
value_set(const struct loading *in, const struct conf_row *row, size_t at, struct slice text,
    unsigned line)
{
	struct loader *l = in->loader;
	enum st st;

	if (!is_text_type(row->type))
		text = sl_trim(text);
	if (row->type == CONF_NOEFFECT) {
		if ((row->flags & CONF_MATTERS) && text.n > 0)
			conf_warning(
			    l->report, in->path, line, "%s has no effect: %s", row->name, row->doc);
		return;
	}
	*conf_where_at(l->conf->where, in->file, at) = (struct conf_where){in->path, line};
	if (text.n == 0 && !conf_value_may_be_empty(row)) {
		value_default(in, row);
		return;
	}
	st = conf_value_parse(row, text, l->conf->arena, conf_row_field(l->conf, in->file, row));
	if (st != ST_OK)
		value_error(in, row, text, st, line);
}

/* --- files that are one value ---------------------------------------------- */

static bool
is_comment(struct slice line)
{
	line = sl_trim(line);
	return line.n == 0 || line.p[0] == '#';
}

static void
read_one_line(const struct loading *in, const struct conf_row *row, size_t at, struct slice text)
{
	struct slice first, line;

	sl_cut(&text, '\n', &first);
	for (unsigned n = 2; text.n > 0; n++) {
		sl_cut(&text, '\n', &line);
		if (!is_comment(line)) {
			conf_error(in->loader->report, in->path, n,
			    "found a second line, expected the value on the first line and nothing "
			    "but comments behind it");
			return;
		}
	}
	value_set(in, row, at, sl_trim(first), 1);
}

/* Items are checked one by one, so that a mistake has its line. */
static void
item_add(const struct loading *in, const struct conf_row *row, struct slice item, unsigned line,
    struct buf *items)
{
	struct conf_list checked;
	enum st st;

	arena_reset(in->loader->scratch);
	st = conf_value_parse(row, item, in->loader->scratch, &checked);
	if (st != ST_OK) {
		value_error(in, row, item, st, line);
		return;
	}
	buf_put(items, item);
	buf_put_byte(items, '\n');
}

static void
read_list(const struct loading *in, const struct conf_row *row, size_t at, struct slice text)
{
	struct slice line;
	struct buf items;

	buf_init(&items, FILE_BUF_MAX);
	for (unsigned n = 1; text.n > 0; n++) {
		sl_cut(&text, '\n', &line);
		if (!is_comment(line))
			item_add(in, row, sl_trim(line), n, &items);
	}
	value_set(in, row, at, buf_slice(&items), 0);
	buf_fini(&items);
}

/* The whole file, with LF line ends and without the last one. */
static void
read_text(const struct loading *in, const struct conf_row *row, size_t at, struct slice text)
{
	struct buf clean;

	buf_init(&clean, FILE_BUF_MAX);
	for (size_t i = 0; i < text.n; i++)
		if (!(text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n'))
			buf_put_byte(&clean, text.p[i]);
	if (clean.n > 0 && clean.p[clean.n - 1] == '\n')
		buf_cut(&clean, clean.n - 1);
	value_set(in, row, at, buf_slice(&clean), 0);
	buf_fini(&clean);
}

static void
read_value_file(const struct loading *in, const struct conf_row *row, size_t at, struct slice text)
{
	switch (row->type) {
	case CONF_PRESENT:
		value_set(in, row, at, SL("1"), 0);
		break;
	case CONF_DOMAINS:
	case CONF_LINES:
	case CONF_ROUTES:
		read_list(in, row, at, text);
		break;
	case CONF_TEXT:
		read_text(in, row, at, text);
		break;
	default:
		read_one_line(in, row, at, text);
		break;
	}
}

/* --- NAME=value files, directives ------------------------------------------ */

static void
unknown_name(const struct loading *in, struct slice name, unsigned line)
{
	const char *nearest = conf_row_nearest(in->file, name);

	conf_error(in->loader->report, in->path, line,
	    "found the unknown name \"%.*s\", expected a name of this file%s%s",
	    SL_FMT(sl_sub(name, 0, 48)), nearest != NULL ? "; the nearest is " : "",
	    nearest != NULL ? nearest : "");
}

static void
assigned(void *arg, struct slice name, struct slice value, unsigned line)
{
	const struct loading *in = arg;
	size_t at;
	const struct conf_row *row = conf_row_find(in->file, name, &at);

	if (row == NULL)
		unknown_name(in, name, line);
	else
		value_set(in, row, at, value, line);
}

/* A file that inherits may refer to what the one before it assigned. */
static void
read_assignments(struct loading *in, struct slice text, const struct conf_var **vars)
{
	struct conf_assign p = {
	    .file = in->path,
	    .report = in->loader->report,
	    .arena = in->loader->conf->arena,
	    .vars = *vars,
	    .set = assigned,
	    .arg = in,
	};

	conf_assign_read(&p, text);
	*vars = p.vars;
}

/* Directives that may be given again collect here, by the number of their row. */
struct directives {
	struct loading in;
	struct buf lists[CONF_ROWS_MAX];
};

/* "maxrcpts 100 hard": the word behind the value is a bool row of its own. */
static bool
directive_suffix(
    const struct loading *in, const struct conf_row *row, struct slice suffix, unsigned line)
{
	const struct conf_row *flag;
	struct buf name;
	size_t at;

	buf_init(&name, 256);
	buf_fmt(&name, "%s %.*s", row->name, SL_FMT(suffix));
	flag = conf_row_find(in->file, buf_slice(&name), &at);
	buf_fini(&name);
	if (flag != NULL)
		value_set(in, flag, at, SL("1"), line);
	return flag != NULL;
}

static void
directive_value(
    struct directives *d, const struct conf_row *row, size_t at, struct slice value, unsigned line)
{
	const struct loading *in = &d->in;
	size_t blank = 0;

	if (row->type == CONF_LINES) {
		item_add(in, row, value, line, &d->lists[at]);
		return;
	}
	while (blank < value.n && value.p[blank] != ' ' && value.p[blank] != '\t')
		blank++;
	if (blank < value.n && directive_suffix(in, row, sl_trim(sl_skip(value, blank)), line))
		value = sl_sub(value, 0, blank);
	value_set(in, row, at, value, line);
}

static void
directive(struct directives *d, struct slice line_text, unsigned line)
{
	const struct loading *in = &d->in;
	struct slice word = line_text, value = SL_NONE;
	const struct conf_row *row;
	bool is_opt;
	size_t n = 0, at;

	while (n < word.n && word.p[n] != ' ' && word.p[n] != '\t')
		n++;
	value = sl_trim(sl_skip(word, n));
	word = sl_sub(word, 0, n);
	is_opt = sl_eq(word, SL("opt"));
	if (is_opt) {
		struct slice name;

		if (!sl_cut(&value, '=', &name)) {
			conf_error(in->loader->report, in->path, line,
			    "found \"opt\" without \"=\", expected opt NAME=value");
			return;
		}
		word = sl_trim(name);
		value = sl_trim(value);
	}
	row = conf_row_find(in->file, word, &at);
	if (row == NULL || sl_eq(word, SL("maxrcpts hard")))
		unknown_name(in, word, line);
	else if (value.n == 0 && !is_opt)
		conf_error(in->loader->report, in->path, line,
		    "found \"%s\" without a value, expected one behind it", row->name);
	else
		directive_value(d, row, at, value, line);
}

static void
read_directives(const struct loading *in, struct slice text)
{
	struct directives *d = mem_get(sizeof(*d));
	struct slice line;

	d->in = *in;
	for (size_t at = 0; at < CONF_ROWS_MAX; at++)
		buf_init(&d->lists[at], FILE_BUF_MAX);
	for (unsigned n = 1; text.n > 0; n++) {
		sl_cut(&text, '\n', &line);
		if (!is_comment(line))
			directive(d, sl_trim(line), n);
	}
	for (size_t at = 0; at < CONF_ROWS_MAX; at++) {
		if (d->lists[at].n > 0)
			value_set(in, conf_row_at(in->file, at), at, buf_slice(&d->lists[at]), 0);
		buf_fini(&d->lists[at]);
	}
	mem_free(d);
}

/* --- all of it ------------------------------------------------------------- */

/* The text of a file in *text. False when there is none (also after an error). */
static bool
get_text(struct loader *l, const char *name, const char **path, struct buf *text)
{
	struct fault f = FAULT_NONE;
	struct buf full;
	enum st st;

	buf_init(&full, 8192);
	buf_fmt(&full, "%s/%s", l->dir, name);
	*path = arena_str(l->conf->arena, buf_slice(&full));
	buf_fini(&full);
	buf_clear(text);
	if (*path == NULL)
		*path = name;
	st = l->get == NULL ? ST_NOENT : l->get(l->get_arg, name, text, &f);
	if (st != ST_OK && st != ST_NOENT)
		conf_error(l->report, *path, 0, "%s", f.text);
	return st == ST_OK;
}

static const struct conf_file *
parent_of(const struct conf_file *f)
{
	for (size_t i = 0; f->inherits != NULL && i < conf_file_count; i++)
		if (strcmp(conf_files[i].name, f->inherits) == 0)
			return &conf_files[i];
	return NULL;
}

/* What is inherited, with where it was set. */
static void
start_file(const struct loading *in)
{
	struct conf *c = in->loader->conf;
	const struct conf_file *f = in->file, *parent = parent_of(f);
	const struct conf_row *row;
	size_t from;

	if (parent != NULL)
		memcpy((char *)c + f->base, (char *)c + parent->base, f->size);
	for (size_t at = 0; (row = conf_row_at(f, at)) != NULL; at++) {
		if (!conf_row_has_value(row))
			continue;
		if (!conf_row_is_inherited(f, row))
			value_default(in, row);
		else if (conf_row_find(parent, sl_str(row->name), &from) != NULL)
			*conf_where_at(c->where, f, at) = *conf_where_at(c->where, parent, from);
	}
}

/* "*.example.com": the host's first label takes the place of the asterisk. */
static void
unmask_me(struct loader *l)
{
	const char *me = l->conf->site.me;
	struct buf name;
	struct slice host = sl_str(l->hostname);

	if (me[0] != '*')
		return;
	buf_init(&name, 1024);
	buf_put(&name, sl_sub(host, 0, sl_find(host, '.')));
	buf_put_str(&name, me + 1);
	me = arena_str(l->conf->arena, buf_slice(&name));
	buf_fini(&name);
	if (me != NULL)
		l->conf->site.me = me;
}

static void
load_values(struct loader *l, const struct conf_file *f)
{
	struct loading in = {l, f, NULL};
	const struct conf_row *row;
	struct buf text;

	buf_init(&text, FILE_BUF_MAX);
	for (size_t at = 0; (row = conf_row_at(f, at)) != NULL; at++) {
		if (!conf_row_has_value(row))
			continue;
		bool there = get_text(l, row->name, &in.path, &text);

		value_default(&in, row);
		if (there)
			read_value_file(&in, row, at, buf_slice(&text));
		if (row->offset == offsetof(struct conf_site, me)) {
			if (l->conf->site.me == NULL)
				l->conf->site.me = "localhost"; /* reported already */
			unmask_me(l);
			l->vars = var_add(l, l->vars, "me", l->conf->site.me);
		}
	}
	buf_fini(&text);
}

static void
load_files(struct loader *l)
{
	const struct conf_var *parent_vars = l->vars;

	for (size_t i = 0; i < conf_file_count; i++) {
		struct loading in = {l, &conf_files[i], NULL};
		const struct conf_var *vars = in.file->inherits != NULL ? parent_vars : l->vars;
		struct buf text;

		if (in.file->shape == CONF_VALUES) {
			load_values(l, in.file);
			continue;
		}
		buf_init(&text, FILE_BUF_MAX);
		bool there = get_text(l, in.file->name, &in.path, &text);

		start_file(&in);
		if (there && in.file->shape == CONF_ASSIGN)
			read_assignments(&in, buf_slice(&text), &vars);
		else if (there)
			read_directives(&in, buf_slice(&text));
		buf_fini(&text);
		if (in.file->inherits == NULL) /* those that inherit stand right behind it */
			parent_vars = vars;
	}
}

/* The folder as an absolute path: sysconfdir in values. */
static char *
absolute_dir(const char *dir)
{
	struct buf full;
	char cwd[4096];
	char *copy;

	if (dir[0] == '/' || getcwd(cwd, sizeof(cwd)) == NULL)
		return mem_str(sl_str(dir));
	buf_init(&full, 8192);
	buf_fmt(&full, "%s/%s", cwd, dir);
	copy = mem_str(buf_slice(&full));
	buf_fini(&full);
	return copy;
}

enum st
conf_load_with(const struct conf_source *src, conf_get_fn *get, void *arg, struct conf *out,
    struct conf_report *r)
{
	char host[256] = "localhost";
	char *dir = absolute_dir(src->dir);
	struct loader l = {
	    .conf = out, .report = r, .hostname = src->hostname, .get = get, .get_arg = arg};
	unsigned errors = r->errors;

	if (l.hostname == NULL) {
		if (gethostname(host, sizeof(host)) != 0 || memchr(host, 0, sizeof(host)) == NULL ||
		    host[0] == '\0')
			memcpy(host, "localhost", 10);
		l.hostname = host;
	}
	*out = (struct conf){.arena = arena_new("conf", CONF_TOTAL_MAX)};
	out->where =
	    arena_get_array(out->arena, conf_file_count * CONF_ROWS_MAX, sizeof(*out->where));
	l.scratch = arena_new("conf check", CONF_TOTAL_MAX);
	l.dir = arena_str(out->arena, sl_str(dir));
	mem_free(dir);
	l.vars = var_add(&l, vars_of_build(&l), "hostname", l.hostname);
	load_files(&l);
	arena_free(l.scratch);
	if (r->errors == errors)
		return ST_OK;
	conf_fini(out);
	return ST_SYNTAX;
}

static enum st
get_from_folder(void *arg, const char *name, struct buf *out, struct fault *f)
{
	const struct conf_source *src = arg;

	return conf_file_read(src->dirfd, name, out, f);
}

enum st
conf_load(const struct conf_source *src, struct conf *out, struct conf_report *r)
{
	struct conf_source copy = *src;

	return conf_load_with(src, get_from_folder, &copy, out, r);
}

static enum st
get_names(void *arg, const char *name, struct buf *out, struct fault *f)
{
	static const char *const names[] = {"me", "defaultdomain", "msgidhost"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			return get_from_folder(arg, name, out, f);
	return ST_NOENT;
}

enum st
conf_load_names(const struct conf_source *src, struct conf *out, struct conf_report *r)
{
	struct conf_source copy = *src;

	return conf_load_with(src, get_names, &copy, out, r);
}

void
conf_defaults(const char *hostname, struct conf *out)
{
	struct conf_source src = {.dirfd = -1, .dir = BUILD_CONF_DIR, .hostname = hostname};
	struct conf_report r;

	conf_report_init(&r);
	if (conf_load_with(&src, NULL, NULL, out, &r) != ST_OK)
		*out = (struct conf){0};
	conf_report_fini(&r);
}

void
conf_fini(struct conf *c)
{
	arena_free(c->arena);
	*c = (struct conf){0};
}
