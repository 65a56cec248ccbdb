/*
 * mkesmtpdcert(8), mkimapdcert(8), mkpop3dcert(8): a self-signed certificate with its key, for a
 * start. Never overwrites one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "cmd/cmd.h"
#include "ext/tls.h"

#define NAMES_MAX 64

#if defined(MAKE_IMAPD)
#define NAME "mkimapdcert"
#define PEM "imapd.pem"
#elif defined(MAKE_POP3D)
#define NAME "mkpop3dcert"
#define PEM "pop3d.pem"
#else
#define NAME "mkesmtpdcert"
#define PEM "esmtpd.pem"
#endif

static const char usage[] =
    "usage: " NAME " [-d DAYS] [-n NAME]... [FILE]\n"
    "  writes a certificate and key for the names (default: this host's) to FILE (default: " PEM
    " in the\n"
    "  configuration folder); a FILE that is there is never overwritten\n";

static int
make(const char *file, const char *const *names, unsigned days)
{
	struct fault f;
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum st st;

	if (fd < 0) {
		cmd_complain(NAME,
		    errno == EEXIST ? "%s: there is one already" : "%s: cannot be made", file);
		return EXIT_IO;
	}
	st = tls_self_signed(fd, names, days, &f);
	if (st == ST_OK && fsync(fd) != 0)
		st = fault_sys(&f, ST_IO, "", errno, "%s", file);
	close(fd);
	if (st == ST_OK)
		return EXIT_GOOD;
	unlink(file);
	cmd_complain(NAME, "%s", f.text);
	return EXIT_IO;
}

int
main(int argc, char **argv)
{
	const char *names[NAMES_MAX + 1] = {0};
	char host[256], built_in[PATHS_MAX + 16];
	const char *file = built_in;
	uint64_t days = 365;
	size_t n = 0;
	struct paths p;
	int c;

	while ((c = getopt(argc, argv, "d:n:")) != -1) {
		if (c == 'n' && n < NAMES_MAX) {
			names[n++] = optarg;
		} else if (c != 'd' || !num_u64(sl_str(optarg), 36500, &days) || days == 0) {
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	cmd_paths(&p);
	snprintf(built_in, sizeof(built_in), "%s/" PEM, p.conf_dir);
	if (optind < argc)
		file = argv[optind];
	if (n == 0) {
		if (gethostname(host, sizeof(host)) != 0)
			memcpy(host, "localhost", sizeof("localhost"));
		host[sizeof(host) - 1] = '\0';
		names[0] = host;
	}
	return make(file, names, (unsigned)days);
}
