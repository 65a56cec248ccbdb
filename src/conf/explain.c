#include "conf/explain.h"

#include "base/ascii.h"
#include "conf/load_int.h"

#define VALUE_MAX CONF_TOTAL_MAX

/* --- names ----------------------------------------------------------------- */

/* Does "FILE:NAME" or "NAME" mean this row? Empty means all. */
static bool
name_matches(struct slice name, const struct conf_file *f, const struct conf_row *row)
{
	struct slice file = SL_NONE;

	if (name.n == 0)
		return true;
	if (sl_find(name, ':') < name.n) {
		sl_cut(&name, ':', &file);
		if (!sl_eq(file, sl_str(f->name)))
			return false;
		if (name.n == 0)
			return true;
	} else if (f->shape != CONF_VALUES && sl_eq(name, sl_str(f->name))) {
		return true;
	}
	return sl_ieq(name, sl_str(row->name));
}

void
conf_explain_nearest(struct slice name, struct buf *out)
{
	struct slice file = SL_NONE, bare = name;

	if (sl_find(name, ':') < name.n)
		sl_cut(&bare, ':', &file);
	for (size_t i = 0; i < conf_file_count; i++) {
		const char *nearest = conf_row_nearest(&conf_files[i], bare);

		if (nearest == NULL || (file.n > 0 && !sl_eq(file, sl_str(conf_files[i].name))))
			continue;
		buf_fmt(out, "; the nearest is %s%s%s", conf_files[i].name,
		    conf_files[i].name[0] != '\0' ? ":" : "", nearest);
		return;
	}
}

static void
put_full_name(const struct conf_file *f, const struct conf_row *row, struct buf *out)
{
	if (f->shape != CONF_VALUES)
		buf_fmt(out, "%s:", f->name);
	buf_put_str(out, row->name);
}

/* --- values ---------------------------------------------------------------- */

static void
put_value(
    const struct conf *c, const struct conf_file *f, const struct conf_row *row, struct buf *out)
{
	conf_value_put(row, (const char *)c + f->base + row->offset, out);
}

/* A value on one line, in double quotes when it needs them. */
static void
put_value_line(struct slice value, struct buf *out)
{
	const struct slice harmless = SL("./:,_@%+-*");
	bool plain = value.n > 0;

	for (size_t i = 0; i < value.n; i++)
		plain = plain &&
			(ascii_is_alnum(value.p[i]) || sl_find(harmless, value.p[i]) < harmless.n);
	if (plain) {
		buf_put(out, value);
		return;
	}
	buf_put_byte(out, '"');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\n')
			buf_put(out, SL("\\n"));
		else if (value.p[i] == '"' || value.p[i] == '\\')
			buf_fmt(out, "\\%c", value.p[i]);
		else
			buf_put_byte(out, value.p[i]);
	}
	buf_put_byte(out, '"');
}

static void
put_where(const struct conf *c, const struct conf_file *f, size_t at, struct buf *out)
{
	const struct conf_where *where = conf_where_at(c->where, f, at);

	if (where->file == NULL)
		buf_put_str(out, "default");
	else if (where->line == 0)
		buf_put_str(out, where->file);
	else
		buf_fmt(out, "%s:%u", where->file, where->line);
}

unsigned
conf_show(const struct conf *c, struct slice name, bool only_set, struct buf *out)
{
	unsigned count = 0;
	struct buf value;

	buf_init(&value, VALUE_MAX);
	for (size_t i = 0; i < conf_file_count; i++) {
		const struct conf_file *f = &conf_files[i];
		const struct conf_row *row;

		for (size_t at = 0; (row = conf_row_at(f, at)) != NULL; at++) {
			if (!conf_row_has_value(row) || !name_matches(name, f, row))
				continue;
			count++;
			if (only_set && conf_where_at(c->where, f, at)->file == NULL)
				continue;
			put_full_name(f, row, out);
			buf_put_byte(out, '=');
			buf_clear(&value);
			put_value(c, f, row, &value);
			put_value_line(buf_slice(&value), out);
			buf_put_str(out, "\t# ");
			put_where(c, f, at, out);
			buf_put_byte(out, '\n');
		}
	}
	buf_fini(&value);
	return count;
}

/* --- explanation ----------------------------------------------------------- */

#define TEXT_COLUMNS 78

