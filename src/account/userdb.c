#include "account/userdb.h"

#include "base/ascii.h"
#include "base/num.h"

bool
userdb_field_next(struct slice *rest, struct slice *name, struct slice *value)
{
	while (rest->n > 0) {
		struct slice item;

		sl_cut(rest, '|', &item);
		if (item.n == 0)
			continue;
		*value = SL("");
		if (sl_find(item, '=') < item.n) {
			sl_cut(&item, '=', name);
			*value = item;
		} else {
			*name = item;
		}
		return true;
	}
	return false;
}

bool
userdb_field(struct slice fields, struct slice name, struct slice *value)
{
	struct slice each;

	while (userdb_field_next(&fields, &each, value))
		if (sl_eq(each, name))
			return true;
	return false;
}

bool
userdb_field_is_secret(struct slice name)
{
	return sl_ends(name, SL("pw"));
}

enum st
userdb_key_check(struct slice key, struct fault *f)
{
	if (key.n == 0 || key.n > ACCOUNT_ADDRESS_MAX)
		return fault_set(f, ST_SYNTAX, "",
		    "found an address of %zu bytes, expected 1 to %d", key.n, ACCOUNT_ADDRESS_MAX);
	for (size_t i = 0; i < key.n; i++)
		if (ascii_is_ctl(key.p[i]) || key.p[i] == ' ')
			return fault_set(f, ST_SYNTAX, "",
			    "found a blank or control character in the address \"%.*s\"",
			    SL_FMT(key));
	if (sl_starts(key, SL("uid=")) || key.p[0] == '#')
		return fault_set(f, ST_SYNTAX, "",
		    "found the address \"%.*s\", expected one that does not begin with # or uid=",
		    SL_FMT(key));
	return ST_OK;
}

enum st
userdb_field_check(struct slice name, struct slice value, struct fault *f)
{
	uint64_t id;

	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alnum(name.p[i]) && name.p[i] != '-' && name.p[i] != '_')
			return fault_set(f, ST_SYNTAX, "",
			    "found the field name \"%.*s\", expected letters, digits, - and _",
			    SL_FMT(sl_sub(name, 0, 40)));
	if (name.n == 0)
		return fault_set(
		    f, ST_SYNTAX, "", "found an empty field name, expected field=value");
	for (size_t i = 0; i < value.n; i++)
		if (ascii_is_ctl(value.p[i]) || value.p[i] == '|')
			return fault_set(f, ST_SYNTAX, "",
			    "found a control character or | in the value of %.*s", SL_FMT(name));
	if ((sl_eq(name, SL("uid")) || sl_eq(name, SL("gid"))) &&
	    !num_u64(value, UINT32_MAX - 1, &id))
		return fault_set(f, ST_SYNTAX, "", "found %.*s=%.*s, expected a number",
		    SL_FMT(name), SL_FMT(sl_sub(value, 0, 20)));
	if (sl_eq(name, SL("home")) && (value.n == 0 || value.p[0] != '/'))
		return fault_set(f, ST_SYNTAX, "",
		    "found home=%.*s, expected a path that begins with /",
		    SL_FMT(sl_sub(value, 0, 60)));
	return ST_OK;
}

enum st
userdb_line_parse(struct slice line, struct slice *key, struct slice *fields, struct fault *f)
{
	struct slice rest, name, value, earlier, found;
	enum st st;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (sl_trim(line).n == 0 || line.p[0] == '#')
		return ST_NOENT;
	if (line.n > USERDB_LINE_MAX)
		return fault_set(f, ST_SYNTAX, "", "found a line of %zu bytes, expected at most %d",
		    line.n, USERDB_LINE_MAX);
	if (!sl_cut(&line, '\t', key))
		return fault_set(f, ST_SYNTAX, "",
		    "found no tab behind \"%.*s\", expected address, tab, field=value|field=value",
		    SL_FMT(sl_sub(*key, 0, 40)));
	*fields = line;
	st = userdb_key_check(*key, f);
	for (rest = line; st == ST_OK && userdb_field_next(&rest, &name, &value);) {
		st = userdb_field_check(name, value, f);
		earlier = sl_sub(line, 0, (size_t)(name.p - line.p));
		if (st == ST_OK && userdb_field(earlier, name, &found))
			st = fault_set(f, ST_SYNTAX, "",
			    "found the field %.*s twice, expected it once", SL_FMT(name));
	}
	return st;
}

/* --- the account ----------------------------------------------------------- */

static bool
field_id(struct slice fields, struct slice name, uint32_t *id)
{
	struct slice value;
	uint64_t n;

	if (!userdb_field(fields, name, &value) || !num_u64(value, UINT32_MAX - 1, &n))
		return false;
	*id = (uint32_t)n;
	return true;
}

static struct slice
field_copy(struct slice fields, struct slice name, struct arena *a)
{
	struct slice value;

	if (!userdb_field(fields, name, &value) || value.n == 0)
		return SL_NONE;
	return arena_copy(a, value);
}

/* "SERVICEpw" of the shadow entry, else systempw. */
static struct slice
service_password(struct slice shadow, struct slice service, struct arena *a)
{
	struct buf name;
	struct slice value;

	buf_init(&name, 64);
	buf_put(&name, service);
	buf_put(&name, SL("pw"));
	if (!buf_ok(&name) || !userdb_field(shadow, buf_slice(&name), &value))
		value = field_copy(shadow, SL("systempw"), a);
	else
		value = arena_copy(a, value);
	buf_fini(&name);
	return value;
}

enum st
userdb_account(struct slice key, struct slice fields, struct slice shadow, struct slice service,
    struct arena *a, struct account *out, struct fault *f)
{
	*out = (struct account){0};
	out->address = arena_copy(a, key);
	out->has_ids =
	    field_id(fields, SL("uid"), &out->uid) && field_id(fields, SL("gid"), &out->gid);
	out->home = field_copy(fields, SL("home"), a);
	out->maildir = field_copy(fields, SL("mail"), a);
	out->quota = field_copy(fields, SL("quota"), a);
	out->options = field_copy(fields, SL("options"), a);
	out->delivery = field_copy(fields, SL("defaultdelivery"), a);
	out->name = field_copy(fields, SL("gecos"), a);
	out->password = service_password(shadow, service, a);
	if (arena_exhausted(a))
		return fault_set(f, ST_LIMIT, "", "userdb: no room left for the account %.*s",
		    SL_FMT(sl_sub(key, 0, 40)));
	if (!out->has_ids)
		return fault_set(f, ST_SYNTAX, "", "userdb: the account %.*s has no uid and gid",
		    SL_FMT(sl_sub(key, 0, 80)));
	return account_check(out, f);
}
