/*
 * Maildir++ quota: `maildirsize` in the top folder. Its first line is the quota ("1000000S,1000C":
 * bytes, messages), each further line "bytes messages", padded to 14 bytes, is added up; a line may
 * be negative. Other programs read and append too, so it is read anew for each group of deliveries.
 *
 * The file is made again from the folders when it is missing, damaged, for another quota, 5120
 * bytes or longer, or when it says "over quota" and has more than one line or is older than 15
 * minutes.
 */
#ifndef MAILDIR_QUOTA_H
#define MAILDIR_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/fault.h"
#include "base/slice.h"

struct maildir_quota {
	bool is_set;                          /* false: no limit, nothing is counted */
	uint64_t max_bytes;                   /* 0 = no limit */
	uint64_t max_count;                   /* 0 = no limit */
	int64_t bytes, count;                 /* in use */
	int64_t pending_bytes, pending_count; /* about to be stored; the caller's to keep */
	bool is_exact; /* counted from the folders just now, or so fresh that counting would not
			  help */
	char text[64]; /* the definition as it stands in the file */
};

/* "1000000S,1000C" in any order, or a bare number of bytes. False for anything else. */
bool maildir_quota_parse(struct slice definition, struct maildir_quota *q);

/*
 * Reads the use of the Maildir whose top directory is given. definition empty: that of the file,
 * and no quota when there is no file. ST_OK, or a fault of class 4.
 */
enum st maildir_quota_load(
    int top, struct slice definition, struct maildir_quota *q, struct fault *f) ATTR_CHECKED;

/*
 * Is there room for one more message of that size, beside what is in use and pending? Counts the
 * folders again when the answer would be no and the file may be wrong. ST_OK, or ST_LIMIT 4.2.2.
 */
enum st maildir_quota_admit(
    int top, struct maildir_quota *q, uint64_t message_bytes, struct fault *f) ATTR_CHECKED;

/* Appends a line. 0 or -errno; a line that is lost is found again at the next count. */
int maildir_quota_add(int top, const struct maildir_quota *q, int64_t bytes, int64_t count);

#endif
