/*
 * Restrictions on logins as AIX declares them. For the emulation.
 */
#ifndef STUB_LOGIN_H
#define STUB_LOGIN_H

int loginrestrictions(char *name, int mode, char *tty, char **message);

#endif
