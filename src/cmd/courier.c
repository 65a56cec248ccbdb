/*
 * courier(8): start, stop, look at and steer the server.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "build_config.h"
#include "cmd/cmd.h"
#include "cmd/courier.h"
#include "os/clock.h"
#include "os/pidfile.h"

#define STOP_WITHIN_MS 10000
#define STOP_GRACE_MS 10000
#define DRAIN_WITHIN_SEC 300

static void
take_reply(void *arg, uint16_t type, const void *message)
{
	struct courier_reply *r = arg;
	const struct ipc_cmd_done *m = message;

	if (type != IPC_cmd_done) {
		if (r->part)
			r->part(r->arg, type, message);
		return;
	}
	ipc_verdict_to(m->verdict.v, m->verdict.n, &r->fault);
	if (r->end && r->fault.st == ST_OK)
		r->end(r->arg, m->text);
	else if (m->text.n)
		fwrite(m->text.p, 1, m->text.n, r->fault.st == ST_OK ? stdout : stderr);
}

int
courier_ask(const char *socket, enum ipc_type type, const void *message, struct courier_reply *r)
{
	struct paths p;
	struct fault f;
	int fd;
	enum st st;

	cmd_paths(&p);
	fd = cmd_connect(&p, socket, &f);
	if (fd < 0) {
		cmd_complain("courier", "%s", f.text);
		return f.st == ST_DENIED ? EXIT_NOPERM : EXIT_UNAVAILABLE;
	}
	channel_identify("courier", BUILD_VERSION);
	st = channel_ask_blocking(fd, type, message, take_reply, r, &f);
	close(fd);
	if (st != ST_OK) {
		cmd_complain("courier", "%s", f.text);
		return EXIT_UNAVAILABLE;
	}
	if (r->fault.st == ST_OK)
		return EXIT_GOOD;
	if (strcmp(r->fault.text, "refused") != 0)
		cmd_complain("courier", "%s", r->fault.text);
	return r->fault.st == ST_SYNTAX ? EXIT_CONFIG : EXIT_TEMP;
}

/* Asks a daemon; prints its text; the exit status. */
static int
ask(const char *socket, enum ipc_type type, const void *message)
{
	return courier_ask(socket, type, message, &(struct courier_reply){.fault = FAULT_NONE});
}

/* ---- start and stop ---- */

static int
cmd_start(int argc, char **argv)
{
	const char *instance = getenv("COURIER_INSTANCE");
	char path[PATHS_MAX + 16];
	char **args = calloc((size_t)argc + 6, sizeof(*args));
	struct paths p;
	int n = 0;

	if (!args)
		return EXIT_SOFTWARE;
	cmd_paths(&p);
	snprintf(path, sizeof(path), "%s/master", p.daemon_dir);
	args[n++] = path;
	if (instance && *instance) {
		args[n++] = (char *)(uintptr_t)"--instance";
		args[n++] = (char *)(uintptr_t)instance;
	}
	if (getuid() != 0)
		args[n++] = (char *)(uintptr_t)"--single-user";
	for (int i = 1; i < argc; i++)
		args[n++] = argv[i];
	execv(path, args);
	cmd_complain("courier start", "%s: %s", path, strerror(errno));
	return EXIT_SOFTWARE;
}

/* Is a master holding the lock of this instance? */
static bool
is_running(const struct paths *p)
{
	char path[PATHS_MAX + 16];

	snprintf(path, sizeof(path), "%s/courier.pid", p->state_dir);
	return pidfile_is_taken(path);
}

