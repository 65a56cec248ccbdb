/*
 * What the files of the SMTP server do for each other: commands, answers, content. A command gets
 * what follows its verb, without blanks at the ends; an answer gets the one to its question.
 */
#ifndef SMTP_SERVER_CMD_H
#define SMTP_SERVER_CMD_H

#include "smtp/server_int.h"

/* A line without its line end. False: it must wait until open RCPTs are answered. */
bool server_command(struct smtp_server *s, struct slice line);

/* EHLO and HELO (RFC 5321 4.1.1.1), and the word of our side on the name given. */
void server_ehlo(struct smtp_server *s, struct slice args);
/* HELO. */
void server_helo(struct smtp_server *s, struct slice args);
/* The word of our side. */
void server_helo_answer(struct smtp_server *s, const struct engine_answer *a);

/* STARTTLS, RFC 3207. */
void server_starttls(struct smtp_server *s, struct slice args);

/* AUTH, RFC 4954. */
void server_auth(struct smtp_server *s, struct slice args);
/* A response line of the exchange. */
void server_auth_line(struct smtp_server *s, struct slice line);
/* A line that was too long to be one. */
void server_auth_too_long(struct smtp_server *s);
/* The verdict. */
void server_auth_answer(struct smtp_server *s, const struct engine_answer *a);

/* MAIL, RFC 5321 4.1.1.2. */
void server_mail(struct smtp_server *s, struct slice args);
/* Whether a transaction begins. */
void server_mail_answer(struct smtp_server *s, const struct engine_answer *a);
/* Takes "FROM:" or "TO:" off the front, and blanks behind it, which some clients send. */
bool server_keyword_take(struct slice *args, struct slice keyword);

/* RCPT, RFC 5321 4.1.1.3. */
void server_rcpt(struct smtp_server *s, struct slice args);
/* Room for one more beside those that are open? */
bool server_rcpt_room(const struct smtp_server *s);
/* True when the number was an open RCPT. */
bool server_rcpt_answer(struct smtp_server *s, const struct engine_answer *a);
/* The replies that may leave: those answered at the head of the queue. */
void server_rcpt_flush(struct smtp_server *s);

/* DATA, RFC 5321 4.1.1.4. */
void server_data(struct smtp_server *s, struct slice args);
/* Whether content may come. */
void server_data_answer(struct smtp_server *s, const struct engine_answer *a);
/* Asks whether content may come; the answer goes to server_data_answer. */
void server_data_ask(struct smtp_server *s);
/* Content follows; raw: in chunks, where a dot is one like any other. False: no memory. */
bool server_content_begin(struct smtp_server *s, bool raw);
/* The last octet of the last chunk, or of one that was refused, has come. */
void server_content_last(struct smtp_server *s);
/* Content; returns how much of in was taken. */
size_t server_content_feed(struct smtp_server *s, struct slice in);
/* Asks COMMIT when the end has come and the owner has taken all. */
void server_content_settle(struct smtp_server *s);
/* What became of the message. */
void server_commit_answer(struct smtp_server *s, const struct engine_answer *a);

/* BDAT, RFC 3030 section 2. */
void server_bdat(struct smtp_server *s, struct slice args);
/* Whether the first chunk of a transaction may come. */
void server_chunk_answer(struct smtp_server *s, const struct fault *f);
/* Octets of a chunk, and no more than that; returns how many were taken. */
size_t server_chunk_feed(struct smtp_server *s, struct slice in);

#endif
