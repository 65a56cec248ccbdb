/*
 * An advisory lock on a whole file between processes. Try only: nobody waits in a loop. The holder
 * keeps the descriptor open; POSIX locks vanish when any descriptor of the file is closed in the
 * process, so each lock file has one owner object and is never opened twice (docs/FACTS.md).
 */
#ifndef OS_FILELOCK_H
#define OS_FILELOCK_H

/* 0, -EAGAIN when another process has it, or -errno. */
int filelock_try(int fd);

/* 0 or -errno. */
int filelock_release(int fd);

#endif
