/*
 * The list of configuration files, and looking up rows in it.
 */
#include "conf/rows.h"

#include "base/ascii.h"

#define IN(member) .base = offsetof(struct conf, member), .size = sizeof(((struct conf *)0)->member)

/* Files stand right behind the one they inherit from. */
const struct conf_file conf_files[] = {
    {"", CONF_VALUES, IN(site), .rows = rows_site, .doc = "Files that hold one value or a list."},
    {"bofh", CONF_DIRECTIVES, IN(bofh), .rows = rows_bofh,
	.doc =
	    "What mail is refused at the door: a directive a line, opt NAME=value for settings."},
    {"courierd", CONF_ASSIGN, IN(courierd), .rows = rows_courierd,
	.doc = "Deliveries, processes, the client side of TLS."},
    {"esmtpd", CONF_ASSIGN, IN(esmtpd), .own = rows_smtp, .rows = rows_esmtpd,
	.doc = "The SMTP server on port 25, and what the other two begin with."},
    {"esmtpd-msa", CONF_ASSIGN, IN(msa), .own = rows_msa, .rows = rows_esmtpd, .inherits = "esmtpd",
	.doc = "Message submission on port 587 (RFC 6409): what differs from esmtpd."},
    {"esmtpd-ssl", CONF_ASSIGN, IN(ssl), .own = rows_ssl, .rows = rows_esmtpd, .inherits = "esmtpd",
	.doc = "Submission with TLS from the first byte on port 465 (RFC 8314): what differs from "
	       "esmtpd."},
    {"imapd", CONF_ASSIGN, IN(imap), .own = rows_imap, .rows = rows_imapd,
	.doc = "The IMAP server on port 143, and what imapd-ssl begins with."},
    {"imapd-ssl", CONF_ASSIGN, IN(imaps), .own = rows_imaps, .rows = rows_imapd,
	.inherits = "imapd",
	.doc = "The IMAP server with TLS from the first byte on port 993, and TLS for both."},
    {"pop3d", CONF_ASSIGN, IN(pop3), .own = rows_pop3, .rows = rows_pop3d,
	.doc = "The POP3 server on port 110, and what pop3d-ssl begins with."},
    {"pop3d-ssl", CONF_ASSIGN, IN(pop3s), .own = rows_pop3s, .rows = rows_pop3d,
	.inherits = "pop3d",
	.doc = "The POP3 server with TLS from the first byte on port 995, and TLS for both."},
    {"authdaemonrc", CONF_ASSIGN, IN(authdaemon), .rows = rows_authdaemon,
	.doc = "Who asks which account back ends."},
    {"module.local", CONF_ASSIGN, IN(local), .rows = rows_module_local,
	.doc = "Limits of local delivery."},
    {"module.esmtp", CONF_ASSIGN, IN(esmtp), .rows = rows_module_esmtp,
	.doc = "Limits of delivery to other hosts."},
    {"module.dsn", CONF_ASSIGN, IN(dsn), .rows = rows_module_dsn,
	.doc = "Limits of the writer of delivery reports."},
};
const size_t conf_file_count = COUNT_OF(conf_files);

/* Does an own row of f stand for the same setting as this shared one? */
static bool
row_is_hidden(const struct conf_file *f, const struct conf_row *row)
{
	for (const struct conf_row *own = f->own; own != NULL && own->name != NULL; own++) {
		if (strcmp(own->name, row->name) == 0)
			return true;
		if (conf_row_has_value(row) && conf_row_has_value(own) &&
		    own->offset == row->offset)
			return true;
	}
	return false;
}

const struct conf_row *
conf_row_at(const struct conf_file *f, size_t i)
{
	for (const struct conf_row *own = f->own; own != NULL && own->name != NULL; own++)
		if (i-- == 0)
			return own;
	for (const struct conf_row *row = f->rows; row->name != NULL; row++)
		if (!row_is_hidden(f, row) && i-- == 0)
			return row;
	return NULL;
}

bool
conf_row_is_inherited(const struct conf_file *f, const struct conf_row *row)
{
	if (f->inherits == NULL)
		return false;
	for (const struct conf_row *own = f->own; own != NULL && own->name != NULL; own++)
		if (own == row)
			return false;
	return true;
}

const struct conf_row *
conf_row_find(const struct conf_file *f, struct slice name, size_t *at)
{
	const struct conf_row *row;

	for (size_t i = 0; (row = conf_row_at(f, i)) != NULL; i++) {
		if (sl_eq(sl_str(row->name), name)) {
			if (at != NULL)
				*at = i;
			return row;
		}
	}
	return NULL;
}

/* Longest name the distance is computed for. */
#define NAME_MAX_CHARS 40

/* Levenshtein distance, ASCII case folded; large when a name is too long to be compared. */
static unsigned
name_distance(struct slice a, struct slice b)
{
	unsigned row[NAME_MAX_CHARS + 1];

	if (a.n > NAME_MAX_CHARS || b.n > NAME_MAX_CHARS)
		return 1000;
	for (unsigned j = 0; j <= b.n; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			unsigned change =
			    diagonal + (ascii_lower(a.p[i - 1]) != ascii_lower(b.p[j - 1]));
			unsigned remove = row[j] + 1, insert = row[j - 1] + 1;

			diagonal = row[j];
			row[j] = remove < insert ? remove : insert;
			if (change < row[j])
				row[j] = change;
		}
	}
	return row[b.n];
}

const char *
conf_row_nearest(const struct conf_file *f, struct slice name)
{
	const struct conf_row *row;
	const char *best = NULL;
	unsigned best_distance = (unsigned)(name.n > 60 ? 20 : name.n / 3) + 1;

	for (size_t i = 0; (row = conf_row_at(f, i)) != NULL; i++) {
		unsigned distance = name_distance(name, sl_str(row->name));

		/* PORT for SSLPORT: far in letters, near in mind. */
		if (name.n >= 4 && distance > 1 && sl_iends(sl_str(row->name), name))
			distance = 1;
		if (distance < best_distance) {
			best_distance = distance;
			best = row->name;
		}
	}
	return best;
}
