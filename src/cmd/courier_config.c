/*
 * courier config: check the files, show what is in force, explain a name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/cmd.h"
#include "conf/conf.h"
#include "conf/explain.h"

#define TEXT_MAX ((size_t)4 << 20)

static void
put_text(const struct buf *text, FILE *to)
{
	if (text->n)
		fwrite(text->p, 1, text->n, to);
}

/* Reads the files; says on stderr what is wrong. */
static enum st
load(struct conf *c, struct paths *p, unsigned *warnings)
{
	struct conf_source src;
	struct conf_report r;
	struct buf text;
	enum st st;

	cmd_paths(p);
	src = (struct conf_source){ .dir = p->conf_dir };
	src.dirfd = open(p->conf_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (src.dirfd < 0) {
		cmd_complain(p->conf_dir, "%s", strerror(errno));
		return ST_IO;
	}
	conf_report_init(&r);
	buf_init(&text, TEXT_MAX);
	st = conf_load(&src, c, &r);
	conf_report_put(&r, &text);
	put_text(&text, stderr);
	*warnings = r.warnings;
	if (st != ST_OK)
		fprintf(stderr, "%u mistake%s\n", r.errors, r.errors == 1 ? "" : "s");
	buf_fini(&text);
	conf_report_fini(&r);
	close(src.dirfd);
	return st;
}

static int
config_check(const struct conf *c, const struct paths *p, const char *name, unsigned warnings)
{
	(void)c;
	(void)name;
	printf("%s: good", p->conf_dir);
	if (warnings)
		printf(", %u warning%s", warnings, warnings == 1 ? "" : "s");
	putchar('\n');
	return EXIT_GOOD;
}

static int
put_about(const struct conf *c, const char *name, unsigned (*put)(const struct conf *, struct slice,
    struct buf *))
{
	struct buf text;
	unsigned n;

	buf_init(&text, TEXT_MAX);
	n = put(c, sl_str(name), &text);
	put_text(&text, stdout);
	if (n == 0 && name) {
		buf_clear(&text);
		conf_explain_nearest(sl_str(name), &text);
		cmd_complain("courier config", "found no setting \"%s\"%.*s", name,
		    SL_FMT(buf_slice(&text)));
	}
	buf_fini(&text);
	return n || !name ? EXIT_GOOD : EXIT_USAGE;
}

static unsigned
show_all(const struct conf *c, struct slice name, struct buf *out)
{
	return conf_show(c, name, false, out);
}

static int
config_show(const struct conf *c, const struct paths *p, const char *name, unsigned warnings)
{
	(void)p;
	(void)warnings;
	return put_about(c, name, show_all);
}

static int
config_explain(const struct conf *c, const struct paths *p, const char *name, unsigned warnings)
{
	(void)p;
	(void)warnings;
	return put_about(c, name, conf_explain);
}

static const struct {
	const char *word;
	int (*run)(const struct conf *c, const struct paths *p, const char *name,
	    unsigned warnings);
	bool works_with_mistakes;
} words[] = {
	{ "check", config_check, false }, { "show", config_show, false },
	    { "explain", config_explain, true },
};

int
cmd_config(int argc, char **argv)
{
	struct conf c = {0};
	struct paths p;
	unsigned warnings = 0;

	for (size_t i = 0; argc > 1 && i < COUNT_OF(words); i++) {
		int status;

		if (strcmp(argv[1], words[i].word) != 0)
			continue;
		if (load(&c, &p, &warnings) != ST_OK) {
			if (!words[i].works_with_mistakes)
				return EXIT_CONFIG;
			conf_defaults(NULL, &c);
		}
		status = words[i].run(&c, &p, argc > 2 ? argv[2] : NULL, warnings);
		conf_fini(&c);
		return status;
	}
	cmd_complain("courier config", "expected check, show [NAME] or explain [NAME]");
	return EXIT_USAGE;
}
