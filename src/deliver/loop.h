/*
 * Mail that has been here before: a Delivered-To field in the header of the message that names the
 * recipient already (RFC 5321 section 6.3: servers detect loops).
 */
#ifndef DELIVER_LOOP_H
#define DELIVER_LOOP_H

#include "base/attr.h"
#include "base/fault.h"
#include "maildir/body.h"

/* ST_OK: none; ST_PERM 5.4.6: a loop; or class 4 when the message cannot be read. */
enum st deliver_loop_check(
    const struct maildir_body *body, struct slice address, struct fault *f) ATTR_CHECKED;

#endif
