/*
 * Event ports as Solaris declares them, as far as ports/solaris uses them. For the emulation.
 */
#ifndef STUB_PORT_H
#define STUB_PORT_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

typedef unsigned uint_t;
typedef unsigned short ushort_t;

typedef struct {
	int portev_events;
	ushort_t portev_source;
	ushort_t portev_pad;
	uintptr_t portev_object;
	void *portev_user;
} port_event_t;

struct file_obj {
	struct timespec fo_atime, fo_mtime, fo_ctime;
	uintptr_t fo_pad[3];
	char *fo_name;
};

#define PORT_SOURCE_FD 4
#define PORT_SOURCE_FILE 7

#define FILE_MODIFIED 0x00000002
#define FILE_DELETE 0x00000010
#define FILE_RENAME_FROM 0x00000040
#define UNMOUNTED 0x20000000

/* Where the emulating system tells the path of a descriptor. */
#define PORT_FD_PATHS "/proc/self/fd"

int port_create(void);
int port_associate(int port, int source, uintptr_t object, int events, void *user);
int port_dissociate(int port, int source, uintptr_t object);
int port_get(int port, port_event_t *row, struct timespec *patience);
int port_getn(
    int port, port_event_t *rows, uint_t room, uint_t *count, const struct timespec *patience);

#endif
