/*
 * The questions of an SMTP server session (src/smtp/server.h) and what stands in them. Everything
 * they refer to is borrowed until the answer.
 */
#ifndef SMTP_ASK_H
#define SMTP_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "smtp/path.h"

/* Questions (engine_ask.kind). Beside each: detail of the question -> detail of the answer yes. */
enum smtp_ask {
	/*
	 * NULL -> NULL. Refused with class 4: 421 and the end; with class 5: 554, then only QUIT.
	 */
	SMTP_ASK_CONNECT,
	/* struct smtp_helo -> NULL. Only with ask_helo. */
	SMTP_ASK_HELO,
	/* struct smtp_auth -> struct smtp_auth_yes, or NULL (the user is as given). */
	SMTP_ASK_AUTH,
	/* struct smtp_mail -> NULL. */
	SMTP_ASK_MAIL,
	/*
	 * struct smtp_rcpt -> NULL. Several are open; replies leave in the order of the commands.
	 */
	SMTP_ASK_RCPT,
	/* struct smtp_data -> NULL. Refused: the transaction goes on, DATA may come again. */
	SMTP_ASK_DATA,
	/*
	 * struct smtp_content -> struct smtp_commit_yes or NULL. Either answer ends the
	 * transaction.
	 */
	SMTP_ASK_COMMIT,
	/* NULL. A notice: the transaction is dropped. Nobody waits, an answer is ignored. */
	SMTP_ASK_RESET,
};

struct smtp_helo {
	struct slice name;
	bool esmtp; /* EHLO */
};

struct smtp_auth {
	const char *mechanism; /* "PLAIN" */
	struct slice authzid;  /* who to act as; empty: the user */
	struct slice user;
	struct slice password; /* wiped after the answer */
};

struct smtp_auth_yes {
	struct slice identity; /* how the session is known from now on; at most 320 bytes */
};

enum smtp_body_type { SMTP_BODY_7BIT, SMTP_BODY_8BITMIME };
enum smtp_ret { SMTP_RET_NONE, SMTP_RET_FULL, SMTP_RET_HDRS };
enum smtp_notify { /* bits; 0: not given */
	SMTP_NOTIFY_NEVER = 1,
	SMTP_NOTIFY_SUCCESS = 2,
	SMTP_NOTIFY_FAILURE = 4,
	SMTP_NOTIFY_DELAY = 8,
};

struct smtp_mail {
	struct smtp_path sender; /* text is empty for <> */
	bool has_size;
	uint64_t size_bytes;      /* declared by SIZE= (already compared with size_max_bytes) */
	enum smtp_body_type body; /* BODY= */
	bool has_auth;            /* AUTH= given: auth is the mailbox, empty for <> */
	struct slice auth;
	enum smtp_ret ret;  /* RET= */
	struct slice envid; /* ENVID=, decoded */
};

struct smtp_rcpt {
	struct smtp_path to;
	unsigned notify; /* bits of enum smtp_notify */
	struct slice orcpt_type; /* "rfc822"; empty: ORCPT not given */
	struct slice orcpt;      /* decoded */
	unsigned accepted; /* recipients accepted before this one was asked */
};

struct smtp_data {
	unsigned accepted; /* recipients, >= 1 */
};

struct smtp_content {
	uint64_t size_bytes; /* all that body() gave: header and body, CRLF line ends, unstuffed */
	uint64_t header_bytes; /* up to and with the empty line */
	unsigned hops;         /* Received fields */
	bool has_8bit;
};

struct smtp_commit_yes {
	struct slice id; /* name of the message in our queue: "250 2.0.0 Ok <id>"; empty: none */
};

#endif
