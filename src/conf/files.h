/*
 * Files of the configuration folder, whole, and the tables that may be a file or a folder of files
 * (docs/CONFIG.md section 2).
 */
#ifndef CONF_FILES_H
#define CONF_FILES_H

#include "conf/conf.h"

/*
 * Appends the file dirfd/name to out (whose maximum must allow for CONF_FILE_MAX). ST_OK; ST_NOENT;
 * ST_LIMIT too large; ST_SYNTAX not a regular file, or a NUL byte in it; ST_IO. f says which.
 */
enum st conf_file_read(int dirfd, const char *name, struct buf *out, struct fault *f);

/* One file of a table. path is for messages, text is borrowed. */
typedef void conf_table_fn(void *arg, const char *path, struct slice text);

/*
 * Calls fn for the file dir/name, or in order for the files of the folder dir/name. No file may
 * have any bit of forbidden_mode (S_IRWXG | S_IRWXO for secrets, 0 for none). Mistakes go to r.
 * ST_OK; ST_NOENT when there is neither file nor folder; ST_SYNTAX when r has got an error.
 */
enum st conf_table_read(int dirfd, const char *dir, const char *name, unsigned forbidden_mode,
    conf_table_fn *fn, void *arg, struct conf_report *r);

#endif
