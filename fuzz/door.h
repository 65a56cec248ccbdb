/*
 * What the harnesses of the two doors claim: what is said, who is asked about and what stays unread
 * do not depend on how the client's bytes are cut; no more than three logins fail; every line of
 * ours is one.
 */
#ifndef FUZZ_DOOR_H
#define FUZZ_DOOR_H

#include "sasl/tests/doorworld.h"

void fuzz_door(door_new_fn *new_door, struct slice in);

#endif
