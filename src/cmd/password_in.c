#include "cmd/password_in.h"

#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/cmd.h"

#define PASSWORD_MAX 1000

/* One line of standard input, byte by byte: what follows belongs to somebody else. */
static bool
read_line(struct buf *out)
{
	char c;
	ssize_t n;

	while ((n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n')
		buf_put_byte(out, (unsigned char)c);
	if (out->n > 0 && out->p[out->n - 1] == '\r')
		buf_cut(out, out->n - 1);
	return n == 1 || out->n > 0;
}

static bool
ask(const char *prompt, struct buf *out)
{
	struct termios shown, hidden;
	bool there;

	if (tcgetattr(STDIN_FILENO, &shown) != 0)
		return false;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fputs(prompt, stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	there = read_line(out);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	return there;
}

bool
password_in(const char *command, struct buf *out)
{
	struct buf first, again;
	const char *problem = NULL;

	buf_init(&first, PASSWORD_MAX);
	buf_init(&again, PASSWORD_MAX);
	if (!isatty(STDIN_FILENO))
		problem = read_line(&first) ? NULL : "found no password on standard input";
	else if (!ask("Password: ", &first) || !ask("Once more: ", &again))
		problem = "found no password";
	else if (!sl_eq(buf_slice(&first), buf_slice(&again)))
		problem = "found two different passwords";
	if (problem == NULL && !buf_ok(&first))
		problem = "found a password that is too long";
	if (problem == NULL)
		buf_put(out, buf_slice(&first));
	else
		cmd_complain(command, "%s", problem);
	buf_fini(&first);
	buf_fini(&again);
	return problem == NULL;
}
