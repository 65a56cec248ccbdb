/*
 * Every message between our processes, as rows (docs/IPC.md is made from them by scripts/ipcdoc). A
 * row expands to a struct, a field table for the one encoder and the one strict decoder, a fuzz
 * target and a section of the document.
 *
 * Field kinds: U8 U32 U64 I64 (big-endian on the wire), BYTES (length u32, at most max bytes, may
 * hold NUL), LIST (count u32, at most max records). No field is optional, nothing may follow the
 * last one.
 *
 *   F(S, kind, name, max, record)    S is the message, record is `none` unless kind is LIST
 *   M(name, type, link, flow, fd, credit)
 *
 * link says on which kind of channel a message may travel and in which direction; flow is REQUEST
 * (needs a reply, counts against the receiver's credit), REPLY (always accepted) or NOTE (no reply;
 * the sender's own rate is bounded by what it tells about); the reply of a request is the next
 * REPLY row; fd is NO_FD, FD (always one) or MAY_FD.
 */
#ifndef IPC_MESSAGES_H
#define IPC_MESSAGES_H

/* ---- records inside messages ---- */

/* struct fault on the wire; st ST_OK means success */
#define IPC_FIELDS_verdict(F, S) \
	F(S, U8, st, 0, none) \
	F(S, U8, class, 0, none) F(S, U8, subject, 0, none) \
	F(S, U8, detail, 0, none) /* RFC 3463 code; class 0 = none */ \
	F(S, BYTES, text, 160, none)

/* one final recipient as routed decided it */
#define IPC_FIELDS_recipient(F, S) \
	F(S, BYTES, address, 1024, none)  /* what the module delivers to */ \
	F(S, BYTES, module, 16, none)     /* "local", "esmtp" */ \
	F(S, BYTES, host, 255, none)      /* for esmtp: the domain or relay; empty for local */ \
	F(S, BYTES, account, 320, none)   /* for local: the mailbox as authdaemond knows it */ \
	F(S, BYTES, extension, 255, none) /* for local: what stood behind the separator */ \
	/* ORCPT "rfc822;...", or ";address" as RCPT had it without one; for reports */ \
	F(S, BYTES, original, 1100, none) \
	/* RFC 3461 NOTIFY bits: 1 success 2 failure 4 delay 8 never; 0 = not given */ \
	F(S, U8, notify, 0, none)

/* what became of one recipient */
#define IPC_FIELDS_result(F, S) \
	F(S, U32, number, 0, none) /* of the recipient within its message, from 0 */ \
	F(S, U8, st, 0, none) F(S, U8, class, 0, none) F(S, U8, subject, 0, none) \
	F(S, U8, detail, 0, none) \
	F(S, BYTES, text, 160, none) \
	F(S, BYTES, peer, 300, none) /* who said so, "dns; mx.example" or empty */ \
	F(S, U8, flags, 0, none)
/* flags of result: the next server knows DSN, reports about this recipient are its business */
#define RESULT_WILL_REPORT 1u

/* one recipient of a delivery */
#define IPC_FIELDS_target(F, S) \
	F(S, U32, number, 0, none) F(S, BYTES, address, 1024, none) \
	F(S, BYTES, extension, 255, none) F(S, BYTES, original, 1100, none) \
	F(S, U8, notify, 0, none) /* as in recipient */

/* one recipient in a report */
#define IPC_FIELDS_reported_rcpt(F, S) \
	F(S, BYTES, address, 1024, none) F(S, BYTES, original, 1100, none) \
	F(S, U8, action, 0, none) /* enum dsn_action */ \
	F(S, U8, class, 0, none) F(S, U8, subject, 0, none) F(S, U8, detail, 0, none) \
	F(S, BYTES, text, 160, none) F(S, BYTES, peer, 300, none) \
	F(S, I64, last_attempt_sec, 0, none) F(S, I64, give_up_sec, 0, none)

#define IPC_FIELDS_variable(F, S) F(S, BYTES, name, 64, none) F(S, BYTES, value, 512, none)

