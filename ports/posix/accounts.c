/*
 * Accounts by the passwd and group functions of the system, passwords by crypt(3).
 */
#include "os/accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#ifdef HAVE_CRYPT_H
#include <crypt.h>
#endif

/* One entry may take this much; a group has all its members in it. */
#define ACCOUNTS_FIRST_BYTES ((size_t)4096)
#define ACCOUNTS_MOST_BYTES ((size_t)4 << 20)
#define ACCOUNTS_SAID_MS 10000
#define ACCOUNTS_SAID_MAX 64

/* Which question a lookup asks. */
enum accounts_key { ACCOUNTS_NAME, ACCOUNTS_UID, ACCOUNTS_GROUP };

struct accounts_query {
	enum accounts_key key;
	const char *name;
	uint32_t uid;
	struct accounts_entry *entry; /* result of the first two */
	uint32_t *gid;                /* result of the last */
};

static int
accounts_text(char *to, size_t room, const char *from)
{
	size_t n = from ? strlen(from) : 0;

	if (n >= room)
		return -ENAMETOOLONG;
	if (n > 0)
		memcpy(to, from, n);
	to[n] = '\0';
	return 0;
}

static int
accounts_fill(const struct passwd *pw, struct accounts_entry *out)
{
	memset(out, 0, sizeof(*out));
	out->uid = (uint32_t)pw->pw_uid;
	out->gid = (uint32_t)pw->pw_gid;
	if (accounts_text(out->name, sizeof(out->name), pw->pw_name) != 0 ||
	    accounts_text(out->home, sizeof(out->home), pw->pw_dir) != 0 ||
	    accounts_text(out->shell, sizeof(out->shell), pw->pw_shell) != 0 ||
	    accounts_text(out->gecos, sizeof(out->gecos), pw->pw_gecos) != 0)
		return -ENAMETOOLONG;
	return 0;
}

/* One attempt with n bytes at room; ERANGE (positive) asks for more. */
static int
accounts_try(const struct accounts_query *q, char *room, size_t n)
{
	struct passwd pw, *found = NULL;
	struct group gr, *group = NULL;
	int rc;

	if (q->key == ACCOUNTS_NAME)
		rc = getpwnam_r(q->name, &pw, room, n, &found);
	else if (q->key == ACCOUNTS_UID)
		rc = getpwuid_r((uid_t)q->uid, &pw, room, n, &found);
	else
		rc = getgrnam_r(q->name, &gr, room, n, &group);
	if (rc == ERANGE)
		return ERANGE;
	if (found)
		return accounts_fill(found, q->entry);
	if (group) {
		*q->gid = (uint32_t)group->gr_gid;
		return 0;
	}
	/* "No such user" comes in all these ways; POSIX names only the first. */
	if (rc == 0 || rc == ENOENT || rc == ESRCH || rc == EBADF || rc == EPERM)
		return -ENOENT;
	return -rc;
}

static int
accounts_ask(const struct accounts_query *q)
{
	size_t n = ACCOUNTS_FIRST_BYTES;
	char *room;
	int rc;

	for (;;) {
		room = malloc(n);
		if (!room)
			return -ENOMEM;
		rc = accounts_try(q, room, n);
		free(room);
		if (rc != ERANGE && rc != -EINTR)
			return rc;
		if (rc == ERANGE && n >= ACCOUNTS_MOST_BYTES)
			return -ERANGE;
		if (rc == ERANGE)
			n *= 2;
	}
}

int
accounts_by_name(const char *name, struct accounts_entry *out)
{
	return accounts_ask(
	    &(struct accounts_query){.key = ACCOUNTS_NAME, .name = name, .entry = out});
}

int
accounts_by_uid(uint32_t uid, struct accounts_entry *out)
{
	return accounts_ask(
	    &(struct accounts_query){.key = ACCOUNTS_UID, .uid = uid, .entry = out});
}

int
accounts_said_of_uid(uint32_t uid, int64_t now_ms, const struct accounts_entry **out)
{
	static struct {
		uint32_t uid;
		int result;
		int64_t until_ms;
		struct accounts_entry entry;
	} said[ACCOUNTS_SAID_MAX], *s;

	s = &said[uid % ACCOUNTS_SAID_MAX];
	*out = &s->entry;
	if (s->uid == uid && now_ms < s->until_ms)
		return s->result;
	s->uid = uid;
	s->result = accounts_by_uid(uid, &s->entry);
	/* That it could not be asked is not remembered. */
	s->until_ms = s->result == 0 || s->result == -ENOENT ? now_ms + ACCOUNTS_SAID_MS : 0;
	return s->result;
}

int
accounts_each(bool (*each)(void *arg, const struct accounts_entry *e), void *arg)
{
	struct accounts_entry entry;
	const struct passwd *pw;
	int rc = 0;

	setpwent();
	for (;;) {
		errno = 0;
		pw = getpwent();
		if (!pw) {
			rc = errno == ENOENT ? 0 : -errno;
			break;
		}
		if (accounts_fill(pw, &entry) == 0 && !each(arg, &entry))
			break;
	}
	endpwent();
	return rc;
}

int
accounts_group(const char *name, uint32_t *gid)
{
	return accounts_ask(
	    &(struct accounts_query){.key = ACCOUNTS_GROUP, .name = name, .gid = gid});
}

bool
accounts_crypt_matches(const char *password, const char *hash)
{
	const char *got;
	size_t n, i;
	unsigned differ = 0;

	/* Locked and empty fields never match, whatever crypt() would make of them. */
	if (hash[0] == '\0' || hash[0] == '*' || hash[0] == '!')
		return false;
	got = crypt(password, hash);
	if (!got || got[0] == '*')
		return false;
	n = strlen(hash);
	if (strlen(got) != n)
		return false;
	for (i = 0; i < n; i++)
		differ |= (unsigned)(unsigned char)got[i] ^ (unsigned)(unsigned char)hash[i];
	return differ == 0;
}

bool
accounts_crypt_make(const char *password, const char *setting, char *out, size_t size)
{
	const char *got = crypt(password, setting);
	size_t n = got ? strlen(got) : 0;

	/* A system that does not know the kind takes the setting for two letters of DES salt. */
	if (n == 0 || got[0] == '*' || strncmp(got, setting, 3) != 0 || n >= size)
		return false;
	memcpy(out, got, n + 1);
	return true;
}
