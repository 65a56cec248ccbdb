#include "account/account.h"

#include "base/ascii.h"
#include "base/num.h"

enum field_kind { FIELD_TEXT, FIELD_INSTRUCTIONS, FIELD_UID, FIELD_GID };

struct field {
	const char *name;
	enum field_kind kind;
	size_t max;
	size_t offset;
};

#define TEXT(name, member, max)                                         \
	{                                                               \
		name, FIELD_TEXT, max, offsetof(struct account, member) \
	}

static const struct field fields[] = {
    TEXT("USERNAME", username, ACCOUNT_ADDRESS_MAX),
    {"UID", FIELD_UID, 10, 0},
    {"GID", FIELD_GID, 10, 0},
    TEXT("HOME", home, ACCOUNT_PATH_MAX),
    TEXT("ADDRESS", address, ACCOUNT_ADDRESS_MAX),
    TEXT("NAME", name, ACCOUNT_NAME_MAX),
    TEXT("MAILDIR", maildir, ACCOUNT_PATH_MAX),
    TEXT("QUOTA", quota, ACCOUNT_QUOTA_MAX),
    TEXT("PASSWD", password, ACCOUNT_PASSWORD_MAX),
    TEXT("PASSWD2", clear, ACCOUNT_PASSWORD_MAX),
    TEXT("OPTIONS", options, ACCOUNT_OPTIONS_MAX),
    {"DEFAULTDELIVERY", FIELD_INSTRUCTIONS, ACCOUNT_PATH_MAX, offsetof(struct account, delivery)},
};

static const struct slice *
field_text(const struct account *acc, const struct field *field)
{
	return (const struct slice *)(const void *)((const char *)acc + field->offset);
}

static bool
is_text(const struct field *field)
{
	return field->kind == FIELD_TEXT || field->kind == FIELD_INSTRUCTIONS;
}

/* Instructions may have a tab; nothing may have a line end. */
static bool
has_control(const struct field *field, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_ctl(s.p[i]) && !(s.p[i] == '\t' && field->kind == FIELD_INSTRUCTIONS))
			return true;
	return false;
}

/* --- reading --------------------------------------------------------------- */

struct decoder {
	struct arena *arena;
	struct account *account;
	bool seen[COUNT_OF(fields)];
	uint64_t ids[COUNT_OF(fields)];
	struct fault *fault;
};

static enum st
decode_field(struct decoder *d, size_t i, struct slice value)
{
	const struct field *field = &fields[i];

	if (d->seen[i])
		return fault_set(d->fault, ST_SYNTAX, "",
		    "account record: found a second %s line, expected one", field->name);
	d->seen[i] = true;
	if (value.n > field->max)
		return fault_set(d->fault, ST_LIMIT, "",
		    "account record: found %zu bytes in %s, expected at most %zu", value.n,
		    field->name, field->max);
	if (has_control(field, value))
		return fault_set(d->fault, ST_SYNTAX, "",
		    "account record: found a control character in %s", field->name);
	if (!is_text(field)) {
		if (!num_u64(value, UINT32_MAX - 1, &d->ids[i]))
			return fault_set(d->fault, ST_SYNTAX, "",
			    "account record: found \"%.*s\" in %s, expected a number",
			    SL_FMT(value), field->name);
		return ST_OK;
	}
	value = arena_copy(d->arena, value);
	if (value.p == NULL)
		return fault_set(d->fault, ST_LIMIT, "", "account record: no room left");
	memcpy((char *)d->account + field->offset, &value, sizeof(value));
	return ST_OK;
}

static enum st
decode_line(struct decoder *d, struct slice line)
{
	struct slice name;

	if (!sl_cut(&line, '=', &name))
		return fault_set(d->fault, ST_SYNTAX, "",
		    "account record: found \"%.*s\", expected NAME=value or a dot",
		    SL_FMT(sl_sub(name, 0, 40)));
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (sl_eq(name, sl_str(fields[i].name)))
			return decode_field(d, i, line);
	return ST_OK;
}

static enum st
decode_end(struct decoder *d)
{
	struct account *acc = d->account;
	bool has_uid = false, has_gid = false;

	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		if (fields[i].kind == FIELD_UID && d->seen[i]) {
			has_uid = true;
			acc->uid = (uint32_t)d->ids[i];
		} else if (fields[i].kind == FIELD_GID && d->seen[i]) {
			has_gid = true;
			acc->gid = (uint32_t)d->ids[i];
		}
	}
	if (has_uid && !has_gid && acc->username.n == 0)
		return fault_set(d->fault, ST_SYNTAX, "", "account record: found UID without GID");
	acc->has_ids = has_uid && has_gid;
	return account_check(acc, d->fault);
}

