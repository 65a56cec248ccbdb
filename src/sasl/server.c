/*
 * SASL mechanisms of the server as rows, and the exchange around them.
 */
#include "sasl/server.h"

#include "base/utf8.h"

static enum st
keep(struct sasl_server *s, struct slice from, struct slice *to, struct fault *f)
{
	*to = arena_copy(s->a, from);
	return to->p ? ST_OK : fault_set(f, ST_LIMIT, "4.7.0", "Out of memory for this session");
}

static enum st
bad(struct fault *f)
{
	return fault_set(f, ST_SYNTAX, "5.5.2", "Malformed authentication response");
}

/* R4616-2-a, R4616-2-b, R4616-2-c, R4616-2-d, R4616-2-e, R4616-2-f, R4422-3.4.1-b. */
static enum st
plain_step(struct sasl_server *s, struct slice response, struct slice *challenge, struct fault *f)
{
	struct slice authzid, user;

	(void)challenge;
	if (!sl_cut(&response, '\0', &authzid) || !sl_cut(&response, '\0', &user))
		return bad(f);
	if (user.n == 0 || response.n == 0 || sl_find(response, '\0') < response.n)
		return bad(f);
	if (authzid.n > SASL_FIELD_MAX || user.n > SASL_FIELD_MAX || response.n > SASL_FIELD_MAX)
		return bad(f);
	if (!utf8_valid(authzid) || !utf8_valid(user) || !utf8_valid(response))
		return bad(f);
	if (keep(s, authzid, &s->authzid, f) != ST_OK || keep(s, user, &s->user, f) != ST_OK)
		return ST_LIMIT;
	return keep(s, response, &s->password, f);
}

/*
 * Two questions, whose words clients know by heart: the name (which may come at once), the
 * password.
 */
static enum st
login_step(struct sasl_server *s, struct slice response, struct slice *challenge, struct fault *f)
{
	if (response.n == 0 || response.n > SASL_FIELD_MAX || sl_find(response, '\0') < response.n)
		return bad(f);
	if (s->user.p)
		return keep(s, response, &s->password, f);
	if (keep(s, response, &s->user, f) != ST_OK)
		return ST_LIMIT;
	*challenge = SL("Password:");
	return ST_AGAIN;
}

/* R4422-3.1-a, R4505-5-a, R4954-4-u */
static const struct sasl_mech mechs[] = {
	{"PLAIN", true, "", plain_step},
	{"LOGIN", true, "Username:", login_step},
};

const struct sasl_mech *
sasl_mech_find(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(mechs); i++)
		if (sl_ieq(name, sl_str(mechs[i].name)))
			return &mechs[i];
	return NULL;
}

void
sasl_server_init(struct sasl_server *s, const struct sasl_mech *m, struct arena *a)
{
	*s = (struct sasl_server){.mech = m, .a = a};
}

/* R4616-2-j, R4422-3-a */
enum st
sasl_server_step(struct sasl_server *s, bool has_response, struct slice response,
    struct slice *challenge, struct fault *f)
{
	*challenge = SL_NONE;
	if (!has_response && s->round++ == 0) {
		*challenge = sl_str(s->mech->greeting);
		return ST_AGAIN;
	}
	s->round++;
	return s->mech->step(s, response, challenge, f);
}

void
sasl_server_wipe(struct sasl_server *s)
{
	if (s->password.p)
		sasl_wipe((void *)(uintptr_t)s->password.p, s->password.n);
	s->password = SL_NONE;
}

void
sasl_wipe(void *p, size_t n)
{
	volatile unsigned char *v = p;

	while (n--)
		*v++ = 0;
}
