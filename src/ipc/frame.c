/*
 * Frame headers.
 */
#include "ipc/frame.h"

#include "base/num.h"

void
frame_put(unsigned char header[FRAME_HEADER], const struct frame *fr)
{
	num_put_be32(header, fr->length);
	num_put_be16(header + 4, fr->type);
	num_put_be16(header + 6, fr->flags);
	num_put_be32(header + 8, 0);
	num_put_be32(header + 12, fr->sequence);
}

bool
frame_get(const unsigned char header[FRAME_HEADER], struct frame *fr)
{
	fr->length = num_get_be32(header);
	fr->type = num_get_be16(header + 4);
	fr->flags = num_get_be16(header + 6);
	fr->sequence = num_get_be32(header + 12);
	return num_get_be32(header + 8) == 0 && (fr->flags & ~FRAME_HAS_FD) == 0;
}
