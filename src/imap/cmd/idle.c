/* IDLE: RFC 2177. News come by event(ENGINE_NOTICE); the line DONE ends it (server_read.c). */
#include "imap/server_cmd.h"

void
imap_run_idle(struct imap_server *s)
{
	buf_put(imap_out(s), SL("+ idling\r\n")); /* R2177-3-b */
	imap_read_idle(s);
	if (s->is_selected)
		imap_idle_sync(s);
}
