/*
 * Who answers which question of the engine (imap/ask.h): now, or later (work.h).
 */
#ifndef DAEMON_IMAPD_ANSWER_H
#define DAEMON_IMAPD_ANSWER_H

#include "daemon/imapd/work.h"

/* IMAP_ASK_SELECT. */
void ask_select(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_CLOSE. */
void ask_close(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_STATUS. */
void ask_status(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_SYNC. */
void ask_sync(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_LIST. */
void ask_list(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_CREATE. */
void ask_create(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_DELETE. */
void ask_delete(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_RENAME. */
void ask_rename(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_SUBSCRIBE. */
void ask_subscribe(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_UNSUBSCRIBE. */
void ask_unsubscribe(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_FETCH. */
void ask_fetch(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_STORE. */
void ask_store(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_COPY. */
void ask_copy(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_EXPUNGE. */
void ask_expunge(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_APPEND. */
void ask_append(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_APPEND_END. */
void ask_append_end(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_APPEND_DROP. */
void ask_append_drop(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_SEARCH. */
void ask_search(struct imap_client *k, const struct engine_ask *a);
/* IMAP_ASK_RELEASE. */
void ask_release(struct imap_client *k, const struct engine_ask *a);

#endif
