/* Configuration snapshots: what is read is written again as the same bytes; nothing else is taken.
 */
#include "conf/conf.h"
#include "fuzz/fuzz.h"

/* A snapshot of the defaults with some of its bytes replaced: offset (2 bytes), byte, and again. */
static void
damaged(const uint8_t *data, size_t size)
{
	static struct buf defaults;
	struct conf c, again;
	struct buf text, second;
	struct fault f;
	bool changed = false;

	if (defaults.n == 0) {
		conf_defaults("h.example", &c);
		buf_init(&defaults, 1 << 20);
		conf_snapshot_put(&c, &defaults);
		conf_fini(&c);
	}
	buf_init(&text, 1 << 20);
	buf_init(&second, 1 << 20);
	buf_put(&text, buf_slice(&defaults));
	for (size_t i = 0; i + 2 < size; i += 3) {
		size_t at = ((size_t)data[i] << 8 | data[i + 1]) % text.n;

		changed = changed || text.p[at] != data[i + 2];
		text.p[at] = data[i + 2];
	}
	if (conf_snapshot_get(buf_slice(&text), &again, &f) == ST_OK) {
		conf_snapshot_put(&again, &second);
		FUZZ_SAME(buf_slice(&second), buf_slice(&text));
	} else {
		FUZZ_CHECK(changed && f.text[0] != '\0');
	}
	conf_fini(&again);
	buf_fini(&text);
	buf_fini(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf c;
	struct fault f;

	FUZZ_CHECK(conf_snapshot_get(sl_mem(data, size), &c, &f) == ST_SYNTAX);
	damaged(data, size);
	return 0;
}
