/*
 * What the commands that compile tables share: the configuration, the mistakes, the table that is
 * built beside the old one and replaces it.
 */
#ifndef CMD_TABLE_H
#define CMD_TABLE_H

#include "cmd/cmd.h"
#include "conf/conf.h"
#include "conf/files.h"
#include "ext/map.h"

struct table_cmd {
	const char *name; /* of the command */
	struct paths paths;
	int dirfd; /* the configuration folder */
	struct conf conf;
	struct conf_report report;
};

/* Opens the configuration folder and, with need_conf, reads the configuration. 0, or the exit
 * status after words on stderr. */
int table_cmd_open(struct table_cmd *t, const char *name, bool need_conf);

/* Prints the notes of the report on stderr. The exit status: 0, or EXIT_CONFIG when there was an
 * error. */
int table_cmd_report(const struct table_cmd *t);

/* Releases what table_cmd_open took. */
void table_cmd_close(struct table_cmd *t);

/*
 * Splits path (absolute, or below the configuration folder) into folder and name. The folder is
 * opened; *dir is its path (PATHS_MAX bytes), *name points into path. -1 after words on stderr.
 */
int table_cmd_folder(
    const struct table_cmd *t, const char *path, char dir[PATHS_MAX], const char **name);

/* Fills a table: calls put for each pair; false when put did. */
typedef bool table_fill_fn(
    void *arg, bool (*put)(void *put_arg, struct slice key, struct slice value), void *put_arg);

/* Writes dir/name anew. 0, or the exit status after words on stderr; the old table stays then. */
int table_cmd_write(const char *command, int dirfd, const char *dir, const char *name,
    unsigned mode, table_fill_fn *fill, void *arg);

#endif
