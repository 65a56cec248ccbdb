/*
 * PAM, as Linux, Solaris, FreeBSD, NetBSD, AIX and macOS have it. The rules of a service stand in
 * /etc/pam.d/SERVICE (Solaris: also pam.conf).
 */
#include <security/pam_appl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ports/posix/syslogin.h"

#define SYSLOGIN_MESSAGES_MAX 16

const char *const syslogin_kind = "pam";

/* Modules ask for things; a password is all that we have to say. The answers are theirs to free. */
static int
syslogin_converse(int count, const struct pam_message **asked, struct pam_response **out, void *arg)
{
	struct pam_response *said;

	if (count <= 0 || count > SYSLOGIN_MESSAGES_MAX)
		return PAM_CONV_ERR;
	said = calloc((size_t)count, sizeof(*said));
	if (!said)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (asked[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			said[i].resp = strdup(arg);
	*out = said;
	return PAM_SUCCESS;
}

static enum st
syslogin_outcome(pam_handle_t *pam, int code, struct fault *f)
{
	static const int no[] = {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_MAXTRIES, PAM_ACCT_EXPIRED,
	    PAM_NEW_AUTHTOK_REQD, PAM_PERM_DENIED, PAM_CRED_EXPIRED};

	if (code == PAM_SUCCESS)
		return ST_OK;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (code == no[i])
			return fault_set(f, ST_DENIED, "5.7.8", "%s", pam_strerror(pam, code));
	return fault_set(f, ST_TEMP, "4.3.0", "PAM: %s", pam_strerror(pam, code));
}

enum st
syslogin_ask(const char *service, const char *user, const char *password, struct fault *f)
{
	struct pam_conv talk = {syslogin_converse, (void *)(uintptr_t)password};
	pam_handle_t *pam = NULL;
	enum st st;
	int code = pam_start(service, user, &talk, &pam);

	if (code != PAM_SUCCESS || !pam)
		return fault_set(f, ST_TEMP, "4.3.0", "PAM: cannot start");
	code = pam_authenticate(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (code == PAM_SUCCESS)
		code = pam_acct_mgmt(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	st = syslogin_outcome(pam, code, f);
	pam_end(pam, code);
	return st;
}
