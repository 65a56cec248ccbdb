/*
 * First line that fits.
 */
#include "route/esmtproutes.h"

static bool
fits(struct slice pattern, struct slice domain)
{
	if (pattern.n && pattern.p[0] == '.')
		return domain.n > pattern.n && sl_iends(domain, pattern);
	return pattern.n == 0 || sl_ieq(pattern, domain);
}

bool
esmtproutes_find(const struct conf_list *lines, struct slice domain, struct conf_route *out)
{
	const char *expected;

	for (size_t i = 0; i < lines->count; i++)
		if (conf_route_parse(sl_str(lines->items[i]), out, &expected) &&
		    fits(out->domain, domain))
			return true;
	*out = (struct conf_route){.port = 0};
	return false;
}
