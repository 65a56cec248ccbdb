/*
 * What the test of the sandbox tries inside of it, and what there is to try it on.
 */
#ifndef PORTS_TESTS_SANDBOX_ATTEMPTS_H
#define PORTS_TESTS_SANDBOX_ATTEMPTS_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

/*
 * What is there before the door shuts: a folder to write, one to read, one outside, files, sockets.
 */
struct sandbox_fixture {
	char root[64], writable[96], readable[96], outside[96];
	int write_dir, outside_dir, file; /* descriptors held */
	int pair[2];                      /* a connected pair, new for each child */
	int listener;                     /* TCP on loopback, nobody connected */
	int knocked;                      /* the same with a connection waiting */
	struct sockaddr_in tcp, udp;
	int udp_server;
	struct sockaddr_un local; /* a UNIX listener */
	pid_t parent;
};

extern struct sandbox_fixture fx;

/*
 * What must become of an attempt, a letter for each profile in the order of enum sandbox_profile:
 * a allowed; r refused by the call filter; f refused for that file or port, by landlock; k killed.
 */
struct sandbox_attempt {
	const char *name;
	int (*run)(void); /* 0, or the errno of what was refused */
	const char *want;
};

extern const struct sandbox_attempt sandbox_attempts[];
extern const size_t sandbox_attempt_count;

#endif
