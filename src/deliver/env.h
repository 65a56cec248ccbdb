/*
 * What a program of delivery instructions finds in its environment. Names and meanings are those of
 * Courier (docs/DELIVERY.md).
 */
#ifndef DELIVER_ENV_H
#define DELIVER_ENV_H

#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/* Empty slices and NULLs give empty variables, but for QUOTA and DEFAULT, which are then missing.
 */
struct deliver_env {
	const char *home, *shell, *path;
	struct slice user;
	struct slice sender;    /* envelope sender, without brackets */
	struct slice recipient; /* the address as routed */
	const char *extension;  /* in the form of deliver_extension */
	const char *rest;       /* what stands in the place of "default", or NULL */
	struct slice quota;
	const char *maildrop_default, *default_delivery;
	int64_t arrived_sec; /* for UFLINE */
	int offset_minutes;
};

/* The environment, ending in NULL, in a; NULL at the limit of a. */
char **deliver_env_make(const struct deliver_env *e, struct arena *a);

#endif
