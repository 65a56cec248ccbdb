/*
 * Questions, and names as text.
 */
#include "dns/dns.h"

#include "base/num.h"

#define HEADER_RD 0x0100
#define HEADER_AD 0x0020 /* RFC 6840 section 5.7: we understand the AD bit */
#define EDNS_DO 0x8000u

static void
put16(struct buf *out, unsigned v)
{
	buf_put_byte(out, (unsigned char)(v >> 8));
	buf_put_byte(out, (unsigned char)v);
}

static struct slice
without_dot(struct slice name)
{
	return name.n && name.p[name.n - 1] == '.' ? sl_sub(name, 0, name.n - 1) : name;
}

bool
dns_name_same(struct slice a, struct slice b)
{
	return sl_ieq(without_dot(a), without_dot(b));
}

/* R1035-2.3.4-a, R1035-2.3.4-b */
static enum st
put_name(struct buf *out, struct slice name, struct fault *f)
{
	struct slice rest = without_dot(name), label;
	bool more = rest.n > 0;

	if (rest.n + 2 > DNS_NAME_MAX)
		return fault_set(f, ST_SYNTAX, "5.1.2", "a domain of more than %d octets",
		    DNS_NAME_MAX - 2);
	while (more) {
		more = sl_cut(&rest, '.', &label);
		if (label.n == 0 || label.n > DNS_LABEL_MAX)
			return fault_set(f, ST_SYNTAX, "5.1.2",
			    "a domain has parts of 1 to %d octets", DNS_LABEL_MAX);
		buf_put_byte(out, (unsigned char)label.n);
		buf_put(out, label);
	}
	buf_put_byte(out, 0);
	return ST_OK;
}

/* R1035-4.1.1-a; RFC 6891 section 6.1.2 */
enum st
dns_query_put(struct buf *out, uint16_t id, struct slice name, enum dns_type type, struct fault *f)
{
	size_t before = out->n;
	enum st st;

	put16(out, id);
	put16(out, HEADER_RD | HEADER_AD);
	put16(out, 1); /* questions */
	put16(out, 0);
	put16(out, 0);
	put16(out, 1); /* additional: OPT */
	st = put_name(out, name, f);
	if (st != ST_OK) {
		buf_cut(out, before);
		return st;
	}
	put16(out, type);
	put16(out, 1); /* IN */
	buf_put_byte(out, 0);
	put16(out, DNS_OPT);
	put16(out, DNS_UDP_BYTES);
	put16(out, 0); /* extended rcode, version */
	put16(out, EDNS_DO);
	put16(out, 0); /* no options */
	return buf_ok(out) ? ST_OK : fault_set(f, ST_LIMIT, "4.3.0", "no room for a question");
}

/* R1035-3.5-a, R3596-2.5-a */
void
dns_ptr_name(const struct ip *ip, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";

	if (ip->family == 4) {
		buf_fmt(out, "%u.%u.%u.%u.in-addr.arpa", ip->bytes[3], ip->bytes[2], ip->bytes[1],
		    ip->bytes[0]);
		return;
	}
	for (size_t i = 16; i-- > 0;)
		buf_fmt(out, "%c.%c.", digits[ip->bytes[i] & 15], digits[ip->bytes[i] >> 4]);
	buf_put_str(out, "ip6.arpa");
}
