/* Tests of buf.h, arena.h and dict.h. */
#include <stdalign.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/dict.h"

static void
buf_appends(void)
{
	struct buf b;

	buf_init(&b, 100);
	CHECK(buf_ok(&b));
	CHECK(b.p == NULL);
	buf_put(&b, SL("ab"));
	buf_put(&b, SL_NONE);
	buf_put_byte(&b, 'c');
	buf_put_str(&b, "de");
	buf_fmt(&b, "-%d-%s", 42, "x");
	CHECK_SL(buf_slice(&b), SL("abcde-42-x"));
	CHECK_EQ(strcmp(buf_str(&b), "abcde-42-x"), 0);
	buf_drop(&b, 3);
	CHECK_SL(buf_slice(&b), SL("de-42-x"));
	buf_cut(&b, 2);
	buf_cut(&b, 50);
	CHECK_SL(buf_slice(&b), SL("de"));
	buf_drop(&b, 50);
	CHECK_SL(buf_slice(&b), SL(""));
	buf_shrink(&b);
	CHECK(b.p == NULL);
	CHECK_EQ(strcmp(buf_str(&b), ""), 0);
	buf_fini(&b);
	CHECK(b.p == NULL && b.max == 100);
}

static void
buf_maximum(void)
{
	struct buf b;

	buf_init(&b, 4);
	buf_put(&b, SL("abcd"));
	CHECK(buf_ok(&b));
	CHECK_EQ(strcmp(buf_str(&b), "abcd"), 0);
	buf_put_byte(&b, 'e');
	CHECK(!buf_ok(&b));
	CHECK_SL(buf_slice(&b), SL("abcd"));
	CHECK(buf_str(&b) == NULL);
	buf_drop(&b, 4);
	buf_put(&b, SL("x")); /* sticky */
	CHECK_SL(buf_slice(&b), SL(""));
	buf_clear(&b);
	buf_fmt(&b, "%s", "1234");
	CHECK(buf_ok(&b));
	CHECK_SL(buf_slice(&b), SL("1234"));
	buf_clear(&b);
	buf_fmt(&b, "%s", "12345");
	CHECK(!buf_ok(&b));
	CHECK_SL(buf_slice(&b), SL(""));
	buf_clear(&b);
	CHECK(buf_room(&b, 5) == NULL);
	CHECK(!buf_ok(&b));
	buf_fini(&b);
	CHECK(buf_ok(&b));
	buf_init(&b, SIZE_MAX);
	buf_put_byte(&b, 'x');
	CHECK(buf_room(&b, SIZE_MAX) == NULL);
	buf_fini(&b);
	buf_init(&b, 0);
	buf_put(&b, SL(""));
	CHECK(buf_ok(&b));
	buf_put_byte(&b, 'x');
	CHECK(!buf_ok(&b));
	buf_fini(&b);
}

static void
buf_direct(void)
{
	struct buf b;
	unsigned char *p;

	buf_init(&b, 1000);
	p = buf_room(&b, 10);
	CHECK(p != NULL);
	memcpy(p, "0123456789", 10);
	buf_added(&b, 4);
	CHECK_SL(buf_slice(&b), SL("0123"));
	CHECK(buf_room(&b, 0) != NULL);
	CHECK(buf_room(&b, 996) != NULL);
	buf_fini(&b);
}

/* A random run of appends and drops equals the same run on a plain array. */
static void
buf_property(void)
{
	uint64_t seed = 7;
	unsigned char model[300];
	size_t n = 0;
	struct buf b;

	buf_init(&b, sizeof(model));
	for (int round = 0; round < 20000; round++) {
		unsigned char piece[40];
		size_t k = check_below(&seed, sizeof(piece));

		if (check_below(&seed, 3) == 0) {
			k = k > n ? n : k;
			buf_drop(&b, k);
			memmove(model, model + k, n - k);
			n -= k;
		} else {
			for (size_t i = 0; i < k; i++)
				piece[i] = (unsigned char)check_random(&seed);
			buf_put(&b, sl_mem(piece, k));
			CHECK_EQ(buf_ok(&b), n + k <= sizeof(model));
			if (buf_ok(&b)) {
				memcpy(model + n, piece, k);
				n += k;
			} else {
				CHECK_SL(buf_slice(&b), sl_mem(model, n));
				buf_clear(&b);
				n = 0;
			}
		}
		if (!CHECK_SL(buf_slice(&b), sl_mem(model, n)))
			break;
	}
	buf_fini(&b);
}

static void
arena_limit(void)
{
	struct arena *a = arena_new("test", 100);
	unsigned char *p = arena_get(a, 60);

	CHECK(p != NULL);
	CHECK_EQ(arena_used(a), 60);
	for (size_t i = 0; i < 60; i++)
		CHECK_EQ(p[i], 0);
	CHECK(arena_get(a, 60) == NULL);
	CHECK(arena_exhausted(a));
	CHECK(arena_get(a, 16) != NULL);
	CHECK(arena_used(a) <= 100);
	CHECK(arena_copy(a, SL("0123456789012345678901234567890123456789")).p == NULL);
	arena_reset(a);
	CHECK(!arena_exhausted(a));
	CHECK_EQ(arena_used(a), 0);
	CHECK(arena_get(a, 100) != NULL);
	CHECK(arena_get(a, 0) == NULL);
	arena_reset(a);
	CHECK(arena_get(a, 0) != NULL);
	CHECK(arena_get_array(a, SIZE_MAX / 2, 3) == NULL);
	CHECK(arena_exhausted(a));
	CHECK(arena_get(a, SIZE_MAX) == NULL);
	CHECK(arena_get(a, SIZE_MAX - 8) == NULL);
	arena_free(a);
	arena_free(NULL);
}

