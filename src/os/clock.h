/*
 * The two clocks. Deadlines use the monotonic one; stored times and headers the wall clock, which
 * may step: whoever stores wall times clamps them.
 */
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include <stdint.h>

/* Milliseconds of a clock that never steps; its zero is arbitrary. */
int64_t clock_mono_ms(void);

/* Microseconds of the same clock, for measurements. */
int64_t clock_mono_us(void);

/* Milliseconds since 1970-01-01 UTC. */
int64_t clock_wall_ms(void);

/* Minutes east of UTC at wall time t (seconds), by the system's time zone. */
int clock_offset_minutes(int64_t t);

#endif
