/*
 * The lists of other servers.
 */
#include "base/num.h"
#include "maildir/import.h"

static struct slice
base_of(struct slice name)
{
	return sl_sub(name, 0, sl_find(name, ':'));
}

static bool
is_base(struct slice s)
{
	return s.n > 0 && s.n <= 255 && s.p[0] != '.' && sl_find(s, '/') == s.n &&
	       sl_find(s, '\0') == s.n;
}

static bool
number(struct slice s, uint32_t *value)
{
	uint64_t v;

	if (!num_u64(s, UINT32_MAX, &v))
		return false;
	*value = (uint32_t)v;
	return true;
}

/* The next word of a line. */
static bool
word(struct slice *line, struct slice *out)
{
	while (line->n && line->p[0] == ' ')
		*line = sl_skip(*line, 1);
	sl_cut(line, ' ', out);
	return out->n > 0;
}

static struct slice
take_line(struct slice *rest)
{
	struct slice line;

	sl_cut(rest, '\n', &line);
	return sl_trim(line);
}

/* "V123 N5 ...", in any order; other letters are not ours. */
static bool
lettered_head(struct slice line, struct import_head *out)
{
	struct slice w;

	while (word(&line, &w)) {
		uint32_t *to = w.p[0] == 'V'   ? &out->uidvalidity
			       : w.p[0] == 'N' ? &out->uidnext
					       : NULL;

		if (to && !number(sl_skip(w, 1), to))
			return false;
	}
	return out->uidvalidity != 0;
}

bool
import_uidlist_head(struct slice *rest, struct import_head *out)
{
	struct slice line = take_line(rest), w;

	*out = (struct import_head){0};
	if (!word(&line, &w))
		return false;
	if (sl_eq(w, SL("3")))
		return lettered_head(line, out);
	if (!sl_eq(w, SL("1")) || !word(&line, &w) || !number(w, &out->uidvalidity) ||
	    !word(&line, &w) || !number(w, &out->uidnext))
		return false;
	return out->uidvalidity != 0;
}

/* The name: behind " :" when there are fields between, else the rest of the line. */
static struct slice
name_of(struct slice line)
{
	struct slice all = line;

	while (line.n) {
		struct slice w;

		if (line.p[0] == ':')
			return sl_skip(line, 1);
		/* Fields are a capital letter and a value; a name begins with a digit mostly, and
		 * stands alone. */
		if (!sl_cut(&line, ' ', &w))
			break;
	}
	return all;
}

bool
import_uidlist_next(struct slice *rest, struct import_row *out)
{
	while (rest->n) {
		struct slice line = take_line(rest), w;

		*out = (struct import_row){0};
		if (!word(&line, &w) || !number(w, &out->uid) || out->uid == 0 ||
		    out->uid == UINT32_MAX)
			continue;
		out->base = base_of(name_of(line));
		if (is_base(out->base))
			return true;
	}
	return false;
}

bool
import_sizelist_head(struct slice *rest, struct import_head *out)
{
	struct slice line = take_line(rest), w;

	*out = (struct import_head){0};
	if (!word(&line, &w) || w.n < 2 || w.p[0] != '/')
		return false;
	if (word(&line, &w) && !number(w, &out->uidnext))
		return false;
	return !word(&line, &w) || number(w, &out->uidvalidity);
}

bool
import_sizelist_next(struct slice *rest, struct import_row *out)
{
	while (rest->n) {
		struct slice line = take_line(rest), w, part;

		*out = (struct import_row){0};
		if (!word(&line, &w))
			continue;
		out->base = base_of(w);
		if (!is_base(out->base) || !word(&line, &w)) /* the size */
			continue;
		if (!word(&line, &w))
			return true;
		sl_cut(&w, ':', &part);
		if (!number(part, &out->uid))
			continue;
		sl_cut(&w, ':', &part);
		if (part.n && !number(part, &out->validity))
			continue;
		return true;
	}
	return false;
}

bool
import_keyword_name(struct slice *rest, struct slice *name)
{
	*name = take_line(rest);
	return name->n > 0;
}

bool
import_keyword_row(struct slice *rest, struct slice *base, struct slice *numbers)
{
	while (rest->n) {
		*numbers = take_line(rest);
		if (sl_cut(numbers, ':', base) && is_base(*base))
			return true;
	}
	return false;
}

bool
import_dovecot_keyword(struct slice *rest, uint32_t *value, struct slice *name)
{
	while (rest->n) {
		struct slice line = take_line(rest), w;

		if (!word(&line, &w) || !number(w, value))
			continue;
		*name = sl_trim(line);
		if (name->n)
			return true;
	}
	return false;
}
