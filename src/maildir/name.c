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

bool
maildir_name_size(struct slice name, uint64_t *file_bytes)
{
	struct slice rest = sl_skip(name, sl_search(name, SL(",S=")) + 3);
	size_t n = 0;

	while (n < rest.n && ascii_is_digit(rest.p[n]))
		n++;
	return num_u64(sl_sub(rest, 0, n), INT64_MAX, file_bytes);
}

bool
maildir_name_is_trashed(struct slice name)
{
	struct slice flags = sl_skip(name, sl_search(name, SL(":2,")) + 3);

	return sl_find(flags, 'T') < flags.n;
}
