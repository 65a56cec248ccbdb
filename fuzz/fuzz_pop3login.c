/* The door of POP3: fuzz/door.h says what is claimed. */
#include "fuzz/door.h"
#include "fuzz/fuzz.h"
#include "pop3/login.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_door(pop3_login_new, sl_mem(data, size));
	return 0;
}