/* one line of mailq */
#define IPC_FIELDS_queued_rcpt(F, S) \
	F(S, BYTES, address, 1024, none) F(S, U8, state, 0, none) /* enum queue_rcpt_state */ \
	F(S, BYTES, text, 300, none)

#define IPC_RECORDS(R) \
	R(verdict) R(recipient) R(result) R(target) R(reported_rcpt) R(variable) R(queued_rcpt)

/* ---- every link ---- */

/* first frame in both directions; a different schema or build closes the channel and is reported to
 * master */
#define IPC_FIELDS_hello(F, S) \
	F(S, U64, schema, 0, none) F(S, BYTES, build, 64, none) F(S, BYTES, role, 16, none)
/* the receiver changes how many requests of a type may be open */
#define IPC_FIELDS_credit(F, S) F(S, U32, type, 0, none) F(S, U32, open_max, 0, none)

/* ---- master to a process, over the control channel (descriptor 3) ---- */

#define IPC_FIELDS_identity(F, S) /* who you are and whom you become; the first one after hello */ \
	F(S, BYTES, role, 16, none) F(S, U32, index, 0, none) \
	/* 1: chroot and change ids as said; 0: --single-user or already done */ \
	F(S, U8, become, 0, none) \
	F(S, U32, uid, 0, none) F(S, U32, gid, 0, none) \
	F(S, U32, extra_gid, 0, none) /* UINT32_MAX = none */ \
	F(S, BYTES, root_dir, 1024, none) /* empty = no chroot */ \
	F(S, BYTES, conf_dir, 1024, none) F(S, BYTES, state_dir, 1024, none) \
	F(S, BYTES, run_dir, 1024, none) \
	F(S, BYTES, queue_dir, 1024, none) F(S, BYTES, log_dir, 1024, none) \
	F(S, BYTES, module_dir, 1024, none)
#define IPC_FIELDS_config(F, S) \
	F(S, U32, serial, 0, none) /* fd: the configuration snapshot; again at reload */
#define IPC_FIELDS_key(F, S) \
	/* a path of the configuration; fd: a certificate with its key, read-only */ \
	F(S, BYTES, name, 1024, none)
#define IPC_FIELDS_listen(F, S) \
	/* fd: a bound socket; "smtp", "submission", "smtps", "local", "control", "auth" */ \
	F(S, BYTES, service, 16, none)
#define IPC_FIELDS_peer(F, S) \
	/* fd: a channel to it; replaces an older one of this index */ \
	F(S, BYTES, role, 16, none) F(S, U32, index, 0, none)
#define IPC_FIELDS_start(F, S) \
	/* everything was given: become, shut the door, serve */ \
	F(S, U32, serial, 0, none)
#define IPC_FIELDS_drain(F, S) \
	F(S, U32, within_ms, 0, none) /* take nothing new, finish, end */
#define IPC_FIELDS_pause(F, S) \
	F(S, U8, what, 0, none) F(S, U8, on, 0, none) /* what: 1 in, 2 out, 4 local */
#define IPC_FIELDS_revoke(F, S) \
	F(S, BYTES, account, 320, none) /* end what runs for this account */
/* what: 0 how are you, 1 who is there, 2 end the sessions of name (an account, an address, a
 * session), 3 end what runs for the account */
#define IPC_FIELDS_ask_status(F, S) F(S, U32, what, 0, none) F(S, BYTES, name, 320, none)
#define IPC_FIELDS_account(F, S) /* to a worker: whose it is */ \
	F(S, BYTES, address, 320, none) F(S, U32, uid, 0, none) F(S, U32, gid, 0, none) \
	F(S, BYTES, home, 1024, none) F(S, BYTES, maildir, 1024, none) \
	F(S, BYTES, quota, 64, none) \
	F(S, BYTES, options, 512, none) F(S, BYTES, delivery, 1024, none) \
	F(S, BYTES, name, 256, none)

/* ---- a process to master ---- */

