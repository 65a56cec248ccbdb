/*
 * The 16 bytes in front of each payload (docs/IPC.md). For the channel and the blocking commands
 * alone.
 */
#ifndef IPC_FRAME_H
#define IPC_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_HEADER 16u
#define FRAME_HAS_FD 1u
#define FRAME_MAX (16u << 20)       /* payload between our own processes */
#define FRAME_MAX_SMALL (64u << 10) /* payload on command sockets and towards master */

struct frame {
	uint32_t length; /* of the payload */
	uint16_t type;
	uint16_t flags;
	uint32_t sequence;
};

/* Writes the header; the reserved field is zero. */
void frame_put(unsigned char header[FRAME_HEADER], const struct frame *fr);

/* False when the reserved field or an unknown flag is set. */
bool frame_get(const unsigned char header[FRAME_HEADER], struct frame *fr);

#endif
