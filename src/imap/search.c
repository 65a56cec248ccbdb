/*
 * The evaluation of a SEARCH program, RFC 3501 section 6.4.4. What a key needs of a message is
 * asked for when it is needed, once; keys that need little come first.
 */
#include "imap/search_int.h"

#include "base/date.h"
#include "imap/said.h"

#define DAY_SEC 86400

/* ---- cost ---- */

static enum imap_search_cost
cost_alone(enum imap_key_kind kind)
{
	switch (kind) {
	case IMAP_KEY_SENTBEFORE:
	case IMAP_KEY_SENTON:
	case IMAP_KEY_SENTSINCE:
	case IMAP_KEY_LARGER:
	case IMAP_KEY_SMALLER:
	case IMAP_KEY_ENVELOPE:
		return IMAP_SEARCH_CACHE;
	case IMAP_KEY_HEADER:
		return IMAP_SEARCH_HEADER;
	case IMAP_KEY_BODY:
	case IMAP_KEY_TEXT:
		return IMAP_SEARCH_BODY;
	default:
		return IMAP_SEARCH_INDEX;
	}
}

void
imap_key_settle(struct imap_key *key)
{
	struct imap_key *sorted[IMAP_SEARCH_BODY + 1] = {NULL}, **ends[IMAP_SEARCH_BODY + 1];
	struct imap_key **end = &key->first;

	key->cost = cost_alone(key->kind);
	for (int c = 0; c <= IMAP_SEARCH_BODY; c++)
		ends[c] = &sorted[c];
	for (struct imap_key *k = key->first; k; k = k->next) {
		if (k->cost > key->cost)
			key->cost = k->cost;
		*ends[k->cost] = k;
		ends[k->cost] = &k->next;
	}
	for (int c = 0; c <= IMAP_SEARCH_BODY; c++) {
		*ends[c] = NULL;
		if (!sorted[c])
			continue;
		*end = sorted[c];
		end = ends[c];
	}
}

enum imap_search_cost
imap_search_cost(const struct imap_search *p)
{
	return p->root->cost;
}

/* ---- what is asked for ---- */

static bool
need_size(struct imap_search_eval *e)
{
	if (!e->has_size && !e->gone)
		e->gone = !e->m->size(e->m->arg, &e->size_bytes);
	e->has_size = true;
	return !e->gone;
}

static bool
need_envelope(struct imap_search_eval *e)
{
	if (!e->has_envelope && !e->gone)
		e->gone = !e->m->envelope(e->m->arg, &e->envelope);
	e->has_envelope = true;
	return !e->gone;
}

static bool
need_header(struct imap_search_eval *e)
{
	if (!e->has_header && !e->gone)
		e->gone = !e->m->header(e->m->arg, &e->header);
	e->has_header = true;
	return !e->gone;
}

static bool
need_texts(struct imap_search_eval *e)
{
	if (!e->has_texts && !e->gone)
		imap_search_texts(e);
	e->has_texts = true;
	return !e->gone;
}

/* ---- keys ---- */

static bool
in_set(const struct imap_set *set, uint32_t n, uint32_t max)
{
	for (size_t i = 0; i < set->count; i++) {
		uint32_t from = set->ranges[i].from, to = set->ranges[i].to;

		if (from == UINT32_MAX)
			from = max;
		if (to == UINT32_MAX)
			to = max;
		/* "9:*" where "*" is 4 is 4:9, RFC 3501 section 9 */
		if (from <= to ? n >= from && n <= to : n >= to && n <= from)
			return true;
	}
	return false;
}

static bool
set_matches(const struct imap_search_eval *e, const struct imap_set *set)
{
	return set->is_uid ? in_set(set, e->m->uid, e->m->uid_max)
			   : in_set(set, e->m->seq, e->m->seq_max);
}

static bool
keyword_matches(const struct imap_search_eval *e, struct slice name)
{
	for (unsigned k = 0; k < e->m->names.count && k < IMAP_KEYWORDS_MAX; k++)
		if (e->m->keywords >> k & 1 && sl_ieq(e->m->names.names[k], name))
			return true;
	return false;
}

