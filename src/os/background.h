/*
 * Leaving the terminal without leaving whoever started us in the dark: he waits until we are ready
 * or have ended.
 */
#ifndef OS_BACKGROUND_H
#define OS_BACKGROUND_H

/*
 * Forks. Returns 0 in the child, which leads a session of its own; the parent never returns: it
 * exits 0 after background_ready, with the child's status when that ends, or 75 after 30 s. -errno
 * when there is no process to be had.
 */
int background_start(void);

/*
 * The parent exits, and descriptors 0 to 2 are /dev/null from now on. No effect without
 * background_start.
 */
void background_ready(void);

#endif
