/*
 * Where an instance has its folders: those the build was configured with, or those below one folder
 * (`--instance DIR`, or COURIER_INSTANCE=DIR for commands): etc, var, var/run, var/queue, var/log,
 * libexec. One struct, resolved once; master hands it to its processes.
 */
#ifndef CONF_PATHS_H
#define CONF_PATHS_H

#include <stdbool.h>

#include "base/fault.h"

#define PATHS_MAX 1024

struct paths {
	char conf_dir[PATHS_MAX];
	char state_dir[PATHS_MAX];
	char run_dir[PATHS_MAX];    /* smtp/ auth/ control/ inside */
	char queue_dir[PATHS_MAX];
	char log_dir[PATHS_MAX];
	char empty_dir[PATHS_MAX];  /* root folder of processes that need none */
	char daemon_dir[PATHS_MAX]; /* our programs */
	char module_dir[PATHS_MAX]; /* account back ends in auth/ */
};

/*
 * Fills *p for instance (NULL or "": the build's folders). instance must be absolute.
 * ST_OK, or ST_SYNTAX, ST_LIMIT (too long) with f.
 */
enum st paths_init(const char *instance, struct paths *p, struct fault *f);

/* As paths_init with the value of COURIER_INSTANCE, for commands run by people. Never use it in a
 * set-id program. */
enum st paths_from_environment(struct paths *p, struct fault *f);

#endif
