/*
 * The instance's folders.
 */
#include "conf/paths.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "build_config.h"

static const struct {
	const char *built, *below;
	size_t at;
} folders[] = {
	{ BUILD_CONF_DIR, "/etc", offsetof(struct paths, conf_dir) },
	{ BUILD_STATE_DIR, "/var", offsetof(struct paths, state_dir) },
	{ BUILD_RUN_DIR, "/var/run", offsetof(struct paths, run_dir) },
	{ BUILD_QUEUE_DIR, "/var/queue", offsetof(struct paths, queue_dir) },
	{ BUILD_LOG_DIR, "/var/log", offsetof(struct paths, log_dir) },
	{ BUILD_STATE_DIR "/empty", "/var/empty", offsetof(struct paths, empty_dir) },
	{ BUILD_DAEMON_DIR, "/libexec", offsetof(struct paths, daemon_dir) },
	{ BUILD_MODULE_DIR, "/libexec", offsetof(struct paths, module_dir) },
};

enum st
paths_init(const char *instance, struct paths *p, struct fault *f)
{
	bool built_in = !instance || !*instance;

	if (!built_in && *instance != '/')
		return fault_set(f, ST_SYNTAX, "",
		    "%s: found a relative path, expected an absolute one", instance);
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		char *to = (char *)p + folders[i].at;
		int n = built_in ? snprintf(to, PATHS_MAX, "%s", folders[i].built)
		                 : snprintf(to, PATHS_MAX, "%s%s", instance, folders[i].below);

		if (n < 0 || n >= PATHS_MAX)
			return fault_set(f, ST_LIMIT, "",
			    "%s: found a path that is too long, expected at most %d bytes", built_in
			    ? folders[i].built : instance, PATHS_MAX - 20);
	}
	return ST_OK;
}

enum st
paths_from_environment(struct paths *p, struct fault *f)
{
	return paths_init(getenv("COURIER_INSTANCE"), p, f);
}
