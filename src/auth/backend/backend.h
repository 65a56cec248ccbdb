/*
 * What the account back ends share: requests of the authdaemon protocol on standard input, answers
 * on standard output, one after the other (docs/ACCOUNTS.md section 2).
 */
#ifndef AUTH_BACKEND_BACKEND_H
#define AUTH_BACKEND_BACKEND_H

#include "account/authproto.h"

/*
 * Appends the answer to one request; its slices are good until it returns. ST_OK, or anything else
 * for "try later".
 */
typedef enum st auth_backend_answer(
    void *arg, const struct auth_request *r, struct buf *out, struct fault *f);

/*
 * Serves until end of file: 0. What cannot be read or answered ends it with 75, which authdaemond
 * takes for "try later".
 */
int auth_backend_serve(auth_backend_answer *answer, void *arg);

#endif