/* Words of s in lines, each behind indent. */
static void
put_wrapped(const char *indent, struct slice s, struct buf *out)
{
	size_t column = 0;

	while ((s = sl_trim(s)).n > 0) {
		struct slice word;

		sl_cut(&s, ' ', &word);
		if (column > 0 && column + 1 + word.n > TEXT_COLUMNS) {
			buf_put_byte(out, '\n');
			column = 0;
		}
		buf_put_str(out, column == 0 ? indent : " ");
		column += (column == 0 ? strlen(indent) : 1) + word.n;
		buf_put(out, word);
	}
	buf_put_byte(out, '\n');
}

static const char *
when_text(const struct conf_row *row)
{
	static const char *const texts[] = {
	    [CONF_WHEN_RELOAD] = "takes effect at courier reload",
	    [CONF_WHEN_RESTART] = "takes effect at courier restart",
	    [CONF_WHEN_COMMAND] = "takes effect when the command has run",
	};

	return texts[row->when];
}

static void
put_default(const struct conf_row *row, struct buf *out)
{
	if (row->type == CONF_PRESENT)
		buf_put_str(out, "no such file");
	else if (row->dflt[0] == '\0')
		buf_put_str(out, "empty");
	else
		put_value_line(sl_str(row->dflt), out);
}

static void
explain_row(const struct conf *c, const struct conf_file *f, const struct conf_row *row, size_t at,
    struct buf *out)
{
	struct buf text;

	buf_init(&text, VALUE_MAX);
	put_full_name(f, row, out);
	buf_fmt(out, "\n  type     %s", conf_type_name(row->type));
	if (conf_row_has_value(row)) {
		buf_put_str(out, ": ");
		conf_value_put_expected(row, out);
		if (row->unit != NULL)
			buf_fmt(out, " (%s)", row->unit);
		buf_put_str(out, "\n  default  ");
		put_default(row, out);
		if (conf_row_is_inherited(f, row))
			buf_fmt(out, ", unless %s says otherwise", f->inherits);
		buf_put_str(out, "\n  value    ");
		put_value(c, f, row, &text);
		put_value_line(buf_slice(&text), out);
		buf_put_str(out, " (");
		put_where(c, f, at, out);
		buf_fmt(out, ")\n  when     %s", when_text(row));
	}
	buf_put_byte(out, '\n');
	if (row->flags & CONF_OURS)
		buf_put_str(out, "  note     not a name of the Courier Mail Server\n");
	put_wrapped("    ", sl_str(row->doc), out);
	buf_fini(&text);
}

unsigned
conf_explain(const struct conf *c, struct slice name, struct buf *out)
{
	unsigned count = 0;

	for (size_t i = 0; i < conf_file_count; i++) {
		const struct conf_row *row;

		for (size_t at = 0; (row = conf_row_at(&conf_files[i], at)) != NULL; at++) {
			if (!name_matches(name, &conf_files[i], row))
				continue;
			if (count++ > 0)
				buf_put_byte(out, '\n');
			explain_row(c, &conf_files[i], row, at, out);
		}
	}
	return count;
}

/* --- manual page ----------------------------------------------------------- */

/* Text for man macros: no line may begin with a control character, no backslash or hyphen is
 * special. */
static void
put_roff(struct slice s, struct buf *out)
{
	if (s.n > 0 && (s.p[0] == '.' || s.p[0] == '\''))
		buf_put(out, SL("\\&"));
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			buf_put(out, SL("\\e"));
		else if (s.p[i] == '-')
			buf_put(out, SL("\\-"));
		else
			buf_put_byte(out, s.p[i]);
	}
}

static void
manual_row(const struct conf_file *f, const struct conf_row *row, struct buf *out)
{
	struct buf text;

	buf_init(&text, 65536);
	buf_put_str(out, ".TP\n.B ");
	put_roff(sl_str(row->name), out);
	buf_put_byte(out, '\n');
	put_roff(sl_str(row->doc), out);
	if (conf_row_has_value(row)) {
		buf_put_str(out, "\n.br\nAccepts ");
		conf_value_put_expected(row, &text);
		if (row->unit != NULL)
			buf_fmt(&text, " (%s)", row->unit);
		buf_put_str(&text, ". Default: ");
		put_default(row, &text);
		if (conf_row_is_inherited(f, row))
			buf_fmt(&text, ", unless %s says otherwise", f->inherits);
		buf_fmt(&text, "; %s.", when_text(row));
		if (row->flags & CONF_OURS)
			buf_put_str(&text, " Not a name of the Courier Mail Server.");
		put_roff(buf_slice(&text), out);
	}
	buf_put_byte(out, '\n');
	buf_fini(&text);
}

