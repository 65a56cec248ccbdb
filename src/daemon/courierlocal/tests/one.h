/*
 * What the tests of the worker share: one worker, one world, deliveries one after the other.
 */
#ifndef DAEMON_COURIERLOCAL_TESTS_ONE_H
#define DAEMON_COURIERLOCAL_TESTS_ONE_H

#include "daemon/courierlocal/tests/world.h"

#define TEXT "Subject: x\r\n\r\nline\r\nFrom here\r\n.dot\r\n"
#define TEXT_LF "Subject: x\n\nline\nFrom here\n.dot\n"
#define TRACE_LF "Return-Path: <sender@example.test>\nDelivered-To: u@example.test\n"

extern struct world w;
extern struct worker k;

/* A world with a worker for u; and their end, which must be orderly. */
void begin(void);
void end(void);

/* Delivers one message and waits for its result. */
struct parcel deliver(const struct order *o);
struct parcel deliver_to(const char *extension);

/* Is this the status code of the result? Prints it when it is not. */
bool is(const struct parcel *p, unsigned class, unsigned subject, unsigned detail);

/* The process id that a program writes into a file, as soon as it is there. */
pid_t pid_in(const char *path);

#endif
