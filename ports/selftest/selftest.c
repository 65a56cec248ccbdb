/*
 * Runs the contract tests and prints the report. Each test is this program started anew under the
 * name NAME_test, by a link: some of them look at their own name and arguments, or start
 * themselves.
 */
#include "ports/selftest/selftest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/check.h"
#include "build_config.h"

#define OUTPUT_MAX 4000 /* of a failed test, in bytes: its end */
#define SKIPPED 77

static const char usage[] =
    "usage: selftest [--list] [--dir FOLDER] [CONTRACT ...]\n"
    "  --dir FOLDER  look at the file system of FOLDER, such as the queue's or the homes'\n"
    "  --list        the contracts\n"
    "Run it as root and as another user, from a folder that all users can read, and send both\n"
    "reports back.\n";

static const struct {
	const char *header; /* src/os/NAME.h */
	int (*run)(int argc, char **argv);
	const char *note; /* without run: why it is not tried here */
} contracts[] = {
	{ "accounts", selftest_accounts, NULL },
	{ "background", selftest_background, NULL },
	{ "clock", selftest_clock, NULL },
	{ "dirwatch", selftest_dirwatch, NULL },
	{ "durable", selftest_durable, NULL },
	{ "fdpass", selftest_fdpass, NULL },
	{ "filelock", selftest_filelock, NULL },
	{ "peercred", selftest_peercred, NULL },
	{ "pidfile", selftest_pidfile, NULL },
	{ "poller", selftest_poller, NULL },
	{ "privs", selftest_privs, NULL },
	{ "proctitle", selftest_proctitle, NULL },
	{ "random", selftest_random, NULL },
#ifdef SELFTEST_SANDBOX
	{ "sandbox", selftest_sandbox, NULL },
#else
	{ "sandbox", NULL, "its test knows seccomp and landlock only; see courier status" },
#endif
	{ "sendfile", selftest_sendfile, NULL },
	{ "service", selftest_service, NULL },
	{ "spawn", selftest_spawn, NULL },
	{ "sysinfo", selftest_sysinfo, NULL },
	{ "syslogin", NULL, "it needs an account's password: authtest USER PASSWORD tries it" },
};

static unsigned passed, failed, skipped;
static char self[PATH_MAX], link_folder[64];

/* The last line of text, without its end. */
static const char *
last_line(char *text)
{
	size_t n = strlen(text);
	char *p;

	while (n && text[n - 1] == '\n')
		text[--n] = '\0';
	p = strrchr(text, '\n');
	return p ? p + 1 : text;
}

static void
print_indented(const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		printf("           | %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

/* Runs one in a child, its output in a file; the status as waitpid has it, or -1. */
static int
run_child(size_t i, FILE *out)
{
	char path[128];
	int status = -1;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s_test", link_folder, contracts[i].header);
	if (symlink(self, path) != 0)
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		/* Some leave files where they stand. */
		if (dup2(fileno(out), 1) < 0 || dup2(fileno(out), 2) < 0 || chdir(link_folder) != 0)
			_exit(1);
		execl(path, path, (char *)NULL);
		perror(path);
		_exit(1);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return pid > 0 ? status : -1;
}

/* The contract whose test we are by our name, or COUNT_OF(contracts). */
static size_t
by_name(const char *program)
{
	const char *base = strrchr(program, '/');
	size_t i = 0, n;

	base = base ? base + 1 : program;
	for (; i < COUNT_OF(contracts); i++) {
		n = strlen(contracts[i].header);
		if (contracts[i].run && strncmp(base, contracts[i].header, n) == 0 &&
		    strcmp(base + n, "_test") == 0)
			break;
	}
	return i;
}

static void
run_contract(size_t i)
{
	static char text[OUTPUT_MAX + 1];
	FILE *out = tmpfile();
	int status;
	size_t n;

	if (!contracts[i].run || !out) {
		printf("skipped    %-11s %s\n", contracts[i].header,
		    contracts[i].run ? "no temporary file" : contracts[i].note);
		skipped++;
		if (out)
			fclose(out);
		return;
	}
	status = run_child(i, out);
	fseek(out, 0, SEEK_END);
	fseek(out, ftell(out) > OUTPUT_MAX ? -(long)OUTPUT_MAX : -ftell(out), SEEK_END);
	n = fread(text, 1, OUTPUT_MAX, out);
	text[n] = '\0';
	fclose(out);
	if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		passed++;
		printf("passed     %s\n", last_line(text));
	} else if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
		skipped++;
		printf("skipped    %-11s %s\n", contracts[i].header, last_line(text));
	} else {
		failed++;
		if (status != -1 && WIFSIGNALED(status))
			printf("FAILED     %-11s signal %d\n", contracts[i].header,
			    WTERMSIG(status));
		else
			printf("FAILED     %-11s status %d\n", contracts[i].header,
			    status == -1 ? -1 : WEXITSTATUS(status));
		print_indented(text);
	}
}

static bool
is_wanted(size_t i, int argc, char **argv)
{
	for (int k = 0; k < argc; k++)
		if (strcmp(argv[k], contracts[i].header) == 0)
			return true;
	return argc == 0;
}

/* Options; the number of arguments they are, or -1. */
static int
read_options(int argc, char **argv, const char **folder)
{
	int n = 1;

	while (n < argc && argv[n][0] == '-') {
		if (strcmp(argv[n], "--list") == 0) {
			for (size_t i = 0; i < COUNT_OF(contracts); i++)
				puts(contracts[i].header);
			exit(0);
		}
		if (strcmp(argv[n], "--dir") != 0 || n + 1 >= argc)
			return -1;
		*folder = argv[n + 1];
		n += 2;
	}
	return n;
}

int
main(int argc, char **argv)
{
	const char *folder = getenv("TMPDIR");
	time_t now = time(NULL);
	struct tm tm;
	char date[32] = "";
	size_t as = by_name(argv[0]);
	int n;

	if (as < COUNT_OF(contracts))
		return contracts[as].run(argc, argv);
	if (!folder || !*folder)
		folder = "/tmp";
	n = read_options(argc, argv, &folder);
	if (n < 0) {
		fputs(usage, stderr);
		return 2;
	}
	if (!strchr(argv[0], '/') || !realpath(argv[0], self)) {
		fprintf(stderr, "selftest: found \"%s\", expected its path\n", argv[0]);
		return 2;
	}
	setenv("TMPDIR", folder, 1);
	check_folder_new(NULL, link_folder);
	if (chmod(link_folder, 0755) != 0) /* one test starts us as another user */
		perror(link_folder);
	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	printf("%s %s self test, %s, uid %lu\n\n[system]\n", BUILD_NAME, BUILD_VERSION, date,
	    (unsigned long)getuid());
	facts_system();
	printf("\n[files]\n");
	facts_files(folder);
	printf("\n[sockets]\n");
	facts_sockets();
	printf("\n[accounts]\n");
	facts_accounts();
	printf("\n[contracts]\n");
	for (size_t i = 0; i < COUNT_OF(contracts); i++)
		if (is_wanted(i, argc - n, argv + n))
			run_contract(i);
	check_folder_remove(link_folder);
	printf("\nselftest: %u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed ? 1 : 0;
}
