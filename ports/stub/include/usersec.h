/*
 * The security library of AIX, as far as ports/aix uses it. For the emulation.
 */
#ifndef STUB_USERSEC_H
#define STUB_USERSEC_H

int authenticate(char *user, char *response, int *reenter, char **message);
int passwdexpired(char *user, char **message);

#endif
