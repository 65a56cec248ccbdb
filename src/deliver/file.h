/*
 * Which file of a home has the instructions for an address: .courier, .courier-EXT and the -default
 * forms (.qmail with the same rules).
 *
 * For the extension a-b.c: .courier-a-b:c, .courier-a-default, .courier-default.
 */
#ifndef DELIVER_FILE_H
#define DELIVER_FILE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"

#define DELIVER_EXT_MAX 255

struct deliver_file {
	char name[256];
	bool is_default;   /* a -default file answers */
	size_t default_at; /* then: what stands in its place begins here in the extension */
};

/*
 * The extension as file names and programs see it: each character of separators becomes '-'.
 * False when it is too long.
 */
bool deliver_extension(struct slice typed, struct slice separators, char out[DELIVER_EXT_MAX + 1]);

/*
 * The name of the number-th file to try (from 0) for an extension in the form of deliver_extension;
 * false when there are no more, or the extension cannot be part of a name. prefix is ".courier" or
 * ".qmail".
 */
bool deliver_file_name(
    const char *prefix, const char *extension, unsigned number, struct deliver_file *file);

/*
 * Finds and reads the file. ST_OK with its text appended to out; ST_NOENT when there is none (for
 * an empty extension: the default counts; otherwise the address is unknown); a fault of class 4
 * when it cannot be read, is writable by everybody, is no plain file, or is longer than out may be.
 */
enum st deliver_file_read(int home, const char *prefix, const char *extension, struct buf *out,
    struct deliver_file *file, struct fault *f) ATTR_CHECKED;

#endif
