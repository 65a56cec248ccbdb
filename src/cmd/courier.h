/*
 * courier(8): what its files share.
 */
#ifndef CMD_COURIER_H
#define CMD_COURIER_H

#include "base/fault.h"
#include "ipc/channel.h"

/* What a daemon said to a command. */
struct courier_reply {
	struct fault fault;
	/* A frame before the end; NULL: there is none. text is that of the end. */
	void (*part)(void *arg, uint16_t type, const void *message);
	void (*end)(void *arg, struct slice text); /* NULL: printed */
	void *arg;
};

/* Asks a daemon (its socket below run_dir); the exit status, with what is wrong said on stderr. */
int
courier_ask(const char *socket, enum ipc_type type, const void *message, struct courier_reply *r);

/* courier status, who, kick, revoke (courier_survey.c) */
int cmd_status(int argc, char **argv);
int cmd_who(int argc, char **argv);
int cmd_kick(int argc, char **argv);
int cmd_revoke(int argc, char **argv);

#endif
