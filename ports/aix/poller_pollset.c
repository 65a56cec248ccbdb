/*
 * pollset of AIX, level triggered. PS_MOD only adds to what is wanted, so less is reached by
 * deleting and adding again. A set knows descriptors by number alone: tags are ours to remember. It
 * may hold descriptors that were closed; the contract's "forget first" takes care of that.
 */
#include "ports/poller_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/pollset.h>
#include <unistd.h>

#include "ports/poller_slots.h"

struct poller {
	pollset_t set;
	struct poller_slots slots;
	struct pollfd *rows; /* room for all that are in the set */
	size_t row_cap;
	int start; /* the descriptor from which the next answer is filled: nobody starves */
};

static int
pollset_open(struct poller **out, unsigned fd_hint)
{
	struct poller *p = calloc(1, sizeof(*p));

	(void)fd_hint;
	if (!p)
		return -ENOMEM;
	p->set = pollset_create(-1); /* as many as the process may have */
	if (p->set < 0) {
		int rc = -errno;

		free(p);
		return rc;
	}
	*out = p;
	return 0;
}

static void
pollset_close(struct poller *p)
{
	if (!p)
		return;
	pollset_destroy(p->set);
	poller_slots_fini(&p->slots);
	free(p->rows);
	free(p);
}

static int
pollset_do(struct poller *p, int fd, short cmd, unsigned want)
{
	struct poll_ctl ctl = {.cmd = cmd, .fd = fd};

	if (want & POLLER_READ)
		ctl.events |= POLLIN;
	if (want & POLLER_WRITE)
		ctl.events |= POLLOUT;
	/* Else it is the number of the bad one, or -1. */
	return pollset_ctl(p->set, &ctl, 1) == 0 ? 0 : -errno;
}

static int
pollset_set(struct poller *p, int fd, unsigned was, unsigned want, void *tag)
{
	struct poller_slot *slot;
	int rc = 0;

	(void)was; /* the slot knows */
	if (fd < 0)
		return -EBADF;
	slot = poller_slot_get(&p->slots, fd);
	if (!slot)
		return -ENOMEM;
	if (slot->want & ~want) { /* something is wanted no more */
		rc = pollset_do(p, fd, PS_DELETE, 0);
		if (rc != 0 && rc != -ENOENT && rc != -EBADF && rc != -EINVAL)
			return rc;
		p->slots.count--;
		slot->want = 0;
		rc = 0;
	}
	if (want && want != slot->want) {
		rc = pollset_do(p, fd, slot->want ? PS_MOD : PS_ADD, want);
		if (rc != 0)
			return rc;
		p->slots.count += slot->want == 0;
	}
	slot->want = want;
	slot->tag = tag;
	return 0;
}

static int
by_fd(const void *a, const void *b)
{
	return ((const struct pollfd *)a)->fd - ((const struct pollfd *)b)->fd;
}

static int
pollset_grow(struct poller *p)
{
	size_t cap = p->slots.count < 64 ? 64 : p->slots.count * 2;
	struct pollfd *rows;

	if (p->row_cap > p->slots.count)
		return 0;
	rows = realloc(p->rows, cap * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	p->rows = rows;
	p->row_cap = cap;
	return 0;
}

/* Fills the answer beginning with the descriptor behind the last one told. */
static int
pollset_fill(struct poller *p, int got, struct poller_ready *out, int max)
{
	int first = 0, filled = 0;

	if (got > max)
		qsort(p->rows, (size_t)got, sizeof(p->rows[0]), by_fd);
	while (first < got && p->rows[first].fd < p->start)
		first++;
	for (int i = 0; i < got && filled < max; i++) {
		const struct pollfd *row = &p->rows[(first + i) % got];
		const struct poller_slot *slot = poller_slot_find(&p->slots, row->fd);

		p->start = row->fd + 1;
		if (!slot)
			continue;
		out[filled].tag = slot->tag;
		out[filled].what = poller_what(row->revents);
		filled++;
	}
	return filled;
}

static int
pollset_wait(struct poller *p, struct poller_ready *out, int max, int timeout_ms)
{
	int got = pollset_grow(p);

	if (got != 0)
		return got;
	got = pollset_poll(p->set, p->rows, (int)p->row_cap, timeout_ms);
	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	return pollset_fill(p, got, out, max);
}

const struct poller_ops poller_pollset_ops = {
	.name = "pollset",
	.open = pollset_open,
	.set = pollset_set,
	.wait = pollset_wait,
	.close = pollset_close,
};
