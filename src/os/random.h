/*
 * Unpredictable bytes from the system. Works after sandbox_enter when sandbox_warm was called.
 */
#ifndef OS_RANDOM_H
#define OS_RANDOM_H

#include <stddef.h>

/* Fills p; when the system has none to give the process exits 75 with a line on stderr. */
void random_bytes(void *p, size_t n);

#endif