static int
stop_within(const char *word, int64_t within_ms)
{
	struct ipc_cmd_stop m = { .within_ms = (uint32_t)within_ms };
	int64_t patience_ms = within_ms + STOP_GRACE_MS, until = clock_mono_ms() + patience_ms;
	struct paths p;
	int status;

	cmd_paths(&p);
	status = ask("control/master", IPC_cmd_stop, &m);
	if (status != EXIT_GOOD)
		return status;
	while (is_running(&p)) {
		if (clock_mono_ms() > until) {
			cmd_complain("courier", "%s: it is still running after %lld s", word,
			    (long long)patience_ms / 1000);
			return EXIT_TEMP;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
	}
	puts("stopped");
	return EXIT_GOOD;
}

static int
cmd_stop(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return stop_within("stop", STOP_WITHIN_MS);
}

/* A stop that lets sessions come to their own end. */
static int
cmd_drain(int argc, char **argv)
{
	int64_t within_sec = DRAIN_WITHIN_SEC;

	if (argc > 1 && (!num_duration_sec(sl_str(argv[1]), &within_sec) || within_sec > 86400)) {
		cmd_complain("courier", "drain: found \"%s\", expected a time such as 90 or 15m",
		    argv[1]);
		return EXIT_USAGE;
	}
	return stop_within("drain", within_sec * 1000);
}

static int
cmd_restart(int argc, char **argv)
{
	struct paths p;

	cmd_paths(&p);
	if (is_running(&p)) {
		int status = cmd_stop(0, NULL);

		if (status != EXIT_GOOD)
			return status;
	}
	return cmd_start(argc, argv);
}

/* ---- steering ---- */

static int
cmd_reload(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return ask("control/master", IPC_cmd_reload, &(struct ipc_cmd_reload){0});
}

static int
cmd_flush(int argc, char **argv)
{
	struct ipc_cmd_flush m = { .id = argc > 1 ? sl_str(argv[1]) : SL_NONE };

	return ask("control/courierd", IPC_cmd_flush, &m);
}

static int
pause_or_resume(int argc, char **argv, bool on)
{
	static const struct {
		const char *word;
		uint8_t bit;
	} words[] = { { "in", 1 }, { "out", 2 }, { "local", 4 } };
	struct ipc_cmd_pause m = { .on = on };

	for (int i = 1; i < argc; i++) {
		size_t k = 0;

		while (k < COUNT_OF(words) && strcmp(argv[i], words[k].word) != 0)
			k++;
		if (k == COUNT_OF(words)) {
			cmd_complain("courier", "found \"%s\", expected in, out or local", argv[i]);
			return EXIT_USAGE;
		}
		m.what |= words[k].bit;
	}
	if (!m.what)
		m.what = 7;
	return ask("control/master", IPC_cmd_pause, &m);
}

static int
cmd_pause(int argc, char **argv)
{
	return pause_or_resume(argc, argv, true);
}

static int
cmd_resume(int argc, char **argv)
{
	return pause_or_resume(argc, argv, false);
}

static int
cmd_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts(BUILD_NAME " " BUILD_VERSION);
	return EXIT_GOOD;
}

static int cmd_help(int argc, char **argv);

static const struct {
	const char *word;
	int (*run)(int argc, char **argv);
	const char *arguments, *what;
} commands[] = {
	{ "start", cmd_start, "[--foreground]",
	    "start the server; returns when every process is ready" },
	{ "stop", cmd_stop, "", "end what is under way within 10 s and stop" },
	{ "drain", cmd_drain, "[TIME]", "take nothing new, let sessions end by themselves for TIME "
	    "(5m), and stop" },
	{ "restart", cmd_restart, "", "stop, then start" },
	{ "reload", cmd_reload, "", "check the configuration and put it in force; with a mistake "
	    "nothing changes" },
	{ "status", cmd_status, "", "processes, what they are doing, which configuration is in "
	    "force" },
	{ "who", cmd_who, "", "the sessions of clients" },
	{ "kick", cmd_kick, "ACCOUNT | IP | SESSION", "end sessions" },
	{ "revoke", cmd_revoke, "ACCOUNT", "end whatever runs for an account" },
	{ "flush", cmd_flush, "[ID]", "try all waiting mail now, or one message" },
	{ "pause", cmd_pause, "[in] [out] [local]",
	    "take no mail in, send none out, deliver none locally" },
	{ "resume", cmd_resume, "[in] [out] [local]", "go on" },
	{ "config", cmd_config, "check | show [NAME] | explain NAME", "the configuration files" },
	{ "version", cmd_version, "", "what this is" },
	{ "--version", cmd_version, NULL, NULL },
	{ "help", cmd_help, NULL, NULL },
	{ "--help", cmd_help, NULL, NULL },
};

static int
cmd_help(int argc, char **argv)
{
	FILE *to = argc < 0 ? stderr : stdout;

	(void)argv;
	fputs("usage: courier COMMAND [ARGUMENTS]\n\n", to);
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		char left[80];

		if (!commands[i].what)
			continue;
		snprintf(left, sizeof(left), "%s %s", commands[i].word, commands[i].arguments);
		fprintf(to, "  %-46s %s\n", left, commands[i].what);
	}
	fputs("\nWith COURIER_INSTANCE=DIR in the environment, the instance below DIR is meant.\n",
	    to);
	return EXIT_GOOD;
}

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < COUNT_OF(commands); i++)
		if (strcmp(argv[1], commands[i].word) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (argc > 1)
		cmd_complain("courier", "found \"%s\", expected a command", argv[1]);
	cmd_help(-1, NULL);
	return EXIT_USAGE;
}
