/*
 * Parameters of MAIL and RCPT: one row each.
 */
#include "smtp/params.h"

#include "base/ascii.h"
#include "base/num.h"

#define ENVID_MAX 100      /* octets as written, RFC 3461 4.4 */
#define SIZE_DIGITS_MAX 20 /* RFC 1870 section 3 */
#define ORCPT_MAX 500      /* octets as written, RFC 3461 4.2 */

/* Where a parameter goes; one of mail and rcpt is NULL. */
struct param_target {
	struct arena *a;
	struct smtp_mail *mail;
	struct smtp_rcpt *rcpt;
};

struct param_row {
	const char *keyword;
	unsigned extension; /* must be in force */
	enum st (*set)(struct param_target *t, struct slice value, struct fault *f);
};

static enum st
bad_value(struct fault *f, const char *keyword)
{
	return fault_set(f, ST_SYNTAX, "5.5.4", "Bad value of %s", keyword);
}

static bool
all_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

/* R1870-4-a, R1870-4-b */
static enum st
set_size(struct param_target *t, struct slice value, struct fault *f)
{
	if (!all_digits(value) || value.n > SIZE_DIGITS_MAX)
		return bad_value(f, "SIZE");
	t->mail->has_size = true;
	if (!num_u64(value, UINT64_MAX, &t->mail->size_bytes))
		t->mail->size_bytes =
		    UINT64_MAX; /* 20 digits may say more than 64 bits hold: too big is too big */
	return ST_OK;
}

/* R6152-3-a, R6152-3-b, R6152-3-g, R3030-3-n */
static enum st
set_body(struct param_target *t, struct slice value, struct fault *f)
{
	if (sl_ieq(value, SL("7BIT")))
		t->mail->body = SMTP_BODY_7BIT;
	else if (sl_ieq(value, SL("8BITMIME")))
		t->mail->body = SMTP_BODY_8BITMIME;
	else
		return bad_value(f, "BODY");
	return ST_OK;
}

/*
 * AUTH=<> or a mailbox in xtext, R4954-5-a.
 * R4954-5-b
 */
static enum st
set_auth(struct param_target *t, struct slice value, struct fault *f)
{
	struct smtp_path path;

	t->mail->has_auth = true;
	if (sl_eq(value, SL("<>")))
		return ST_OK;
	value = smtp_xtext_get(t->a, value);
	if (!value.p || smtp_mailbox_parse(t->a, value, &path, NULL) != ST_OK)
		return bad_value(f, "AUTH");
	t->mail->auth = path.text;
	return ST_OK;
}

/* R3461-4.3-a */
static enum st
set_ret(struct param_target *t, struct slice value, struct fault *f)
{
	if (sl_ieq(value, SL("FULL")))
		t->mail->ret = SMTP_RET_FULL;
	else if (sl_ieq(value, SL("HDRS")))
		t->mail->ret = SMTP_RET_HDRS;
	else
		return bad_value(f, "RET");
	return ST_OK;
}

/* R3461-4.4-a */
static enum st
set_envid(struct param_target *t, struct slice value, struct fault *f)
{
	if (value.n == 0 || value.n > ENVID_MAX)
		return bad_value(f, "ENVID");
	t->mail->envid = smtp_xtext_get(t->a, value);
	return t->mail->envid.p ? ST_OK : bad_value(f, "ENVID");
}

