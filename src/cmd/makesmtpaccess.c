/*
 * makesmtpaccess(8), makesmtpaccess-msa(8): what clients may do, to the table ACCESSFILE.dat of
 * esmtpd or (MAKE_MSA) of esmtpd-msa.
 */
#include <stdio.h>
#include <unistd.h>

#include "cmd/table.h"
#include "route/access.h"

#ifdef MAKE_MSA
#define COMMAND "makesmtpaccess-msa"
#define FILE_OF(conf) ((conf).msa.access_file)
#else
#define COMMAND "makesmtpaccess"
#define FILE_OF(conf) ((conf).esmtpd.access_file)
#endif

struct building {
	struct table_cmd *cmd;
	struct access_table *table;
};

static void
read_file(void *arg, const char *path, struct slice text)
{
	struct building *b = arg;

	access_table_read(b->table, path, text, &b->cmd->report);
}

static bool
fill(void *arg, bool (*put)(void *put_arg, struct slice key, struct slice value), void *put_arg)
{
	return access_table_each(arg, put, put_arg);
}

static int
build(struct table_cmd *cmd)
{
	struct building b = {cmd, NULL};
	const char *source = FILE_OF(cmd->conf), *name;
	char dir[PATHS_MAX], dat[PATHS_MAX + 8];
	int fd = table_cmd_folder(cmd, source, dir, &name), status;

	if (fd < 0)
		return EXIT_CONFIG;
	snprintf(dat, sizeof(dat), "%s.dat", name);
	b.table = access_table_new();
	if (conf_table_read(fd, dir, name, 0, read_file, &b, &cmd->report) == ST_NOENT)
		conf_warning(&cmd->report, source, 0, "does not exist; the table will be empty");
	status = table_cmd_report(cmd);
	if (status == EXIT_GOOD)
		status = table_cmd_write(COMMAND, fd, dir, dat, 0644, fill, b.table);
	access_table_free(b.table);
	close(fd);
	return status;
}

int
main(int argc, char **argv)
{
	struct table_cmd cmd;
	int status;

	(void)argv;
	if (argc > 1) {
		fputs("usage: " COMMAND
		      "\n  compiles the file or folder named by ACCESSFILE into ACCESSFILE.dat\n",
		    stderr);
		return EXIT_USAGE;
	}
	status = table_cmd_open(&cmd, COMMAND, true);
	if (status != EXIT_GOOD)
		return status;
	status = build(&cmd);
	table_cmd_close(&cmd);
	return status;
}
