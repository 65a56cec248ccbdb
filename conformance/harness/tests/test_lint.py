"""The lint scripts on small trees: each finds its mistakes, and nothing in a clean tree."""

import os
import shutil
import subprocess
import sys

import pytest

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "scripts")
CLEAN_H = "/* A room. */\n#ifndef X_H\n#define X_H\n\n/* Does a thing. */\nint x_do(int a);\nint x_undo(int a);\n\n#endif\n"
CLEAN_C = '#include "base/x.h"\n\n#include <string.h>\n\n/* strcpy(a, b) stands in a comment */\nint\nx_do(int a)\n{\n\tif (a) {\n' \
          '\t\treturn (int)strlen("sprintf(");\n\t}\n\treturn 0;\n}\n'


@pytest.fixture
def tree(tmp_path):
    shutil.copytree(SCRIPTS, tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "scripts/sizes.waivers").write_text("# none\n")
    (tmp_path / "scripts/layers.txt").write_text("base:\nos: base\next: base\nsmtp: base\nmaildir: base os\ndaemon/skel: base\n"
                                                 "daemon/*: base smtp daemon/skel\n")
    put(tmp_path, "src/base/x.h", CLEAN_H)
    put(tmp_path, "src/base/x.c", CLEAN_C)
    put(tmp_path, "src/daemon/esmtpd/main.c", '#include "smtp/s.h"\n#include "daemon/skel/k.h"\n')
    put(tmp_path, "src/smtp/s.h", "/* S. */\n#include \"base/x.h\"\n")
    put(tmp_path, "src/daemon/skel/k.h", "/* K. */\n")
    put(tmp_path, "src/smtp/tests/t.c", '#include "base/x.h"\n#include "smtp/s.h"\nvoid t(void);\n')
    return tmp_path


def put(tree, path, text):
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    (tree / path).write_text(text)


