/*
 * A password from the terminal, not shown, or from standard input.
 */
#ifndef CMD_PASSWORD_IN_H
#define CMD_PASSWORD_IN_H

#include "base/buf.h"

/*
 * Appends one line, without its end. On a terminal it is asked for twice; elsewhere the first line
 * counts. False after words on stderr: nothing there, the two differ, or a line above 1000 bytes.
 */
bool password_in(const char *command, struct buf *out);

#endif