/* Files that inherit show only what is their own. */
static void
manual_file(const struct conf_file *f, struct buf *out)
{
	const struct conf_row *row;

	buf_put_str(
	    out, f->shape == CONF_VALUES ? ".SH \"FILES WITH ONE VALUE OR A LIST\"\n" : ".SH ");
	if (f->shape != CONF_VALUES) {
		put_roff(sl_str(f->name), out);
		buf_put_byte(out, '\n');
	}
	put_roff(sl_str(f->doc), out);
	buf_put_byte(out, '\n');
	if (f->inherits != NULL)
		buf_fmt(out,
		    "All names of %s are allowed here too, and override what it says; only names "
		    "with a default of their own follow.\n",
		    f->inherits);
	for (size_t at = 0; (row = conf_row_at(f, at)) != NULL; at++)
		if (!conf_row_is_inherited(f, row))
			manual_row(f, row, out);
}

void
conf_manual(struct buf *out)
{
	buf_put_str(out,
	    ".\\\" Made by conf_man from the rows of src/conf; do not edit.\n"
	    ".TH courier\\-config 5 \"\" \"courier\" \"File Formats\"\n"
	    ".SH NAME\ncourier\\-config \\- configuration files of the mail server\n"
	    ".SH DESCRIPTION\n"
	    "All files stand in one folder, chosen when the server was built. A missing file means "
	    "the defaults.\n"
	    ".B courier config check\nreads them all and reports each mistake with file and line,\n"
	    ".B courier config show\nprints what counts, and\n"
	    ".B courier config explain\n.I NAME\nprints what is written here together with the "
	    "present value.\n"
	    ".PP\n"
	    "Files of the form NAME=value are read, not executed: values may stand in single or "
	    "double quotes, over several "
	    "lines, and use $NAME for a name assigned above. Lines that begin with # are comments. "
	    "Times are seconds or sums "
	    "such as 1w2d3h4m5s; sizes are bytes or have K, M or G behind them.\n");
	for (size_t i = 0; i < conf_file_count; i++)
		manual_file(&conf_files[i], out);
	buf_put_str(
	    out, ".SH \"SEE ALSO\"\n.BR courier (8),\n.BR makealiases (8),\n.BR makeuserdb (8)\n");
}

/* --- sample files ---------------------------------------------------------- */

static void
sample_row(const struct conf_row *row, struct buf *out)
{
	struct buf text;

	buf_init(&text, 65536);
	buf_put_byte(out, '\n');
	put_wrapped("# ", sl_str(row->doc), out);
	buf_put_str(&text, "Accepts ");
	conf_value_put_expected(row, &text);
	if (row->unit != NULL)
		buf_fmt(&text, " (%s)", row->unit);
	buf_fmt(&text, "; %s.", when_text(row));
	put_wrapped("# ", buf_slice(&text), out);
	buf_fmt(out, "#%s=", row->name);
	put_value_line(sl_str(row->dflt), out);
	buf_put_byte(out, '\n');
	buf_fini(&text);
}

bool
conf_sample(struct slice file, struct buf *out)
{
	const struct conf_file *f = NULL;
	const struct conf_row *row;

	for (size_t i = 0; i < conf_file_count; i++)
		if (conf_files[i].shape == CONF_ASSIGN && sl_eq(file, sl_str(conf_files[i].name)))
			f = &conf_files[i];
	if (f == NULL)
		return false;
	put_wrapped("# ", sl_str(f->doc), out);
	buf_put_str(out,
	    "# Every line below is a comment and shows a default; remove the # of what you "
	    "change.\n"
	    "# courier config check tells mistakes, courier config show what is in force.\n");
	if (f->inherits != NULL)
		buf_fmt(out, "# The names of %s may stand here too, and override what it says.\n",
		    f->inherits);
	for (size_t at = 0; (row = conf_row_at(f, at)) != NULL; at++)
		if (conf_row_has_value(row) && !conf_row_is_inherited(f, row))
			sample_row(row, out);
	return true;
}
