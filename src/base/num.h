/*
 * Numbers from text and back, with every overflow an error. Also the durations and sizes of the
 * configuration ("1w2d3h4m5s", "10M").
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* Decimal digits only, at least one, the whole slice, value <= max. */
bool num_u64(struct slice s, uint64_t max, uint64_t *value);

/* As num_u64 with an optional leading minus; min <= value <= max. */
bool num_i64(struct slice s, int64_t min, int64_t max, int64_t *value);

/* Hexadecimal digits of either case, 1 to 16 of them, the whole slice. */
bool num_hex(struct slice s, uint64_t *value);

/* Sum of <digits><w|d|h|m|s>, or plain digits (seconds): "4h", "1w2d", "300". Result in seconds. */
bool num_duration_sec(struct slice s, int64_t *seconds);

/* Digits with optional K, M, G (powers of 1024). Result in bytes. */
bool num_size_bytes(struct slice s, uint64_t *bytes);

/* a + b and a * b; false on overflow. */
bool num_add_size(size_t a, size_t b, size_t *sum);
bool num_mul_size(size_t a, size_t b, size_t *product);

/* Big-endian store and load at unaligned addresses (wire and disk formats). */
void num_put_be16(unsigned char *p, uint16_t v);
void num_put_be32(unsigned char *p, uint32_t v);
void num_put_be64(unsigned char *p, uint64_t v);
uint16_t num_get_be16(const unsigned char *p);
uint32_t num_get_be32(const unsigned char *p);
uint64_t num_get_be64(const unsigned char *p);

#endif
