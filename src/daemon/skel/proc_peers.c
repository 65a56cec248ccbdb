/*
 * The daemon frame: channels to the other processes.
 */
#include "daemon/skel/proc_int.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/log.h"

static const struct proc_peer *
peer_row(const struct proc *p, struct slice role)
{
	for (const struct proc_peer *row = p->def->peers; row && row->role; row++)
		if (sl_eq(role, sl_str(row->role)))
			return row;
	return NULL;
}

static struct link *
find_link(const struct proc *p, const char *role, uint32_t index)
{
	struct list *links = (struct list *)(uintptr_t)&p->links;

	LIST_EACH (links, n) {
		struct link *k = CONTAINER_OF(n, struct link, node);

		if (strcmp(k->row->role, role) == 0 && (index == UINT32_MAX || k->index == index))
			return k;
	}
	return NULL;
}

static void
link_gone(struct link *k)
{
	struct proc *p = k->proc;
	struct channel *c = k->channel;

	list_remove(&k->node);
	if (k->row->down)
		k->row->down(p, c, k->index);
	mem_free(k);
}

/* The other process ended, or broke a rule. Master will bring a new channel. */
static void
link_closed(struct channel *c, const struct fault *why)
{
	struct proc *p = channel_owner(c);

	(void)why; /* the channel has logged it */
	LIST_EACH (&p->links, n) {
		struct link *k = CONTAINER_OF(n, struct link, node);

		if (k->channel == c) {
			link_gone(k);
			return;
		}
	}
}

void
proc_take_peer(struct proc *p, struct slice role, uint32_t index, int fd)
{
	const struct proc_peer *row = peer_row(p, role);
	struct link *old, *k;

	if (!row) {
		log_event(LOG_LEVEL_ERROR, "ipc", KV_SL("unexpected", role), KV_END);
		close(fd);
		return;
	}
	old = find_link(p, row->role, index);
	if (old) {
		channel_free(old->channel);
		link_gone(old);
	}
	k = mem_get(sizeof(*k));
	*k = (struct link){.proc = p, .row = row, .index = index};
	list_node_init(&k->node);
	list_append(&p->links, &k->node);
	k->channel = channel_new(p->loop, fd,
	    &(struct channel_opts){
		.name = row->role,
		.sends = row->sends,
		.receives = row->receives,
		.sends2 = row->sends2,
		.receives2 = row->receives2,
		.handlers = row->handlers,
		.closed = link_closed,
		.owner = p,
	    });
	if (row->up)
		row->up(p, k->channel, k->index);
	proc_try_serve(p);
}

bool
proc_has_required(const struct proc *p)
{
	for (const struct proc_peer *row = p->def->peers; row && row->role; row++)
		if (row->required && !find_link(p, row->role, UINT32_MAX))
			return false;
	return true;
}

struct channel *
proc_peer(const struct proc *p, const char *role, uint32_t index)
{
	struct link *k = find_link(p, role, index);

	if (!k)
		return NULL;
	if (index == UINT32_MAX) { /* the next one's turn */
		list_remove(&k->node);
		list_append((struct list *)(uintptr_t)&p->links, &k->node);
	}
	return k->channel;
}

uint32_t
proc_peer_index(const struct proc *p, const struct channel *c)
{
	struct list *links = (struct list *)(uintptr_t)&p->links;

	LIST_EACH (links, n) {
		struct link *k = CONTAINER_OF(n, struct link, node);

		if (k->channel == c)
			return k->index;
	}
	return UINT32_MAX;
}