/* it serves; again when it has taken a configuration, or has begun to drain */
#define IPC_FIELDS_ready(F, S) F(S, BYTES, sandbox, 64, none)
/* what it was asked for, or the last part of it: lines of "name=value" */
#define IPC_FIELDS_status(F, S) F(S, BYTES, text, 32768, none)
/* a worker: how many sessions or deliveries it has; one with none may be ended for another one */
#define IPC_FIELDS_busy(F, S) F(S, U32, count, 0, none)
/* authdaemond: the password or the account changed; master says revoke to all */
#define IPC_FIELDS_revoke_account(F, S) F(S, BYTES, account, 320, none)
#define IPC_FIELDS_told(F, S) F(S, BYTES, text, 32768, none) /* the parts before it */
/* why it cannot start, for who types `courier start`; it ends then */
#define IPC_FIELDS_failed(F, S) F(S, BYTES, text, 300, none)
/* confcheck: the files are good, what there is to say about them, and docs/CONFIG.md section 6 */
#define IPC_FIELDS_checked(F, S) \
	F(S, U8, good, 0, none) F(S, BYTES, report, 59000, none) \
	F(S, BYTES, snapshot, 16000000, none)
/* authdaemond: who may ask for this ticket, and the account behind it; forgotten after 10 s or one
 * use */
#define IPC_FIELDS_ticket_issue(F, S) \
	F(S, BYTES, number, 16, none) F(S, BYTES, service, 16, none) F(S, BYTES, asker, 16, none) \
	F(S, U32, asker_index, 0, none) \
	F(S, BYTES, address, 320, none) F(S, U32, uid, 0, none) F(S, U32, gid, 0, none) \
	F(S, BYTES, home, 1024, none) F(S, BYTES, maildir, 1024, none) \
	F(S, BYTES, quota, 64, none) \
	F(S, BYTES, options, 512, none) F(S, BYTES, delivery, 1024, none) \
	F(S, BYTES, name, 256, none)
/* from now on it can be redeemed: the asker may be told of it */
#define IPC_FIELDS_ticket_kept(F, S) F(S, LIST, verdict, 1, verdict)
#define IPC_FIELDS_redeem(F, S) F(S, BYTES, number, 16, none)
/* fd: the channel to the worker; existing is 1 when it joined one that runs */
#define IPC_FIELDS_redeemed(F, S) \
	F(S, LIST, verdict, 1, verdict) F(S, U64, worker, 0, none) F(S, U8, existing, 0, none)

/* ---- authdaemond's questions ---- */

#define IPC_FIELDS_auth(F, S) \
	F(S, BYTES, service, 16, none) \
	F(S, BYTES, kind, 16, none) /* "login"; "cram-sha256" ... later */ \
	F(S, BYTES, user, 320, none) F(S, BYTES, secret, 1024, none) F(S, BYTES, ip, 46, none) \
	F(S, U8, secure, 0, none) /* 1: over TLS */
/* number: the ticket for a session, for an asker and a service that have workers; else empty */
#define IPC_FIELDS_authed(F, S) \
	F(S, LIST, verdict, 1, verdict) F(S, BYTES, account, 320, none) \
	F(S, BYTES, options, 512, none) \
	F(S, BYTES, number, 16, none)
#define IPC_FIELDS_exists(F, S) F(S, BYTES, address, 320, none)
#define IPC_FIELDS_existing(F, S) \
	F(S, LIST, verdict, 1, verdict) F(S, BYTES, account, 320, none) \
	F(S, BYTES, home, 1024, none)
#define IPC_FIELDS_delivery_ticket(F, S) F(S, BYTES, account, 320, none)
#define IPC_FIELDS_ticket(F, S) \
	F(S, LIST, verdict, 1, verdict) F(S, BYTES, number, 16, none) \
	F(S, U64, worker_key, 0, none)

/* ---- routed's questions ---- */

#define IPC_FIELDS_client(F, S) F(S, BYTES, ip, 46, none) F(S, BYTES, service, 16, none)
#define IPC_FIELDS_client_policy(F, S) \
	F(S, LIST, verdict, 1, verdict) F(S, LIST, variables, 64, variable)
