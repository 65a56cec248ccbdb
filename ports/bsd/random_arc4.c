/*
 * arc4random(3) of the BSDs (and of Solaris): seeded by the kernel, needs no descriptor, cannot
 * fail.
 */
#include "os/random.h"

#include <stdlib.h>

void
random_bytes(void *p, size_t n)
{
	arc4random_buf(p, n);
}
