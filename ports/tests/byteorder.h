/*
 * The parts of the program byteorder: each writes something below byteorder_root, and compares what
 * it finds there with what was written, whoever wrote it.
 */
#ifndef PORTS_TESTS_BYTEORDER_H
#define PORTS_TESTS_BYTEORDER_H

#include <stddef.h>

/* The folder, at most 40 bytes; how often it was opened and changed since it was written. */
extern const char *byteorder_root;
extern unsigned byteorder_turns;

/* The path of name below the folder. */
void byteorder_path(const char *name, char *out, size_t size);

void byteorder_maildir_write(void);
void byteorder_maildir_turn(void);
void byteorder_queue_write(void);
void byteorder_queue_turn(void);
void byteorder_tables_write(void);
void byteorder_tables_read(void);

#endif
