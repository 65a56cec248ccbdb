/*
 * What each implementation of sandbox_warm does first.
 */
#ifndef PORTS_SANDBOX_WARM_H
#define PORTS_SANDBOX_WARM_H

/* Time zone rules, random source, the C library's own lazy files. Safe twice. */
void sandbox_warm_libraries(void);

#endif
