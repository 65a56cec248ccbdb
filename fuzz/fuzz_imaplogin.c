/* The door of IMAP: fuzz/door.h says what is claimed. */
#include "fuzz/door.h"
#include "fuzz/fuzz.h"
#include "imap/login.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_door(imap_login_new, sl_mem(data, size));
	return 0;
}
