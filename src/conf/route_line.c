/*
 * Lines of esmtproutes.
 */
#include "conf/route_line.h"

#include "base/ascii.h"
#include "base/num.h"
#include "conf/value_int.h"

static const struct {
	const char *word;
	enum conf_security security;
	unsigned char family;
} flags[] = {
    {"SECURITY=STARTTLS", CONF_SECURITY_VERIFIED, 0},
    {"SECURITY=REQUIRED", CONF_SECURITY_REQUIRED, 0},
    {"SECURITY=SMTPS", CONF_SECURITY_SMTPS, 0},
    {"SECURITY=NONE", CONF_SECURITY_NONE, 0},
    {"IPV4ONLY", CONF_SECURITY_NONE, 4},
    {"IPV6ONLY", CONF_SECURITY_NONE, 6},
};

static bool
take_flag(struct slice word, struct conf_route *out)
{
	for (size_t i = 0; i < COUNT_OF(flags); i++) {
		if (!sl_ieq(word, sl_str(flags[i].word)))
			continue;
		if (flags[i].family)
			out->family = flags[i].family;
		else
			out->security = flags[i].security;
		return true;
	}
	return false;
}

/* Words with slashes, commas or blanks between them. */
static bool
take_flags(struct slice text, struct conf_route *out)
{
	size_t from = 0;

	for (size_t i = 0; i <= text.n; i++) {
		if (i < text.n && text.p[i] != '/' && text.p[i] != ',' &&
		    !ascii_is_wsp(text.p[i]))
			continue;
		if (i > from && !take_flag(sl_sub(text, from, i), out))
			return false;
		from = i + 1;
	}
	return true;
}

static bool
take_relay(struct slice text, struct conf_route *out)
{
	if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']') {
		struct slice inside = sl_sub(text, 1, text.n - 1);

		if (sl_istarts(inside, SL("IPv6:")))
			inside = sl_skip(inside, 5);
		out->relay = inside;
		return ip_parse(inside, &out->ip);
	}
	out->relay = text;
	return text.n == 0 || value_is_domain(text);
}

bool
conf_route_parse(struct slice line, struct conf_route *out, const char **expected)
{
	struct slice rest = sl_trim(line), target;
	uint64_t port = 0;
	size_t slash, comma;

	*out = (struct conf_route){.port = 0};
	*expected = "DOMAIN:RELAY,PORT/FLAGS";
	if (!sl_cut(&rest, ':', &out->domain))
		return false;
	out->domain = sl_trim(out->domain);
	*expected = "a domain, .domain or nothing before the colon";
	if (out->domain.n &&
	    !value_is_domain(out->domain.p[0] == '.' ? sl_skip(out->domain, 1) : out->domain))
		return false;
	slash = sl_find(rest, '/');
	*expected = "/SECURITY=STARTTLS, REQUIRED or SMTPS, /IPV4ONLY, /IPV6ONLY";
	if (!take_flags(sl_skip(rest, slash), out))
		return false;
	target = sl_trim(sl_sub(rest, 0, slash));
	comma = sl_rfind(target, ',');
	*expected = "a port from 1 to 65535 behind the comma";
	if (comma < target.n &&
	    (!num_u64(sl_trim(sl_skip(target, comma + 1)), 65535, &port) || port == 0))
		return false;
	out->port = (uint16_t)port;
	*expected = "a domain or [an IP address] behind the colon";
	return take_relay(sl_trim(sl_sub(target, 0, comma)), out);
}