static void
arena_strings(void)
{
	struct arena *a = arena_new("test", 1000);
	struct slice s = arena_copy(a, SL("a\0b"));
	char *str;

	CHECK_SL(s, SL("a\0b"));
	CHECK_EQ(s.p[3], 0);
	CHECK(arena_copy(a, SL_NONE).p != NULL);
	str = arena_str(a, SL("hello"));
	CHECK(str != NULL && strcmp(str, "hello") == 0);
	CHECK(arena_str(a, SL("a\0b")) == NULL);
	CHECK(!arena_exhausted(a));
	arena_free(a);
}

/* Pieces of all sizes are aligned, zeroed, apart from each other, and zeroed after a reset. */
static void
arena_property(void)
{
	uint64_t seed = 3;
	struct arena *a = arena_new("test", 1 << 20);

	for (int life = 0; life < 20; life++) {
		unsigned char *got[200];
		size_t size[200];

		for (size_t i = 0; i < COUNT_OF(got); i++) {
			size[i] = check_below(&seed, i % 20 == 0 ? 3000 : 100);
			got[i] = arena_get(a, size[i]);
			CHECK(got[i] != NULL && (uintptr_t)got[i] % alignof(max_align_t) == 0);
			for (size_t k = 0; k < size[i]; k++)
				CHECK_EQ(got[i][k], 0);
			memset(got[i], (int)(i & 0xff), size[i]);
			if (i % 7 == 0)
				CHECK_SL(arena_copy(a, SL("odd")), SL("odd"));
		}
		for (size_t i = 0; i < COUNT_OF(got); i++)
			for (size_t k = 0; k < size[i]; k++)
				if (!CHECK_EQ(got[i][k], i & 0xff))
					return;
		arena_reset(a);
	}
	arena_free(a);
}

static char order[8];
static size_t order_n;

static void
note(void *arg)
{
	order[order_n++] = *(const char *)arg;
}

static void
arena_deferred(void)
{
	static char letters[] = "abc";
	struct arena *a = arena_new("test", 1000);

	order_n = 0;
	CHECK(arena_defer(a, note, &letters[0]));
	CHECK(arena_defer(a, note, &letters[1]));
	arena_reset(a);
	CHECK_SL(sl_mem(order, order_n), SL("ba"));
	CHECK(arena_defer(a, note, &letters[2]));
	arena_free(a);
	CHECK_SL(sl_mem(order, order_n), SL("bac"));
	a = arena_new("small", 1);
	CHECK(!arena_defer(a, note, &letters[0]));
	arena_free(a);
	CHECK_EQ(order_n, 3);
}

static void
memory(void)
{
	char *s = mem_str(SL("abc"));
	unsigned char *p = mem_get(10);

	CHECK_EQ(strcmp(s, "abc"), 0);
	mem_free(s);
	for (size_t i = 0; i < 10; i++)
		CHECK_EQ(p[i], 0);
	p = mem_resize(p, 1000);
	CHECK_EQ(p[9], 0);
	mem_free(p);
	p = mem_get(0);
	CHECK(p != NULL);
	mem_free(p);
	mem_free(NULL);
}

static void
dictionary(void)
{
	struct dict *d = dict_mem_new();
	struct arena *a = arena_new("test", 1000), *tiny = arena_new("tiny", 1);
	struct slice value;
	struct fault f;

	dict_mem_put(d, SL("key"), SL("value"));
	dict_mem_put(d, SL(""), SL("empty key"));
	dict_mem_put(d, SL("none"), SL(""));
	CHECK_EQ(dict_get(d, SL("key"), a, &value, &f), ST_OK);
	CHECK_SL(value, SL("value"));
	CHECK_EQ(dict_get(d, SL("KEY"), a, &value, &f), ST_NOENT);
	CHECK_EQ(dict_get(d, SL("ke"), a, &value, &f), ST_NOENT);
	CHECK_EQ(dict_get(d, SL_NONE, a, &value, &f), ST_OK);
	CHECK_SL(value, SL("empty key"));
	CHECK_EQ(dict_get(d, SL("none"), a, &value, &f), ST_OK);
	CHECK_EQ(value.n, 0);
	dict_mem_put(d, SL("key"), SL("other"));
	CHECK_EQ(dict_get(d, SL("key"), a, &value, &f), ST_OK);
	CHECK_SL(value, SL("other"));
	CHECK_EQ(dict_get(d, SL("key"), tiny, &value, &f), ST_TEMP);
	CHECK_EQ(f.esc[0], 4);
	dict_close(d);
	dict_close(NULL);
	arena_free(a);
	arena_free(tiny);
}

static const struct check_row rows[] = {
	{"buf_appends", buf_appends},
	{"buf_maximum", buf_maximum},
	{"buf_direct", buf_direct},
	{"buf_property", buf_property},
	{"arena_limit", arena_limit},
	{"arena_strings", arena_strings},
	{"arena_property", arena_property},
	{"arena_deferred", arena_deferred},
	{"memory", memory},
	{"dictionary", dictionary},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