/* R3501-6.4.4-i: the day as the answer to FETCH INTERNALDATE has it (UTC). */
static int64_t
day_of(int64_t seconds)
{
	return seconds >= 0 ? seconds / DAY_SEC : -((-seconds + DAY_SEC - 1) / DAY_SEC);
}

/* R3501-6.4.4-j: the day that is written in the field, whatever its zone. */
static bool
sent_day(struct imap_search_eval *e, int64_t *day)
{
	struct slice in = e->envelope, value;
	struct date d;
	struct buf text;
	int64_t seconds;
	bool ok;

	if (!need_envelope(e))
		return false;
	in = e->envelope;
	buf_init(&text, 4096);
	ok = imap_said_char(&in, '(') && imap_said_value(&in, &value) &&
	     imap_said_string(value, &text) && date_parse_rfc5322(buf_slice(&text), &d);
	buf_fini(&text);
	if (!ok)
		return false;
	d.offset_minutes = 0;
	if (!date_to_seconds(&d, &seconds))
		return false;
	*day = day_of(seconds);
	return true;
}

static bool
sent_matches(struct imap_search_eval *e, const struct imap_key *key)
{
	int64_t day;

	if (!sent_day(e, &day))
		return false;
	if (key->kind == IMAP_KEY_SENTBEFORE)
		return day < key->day;
	return key->kind == IMAP_KEY_SENTON ? day == key->day : day >= key->day;
}

/* A key without children. */
static bool
leaf_matches(struct imap_search_eval *e, const struct imap_key *key)
{
	switch (key->kind) {
	case IMAP_KEY_FLAG:
		return (e->m->flags & key->flag) != 0;
	case IMAP_KEY_KEYWORD:
		return keyword_matches(e, key->name);
	case IMAP_KEY_SET:
		return set_matches(e, &key->set);
	case IMAP_KEY_BEFORE:
		return day_of(e->m->date_sec) < key->day;
	case IMAP_KEY_ON:
		return day_of(e->m->date_sec) == key->day;
	case IMAP_KEY_SINCE:
		return day_of(e->m->date_sec) >= key->day;
	case IMAP_KEY_SENTBEFORE:
	case IMAP_KEY_SENTON:
	case IMAP_KEY_SENTSINCE:
		return sent_matches(e, key);
	case IMAP_KEY_LARGER: /* R3501-6.4.4-n */
		return need_size(e) && e->size_bytes > key->size_bytes;
	case IMAP_KEY_SMALLER:
		return need_size(e) && e->size_bytes < key->size_bytes;
	case IMAP_KEY_ENVELOPE:
		return need_envelope(e) && imap_search_envelope(e, key);
	case IMAP_KEY_HEADER:
		return need_header(e) && imap_search_header(e, key);
	case IMAP_KEY_BODY:
	case IMAP_KEY_TEXT:
		return need_texts(e) && e->texts[key->text].found;
	default:
		return true;
	}
}

/* Recursion has the depth that the parser allows (IMAP_SEARCH_DEPTH). */
static bool
key_matches(struct imap_search_eval *e, const struct imap_key *key)
{
	switch (key->kind) {
	case IMAP_KEY_AND: /* R3501-6.4.4-a */
		for (const struct imap_key *k = key->first; k; k = k->next)
			if (!key_matches(e, k))
				return false;
		return true;
	case IMAP_KEY_OR: /* R3501-6.4.4-r */
		for (const struct imap_key *k = key->first; k; k = k->next)
			if (key_matches(e, k))
				return true;
		return false;
	case IMAP_KEY_NOT:
		return !key_matches(e, key->first);
	default:
		return leaf_matches(e, key);
	}
}

enum st
imap_search_match(const struct imap_search *p, const struct imap_candidate *m,
    const struct charset_ops *cs, struct arena *scratch, bool *yes)
{
	struct imap_search_eval e = {
	    .program = p, .m = m, .cs = cs ? cs : &charset_builtin, .scratch = scratch};

	*yes = key_matches(&e, p->root);
	if (!e.gone)
		return ST_OK;
	*yes = false;
	return ST_AGAIN;
}
