/* Envelope addresses: the normalised form reads back as itself, and nothing odd gets through. */
#include "base/ascii.h"
#include "fuzz/fuzz.h"
#include "smtp/params.h"
#include "smtp/path.h"

static void
check_same(struct arena *a, const struct smtp_path *path)
{
	struct smtp_path again;

	FUZZ_CHECK(smtp_mailbox_parse(a, path->text, &again, NULL) == ST_OK);
	FUZZ_SAME(again.text, path->text);
	FUZZ_SAME(again.local, path->local);
	FUZZ_SAME(again.domain, path->domain);
	FUZZ_CHECK(again.is_literal == path->is_literal);
}

static void
check_path(struct arena *a, const struct smtp_path *path)
{
	for (size_t i = 0; i < path->text.n; i++)
		FUZZ_CHECK(path->text.p[i] >= 32 && path->text.p[i] < 127);
	if (path->domain.n) {
		FUZZ_CHECK(smtp_is_domain(path->domain) || smtp_is_literal(path->domain));
		check_same(a, path);
	} else if (path->text.n) {
		FUZZ_CHECK(sl_ieq(path->text, SL("postmaster")));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", 8u << 20);
	struct slice in = sl_mem(data, size), rest;
	struct smtp_path path;
	struct smtp_mail mail = {.has_size = false};
	struct smtp_rcpt rcpt = {.notify = 0};

	if (smtp_mailbox_parse(a, in, &path, NULL) == ST_OK)
		check_path(a, &path);
	for (int kind = 0; kind < 2; kind++) {
		rest = in;
		if (smtp_path_take(a, &rest, kind == 0, kind == 1, &path, NULL) != ST_OK)
			continue;
		check_path(a, &path);
		FUZZ_CHECK(rest.n < in.n && rest.p + rest.n == in.p + in.n);
		if (kind == 0 && smtp_params_mail(a, rest, ~0u, &mail, NULL) == ST_OK)
			FUZZ_CHECK(!mail.has_auth || !mail.auth.n ||
				   sl_find(mail.auth, '@') < mail.auth.n);
		if (kind == 1 && smtp_params_rcpt(a, rest, ~0u, &rcpt, NULL) == ST_OK)
			FUZZ_CHECK(
			    !(rcpt.notify & SMTP_NOTIFY_NEVER) || rcpt.notify == SMTP_NOTIFY_NEVER);
	}
	arena_free(a);
	return 0;
}
