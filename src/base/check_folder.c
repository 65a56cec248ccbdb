/*
 * Folders for tests.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"

void
check_folder_new(const char *parent, char path[64])
{
	const char *tmp = parent ? parent : getenv("TMPDIR");

	snprintf(path, 64, "%.40s/check.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(path)) {
		perror(path);
		exit(2);
	}
}

#define DEPTH_MAX 64

/* What stands in the folder dir, which is closed. Links are removed, not followed. */
static void
remove_below(int dir, unsigned depth)
{
	DIR *d = fdopendir(dir);
	struct dirent *e;
	struct stat st;
	int below;

	if (!d) {
		close(dir);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (!S_ISDIR(st.st_mode)) {
			unlinkat(dir, e->d_name, 0);
			continue;
		}
		below = openat(
		    dir, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (below >= 0 && depth < DEPTH_MAX)
			remove_below(below, depth + 1);
		else if (below >= 0)
			close(below);
		unlinkat(dir, e->d_name, AT_REMOVEDIR);
	}
	closedir(d);
}

void
check_folder_remove(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return;
	remove_below(dir, 0);
	rmdir(path);
}
