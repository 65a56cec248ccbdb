/*
 * Calls that have no place here: unbounded copies, hidden state, locale-dependent answers, silent
 * overflow. Included by every source through the compiler command line; naming one is an error.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#if defined(__GNUC__) && !defined(BANNED_OFF)
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* Some are macros of the C library, and a macro cannot be poisoned. */
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef gets
#undef strtok
#undef isalpha
#undef isdigit
#undef isspace
#undef isalnum
#undef isupper
#undef islower
#undef tolower
#undef toupper
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atoll
#pragma GCC poison ctime localtime gmtime asctime rand srand setlocale
#pragma GCC poison isalpha isdigit isspace isalnum isupper islower tolower toupper
#endif

#endif
