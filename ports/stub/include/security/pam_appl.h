/*
 * PAM as its systems declare it, as far as ports/posix uses it. For the emulation.
 */
#ifndef STUB_SECURITY_PAM_APPL_H
#define STUB_SECURITY_PAM_APPL_H

enum {
	PAM_SUCCESS, PAM_OPEN_ERR, PAM_SYMBOL_ERR, PAM_SERVICE_ERR, PAM_SYSTEM_ERR, PAM_BUF_ERR,
	PAM_PERM_DENIED, PAM_AUTH_ERR, PAM_CRED_INSUFFICIENT, PAM_AUTHINFO_UNAVAIL,
	PAM_USER_UNKNOWN,
	PAM_MAXTRIES, PAM_NEW_AUTHTOK_REQD, PAM_ACCT_EXPIRED, PAM_SESSION_ERR, PAM_CRED_UNAVAIL,
	PAM_CRED_EXPIRED, PAM_CRED_ERR, PAM_NO_MODULE_DATA, PAM_CONV_ERR
};

#define PAM_SILENT 0x8000
#define PAM_DISALLOW_NULL_AUTHTOK 1
#define PAM_PROMPT_ECHO_OFF 1
#define PAM_PROMPT_ECHO_ON 2
#define PAM_ERROR_MSG 3
#define PAM_TEXT_INFO 4

typedef struct pam_handle pam_handle_t;

struct pam_message {
	int msg_style;
	const char *msg;
};

struct pam_response {
	char *resp;
	int resp_retcode;
};

struct pam_conv {
	int (*conv)(int, const struct pam_message **, struct pam_response **, void *);
	void *appdata_ptr;
};

int pam_start(const char *service, const char *user, const struct pam_conv *, pam_handle_t **);
int pam_authenticate(pam_handle_t *, int flags);
int pam_acct_mgmt(pam_handle_t *, int flags);
int pam_end(pam_handle_t *, int status);
const char *pam_strerror(pam_handle_t *, int code);

#endif
