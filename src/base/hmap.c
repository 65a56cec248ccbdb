#include "base/hmap.h"

#include "base/arena.h"
#include "base/ascii.h"

#define SLOTS_FIRST 8

/*
 * SipHash with one round per word and three at the end: short keys, unpredictable without the
 * process's key, quick enough to hash on every lookup.
 */
static uint64_t seed_key[2];

struct sip {
	uint64_t v[4];
	uint64_t word;  /* the bytes of an unfinished word */
	uint64_t count; /* bytes so far */
};

static uint64_t
word_le(const unsigned char *p)
{
	uint64_t w = 0;

	for (unsigned i = 8; i-- > 0;)
		w = w << 8 | p[i];
	return w;
}

void
hmap_seed(const unsigned char key[16])
{
	seed_key[0] = word_le(key);
	seed_key[1] = word_le(key + 8);
}

static uint64_t
rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

static void
sip_init(struct sip *s)
{
	s->v[0] = seed_key[0] ^ 0x736f6d6570736575;
	s->v[1] = seed_key[1] ^ 0x646f72616e646f6d;
	s->v[2] = seed_key[0] ^ 0x6c7967656e657261;
	s->v[3] = seed_key[1] ^ 0x7465646279746573;
	s->word = s->count = 0;
}

static void
sip_word(struct sip *s, uint64_t w)
{
	s->v[3] ^= w;
	sip_round(s->v);
	s->v[0] ^= w;
}

static uint64_t
sip_end(struct sip *s)
{
	sip_word(s, s->count << 56 | s->word);
	s->v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(s->v);
	return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

static void
sip_byte(struct sip *s, unsigned char c)
{
	s->word |= (uint64_t)c << (s->count++ % 8 * 8);
	if (s->count % 8 == 0) {
		sip_word(s, s->word);
		s->word = 0;
	}
}

uint64_t
hmap_hash(struct slice key)
{
	struct sip s;
	size_t whole = key.n - key.n % 8;

	sip_init(&s);
	for (size_t i = 0; i < whole; i += 8)
		sip_word(&s, word_le(key.p + i));
	s.count = whole;
	for (size_t i = whole; i < key.n; i++)
		sip_byte(&s, key.p[i]);
	return sip_end(&s);
}

uint64_t
hmap_ihash(struct slice key)
{
	struct sip s;

	sip_init(&s);
	for (size_t i = 0; i < key.n; i++)
		sip_byte(&s, ascii_lower(key.p[i]));
	return sip_end(&s);
}

uint64_t
hmap_hash_u64(uint64_t key)
{
	struct sip s;

	sip_init(&s);
	sip_word(&s, key);
	s.count = 8;
	return sip_end(&s);
}

void
hmap_init(struct hmap *m)
{
	*m = (struct hmap){0};
}

void
hmap_fini(struct hmap *m)
{
	mem_free(m->slots);
	hmap_init(m);
}

static void
link_in(struct hmap *m, struct hmap_node *n)
{
	struct hmap_node **slot = &m->slots[n->hash & m->mask];

	n->next = *slot;
	*slot = n;
}

/* Twice the slots; every node finds its new place. */
static void
grow(struct hmap *m)
{
	struct hmap old = *m;
	size_t slots = old.slots == NULL ? SLOTS_FIRST : (old.mask + 1) * 2;

	m->slots = mem_get(slots * sizeof(*m->slots));
	m->mask = slots - 1;
	for (size_t i = 0; old.slots != NULL && i <= old.mask; i++) {
		struct hmap_node *n = old.slots[i], *next;

		for (; n != NULL; n = next) {
			next = n->next;
			link_in(m, n);
		}
	}
	mem_free(old.slots);
}

void
hmap_put(struct hmap *m, struct hmap_node *n, uint64_t hash)
{
	if (m->slots == NULL || m->count > m->mask)
		grow(m);
	n->hash = hash;
	link_in(m, n);
	m->count++;
}

void
hmap_remove(struct hmap *m, struct hmap_node *n)
{
	struct hmap_node **at = &m->slots[n->hash & m->mask];

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	n->next = NULL;
	m->count--;
}

/* The first node from n on with this hash. */
static struct hmap_node *
same_hash(struct hmap_node *n, uint64_t hash)
{
	while (n != NULL && n->hash != hash)
		n = n->next;
	return n;
}

struct hmap_node *
hmap_first(const struct hmap *m, uint64_t hash)
{
	return m->slots == NULL ? NULL : same_hash(m->slots[hash & m->mask], hash);
}

struct hmap_node *
hmap_next(const struct hmap_node *n)
{
	return same_hash(n->next, n->hash);
}

struct hmap_node *
hmap_walk(const struct hmap *m, struct hmap_cursor *c)
{
	struct hmap_node *n = c->next;

	while (n == NULL && m->slots != NULL && c->slot <= m->mask)
		n = m->slots[c->slot++];
	c->next = n == NULL ? NULL : n->next;
	return n;
}
