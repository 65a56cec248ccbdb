/*
 * The configuration as canonical text: what master hands to processes that can open no file, and
 * keeps as the last good copy. docs/CONFIG.md section 6.
 */
#ifndef CONF_SNAPSHOT_H
#define CONF_SNAPSHOT_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"

struct conf;

/* Appends the canonical text of c. */
void conf_snapshot_put(const struct conf *c, struct buf *out);

/* Strict reading of one. ST_OK; ST_SYNTAX with f (also for another SCHEMA, a wrong sum). */
enum st conf_snapshot_get(struct slice in, struct conf *out, struct fault *f) ATTR_CHECKED;

/* The same through a descriptor: written from its present offset; read from offset 0 with pread.
 * ST_OK, ST_IO, ST_SYNTAX, ST_LIMIT. */
enum st conf_snapshot_write(const struct conf *c, int fd, struct fault *f) ATTR_CHECKED;
enum st conf_snapshot_read(int fd, struct conf *out, struct fault *f) ATTR_CHECKED;

/*
 * Puts a copy of c in place of the file path: written beside it, synced, renamed, mode 0600. *fd is
 * the new one, for reading only. ST_OK; else the old one is still there and f says why.
 */
enum st
conf_snapshot_keep(const struct conf *c, const char *path, int *fd, struct fault *f) ATTR_CHECKED;

#endif
