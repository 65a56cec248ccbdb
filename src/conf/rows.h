/*
 * The tables of rows, each ended by a row without a name; conf_files (rows.c) joins them.
 */
#ifndef CONF_ROWS_H
#define CONF_ROWS_H

#include "conf/row.h"

extern const struct conf_row rows_site[], rows_bofh[], rows_courierd[], rows_authdaemon[];

/* What esmtpd, esmtpd-msa and esmtpd-ssl share, and what each has for itself. */
extern const struct conf_row rows_esmtpd[], rows_smtp[], rows_msa[], rows_ssl[];

/* What imapd and imapd-ssl share, and what each has for itself; the same for POP3. */
extern const struct conf_row rows_imapd[], rows_imap[], rows_imaps[];
extern const struct conf_row rows_pop3d[], rows_pop3[], rows_pop3s[];

extern const struct conf_row rows_module_local[], rows_module_esmtp[], rows_module_dsn[];

/* TLS_PROTOCOL: the versions by Courier's names; "++" is "and later". */
#define ROWS_TLS_PROTOCOLS "TLSv1 TLSv1++ TLSv1.1 TLSv1.1++ TLSv1.2 TLSv1.2++ TLSv1.3 TLSv1.3++"

#endif