#define IPC_FIELDS_rcpt(F, S) \
	F(S, BYTES, source, 16, none) /* "esmtp", "local", "dsn" */ F(S, U8, may_relay, 0, none) \
	F(S, BYTES, auth, 320, none) \
	F(S, BYTES, sender, 1024, none) F(S, BYTES, address, 1024, none) \
	F(S, BYTES, original, 1100, none) F(S, U8, notify, 0, none)
#define IPC_FIELDS_routed(F, S) \
	F(S, LIST, verdict, 1, verdict) F(S, LIST, recipients, 5000, recipient)
#define IPC_FIELDS_sender(F, S) \
	F(S, BYTES, source, 16, none) F(S, BYTES, auth, 320, none) F(S, BYTES, ip, 46, none) \
	F(S, BYTES, address, 1024, none)
#define IPC_FIELDS_sender_policy(F, S) F(S, LIST, verdict, 1, verdict)

/* ---- tallyd ---- */

#define IPC_FIELDS_arrive(F, S) F(S, BYTES, service, 16, none) F(S, BYTES, ip, 46, none)
#define IPC_FIELDS_arrival(F, S) F(S, LIST, verdict, 1, verdict)
#define IPC_FIELDS_depart(F, S) F(S, BYTES, service, 16, none) F(S, BYTES, ip, 46, none)
#define IPC_FIELDS_present(F, S) \
	F(S, BYTES, service, 16, none) F(S, BYTES, ip, 46, none) \
	F(S, U32, count, 0, none) /* told again to a new tallyd */
#define IPC_FIELDS_login_failed(F, S) \
	F(S, BYTES, service, 16, none) F(S, BYTES, ip, 46, none) F(S, BYTES, user, 320, none)

/* ---- custody: esmtpd, courierdsn to courierd ---- */

#define IPC_FIELDS_id_prefix(F, S) \
	/* courierd: the second part of the queue ids made on this channel (docs/QUEUE.md) */ \
	F(S, BYTES, prefix, 24, none)
#define IPC_FIELDS_body_open(F, S) F(S, U64, size_hint, 0, none)
#define IPC_FIELDS_body_file(F, S) \
	F(S, LIST, verdict, 1, verdict) \
	F(S, U32, file, 0, none) /* fd: a new empty file, for writing */
#define IPC_FIELDS_body_drop(F, S) F(S, U32, file, 0, none)
#define IPC_FIELDS_submit(F, S) \
	F(S, BYTES, id, 40, none) F(S, BYTES, source, 16, none) F(S, BYTES, sender, 1024, none) \
	F(S, BYTES, auth, 320, none) \
	F(S, BYTES, from_mta, 512, none) F(S, BYTES, ip, 46, none) F(S, BYTES, envid, 400, none) \
	F(S, U8, ret, 0, none) /* 0 F H */ \
	F(S, U32, flags, 0, none) /* enum queue_flag */ F(S, I64, arrived_sec, 0, none) \
	F(S, U64, report_of, 0, none) /* courierdsn: the report number; else 0 */ \
	F(S, U64, length, 0, none) F(S, BYTES, digest, 32, none) \
	F(S, U32, file, 0, none) /* of body_file; 0 = inline */ \
	F(S, BYTES, body, 65536, none) F(S, LIST, recipients, 5000, recipient)
#define IPC_FIELDS_submitted(F, S) F(S, LIST, verdict, 1, verdict)

/* ---- courierd to a deliverer ---- */

/*
 * flags: bits of enum queue_flag, and DELIVER_RETRY: this is not the first attempt for these
 * targets, or how an earlier one ended is unknown (the deliverer or courierd was lost). Only then
 * does courierlocal look through whole folders for a copy that arrived before it writes another
 * one.
 */
