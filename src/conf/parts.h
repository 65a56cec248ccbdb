/*
 * The parts of struct conf that several files have: lists, ports, TLS, the services for mailboxes.
 * conf/conf.h is the header to include.
 */
#ifndef CONF_PARTS_H
#define CONF_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_list {
	const char **items;
	size_t count;
};

struct conf_port {
	const char *ip; /* "" = what ADDRESS of the same file says */
	uint16_t port;
};

struct conf_ports {
	struct conf_port *items;
	size_t count;
};

enum conf_verify { CONF_VERIFY_NONE, CONF_VERIFY_PEER, CONF_VERIFY_REQUIREPEER };

/* TLS_*, the same names in esmtpd, esmtpd-msa, esmtpd-ssl, imapd-ssl, pop3d-ssl and (client side)
 * courierd. Paths may be
 * empty. */
struct conf_tls {
	const char *certfile;        /* TLS_CERTFILE, PEM */
	const char *private_keyfile; /* TLS_PRIVATE_KEYFILE; empty = in certfile */
	const char *dhparams;        /* TLS_DHPARAMS */
	const char *trustcerts;      /* TLS_TRUSTCERTS */
	const char *protocol;        /* TLS_PROTOCOL, one of Courier's words */
	const char *cipher_list;     /* TLS_CIPHER_LIST; empty = the library's default */
	const char *external;        /* TLS_EXTERNAL; empty = no AUTH EXTERNAL */
	int verify_peer;             /* TLS_VERIFYPEER, enum conf_verify */
};

/*
 * imapd, imapd-ssl, pop3d, pop3d-ssl: one struct each, inheritance already applied. What concerns
 * TLS stands in those of the -ssl files alone, and counts for the plain ports as well.
 */
struct conf_mailservice {
	bool start;                      /* IMAPDSTART, IMAPDSSLSTART, POP3DSTART, POP3DSSLSTART */
	struct conf_ports port;          /* PORT, SSLPORT */
	const char *address;             /* ADDRESS, SSLADDRESS: "0" = any */
	uint64_t max_daemons;            /* MAXDAEMONS: sessions in all */
	uint64_t max_per_ip;             /* MAXPERIP: sessions from one address */
	const char *def_domain;          /* DEFDOMAIN: put behind names without an @ */
	const char *maildir;             /* MAILDIRPATH, below the home */
	int64_t timeout_sec;             /* IMAPD_TIMEOUT, POP3D_TIMEOUT: silence after the login */
	struct conf_list capability;     /* IMAP_CAPABILITY */
	struct conf_list capability_tls; /* IMAP_CAPABILITY_TLS; none = the above and AUTH= */
	uint64_t keywords;               /* IMAP_KEYWORDS: 0 = no keywords of clients */
	int64_t idle_poll_sec;           /* IMAP_IDLE_TIMEOUT */
	const char *id_fields;           /* IMAP_ID_FIELDS; empty = no ID; NULL in pop3 */
	struct conf_list auth;           /* POP3AUTH: mechanisms offered without TLS */
	struct conf_list auth_tls;       /* POP3AUTH_TLS: under TLS */
	bool start_tls;                  /* IMAPDSTARTTLS, POP3_STARTTLS; imaps and pop3s alone */
	bool tls_required;               /* IMAP_TLS_REQUIRED, POP3_TLS_REQUIRED; the same */
	struct conf_tls tls;             /* the same; paths that have no row are NULL */
};

#endif
