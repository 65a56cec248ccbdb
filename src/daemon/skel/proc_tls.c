/*
 * The daemon frame: TLS of a service from the keys that master gave.
 */
#include "daemon/skel/proc.h"

#include "net/log.h"

struct tls_context *
proc_tls(const struct proc *p, const struct conf_tls *t, const char *service)
{
	struct tls_opts o = {
	    .cert_fd = proc_key(p, t->certfile),
	    .key_fd = proc_key(p, t->private_keyfile[0] ? t->private_keyfile : t->certfile),
	    .trust_fd = t->trustcerts[0] ? proc_key(p, t->trustcerts) : -1,
	    .min_protocol = t->protocol,
	    .cipher_list = t->cipher_list[0] ? t->cipher_list : NULL,
	    .verify_peer = t->verify_peer != CONF_VERIFY_NONE,
	    .session_cache = 1000,
	};
	struct tls_context *c = NULL;
	struct fault f;

	if (o.cert_fd < 0)
		return NULL;
	if (tls_context_new(&o, &c, &f) == ST_OK)
		return c;
	log_event(LOG_LEVEL_ERROR, "tls", KV_STR("service", service),
	    KV_STR("certificate", t->certfile), KV_FAULT(&f), KV_END);
	return NULL;
}