enum st
account_decode(struct slice in, struct arena *a, struct account *out, size_t *used, struct fault *f)
{
	struct decoder d = {.arena = a, .account = out, .fault = f};
	struct slice rest = sl_sub(in, 0, ACCOUNT_RECORD_MAX), line;

	*out = (struct account){0};
	while (sl_cut(&rest, '\n', &line)) {
		enum st st;

		if (sl_eq(line, SL("."))) {
			*used = (size_t)(line.p - in.p) + 2;
			return decode_end(&d);
		}
		st = decode_line(&d, line);
		if (st != ST_OK)
			return st;
	}
	if (in.n >= ACCOUNT_RECORD_MAX)
		return fault_set(f, ST_LIMIT, "", "account record: found no end within %d bytes",
		    ACCOUNT_RECORD_MAX);
	return fault_set(f, ST_AGAIN, "", "account record: not complete yet");
}

/* --- writing --------------------------------------------------------------- */

enum st
account_check(const struct account *acc, struct fault *f)
{
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		if (!is_text(&fields[i]))
			continue;
		if (field_text(acc, &fields[i])->n > fields[i].max ||
		    has_control(&fields[i], *field_text(acc, &fields[i])))
			return fault_set(f, ST_SYNTAX, "",
			    "account record: %s is too long or has a control character",
			    fields[i].name);
	}
	if (acc->address.n == 0)
		return fault_set(f, ST_SYNTAX, "", "account record: ADDRESS is missing");
	if (acc->home.n == 0 || acc->home.p[0] != '/')
		return fault_set(f, ST_SYNTAX, "",
		    "account record: found HOME \"%.*s\", expected a path that begins with /",
		    SL_FMT(sl_sub(acc->home, 0, 60)));
	if (!acc->has_ids && acc->username.n == 0)
		return fault_set(
		    f, ST_SYNTAX, "", "account record: found neither UID and GID nor USERNAME");
	if (acc->has_ids && (acc->uid == UINT32_MAX || acc->gid == UINT32_MAX))
		return fault_set(
		    f, ST_SYNTAX, "", "account record: found an id above %u", UINT32_MAX - 1);
	return ST_OK;
}

void
account_encode(const struct account *acc, struct buf *out)
{
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		const struct field *field = &fields[i];

		if (is_text(field)) {
			struct slice value = *field_text(acc, field);

			if (value.n == 0 || has_control(field, value))
				continue;
			buf_fmt(out, "%s=", field->name);
			buf_put(out, value);
			buf_put_byte(out, '\n');
		} else if (acc->has_ids) {
			buf_fmt(out, "%s=%u\n", field->name,
			    field->kind == FIELD_UID ? acc->uid : acc->gid);
		}
	}
	buf_put(out, SL(".\n"));
}

/* --- options --------------------------------------------------------------- */

/* Takes the next "name[=value]" off *rest, skipping empty ones. */
static bool
option_next(struct slice *rest, struct slice *name, struct slice *value)
{
	while (rest->n > 0) {
		struct slice item;

		sl_cut(rest, ',', &item);
		item = sl_trim(item);
		if (item.n == 0)
			continue;
		*value = SL("1");
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
account_option(struct slice options, struct slice name, struct slice *value)
{
	struct slice each, found;
	bool there = false;

	while (option_next(&options, &each, &found)) {
		if (sl_ieq(each, name)) {
			*value = found;
			there = true;
		}
	}
	return there;
}

void
account_options_merge(struct slice defaults, struct slice own, struct buf *out)
{
	struct slice name, value, mine;
	bool first = own.n == 0;

	buf_put(out, own);
	while (option_next(&defaults, &name, &value)) {
		if (account_option(own, name, &mine))
			continue;
		if (!first)
			buf_put_byte(out, ',');
		first = false;
		buf_put(out, name);
		buf_put_byte(out, '=');
		buf_put(out, value);
	}
}

enum st
account_options_apply(struct account *acc, struct slice defaults, struct arena *a)
{
	struct buf merged;
	struct slice copy = SL_NONE;

	if (defaults.n == 0)
		return ST_OK;
	buf_init(&merged, ACCOUNT_OPTIONS_MAX);
	account_options_merge(defaults, acc->options, &merged);
	if (buf_ok(&merged))
		copy = arena_copy(a, buf_slice(&merged));
	buf_fini(&merged);
	if (copy.p == NULL)
		return ST_LIMIT;
	acc->options = copy;
	return ST_OK;
}

static bool
option_is_on(struct slice options, const char *name)
{
	struct slice value;

	return account_option(options, sl_str(name), &value) && !sl_eq(value, SL("0"));
}

bool
account_service_is_allowed(struct slice options, struct slice service, bool is_secure)
{
	static const struct {
		const char *service, *disable, *disable_insecure;
	} rows[] = {
	    {"imap", "disableimap", "disableinsecureimap"},
	    {"pop3", "disablepop3", "disableinsecurepop3"},
	    {"webmail", "disablewebmail", NULL},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!sl_eq(service, sl_str(rows[i].service)))
			continue;
		if (option_is_on(options, rows[i].disable))
			return false;
		return is_secure || rows[i].disable_insecure == NULL ||
		       !option_is_on(options, rows[i].disable_insecure);
	}
	return true;
}
