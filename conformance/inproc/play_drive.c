/*
 * What targets have in common whose connections are struct drive_conn.
 */
#include "base/tests/drive.h"
#include "play.h"

void
play_drive_abort(void *wire)
{
	drive_abort(wire);
}

void
play_drive_send(void *wire, struct slice in, size_t chunk)
{
	drive_send(wire, in, chunk);
}

void
play_drive_shut(void *wire)
{
	drive_shut(wire);
}

bool
play_drive_start_tls(void *wire)
{
	return drive_start_tls(wire);
}

void
play_drive_event(void *wire, enum engine_event_kind kind)
{
	drive_event(wire, kind);
}

struct slice
play_drive_heard(const void *wire)
{
	return buf_slice(&((const struct drive_conn *)wire)->out);
}

void
play_drive_heard_drop(void *wire, size_t n)
{
	buf_drop(&((struct drive_conn *)wire)->out, n);
}

bool
play_drive_is_closed(const void *wire)
{
	return ((const struct drive_conn *)wire)->closed;
}

bool
play_drive_hurry(void *wire)
{
	return drive_hurry(wire);
}
