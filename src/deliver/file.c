/*
 * Instruction files.
 */
#include "deliver/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"

bool
deliver_extension(struct slice typed, struct slice separators, char out[DELIVER_EXT_MAX + 1])
{
	if (typed.n > DELIVER_EXT_MAX || sl_find(typed, '\0') < typed.n)
		return false;
	for (size_t i = 0; i < typed.n; i++)
		out[i] = sl_find(separators, typed.p[i]) < separators.n ? '-' : (char)typed.p[i];
	out[typed.n] = '\0';
	return true;
}

/* Where the extension is cut for the number-th default form: at its last '-', the one before ... */
static bool
cut_at(struct slice ext, unsigned number, size_t *at)
{
	*at = ext.n;
	while (number-- > 0) {
		if (*at == 0)
			return false;
		*at = sl_rfind(sl_sub(ext, 0, *at), '-') == *at
			  ? 0
			  : sl_rfind(sl_sub(ext, 0, *at), '-');
	}
	return true;
}

bool
deliver_file_name(
    const char *prefix, const char *extension, unsigned number, struct deliver_file *file)
{
	struct slice ext = sl_str(extension);
	size_t at, n;
	int len;

	*file = (struct deliver_file){.is_default = number > 0};
	if (ext.n == 0) {
		snprintf(file->name, sizeof(file->name), "%s", prefix);
		return number == 0;
	}
	if (sl_find(ext, '/') < ext.n || !cut_at(ext, number, &at))
		return false;
	n = strlen(prefix) + 1;
	if (number == 0)
		len = snprintf(file->name, sizeof(file->name), "%s-%s", prefix, extension);
	else if (at == 0)
		len = snprintf(file->name, sizeof(file->name), "%s-default", prefix);
	else
		len = snprintf(
		    file->name, sizeof(file->name), "%s-%.*s-default", prefix, (int)at, extension);
	if (len < 0 || (size_t)len >= sizeof(file->name))
		file->name[0] = '\0'; /* no file has such a name; a shorter one may be there */
	for (char *c = file->name; file->name[0] && c < file->name + n + (number ? at : ext.n); c++)
		if (*c == '.' && c >= file->name + n)
			*c = ':';
	if (number > 0)
		file->default_at = at == 0 ? 0 : at + 1;
	return true;
}

static enum st
read_it(int fd, const char *name, struct buf *out, struct fault *f)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) != 0)
		return fault_sys(f, ST_IO, "4.3.0", errno, "%s", name);
	if (!S_ISREG(st.st_mode))
		return fault_set(f, ST_TEMP, "4.3.5", "%s is no plain file", name);
	if (st.st_mode & S_IWOTH)
		return fault_set(f, ST_TEMP, "4.3.5", "%s can be written by everybody", name);
	do {
		unsigned char *room = buf_room(out, 4096);

		if (!room)
			return fault_set(f, ST_LIMIT, "4.3.5", "%s is too long", name);
		do
			n = read(fd, room, 4096);
		while (n < 0 && errno == EINTR);
		if (n > 0)
			buf_added(out, (size_t)n);
	} while (n > 0);
	return n == 0 ? ST_OK : fault_sys(f, ST_IO, "4.3.0", errno, "%s", name);
}

enum st
deliver_file_read(int home, const char *prefix, const char *extension, struct buf *out,
    struct deliver_file *file, struct fault *f)
{
	enum st st;

	for (unsigned i = 0; deliver_file_name(prefix, extension, i, file); i++) {
		/* Non-blocking: a named pipe must not hold us. */
		int fd = file->name[0]
			     ? openat(home, file->name,
				   O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
			     : -1;

		if (fd < 0 && (!file->name[0] || errno == ENOENT || errno == ENAMETOOLONG))
			continue;
		if (fd < 0)
			return fault_sys(f, ST_IO, "4.3.0", errno, "%s", file->name);
		st = read_it(fd, file->name, out, f);
		close(fd);
		return st;
	}
	return fault_set(f, ST_NOENT, "5.1.1", "no such address here");
}
