/*
 * The self test's facts about the system, its limits and its accounts.
 */
#include "ports/selftest/selftest.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/check.h"
#include "os/accounts.h"
#include "os/dirwatch.h"
#include "os/poller.h"
#include "os/sandbox.h"
#include "os/sysinfo.h"

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#elif defined(__xlC__) || defined(__ibmxl__)
#define COMPILER "XL C"
#elif defined(__SUNPRO_C)
#define COMPILER "Oracle Developer Studio"
#else
#define COMPILER "unknown"
#endif

void
report_fact(const char *name, const char *format, ...)
{
	va_list ap;

	printf("%-28s ", name);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

const char *
report_errno(int err)
{
	static const struct {
		int err;
		const char *name;
	} names[] = {
		{ EACCES, "EACCES" }, { EADDRINUSE, "EADDRINUSE" }, { EAGAIN, "EAGAIN" },
		{ EBADF, "EBADF" }, { EEXIST, "EEXIST" }, { EINVAL, "EINVAL" },
		{ EISDIR, "EISDIR" }, { ELOOP, "ELOOP" }, { EMFILE, "EMFILE" },
		{ EMLINK, "EMLINK" }, { EMSGSIZE, "EMSGSIZE" }, { ENAMETOOLONG, "ENAMETOOLONG" },
		{ ENOBUFS, "ENOBUFS" }, { ENOENT, "ENOENT" }, { ENOMEM, "ENOMEM" },
		{ ENOSPC, "ENOSPC" }, { ENOSYS, "ENOSYS" }, { ENOTDIR, "ENOTDIR" },
		{ ENOTSUP, "ENOTSUP" }, { EPERM, "EPERM" }, { EROFS, "EROFS" },
		{ ENOPROTOOPT, "ENOPROTOOPT" }, { EPROTONOSUPPORT, "EPROTONOSUPPORT" },
		{ EAFNOSUPPORT, "EAFNOSUPPORT" }, { EPIPE, "EPIPE" },
#ifdef EFTYPE
		{ EFTYPE, "EFTYPE" },
#endif
#ifdef ETOOMANYREFS
		{ ETOOMANYREFS, "ETOOMANYREFS" },
#endif
	};
	static char number[32];

	if (err == 0)
		return "ok";
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (names[i].err == err)
			return names[i].name;
	snprintf(number, sizeof(number), "errno %d", err);
	return number;
}

static void
limit(const char *name, int which)
{
	struct rlimit r;
	char soft[32] = "unlimited", hard[32] = "unlimited";

	if (getrlimit(which, &r) != 0) {
		report_fact(name, "%s", report_errno(errno));
		return;
	}
	if (r.rlim_cur != RLIM_INFINITY)
		snprintf(soft, sizeof(soft), "%llu", (unsigned long long)r.rlim_cur);
	if (r.rlim_max != RLIM_INFINITY)
		snprintf(hard, sizeof(hard), "%llu", (unsigned long long)r.rlim_max);
	report_fact(name, "%s, at most %s", soft, hard);
}

static void
configured(const char *name, int which)
{
	long value;

	errno = 0;
	value = sysconf(which);
	if (value >= 0)
		report_fact(name, "%ld", value);
	else
		report_fact(name, "%s", errno ? report_errno(errno) : "no limit");
}

static void
pollers(void)
{
	char text[200] = "";
	size_t n = 0;

	for (size_t i = 0; poller_all[i]; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", poller_all[i]->name);
	report_fact("poller", "%s, built:%s", poller_default->name, text);
}

static void
resolution(const char *name, clockid_t clock)
{
	struct timespec t;

	if (clock_getres(clock, &t) == 0)
		report_fact(name, "%lld ns", (long long)t.tv_sec * 1000000000 + t.tv_nsec);
	else
		report_fact(name, "%s", report_errno(errno));
}

void
facts_system(void)
{
	const uint16_t order = 1;
	struct utsname u;

	if (uname(&u) >= 0)
		report_fact("uname", "%s %s %s %s", u.sysname, u.release, u.version, u.machine);
	report_fact("compiler", "%s", COMPILER);
	report_fact("bits", "pointer %zu, long %zu, time_t %zu, off_t %zu, %s",
	    sizeof(void *) * CHAR_BIT, sizeof(long) * CHAR_BIT, sizeof(time_t) * CHAR_BIT,
	    sizeof(off_t) * CHAR_BIT,
	    *(const unsigned char *)&order ? "little-endian" : "big-endian");
	pollers();
	report_fact("dirwatch", "%s", dirwatch_name);
	report_fact("sandbox", "%s", sandbox_name);
	report_fact("processors", "%u", sysinfo_cpus());
	configured("page size", _SC_PAGESIZE);
	configured("open files (sysconf)", _SC_OPEN_MAX);
	configured("buffers of writev", _SC_IOV_MAX);
	configured("groups of a process", _SC_NGROUPS_MAX);
	configured("length of a login name", _SC_LOGIN_NAME_MAX);
	configured("bytes of arguments", _SC_ARG_MAX);
	limit("descriptors", RLIMIT_NOFILE);
	limit("core file", RLIMIT_CORE);
	limit("file size", RLIMIT_FSIZE);
	resolution("monotonic clock", CLOCK_MONOTONIC);
	resolution("wall clock", CLOCK_REALTIME);
}

void
facts_accounts(void)
{
	static const struct {
		const char *name, *setting;
	} kinds[] = {
		{ "traditional", "ab" }, { "MD5", "$1$saltsalt$" },
		{ "bcrypt", "$2b$04$abcdefghijklmnopqrstuu" }, { "SHA-256", "$5$saltsalt$" },
		{ "SHA-512", "$6$saltsalt$" }, { "yescrypt", "$y$j75$saltsaltsalt$" },
		{ "AIX ssha512", "{ssha512}06$saltsaltsaltsalt$" },
	};
	struct accounts_entry e;
	char hash[512];
	int err = accounts_by_uid((uint32_t)getuid(), &e);

	report_fact("our entry in passwd", "%s",
	    err == 0 ? e.name : err == -ENOENT ? "none" : report_errno(-err));
	report_fact("a user who is not there", "%s",
	    report_errno(-accounts_by_name("nobody-by-this", &e)));
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		report_fact("crypt", "%s %s", kinds[i].name,
		    accounts_crypt_make("secret", kinds[i].setting, hash, sizeof(hash)) ? "yes"
											 : "no");
}