#define DELIVER_RETRY (UINT32_C(1) << 31)
#define IPC_FIELDS_deliver(F, S) \
	F(S, U64, delivery, 0, none) F(S, BYTES, id, 40, none) \
	F(S, BYTES, account, 320, none) /* courieresmtp: the domain */ \
	F(S, BYTES, sender, 1024, none) \
	F(S, I64, arrived_sec, 0, none) F(S, U32, flags, 0, none) F(S, U64, length, 0, none) \
	F(S, BYTES, digest, 32, none) \
	F(S, BYTES, envid, 400, none) F(S, U8, ret, 0, none) /* 0 F H */ \
	/* empty with length > 0: fd is a fresh read-only open of the body */ \
	F(S, BYTES, body, 65536, none) \
	F(S, LIST, targets, 1000, target)
#define IPC_FIELDS_delivered(F, S) F(S, U64, delivery, 0, none) F(S, LIST, results, 1000, result)
/* to courieresmtp: forget which hosts could not be reached, somebody wants them tried now */
#define IPC_FIELDS_afresh(F, S) F(S, U32, unused, 0, none)
#define IPC_FIELDS_idle(F, S) \
	/* a worker with nothing to do; courierd closes the channel when it agrees */ \
	F(S, U32, since_sec, 0, none)

/* ---- login to an account's worker (docs/HANDOFF.md) ---- */

/*
 * fd: the client's connection, or one end of a socketpair when TLS ends in login. The worker says
 * the tagged answer; then it reads unread, then fd.
 */
#define IPC_FIELDS_session(F, S) \
	F(S, U64, session, 0, none) /* login's number of it, for logs and `courier who` */ \
	F(S, BYTES, account, 320, none) F(S, BYTES, service, 16, none) /* "imap", "pop3" */ \
	F(S, BYTES, tag, 256, none) /* of the command to be answered; empty for POP3 */ \
	F(S, BYTES, ip, 46, none) F(S, U32, port, 0, none) F(S, BYTES, local_ip, 46, none) \
	F(S, U8, tls, 0, none) F(S, BYTES, tls_text, 128, none) /* "TLSv1.3 TLS_AES_..." */ \
	F(S, BYTES, unread, 65536, none)
/* the session is the worker's; with a fault login itself answers the client and may go on */
#define IPC_FIELDS_session_taken(F, S) F(S, LIST, verdict, 1, verdict)
/* a session that was taken has ended: it counts no more (MAXDAEMONS, MAXPERIP) */
#define IPC_FIELDS_session_over(F, S) F(S, U64, session, 0, none)

/* ---- courierlocal to imapd of the same account ---- */

/* a message was stored: new/ is synced. folder is its Maildir relative to home ("./Maildir") */
#define IPC_FIELDS_arrived(F, S) \
	F(S, BYTES, account, 320, none) F(S, BYTES, folder, 1024, none) F(S, BYTES, name, 255, none)

/* ---- courierd to courierdsn ---- */

#define IPC_FIELDS_report(F, S) \
	F(S, U64, report, 0, none) F(S, BYTES, id, 40, none) F(S, BYTES, sender, 1024, none) \
	F(S, BYTES, envid, 400, none) \
	F(S, BYTES, from_mta, 512, none) F(S, I64, arrived_sec, 0, none) F(S, U8, ret, 0, none) \
	F(S, U32, flags, 0, none) \
	F(S, U64, length, 0, none) \
	F(S, BYTES, body, 65536, none) /* the original; as in deliver */ \
	F(S, LIST, rcpts, 1000, reported_rcpt)
#define IPC_FIELDS_reported(F, S) F(S, U64, report, 0, none) F(S, LIST, verdict, 1, verdict)

/* ---- commands, over run/control/<process>; the peer's uid decides what is allowed ---- */

#define IPC_FIELDS_cmd_list(F, S) F(S, BYTES, id, 40, none) /* empty: all the caller may see */
#define IPC_FIELDS_cmd_item(F, S) \
	F(S, BYTES, id, 40, none) F(S, BYTES, sender, 1024, none) F(S, BYTES, auth, 320, none) \
	F(S, U64, length, 0, none) \
	F(S, I64, arrived_sec, 0, none) F(S, I64, next_sec, 0, none) \
	F(S, LIST, rcpts, 5000, queued_rcpt)
