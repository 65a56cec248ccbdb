/*
 * The self test: what the contracts of src/os promise, tried on the machine it stands on with the
 * implementations configure chose, and facts about the machine. One program; its report is meant to
 * be sent back by whoever has such a machine (docs/PORTING.md).
 */
#ifndef PORTS_SELFTEST_H
#define PORTS_SELFTEST_H

#include "base/attr.h"

/*
 * The contract tests of ports/tests, each with its main() under another name: arguments and result
 * are main's.
 */
int selftest_accounts(int argc, char **argv);
int selftest_background(int argc, char **argv);
int selftest_clock(int argc, char **argv);
int selftest_dirwatch(int argc, char **argv);
int selftest_durable(int argc, char **argv);
int selftest_fdpass(int argc, char **argv);
int selftest_filelock(int argc, char **argv);
int selftest_peercred(int argc, char **argv);
int selftest_pidfile(int argc, char **argv);
int selftest_poller(int argc, char **argv);
int selftest_privs(int argc, char **argv);
int selftest_proctitle(int argc, char **argv);
int selftest_random(int argc, char **argv);
int selftest_sandbox(int argc, char **argv);
int selftest_sendfile(int argc, char **argv);
int selftest_service(int argc, char **argv);
int selftest_spawn(int argc, char **argv);
int selftest_sysinfo(int argc, char **argv);

/* Prints NAME and a value as printf has it, a line of the report. */
void report_fact(const char *name, const char *format, ...) ATTR_PRINTF(2, 3);

/* The name of an errno value, or its number, in a static buffer: for one value at a time. */
const char *report_errno(int err);

/* Facts: the system and its limits; the file system of a folder; sockets; passwords. */
void facts_system(void);
void facts_files(const char *folder);
void facts_sockets(void);
void facts_accounts(void);

#endif
