/*
 * CRC-32C (Castagnoli polynomial, reflected), the checksum of our files: queue records, folder
 * facts.
 */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stdint.h>

#include "base/slice.h"

/* The sum of what gave crc, followed by s. Start with 0. */
uint32_t crc32c(uint32_t crc, struct slice s);

#endif