def run(tree, script, *words):
    done = subprocess.run([sys.executable, tree / "scripts" / script, *words], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("script", ["layers", "sizes", "banned", "atcalls", "doccheck", "selfcontained"])
def test_clean_tree(tree, script):
    status, out = run(tree, script)
    assert (status, ", 0 mistakes" in out, len(out.splitlines())) == (0, True, 1), out


@pytest.mark.parametrize("path, text, expected", [
    ("src/base/y.c", '#include "smtp/s.h"\n', "src/base/y.c:1: base may not include smtp/s.h"),
    ("src/smtp/y.c", '#include "daemon/skel/k.h"\n', "smtp may not include daemon/skel/k.h"),
    ("src/smtp/y.c", '#include "missing.h"\n', "smtp may not include missing.h"),
    ("src/daemon/other/y.c", '#include "daemon/esmtpd/z.h"\n', "daemon/other may not include daemon/esmtpd/z.h"),
    ("src/smtp/y.c", "#include <openssl/ssl.h>\n", "foreign header openssl/ssl.h outside src/ext"),
    ("src/smtp/y.c", "#include <sys/epoll.h>\n", "header sys/epoll.h of one system outside ports/"),
    ("src/new/y.c", "int x;\n", "folder src/new is not in scripts/layers.txt"),
    ("scripts/layers.txt", "base: os\nos: base\n", "scripts/layers.txt:1: found 'os', expected a folder from a line above"),
])
def test_layers(tree, path, text, expected):
    put(tree, path, text)
    status, out = run(tree, "layers")
    assert status == 1 and expected in out


def function(lines, name="f"):
    return f"int\n{name}(void)\n{{\n" + "\t;\n" * (lines - 4) + "}\n"


DEEP = "int\nf(int a)\n{\n" + "\twhile (a) {\n" * 5 + "\t}\n" * 5 + "\treturn 0;\n}\n"


@pytest.mark.parametrize("path, text, expected", [
    ("src/base/y.c", function(83), "src/base/y.c:2: function of 82, at most 80"),
    ("src/base/y.c", "int x;\n" * 701, "src/base/y.c: file of 701, at most 700"),
    ("src/base/y.h", "int x;\n" * 201, "src/base/y.h: header of 201, at most 200"),
    ("src/base/y.c", DEEP, "nesting of 5, at most 4"),
    ("src/base/y.c", "\tint x;" + " " * 85 + "/**/\n", "src/base/y.c:1: 1 line(s) above 100 columns"),
    ("scripts/sizes.waivers", "src/base/x.c:x_do function 90 because\n", "larger than needed (none)"),
    ("scripts/sizes.waivers", "nonsense\n", "found 'nonsense', expected PATH"),
])
def test_sizes(tree, path, text, expected):
    put(tree, path, text)
    status, out = run(tree, "sizes")
    assert status == 1 and expected in out


def test_sizes_at_the_limit_and_waived(tree):
    put(tree, "src/base/y.c", function(81) + function(91, "g") + "static const int t[] = {\n\t1, 2\n};\n")
    put(tree, "scripts/sizes.waivers", "src/base/y.c:g function 90 a table in disguise\n")
    assert run(tree, "sizes")[0] == 0


@pytest.mark.parametrize("path, text, expected", [
    ("src/base/y.c", "int f(char *a) { strcpy(a, a); }\n", "src/base/y.c:1: strcpy(): unbounded"),
    ("ports/posix/y.c", "int f(void) { return system (0); }\n", "system(): runs a shell"),
    ("src/base/y.c", "#ifdef __linux__\n#endif\n", "__linux__: operating systems are told apart in ports/ only"),
    ("src/smtp/y.c", "int f(void) { return open(0); }\n", "open() in a folder that does no I/O"),
    ("src/smtp/y.c", "void *f(void) { return malloc(1); }\n", "malloc() in a folder"),
])
def test_banned(tree, path, text, expected):
    put(tree, path, text)
    status, out = run(tree, "banned")
    assert status == 1 and expected in out


def test_banned_leaves_members_and_other_folders_alone(tree):
    put(tree, "src/smtp/y.c", "int f(struct s *s) { return s->open(1) + s.read(2) + arena_free(3); }\n")
    put(tree, "src/os/y.c", "int f(void) { return open(0); }\n")
    put(tree, "ports/linux/y.c", "#ifdef __linux__\n#endif\n")
    assert run(tree, "banned")[0] == 0


@pytest.mark.parametrize("text, expected", [
    ("int f(int d) { return open(d); }\n", "open() takes a path"),
    ("int f(int d) { return openat(d, n, O_RDONLY | O_CLOEXEC); }\n", "openat() without O_NOFOLLOW"),
    ("int f(int d) { return fstatat(d, n, &s, 0); }\n", "fstatat() without AT_SYMLINK_NOFOLLOW"),
    ('int f(int d) { return openat(d, "a/b", O_NOFOLLOW | O_CLOEXEC); }\n', "openat() with a slash"),
    ("int f(int d) { return unlinkat(AT_FDCWD, n, 0); }\n", "unlinkat() with AT_FDCWD"),
    ("int f(int d) { return rename(a, b); }\n", "rename() takes a path"),
])
def test_atcalls(tree, text, expected):
    put(tree, "src/maildir/y.c", text)
    status, out = run(tree, "atcalls")
    assert status == 1 and expected in out


def test_atcalls_reads_constants(tree):
    put(tree, "src/maildir/y.c", "#define SAFE (O_NOFOLLOW | O_CLOEXEC)\n#define NEW (SAFE | O_CREAT)\n"
        "int f(int d) { return openat(d, n,\n    O_WRONLY | NEW, 0600) + s->open(1); }\n")
    assert run(tree, "atcalls")[0] == 0


@pytest.mark.parametrize("text, expected", [
    ("#ifndef Y_H\n", "y.h:1: no comment at the head"),
    ("/* Y. */\n\nint y_do(int a);\n", "y.h:3: y_do() is not explained"),
    ("/* Y. */\n/* Does. */\nint y_do(int a);\n\nstruct y *y_new(void);\n", "y.h:5: y_new() is not explained"),
])
def test_doccheck(tree, text, expected):
    put(tree, "src/base/y.h", text)
    status, out = run(tree, "doccheck")
    assert status == 1 and expected in out


def test_selfcontained(tree):
    put(tree, "src/base/y.h", "/* Y. */\nsize_t y(void);\n")
    status, out = run(tree, "selfcontained")
    assert status == 1 and "src/base/y.h" in out and "size_t" in out


def test_purity(tree, tmp_path):
    build = tmp_path / "build"
    build.mkdir()

    def archive(name, source):
        (build / "x.c").write_text(source)
        subprocess.run(["cc", "-c", "-fno-builtin", "-o", build / "x.o", build / "x.c"], check=True)
        (build / name).unlink(missing_ok=True)
        subprocess.run(["ar", "rc", build / name, build / "x.o"], check=True, capture_output=True)

    archive("libbase.a", "int base_f(void) { return 1; }\n")
    good = "int base_f(void); unsigned long strlen(const char *); int f(void) { return base_f() + (int)strlen(\"\"); }\n"
    archive("libsmtp.a", good)
    assert run(tree, "purity", build) == (0, "purity: 1 archives, 0 mistakes\n")
    archive("libsmtp.a", good + "int open(const char *, int, ...); int g(void) { return open(\"\", 0); }\n")
    status, out = run(tree, "purity", build)
    assert status == 1 and "libsmtp.a: reaches open" in out
    assert run(tree, "purity")[0] == 2
