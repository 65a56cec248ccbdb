/*
 * PAM emulated: one module, which greets, asks for a password, asks once more in the open, and
 * frees the answers, as modules do.
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>

#include "ports/stub/logins.h"

struct pam_handle {
	const struct pam_conv *conv;
	char user[300];
};

int
pam_start(const char *service, const char *user, const struct pam_conv *conv, pam_handle_t **out)
{
	if (strcmp(service, "") == 0)
		return PAM_SYSTEM_ERR;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return PAM_BUF_ERR;
	(*out)->conv = conv;
	snprintf((*out)->user, sizeof((*out)->user), "%s", user);
	return PAM_SUCCESS;
}

int
pam_authenticate(pam_handle_t *pam, int flags)
{
	const struct pam_message text = {PAM_TEXT_INFO, "Welcome"},
				 secret = {PAM_PROMPT_ECHO_OFF, "Password: "},
				 open = {PAM_PROMPT_ECHO_ON, "Colour: "};
	const struct pam_message *asked[] = {&text, &secret, &open};
	struct pam_response *said = NULL;
	int rc = pam->conv->conv(3, asked, &said, pam->conv->appdata_ptr);

	if (rc != PAM_SUCCESS || !(flags & PAM_DISALLOW_NULL_AUTHTOK))
		return PAM_CONV_ERR;
	if (strcmp(pam->user, STUB_TROUBLE) == 0)
		rc = PAM_AUTHINFO_UNAVAIL;
	else if (strcmp(pam->user, STUB_NOBODY) == 0)
		rc = PAM_USER_UNKNOWN;
	else if (said[0].resp || said[2].resp || !stub_login_matches(pam->user, said[1].resp))
		rc = PAM_AUTH_ERR;
	for (int i = 0; i < 3; i++)
		free(said[i].resp);
	free(said);
	return rc;
}

int
pam_acct_mgmt(pam_handle_t *pam, int flags)
{
	(void)flags;
	if (strcmp(pam->user, STUB_EXPIRED) == 0)
		return PAM_ACCT_EXPIRED;
	return strcmp(pam->user, STUB_CHANGE) == 0 ? PAM_NEW_AUTHTOK_REQD : PAM_SUCCESS;
}

int
pam_end(pam_handle_t *pam, int status)
{
	(void)status;
	free(pam);
	return PAM_SUCCESS;
}

const char *
pam_strerror(pam_handle_t *pam, int code)
{
	(void)pam;
	return code == PAM_AUTHINFO_UNAVAIL ? "cannot reach the list of users" : "no";
}
