/*
 * Names of messages.
 */
#include "maildir/name.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/num.h"

#define ID_MAX 40
#define HOST_MAX 100

static bool
id_is_good(struct slice id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_is_alnum(id.p[i]) && id.p[i] != '.')
			return false;
	return id.n > 0 && id.n <= ID_MAX;
}

/* The host as it may stand in a file name. */
static size_t
put_host(struct slice host, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < host.n && n + 4 <= HOST_MAX; i++) {
		unsigned char c = host.p[i];

		if (c == '/' || c == ':')
			n += (size_t)snprintf(out + n, 5, "\\%03o", c);
		else if (c > ' ' && c != ',' && c != 0x7f)
			out[n++] = (char)c;
	}
	return n;
}

size_t
maildir_name_base(const struct maildir_key *key, struct slice host, char out[MAILDIR_BASE_MAX + 1])
{
	int64_t sec = key->arrived_sec < 0 ? 0 : key->arrived_sec;
	size_t n;

	if (!id_is_good(key->id))
		return 0;
	n = (size_t)snprintf(out, MAILDIR_BASE_MAX, "%" PRId64 ".Q%.*sR%" PRIu32 ".", sec,
	    SL_FMT(key->id), key->recipient);
	n += put_host(host, out + n);
	out[n] = '\0';
	return n;
}

size_t
maildir_name_sized(
    const char *base, uint64_t file_bytes, uint64_t wire_bytes, char out[MAILDIR_NAME_MAX + 1])
{
	return (size_t)snprintf(
	    out, MAILDIR_NAME_MAX + 1, "%s,S=%" PRIu64 ",W=%" PRIu64, base, file_bytes, wire_bytes);
}

bool
maildir_name_is(struct slice name, struct slice base)
{
	return sl_starts(name, base) &&
	       (name.n == base.n || name.p[base.n] == ',' || name.p[base.n] == ':');
}

/* The number behind a key such as ",S=". */
static bool
number_behind(struct slice name, struct slice key, uint64_t *value)
{
	struct slice rest = sl_skip(name, sl_search(name, key) + key.n);
	size_t n = 0;

	while (n < rest.n && ascii_is_digit(rest.p[n]))
		n++;
	return num_u64(sl_sub(rest, 0, n), INT64_MAX, value);
}

bool
maildir_name_size(struct slice name, uint64_t *file_bytes)
{
	return number_behind(name, SL(",S="), file_bytes);
}

bool
maildir_name_wire_size(struct slice name, uint64_t *wire_bytes)
{
	return number_behind(name, SL(",W="), wire_bytes);
}

void
maildir_name_split(struct slice file, struct maildir_parts *out)
{
	size_t at = sl_find(file, ':');

	*out = (struct maildir_parts){.base = sl_sub(file, 0, at), .tail = sl_skip(file, at)};
	if (!sl_starts(out->tail, SL(":2,")))
		return;
	for (size_t i = 3; i < out->tail.n; i++) {
		unsigned char c = out->tail.p[i];

		if (ascii_is_upper(c))
			out->upper |= 1u << (c - 'A');
		else if (ascii_is_lower(c))
			out->lower |= 1u << (c - 'a');
	}
}

/* The letters of a set, the first of which is `first`. False: no room. */
static bool
put_letters(char out[MAILDIR_NAME_MAX + 1], size_t *n, uint32_t set, char first)
{
	for (; set; set >>= 1, first++) {
		if (!(set & 1))
			continue;
		if (*n == MAILDIR_NAME_MAX)
			return false;
		out[(*n)++] = first;
	}
	return true;
}

size_t
maildir_name_join(struct slice base, uint32_t upper, uint32_t lower, struct slice tail,
    char out[MAILDIR_NAME_MAX + 1])
{
	size_t n = base.n;

	if (n == 0 || n + 3 > MAILDIR_NAME_MAX)
		return 0;
	memcpy(out, base.p, n);
	memcpy(out + n, ":2,", 3);
	n += 3;
	if (!put_letters(out, &n, upper, 'A') || !put_letters(out, &n, lower, 'a'))
		return 0;
	for (size_t i = 3; sl_starts(tail, SL(":2,")) && i < tail.n; i++) {
		if (ascii_is_alpha(tail.p[i]))
			continue;
		if (n == MAILDIR_NAME_MAX)
			return 0;
		out[n++] = (char)tail.p[i];
	}
	out[n] = '\0';
	return n;
}

int
maildir_name_cmp(struct slice a, struct slice b)
{
	size_t n = 0, k = 0;

	while (n < a.n && ascii_is_digit(a.p[n]))
		n++;
	while (k < b.n && ascii_is_digit(b.p[k]))
		k++;
	if (n != k)
		return n < k ? -1 : 1;
	return sl_cmp(a, b);
}

bool
maildir_name_is_trashed(struct slice name)
{
	struct slice flags = sl_skip(name, sl_search(name, SL(":2,")) + 3);

	return sl_find(flags, 'T') < flags.n;
}
