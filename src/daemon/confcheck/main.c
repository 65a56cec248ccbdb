/*
 * confcheck: reads the configuration for master, which is root and parses nothing that people
 * write. It runs as the mail user, so what that one cannot read is said and not read; it says what
 * it found and ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "conf/snapshot.h"
#include "daemon/skel/proc.h"

/* What the frame checked carries. */
#define REPORT_MAX ((size_t)59000)
#define SNAPSHOT_MAX ((size_t)16000000)

static void
check(const char *dir, struct buf *report, struct buf *snapshot, bool *good)
{
	struct conf_source src = {.dir = dir};
	struct conf_report r;
	struct conf c = {0};

	conf_report_init(&r);
	src.dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (src.dirfd < 0)
		conf_error(&r, dir, 0, "%s", strerror(errno));
	else if (conf_load(&src, &c, &r) == ST_OK)
		conf_snapshot_put(&c, snapshot);
	if (!buf_ok(snapshot)) {
		conf_error(&r, dir, 0, "found more than %zu bytes of values", SNAPSHOT_MAX);
		buf_clear(snapshot);
	}
	*good = r.errors == 0;
	conf_report_put(&r, report);
}

static void
confcheck_serve(struct proc *p)
{
	struct buf report, snapshot;
	bool good;

	buf_init(&report, REPORT_MAX);
	buf_init(&snapshot, SNAPSHOT_MAX);
	check(proc_paths(p)->conf_dir, &report, &snapshot, &good);
	channel_note(proc_control(p), IPC_checked,
	    &(struct ipc_checked){
		.good = good, .report = buf_slice(&report), .snapshot = buf_slice(&snapshot)},
	    -1);
}

int
main(int argc, char **argv)
{
	static const struct proc_def def = {
	    .role = "confcheck",
	    .log_name = "courier",
	    .needs_no_conf = true,
	    .serve = confcheck_serve,
	};

	return proc_main(argc, argv, &def);
}
