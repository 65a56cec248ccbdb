/*
 * Programs.
 */
#include "deliver/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/privs.h"

/* Exit codes of sysexits.h and of qmail that mean more than "later". */
static const struct {
	int code;
	enum deliver_next next;
	const char *esc; /* RFC 3463 */
	const char *words;
} exits[] = {
    {0, DELIVER_NEXT, "", ""},
    {99, DELIVER_STOP, "", ""},
    {64, DELIVER_FAIL, "5.3.5", "was called wrongly"},
    {65, DELIVER_FAIL, "5.6.0", "does not like the message"},
    {67, DELIVER_FAIL, "5.1.1", "does not know the user"},
    {68, DELIVER_FAIL, "5.1.2", "does not know the host"},
    {69, DELIVER_FAIL, "5.3.0", "is not available"},
    {70, DELIVER_FAIL, "5.3.0", "failed"},
    {76, DELIVER_FAIL, "5.5.0", "met a wrong protocol"},
    {77, DELIVER_FAIL, "5.7.1", "refused permission"},
    {78, DELIVER_FAIL, "5.3.5", "is configured wrongly"},
    {100, DELIVER_FAIL, "5.3.0", "failed"},
    {112, DELIVER_FAIL, "5.3.0", "failed"},
};

/* ---- starting ---- */

static void
close_pair(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

/* In the child, between fork and exec: nothing that takes a lock. */
static void
become_program(const struct deliver_program *p, const int in[2], const int out[2])
{
	const char *shell = p->shell[0] ? p->shell : "/bin/sh";
	char *argv[4];
	sigset_t none;
	/* Both may stand in each other's place: up first. */
	int stdin_fd = fcntl(in[0], F_DUPFD, 10), stdout_fd = fcntl(out[1], F_DUPFD, 10);

	if (stdin_fd < 0 || stdout_fd < 0 || dup2(stdin_fd, 0) < 0 || dup2(stdout_fd, 1) < 0 ||
	    dup2(stdout_fd, 2) < 0)
		_exit(71); /* EX_OSERR */
	setsid();
	for (int s = 1; s < 32; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(077);
	if (fchdir(p->home) != 0)
		_exit(71);
	privs_close_from(3);
	argv[0] = (char *)(uintptr_t)shell;
	argv[1] = (char *)(uintptr_t) "-c";
	argv[2] = (char *)(uintptr_t)p->command;
	argv[3] = NULL;
	execve(shell, argv, p->env);
	_exit(72); /* EX_OSFILE */
}

static int
set_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return 0;
}

enum st
deliver_program_start(const struct deliver_program *p, struct deliver_child *c, struct fault *f)
{
	int in[2], out[2], err;

	if (pipe(in) != 0)
		return fault_sys(f, ST_TEMP, "4.3.0", errno, "starting a program");
	if (pipe(out) != 0) {
		err = errno;
		close_pair(in);
		return fault_sys(f, ST_TEMP, "4.3.0", err, "starting a program");
	}
	err = set_flags(in[1]);
	err = err ? err : set_flags(out[0]);
	c->pid = err ? -1 : fork();
	if (c->pid == 0)
		become_program(p, in, out);
	if (c->pid < 0) {
		err = err ? -err : errno;
		close_pair(in);
		close_pair(out);
		return fault_sys(f, ST_TEMP, "4.3.0", err, "starting a program");
	}
	close(in[0]);
	close(out[1]);
	c->in = in[1];
	c->out = out[0];
	return ST_OK;
}

/* ---- its end ---- */

/* The last line with words: what programs say before they give up. */
static struct slice
last_words(struct slice output)
{
	struct slice line;

	output = sl_trim(output);
	line = sl_skip(output, sl_rfind(output, '\n') < output.n ? sl_rfind(output, '\n') + 1 : 0);
	return sl_trim(line);
}

enum deliver_next
deliver_program_ended(int status, struct slice output, struct fault *f)
{
	struct slice words = last_words(output);
	const char *colon = words.n ? ": " : "";

	if (!WIFEXITED(status)) {
		fault_set(f, ST_TEMP, "4.3.0", "the program was ended by signal %d%s%.*s",
		    WIFSIGNALED(status) ? WTERMSIG(status) : 0, colon, SL_FMT(words));
		return DELIVER_DEFER;
	}
	for (size_t i = 0; i < COUNT_OF(exits); i++) {
		if (exits[i].code != WEXITSTATUS(status))
			continue;
		if (exits[i].next == DELIVER_FAIL)
			fault_set(f, ST_PERM, exits[i].esc, "the program %s (exit %d)%s%.*s",
			    exits[i].words, exits[i].code, colon, SL_FMT(words));
		return exits[i].next;
	}
	fault_set(f, ST_TEMP, "4.3.0", "the program asks for another try (exit %d)%s%.*s",
	    WEXITSTATUS(status), colon, SL_FMT(words));
	return DELIVER_DEFER;
}