static unsigned
notify_bit(struct slice word)
{
	static const struct {
		const char *word;
		unsigned bit;
	} rows[] = {
		{"NEVER", SMTP_NOTIFY_NEVER},
		{"SUCCESS", SMTP_NOTIFY_SUCCESS},
		{"FAILURE", SMTP_NOTIFY_FAILURE},
		{"DELAY", SMTP_NOTIFY_DELAY},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (sl_ieq(word, sl_str(rows[i].word)))
			return rows[i].bit;
	return 0;
}

/* R3461-4.1-a */
static enum st
set_notify(struct param_target *t, struct slice value, struct fault *f)
{
	struct slice word;
	unsigned bits = 0, bit;
	bool more = true;

	while (more) {
		more = sl_cut(&value, ',', &word);
		bit = notify_bit(word);
		if (!bit || (bits & bit))
			return bad_value(f, "NOTIFY");
		bits |= bit;
	}
	if ((bits & SMTP_NOTIFY_NEVER) && bits != SMTP_NOTIFY_NEVER) /* NEVER stands alone */
		return bad_value(f, "NOTIFY");
	t->rcpt->notify = bits;
	return ST_OK;
}

/* R3461-4.2-a, R6533-3-b */
static enum st
set_orcpt(struct param_target *t, struct slice value, struct fault *f)
{
	struct slice type;

	if (value.n > ORCPT_MAX || !sl_cut(&value, ';', &type) || type.n == 0 || value.n == 0)
		return bad_value(f, "ORCPT");
	for (size_t i = 0; i < type.n; i++)
		if (!ascii_is_alnum(type.p[i]) && type.p[i] != '-')
			return bad_value(f, "ORCPT");
	t->rcpt->orcpt_type = arena_copy(t->a, type);
	t->rcpt->orcpt = smtp_xtext_get(t->a, value);
	return t->rcpt->orcpt_type.p && t->rcpt->orcpt.p ? ST_OK : bad_value(f, "ORCPT");
}

static const struct param_row mail_rows[] = {
	{"SIZE", SMTP_EXT_SIZE, set_size},
	{"BODY", SMTP_EXT_8BITMIME, set_body},
	{"AUTH", SMTP_EXT_AUTH, set_auth},
	{"RET", SMTP_EXT_DSN, set_ret},
	{"ENVID", SMTP_EXT_DSN, set_envid},
};

static const struct param_row rcpt_rows[] = {
	{"NOTIFY", SMTP_EXT_DSN, set_notify},
	{"ORCPT", SMTP_EXT_DSN, set_orcpt},
};

struct slice
smtp_xtext_get(struct arena *a, struct slice s)
{
	unsigned char *p = arena_get(a, s.n);
	size_t n = 0;
	int hi, lo;

	if (!p)
		return SL_NONE;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < 33 || s.p[i] > 126 || s.p[i] == '=')
			return SL_NONE;
		if (s.p[i] != '+') {
			p[n++] = s.p[i];
			continue;
		}
		if (i + 2 >= s.n || ascii_is_lower(s.p[i + 1]) || ascii_is_lower(s.p[i + 2]))
			return SL_NONE;
		hi = ascii_hex_value(s.p[i + 1]);
		lo = ascii_hex_value(s.p[i + 2]);
		if (hi < 0 || lo < 0 || hi * 16 + lo == 0 || hi * 16 + lo > 126 || hi < 2)
			return SL_NONE; /* controls and octets above 126 do not belong into
					   addresses and ids */
		p[n++] = (unsigned char)(hi * 16 + lo);
		i += 2;
	}
	return sl_mem(p, n);
}

static const struct param_row *
row_find(const struct param_row *rows, size_t count, unsigned extensions, struct slice keyword)
{
	for (size_t i = 0; i < count; i++)
		if ((rows[i].extension & extensions) && sl_ieq(keyword, sl_str(rows[i].keyword)))
			return &rows[i];
	return NULL;
}

/* esmtp-keyword ["=" esmtp-value], RFC 5321 4.1.2. */
static bool
is_param(struct slice keyword, bool has_value, struct slice value)
{
	if (keyword.n == 0 || !ascii_is_alnum(keyword.p[0]))
		return false;
	for (size_t i = 1; i < keyword.n; i++)
		if (!ascii_is_alnum(keyword.p[i]) && keyword.p[i] != '-')
			return false;
	if (has_value && value.n == 0)
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < 33 || value.p[i] > 126 || value.p[i] == '=')
			return false;
	return true;
}

/* R5321-4.1.1-b, R3461-5.1-a, R3461-5.1-b, R3461-5.1-c, R3461-5.1-d, R3461-5.1-e */
static enum st
params_read(struct param_target *t, struct slice rest, unsigned extensions,
    const struct param_row *rows, size_t count, struct fault *f)
{
	const struct param_row *row;
	struct slice word, keyword;
	unsigned seen = 0;
	bool has_value;
	enum st st;

	if (rest.n && !ascii_is_wsp(rest.p[0]))
		return fault_set(f, ST_SYNTAX, "5.5.4", "Blank expected behind the address");
	for (rest = sl_trim(rest); rest.n; rest = sl_trim(rest)) {
		sl_cut(&rest, ' ', &word);
		has_value = sl_cut(&word, '=', &keyword);
		if (!is_param(keyword, has_value, word))
			return fault_set(f, ST_SYNTAX, "5.5.4", "Malformed parameter");
		row = row_find(rows, count, extensions, keyword);
		if (!row)
			return fault_set(
			    f, ST_NOENT, "5.5.4", "Parameter %.*s not recognised", SL_FMT(keyword));
		if (seen & (1u << (row - rows))) /* R6152-3-f, R3461-4.5-a */
			return fault_set(
			    f, ST_SYNTAX, "5.5.4", "Parameter %s given twice", row->keyword);
		seen |= 1u << (row - rows);
		st = row->set(t, word, f);
		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

enum st
smtp_params_mail(struct arena *a, struct slice rest, unsigned extensions, struct smtp_mail *mail,
    struct fault *f)
{
	struct param_target t = {.a = a, .mail = mail};

	return params_read(&t, rest, extensions, mail_rows, COUNT_OF(mail_rows), f);
}

enum st
smtp_params_rcpt(struct arena *a, struct slice rest, unsigned extensions, struct smtp_rcpt *rcpt,
    struct fault *f)
{
	struct param_target t = {.a = a, .rcpt = rcpt};

	return params_read(&t, rest, extensions, rcpt_rows, COUNT_OF(rcpt_rows), f);
}
