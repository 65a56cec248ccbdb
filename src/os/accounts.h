/*
 * The system's own accounts, and the check of a password against a hash of the system's kinds.
 */
#ifndef OS_ACCOUNTS_H
#define OS_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct accounts_entry {
	uint32_t uid, gid;
	char name[64];
	char home[1024];
	char shell[256];
	char gecos[256];
};

/*
 * 0, -ENOENT when there is no such user, or -errno (try later). Fields that do not fit:
 * -ENAMETOOLONG.
 */
int accounts_by_name(const char *name, struct accounts_entry *out);
int accounts_by_uid(uint32_t uid, struct accounts_entry *out);

/*
 * The same for who asks often: what the system said of this uid (not 0) in the last ten seconds,
 * else it is asked now. *out is good until the next call, and only with 0. now_ms: monotonic.
 */
int accounts_said_of_uid(uint32_t uid, int64_t now_ms, const struct accounts_entry **out);

/*
 * Every account the system lists, until each returns false; those with fields that do not fit are
 * left out. 0, or -errno.
 */
int accounts_each(bool (*each)(void *arg, const struct accounts_entry *e), void *arg);

/* gid of a group by name; 0 or -ENOENT, -errno. */
int accounts_group(const char *name, uint32_t *gid);

/*
 * Does password give hash under crypt(3)? Constant time in the comparison. False for kinds the
 * system does not know.
 */
bool accounts_crypt_matches(const char *password, const char *hash);

/*
 * crypt(3) of password with a setting such as "$6$salt"; false when the system does not know the
 * kind, or the hash does not fit.
 */
bool accounts_crypt_make(const char *password, const char *setting, char *out, size_t size);

#endif
