/*
 * What ps shows for a process.
 */
#ifndef OS_PROCTITLE_H
#define OS_PROCTITLE_H

/* Call first in main; may move argv and environ. */
void proctitle_init(int argc, char **argv);

/* Sets the title, cut to what fits. No effect where the system has no way. */
void proctitle_set(const char *title);

#endif
