#include "base/num.h"

#include "base/ascii.h"

bool
num_add_size(size_t a, size_t b, size_t *sum)
{
	if (b > SIZE_MAX - a)
		return false;
	*sum = a + b;
	return true;
}

bool
num_mul_size(size_t a, size_t b, size_t *product)
{
	if (a != 0 && b > SIZE_MAX / a)
		return false;
	*product = a * b;
	return true;
}

/* value * base + digit within max. */
static bool
push_digit(uint64_t *value, unsigned base, unsigned digit, uint64_t max)
{
	if (*value > (UINT64_MAX - digit) / base || *value * base + digit > max)
		return false;
	*value = *value * base + digit;
	return true;
}

bool
num_u64(struct slice s, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]) || !push_digit(&v, 10, s.p[i] - '0', max))
			return false;
	*value = v;
	return true;
}

bool
num_i64(struct slice s, int64_t min, int64_t max, int64_t *value)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	uint64_t size;
	int64_t v;

	if (!num_u64(minus ? sl_skip(s, 1) : s, (uint64_t)INT64_MAX + (minus ? 1 : 0), &size))
		return false;
	/* -(size - 1) - 1 reaches INT64_MIN without leaving the type. */
	v = minus && size > 0 ? -(int64_t)(size - 1) - 1 : (int64_t)size;
	if (v < min || v > max)
		return false;
	*value = v;
	return true;
}

bool
num_hex(struct slice s, uint64_t *value)
{
	uint64_t v = 0;

	if (s.n == 0 || s.n > 16)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int digit = ascii_hex_value(s.p[i]);

		if (digit < 0)
			return false;
		v = v << 4 | (uint64_t)digit;
	}
	*value = v;
	return true;
}

/* Takes the digits at the front of s. */
static bool
leading_number(struct slice *s, uint64_t max, uint64_t *value)
{
	size_t n = 0;

	while (n < s->n && ascii_is_digit(s->p[n]))
		n++;
	if (!num_u64(sl_sub(*s, 0, n), max, value))
		return false;
	*s = sl_skip(*s, n);
	return true;
}

static uint64_t
seconds_of_unit(unsigned char c)
{
	switch (c) {
	case 'w':
		return 7 * 86400;
	case 'd':
		return 86400;
	case 'h':
		return 3600;
	case 'm':
		return 60;
	case 's':
		return 1;
	default:
		return 0;
	}
}

bool
num_duration_sec(struct slice s, int64_t *seconds)
{
	uint64_t sum = 0, number;

	if (num_i64(s, 0, INT64_MAX, seconds))
		return true;
	if (s.n == 0)
		return false;
	while (s.n > 0) {
		uint64_t unit;

		if (!leading_number(&s, INT64_MAX, &number) || s.n == 0)
			return false;
		unit = seconds_of_unit(s.p[0]);
		s = sl_skip(s, 1);
		if (unit == 0 || number > ((uint64_t)INT64_MAX - sum) / unit)
			return false;
		sum += number * unit;
	}
	*seconds = (int64_t)sum;
	return true;
}

bool
num_size_bytes(struct slice s, uint64_t *bytes)
{
	unsigned shift = 0;
	uint64_t number;

	if (!leading_number(&s, UINT64_MAX, &number) || s.n > 1)
		return false;
	if (s.n == 1) {
		switch (ascii_upper(s.p[0])) {
		case 'K':
			shift = 10;
			break;
		case 'M':
			shift = 20;
			break;
		case 'G':
			shift = 30;
			break;
		default:
			return false;
		}
	}
	if (number > UINT64_MAX >> shift)
		return false;
	*bytes = number << shift;
	return true;
}

void
num_put_be16(unsigned char *p, uint16_t v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

void
num_put_be32(unsigned char *p, uint32_t v)
{
	num_put_be16(p, (uint16_t)(v >> 16));
	num_put_be16(p + 2, (uint16_t)v);
}

void
num_put_be64(unsigned char *p, uint64_t v)
{
	num_put_be32(p, (uint32_t)(v >> 32));
	num_put_be32(p + 4, (uint32_t)v);
}

uint16_t
num_get_be16(const unsigned char *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

uint32_t
num_get_be32(const unsigned char *p)
{
	return (uint32_t)num_get_be16(p) << 16 | num_get_be16(p + 2);
}

uint64_t
num_get_be64(const unsigned char *p)
{
	return (uint64_t)num_get_be32(p) << 32 | num_get_be32(p + 4);
}
