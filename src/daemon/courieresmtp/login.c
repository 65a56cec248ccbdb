/*
 * Our logins at other servers: lines "relay[,port] user password", the first one that fits.
 */
#include "daemon/courieresmtp/esmtp.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "net/log.h"

#define LOGINS_MAX 65536

void
login_load(struct esmtp *e)
{
	const char *path = proc_conf(e->proc)->courierd.auth_client;
	int fd = path[0] ? proc_key(e->proc, path) : -1;
	struct stat st;
	ssize_t n;

	buf_init(&e->logins, LOGINS_MAX);
	if (fd < 0)
		return;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 077)) {
		log_event(LOG_LEVEL_ERROR, "login", KV_STR("file", path),
		    KV_STR("refused", "others can read it, or it is no file"), KV_END);
		return;
	}
	n = pread(fd, buf_room(&e->logins, LOGINS_MAX), LOGINS_MAX, 0);
	if (n > 0)
		buf_added(&e->logins, (size_t)n);
}

static struct slice
word(struct slice *rest)
{
	struct slice w;
	size_t n = 0;

	*rest = sl_trim(*rest);
	while (n < rest->n && !ascii_is_space(rest->p[n]))
		n++;
	w = sl_sub(*rest, 0, n);
	*rest = sl_skip(*rest, n);
	return w;
}

bool
login_find(const struct esmtp *e, struct slice relay, struct slice host, struct smtp_client_opts *o)
{
	struct slice rest = buf_slice(&e->logins), line, key;

	while (rest.n) {
		sl_cut(&rest, '\n', &line);
		key = word(&line);
		if (key.n == 0 || key.p[0] == '#' || !sl_ieq(key, relay.n ? relay : host))
			continue;
		o->user = word(&line);
		o->password = sl_trim(line);
		return o->user.n > 0;
	}
	return false;
}
