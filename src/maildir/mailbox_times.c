/*
 * Times of a folder's directories, and our own changes, for which no scan is needed.
 */
#include "maildir/mailbox_int.h"

#define SEC_NS INT64_C(1000000000)

int64_t
stat_mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * SEC_NS + (int64_t)st->st_mtim.tv_nsec;
}

int64_t
dir_mtime_ns(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? stat_mtime_ns(&st) : -2;
}

int64_t
mailbox_wall_ns(const struct mailbox *m)
{
	return store_wall_sec(m->store) * SEC_NS;
}

void
own_change_begin(struct own_change *c, struct mailbox *m)
{
	c->m = m;
	c->is_known[0] = dir_mtime_ns(m->dirs.new) == m->new_seen.mtime_ns;
	c->is_known[1] = dir_mtime_ns(m->dirs.cur) == m->cur_seen.mtime_ns;
}

void
own_change_end(struct own_change *c)
{
	struct mailbox *m = c->m;
	int64_t now = mailbox_wall_ns(m);

	if (c->is_known[0])
		m->new_seen = (struct seen_dir){dir_mtime_ns(m->dirs.new), now};
	if (c->is_known[1])
		m->cur_seen = (struct seen_dir){dir_mtime_ns(m->dirs.cur), now};
}
