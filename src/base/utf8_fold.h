/*
 * The table behind utf8_fold(): runs of characters that differ from their folded form by the same
 * distance.
 */
#ifndef BASE_UTF8_FOLD_H
#define BASE_UTF8_FOLD_H

#include <stddef.h>
#include <stdint.h>

struct utf8_fold_row {
	uint32_t first, last; /* ascending */
	uint32_t step;        /* each, or each second one from the first */
	int32_t distance;
};

extern const struct utf8_fold_row utf8_fold_rows[];
extern const size_t utf8_fold_row_count;

#endif
