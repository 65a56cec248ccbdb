/*
 * Notice that a directory changed (an entry came, went or was renamed). A hint only: it may come
 * late, twice, or for nothing; the reader scans and compares. Where the system cannot watch (NFS,
 * too many watches) dirwatch_add says -ENOTSUP and the caller polls.
 *
 * Back ends: ports/posix/dirwatch_poll.c (always -ENOTSUP), ports/linux/dirwatch_inotify.c,
 * ports/bsd/dirwatch_kqueue.c, ports/solaris/dirwatch_evport.c.
 */
#ifndef OS_DIRWATCH_H
#define OS_DIRWATCH_H

struct dirwatch;

/* 0 or -errno. */
int dirwatch_new(struct dirwatch **out);
void dirwatch_free(struct dirwatch *w);

/* Readable when dirwatch_next has something; -1 when the back end never has. */
int dirwatch_fd(const struct dirwatch *w);

/* Watches the directory behind dirfd; tag comes back with each notice. A handle >= 0, or -errno. */
int dirwatch_add(struct dirwatch *w, int dirfd, void *tag);
void dirwatch_remove(struct dirwatch *w, int handle);

/* The tag of a changed directory; NULL when there is no more. */
void *dirwatch_next(struct dirwatch *w);

extern const char *const dirwatch_name;

#endif
