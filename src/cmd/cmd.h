/*
 * What the commands share: how they say what is wrong, and how they reach a running server.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/attr.h"
#include "base/fault.h"
#include "conf/paths.h"

/* sysexits(3), the numbers Courier's and sendmail's callers know */
enum {
	EXIT_GOOD = 0,
	EXIT_USAGE = 64,
	EXIT_DATA = 65,
	EXIT_NOUSER = 67,
	EXIT_UNAVAILABLE = 69,
	EXIT_SOFTWARE = 70,
	EXIT_IO = 74,
	EXIT_TEMP = 75,
	EXIT_NOPERM = 77,
	EXIT_CONFIG = 78,
};

/* The folders of the instance, or exit 78 with a line on stderr. */
void cmd_paths(struct paths *p);

/* "name: words" on stderr. */
void cmd_complain(const char *name, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* Connects to run_dir/path (a UNIX socket). A descriptor, or -1 with f (ST_TEMP: nobody
 * listens). */
int cmd_connect(const struct paths *p, const char *path, struct fault *f);

/* courier config ... (courier_config.c) */
int cmd_config(int argc, char **argv);

#endif
