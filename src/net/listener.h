/*
 * Accepting connections on a socket master bound, fairly (a bounded number a turn), and pausing
 * when descriptors run out.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/slice.h"
#include "net/loop.h"

/* An address and port, IPv4 or IPv6, or a UNIX path. No libc type crosses this struct. */
struct net_addr {
	unsigned char family; /* 4, 6, 1 = UNIX socket, 0 = none */
	unsigned char ip[16]; /* network order; 4 or 16 bytes in use */
	uint16_t port;
	char path[108];
};

#define NET_ADDR_TEXT 64

/* "127.0.0.1", "::1", "" for others. */
void net_addr_ip_text(const struct net_addr *a, char out[NET_ADDR_TEXT]);

/* Reads an address literal; ST_SYNTAX otherwise. */
enum st net_addr_parse(struct slice text, uint16_t port, struct net_addr *out);

/*
 * Binds and listens (master; tests). *fd is non-blocking and close-on-exec. backlog 0 = the
 * system's most.
 */
enum st net_listen(const struct net_addr *a, int backlog, int *fd, struct fault *f);

/* Starts a connection; ST_OK or ST_AGAIN (writable when done), ST_IO with f. */
enum st net_connect(const struct net_addr *a, int *fd, struct fault *f);

/* The next connection waiting on a listening socket: its descriptor (close-on-exec), or -errno. */
int net_accept(int fd, struct net_addr *peer);

/* Peer and own address of a connected socket. */
void net_peer(int fd, struct net_addr *peer, struct net_addr *local);

struct listener;

/* Takes over fd. fn gets each connection (descriptor is the callee's). */
struct listener *listener_new(
    struct loop *l, int fd, void (*fn)(void *arg, int fd, const struct net_addr *peer), void *arg);

/* Stops and resumes accepting (drain, all slots in use); the socket stays open. */
void listener_pause(struct listener *ls, bool paused);

/* Closes the socket; connections that were given away go on. NULL allowed. */
void listener_free(struct listener *ls);

#endif
