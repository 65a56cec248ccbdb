/*
 * cancelmsg(1): stop trying to deliver a message; what is still owed comes back to the sender with
 * the reason. The message's owner or root.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "build_config.h"
#include "cmd/cmd.h"
#include "ipc/channel.h"

static void
take_frame(void *arg, uint16_t type, const void *message)
{
	const struct ipc_cmd_done *done = message;

	if (type == IPC_cmd_done)
		ipc_verdict_to(done->verdict.v, done->verdict.n, arg);
}

int
main(int argc, char **argv)
{
	struct ipc_cmd_cancel m;
	struct fault f, verdict = FAULT_NONE;
	struct paths p;
	int fd;
	enum st st = ST_TEMP;

	if (argc < 2 || argc > 3 || argv[1][0] == '-') {
		fputs("usage: cancelmsg ID [REASON]\n", stderr);
		return EXIT_USAGE;
	}
	m = (struct ipc_cmd_cancel){ .id = sl_str(argv[1]),
	    .reason = argc > 2 ? sl_str(argv[2]) : SL("cancelled") };
	if (m.id.n > 40 || m.reason.n > 160) {
		cmd_complain("cancelmsg", "found %zu bytes, expected at most %d",
		    m.id.n > 40 ? m.id.n : m.reason.n, m.id.n > 40 ? 40 : 160);
		return EXIT_USAGE;
	}
	cmd_paths(&p);
	fd = cmd_connect(&p, "control/courierd", &f);

	if (fd >= 0) {
		channel_identify("cancelmsg", BUILD_VERSION);
		st = channel_ask_blocking(fd, IPC_cmd_cancel, &m, take_frame, &verdict, &f);
		close(fd);
	}
	if (fd < 0 || st != ST_OK || verdict.st != ST_OK) {
		cmd_complain("cancelmsg", "%s", fd < 0 || st != ST_OK ? f.text : verdict.text);
		return verdict.st == ST_NOENT ? EXIT_DATA : verdict.st == ST_DENIED ? EXIT_NOPERM
		    : EXIT_TEMP;
	}
	return EXIT_GOOD;
}