#define IPC_FIELDS_cmd_flush(F, S) F(S, BYTES, id, 40, none)
#define IPC_FIELDS_cmd_cancel(F, S) F(S, BYTES, id, 40, none) F(S, BYTES, reason, 160, none)
#define IPC_FIELDS_cmd_status(F, S) /* as in ask_status */ \
	F(S, U32, what, 0, none) F(S, BYTES, name, 320, none)
#define IPC_FIELDS_cmd_process(F, S) \
	F(S, BYTES, role, 16, none) F(S, U32, index, 0, none) F(S, U64, pid, 0, none) \
	F(S, U8, stage, 0, none) /* 0 waits to be started, 1 starting, 2 ready, 3 draining */ \
	F(S, BYTES, sandbox, 64, none) F(S, U64, up_sec, 0, none) \
	F(S, BYTES, key, 512, none) /* of a worker: whose it is */ \
	F(S, BYTES, failed, 160, none)
#define IPC_FIELDS_cmd_part(F, S) /* what it says; who it is, master says */ \
	F(S, BYTES, role, 16, none) F(S, U32, index, 0, none) F(S, U64, pid, 0, none) \
	F(S, BYTES, text, 32768, none)
#define IPC_FIELDS_cmd_reload(F, S) F(S, U32, unused, 0, none)
#define IPC_FIELDS_cmd_stop(F, S) F(S, U32, within_ms, 0, none)
#define IPC_FIELDS_cmd_pause(F, S) F(S, U8, what, 0, none) F(S, U8, on, 0, none)
#define IPC_FIELDS_cmd_done(F, S) F(S, LIST, verdict, 1, verdict) F(S, BYTES, text, 60000, none)

