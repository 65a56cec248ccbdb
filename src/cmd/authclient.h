/*
 * Asking authdaemond from the command line, by Courier's text protocol (docs/ACCOUNTS.md section
 * 2).
 */
#ifndef CMD_AUTHCLIENT_H
#define CMD_AUTHCLIENT_H

#include "account/authproto.h"
#include "base/buf.h"
#include "conf/paths.h"

/*
 * Sends a request to run/auth/socket and reads the answer to its end into *answer. ST_OK (an empty
 * answer means authdaemond cannot say now); ST_TEMP, ST_DENIED, ST_IO with f.
 */
enum st authclient_ask(
    const struct paths *p, const struct auth_request *r, struct buf *answer, struct fault *f);

/*
 * PRE and AUTH: the account in *acc (slices in a). ST_OK; ST_NOENT no such account, or a wrong
 * password; ST_TEMP and others with f.
 */
enum st authclient_account(const struct paths *p, const struct auth_request *r, struct arena *a,
    struct account *acc, struct fault *f);

#endif
