/*
 * Programs of delivery instructions: how they are started, and what their end means.
 */
#ifndef DELIVER_PROGRAM_H
#define DELIVER_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/fault.h"
#include "base/slice.h"

struct deliver_program {
	const char *shell; /* runs `shell -c command`; empty: /bin/sh */
	const char *command;
	char *const *env; /* deliver_env_make */
	int home;         /* its working directory */
};

struct deliver_child {
	pid_t pid; /* leader of a session and process group of its own */
	int in;    /* non-blocking: the message goes here */
	int out;   /* non-blocking: its output and error output */
};

/*
 * Starts it, with umask 077, default signals and no descriptor of ours but 0-2. ST_OK, or class 4.
 */
enum st deliver_program_start(
    const struct deliver_program *p, struct deliver_child *c, struct fault *f) ATTR_CHECKED;

enum deliver_next {
	DELIVER_NEXT,  /* success: the next instruction */
	DELIVER_STOP,  /* success: no further instruction */
	DELIVER_FAIL,  /* the message comes back to its sender */
	DELIVER_DEFER, /* tried again later */
};

/*
 * What a wait status means. For DELIVER_FAIL and DELIVER_DEFER f says why, with the last line of
 * output that has words in it.
 */
enum deliver_next deliver_program_ended(int status, struct slice output, struct fault *f);

#endif