#define IPC_MESSAGES(M) /* in the order of their types */ \
	M(hello, 1, ANY, NOTE, NO_FD, 1) \
	M(credit, 2, ANY, NOTE, NO_FD, 1) \
	M(identity, 16, MASTER_DOWN, NOTE, NO_FD, 1) \
	M(config, 17, MASTER_DOWN, NOTE, FD, 1) \
	M(key, 18, MASTER_DOWN, NOTE, FD, 1) \
	M(listen, 19, MASTER_DOWN, NOTE, FD, 1) \
	M(peer, 20, MASTER_DOWN, NOTE, FD, 1) \
	M(start, 21, MASTER_DOWN, NOTE, NO_FD, 1) \
	M(drain, 22, MASTER_DOWN, NOTE, NO_FD, 1) \
	M(pause, 23, MASTER_DOWN, NOTE, NO_FD, 1) \
	M(revoke, 24, MASTER_DOWN, NOTE, NO_FD, 1) \
	M(ask_status, 25, MASTER_DOWN, REQUEST, NO_FD, 4) \
	M(account, 26, MASTER_DOWN, NOTE, NO_FD, 1) \
	M(ready, 32, MASTER_UP, NOTE, NO_FD, 1) \
	M(status, 33, MASTER_UP, REPLY, NO_FD, 0) \
	M(ticket_issue, 34, MASTER_UP, REQUEST, NO_FD, 256) \
	M(ticket_kept, 35, MASTER_DOWN, REPLY, NO_FD, 0) \
	M(redeem, 36, MASTER_UP, REQUEST, NO_FD, 64) \
	M(redeemed, 37, MASTER_DOWN, REPLY, MAY_FD, 0) \
	M(failed, 38, MASTER_UP, NOTE, NO_FD, 1) \
	M(checked, 39, MASTER_UP, NOTE, NO_FD, 1) \
	M(told, 40, MASTER_UP, NOTE, NO_FD, 1) \
	M(busy, 41, MASTER_UP, NOTE, NO_FD, 1) \
	M(revoke_account, 42, MASTER_UP, NOTE, NO_FD, 1) \
	M(auth, 48, AUTH_ASK, REQUEST, NO_FD, 256) \
	M(authed, 49, AUTH_SAY, REPLY, NO_FD, 0) \
	M(exists, 50, AUTH_ASK, REQUEST, NO_FD, 256) \
	M(existing, 51, AUTH_SAY, REPLY, NO_FD, 0) \
	M(delivery_ticket, 52, AUTH_ASK, REQUEST, NO_FD, 64) \
	M(ticket, 53, AUTH_SAY, REPLY, NO_FD, 0) \
	M(client, 64, ROUTE_ASK, REQUEST, NO_FD, 1024) \
	M(client_policy, 65, ROUTE_SAY, REPLY, NO_FD, 0) \
	M(rcpt, 66, ROUTE_ASK, REQUEST, NO_FD, 1024) \
	M(routed, 67, ROUTE_SAY, REPLY, NO_FD, 0) \
	M(sender, 68, ROUTE_ASK, REQUEST, NO_FD, 1024) \
	M(sender_policy, 69, ROUTE_SAY, REPLY, NO_FD, 0) \
	M(arrive, 80, TALLY_ASK, REQUEST, NO_FD, 1024) \
	M(arrival, 81, TALLY_SAY, REPLY, NO_FD, 0) \
	M(depart, 82, TALLY_ASK, NOTE, NO_FD, 1) \
	M(present, 83, TALLY_ASK, NOTE, NO_FD, 1) \
	M(login_failed, 84, TALLY_ASK, NOTE, NO_FD, 1) \
	M(id_prefix, 96, CUSTODY_SAY, NOTE, NO_FD, 1) \
	M(body_open, 97, CUSTODY_ASK, REQUEST, NO_FD, 128) \
	M(body_file, 98, CUSTODY_SAY, REPLY, MAY_FD, 0) \
	M(body_drop, 99, CUSTODY_ASK, NOTE, NO_FD, 1) \
	M(submit, 100, CUSTODY_ASK, REQUEST, NO_FD, 256) \
	M(submitted, 101, CUSTODY_SAY, REPLY, NO_FD, 0) \
	M(deliver, 112, DELIVER_ASK, REQUEST, MAY_FD, 64) \
	M(delivered, 113, DELIVER_SAY, REPLY, NO_FD, 0) \
	M(idle, 114, DELIVER_SAY, NOTE, NO_FD, 1) \
	M(afresh, 115, DELIVER_ASK, NOTE, NO_FD, 1) \
	M(report, 120, REPORT_ASK, REQUEST, MAY_FD, 16) \
	M(reported, 121, REPORT_SAY, REPLY, NO_FD, 0) \
	M(cmd_list, 128, COMMAND_ASK, REQUEST, NO_FD, 1) \
	M(cmd_item, 129, COMMAND_SAY, NOTE, NO_FD, 1) \
	M(cmd_flush, 130, COMMAND_ASK, REQUEST, NO_FD, 1) \
	M(cmd_cancel, 131, COMMAND_ASK, REQUEST, NO_FD, 1) \
	M(cmd_status, 132, COMMAND_ASK, REQUEST, NO_FD, 1) \
	M(cmd_reload, 133, COMMAND_ASK, REQUEST, NO_FD, 1) \
	M(cmd_stop, 134, COMMAND_ASK, REQUEST, NO_FD, 1) \
	M(cmd_pause, 135, COMMAND_ASK, REQUEST, NO_FD, 1) \
	M(cmd_done, 136, COMMAND_SAY, REPLY, NO_FD, 0) \
	M(cmd_process, 137, COMMAND_SAY, NOTE, NO_FD, 1) \
	M(cmd_part, 138, COMMAND_SAY, NOTE, NO_FD, 1) \
	M(session, 144, SESSION_ASK, REQUEST, FD, 64) \
	M(session_taken, 145, SESSION_SAY, REPLY, NO_FD, 0) \
	M(session_over, 146, SESSION_SAY, NOTE, NO_FD, 1) \
	M(arrived, 152, NOTICE, NOTE, NO_FD, 1)

#endif
