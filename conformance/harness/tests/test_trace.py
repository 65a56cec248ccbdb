"""rfc/trace on small trees: what it finds, what it links, what it refuses."""

import os
import subprocess
import sys

import pytest

TRACE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "rfc", "trace")
ROW = """
[[req]]
id = "R5321-4.1-{letter}"
section = "4.1"
level = "{level}"
side = "server"
text = "A thing is done."
code = {code}
test = {test}
status = "{status}"
"""
CODE = """/* A file. R5321-4.1-b */
#include "x.h"

static const struct row rows[] = {
	{ 1 }, /* R5321-4.1-c */
};

/*
 * Why. R5321-4.1-a
 */
int
do_thing(int a)
{
	return a;
}

/* R5321-4.1-e */
static const struct {
	int a;
} unnamed[] = {
	{ 1 },
};

/* Not about a requirement. */
static int
other(void)
{
	return 1; /* R5321-4.1-d and R5321-4.1 */
}
"""


def row(letter="a", level="MUST", code="[]", test="[]", status="todo"):
    return ROW.format(letter=letter, level=level, code=code, test=test, status=status)


@pytest.fixture
def tree(tmp_path):
    for folder in ("rfc", "docs", "src/x/tests", "conformance/smtp"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "src/x/a.c").write_text(CODE)
    (tmp_path / "src/x/tests/a_test.c").write_text("/* R5321-4.1-a */\n")
    (tmp_path / "conformance/smtp/a.scn").write_text("title: x\nreq: R5321-4.1-a R5321-4.1-c\n\nS: 220\n")
    return tmp_path


def run(tree, rows, *words):
    (tree / "rfc/rfc5321.toml").write_text('# head\n\nrfc = 5321\ntitle = "T"\n' + rows)
    done = subprocess.run([sys.executable, TRACE, "--root", tree, *words], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


ROWS = row("a") + row("b") + row("c", "SHOULD") + row("d") + row("e")


def test_link_fills_code_and_test(tree):
    assert run(tree, ROWS, "--link")[0] == 0
    text = (tree / "rfc/rfc5321.toml").read_text()
    assert 'code = ["src/x/a.c:do_thing"]\ntest = ["conformance/smtp/a.scn", "src/x/tests/a_test.c"]' in text
    assert 'code = ["src/x/a.c:rows"]\ntest = ["conformance/smtp/a.scn"]' in text
    assert 'code = ["src/x/a.c:other"]\ntest = []' in text
    assert 'code = ["src/x/a.c:unnamed"]' in text
    assert text.count("code = []") == 1
    matrix = (tree / "docs/rfc-matrix.md").read_text()
    assert "| R5321-4.1-a | MUST | server | todo | A thing is done. | x/a.c:do_thing | smtp/a.scn<br>src/x/tests/a_test.c |" in matrix
    assert run(tree, text[text.index("\n[[req]]"):], "--check") == (0, "trace: 5 requirements, 0 of 4 MUSTs met, 0 mistakes\n")


def test_check_finds_what_is_out_of_date(tree):
    run(tree, ROWS, "--link")
    status, out = run(tree, ROWS, "--check")
    assert status == 1 and "R5321-4.1-a: code or test is out of date" in out
    rows = (tree / "rfc/rfc5321.toml").read_text()
    run(tree, ROWS, "--link")
    rows = (tree / "rfc/rfc5321.toml").read_text()
    (tree / "docs/rfc-matrix.md").write_text("old\n")
    status, out = run(tree, rows[rows.index("\n[[req]]"):], "--check")
    assert status == 1 and "docs/rfc-matrix.md: out of date" in out


@pytest.mark.parametrize("rows, expected", [
    (row("a") + row("a") + row("b") + row("c") + row("d") + row("e"), "R5321-4.1-a: duplicate id"),
    (row("a"), "src/x/a.c:1: unknown requirement R5321-4.1-b"),
    (ROWS.replace('level = "SHOULD"', 'level = "OUGHT"'), "level: found 'OUGHT', expected one of"),
    (ROWS.replace('section = "4.1"', 'section = "4.2"', 1), "found id 'R5321-4.1-a', expected R5321-4.2-LETTER"),
    (ROWS.replace('status = "todo"', 'status = "waived"', 1), "waived without a reason"),
    (ROWS.replace("side = ", "sight = ", 1), "found keys"),
    (ROWS + "nonsense", "not TOML"),
])
def test_bad_rows(tree, rows, expected):
    status, out = run(tree, rows)
    assert status == 1 and expected in out


REPEAT = """
[[req]]
id = "R5322-2-a"
section = "2"
level = "SHOULD"
same_as = "{other}"
"""


def repeat(tree, other):
    (tree / "rfc/rfc5322.toml").write_text('# head\n\nrfc = 5322\ntitle = "U"\n' + REPEAT.format(other=other))


def test_a_repeated_clause_has_code_and_tests_of_the_other_and_its_own(tree):
    repeat(tree, "R5321-4.1-a")
    (tree / "conformance/smtp/b.scn").write_text("title: x\nreq: R5322-2-a\n\nS: 220\n")
    assert run(tree, ROWS.replace('"todo"', '"done"', 1), "--link")[0] == 0
    assert REPEAT.format(other="R5321-4.1-a") in (tree / "rfc/rfc5322.toml").read_text()
    matrix = (tree / "docs/rfc-matrix.md").read_text()
    assert ("| R5322-2-a | SHOULD | server | done | A thing is done. (as R5321-4.1-a) | x/a.c:do_thing "
            "| smtp/a.scn<br>smtp/b.scn<br>src/x/tests/a_test.c |") in matrix
    assert "| [5322](#rfc-5322) | U | 1 | 0/0 | 1/1 |" in matrix


@pytest.mark.parametrize("other", ["R5321-9-z", "R5322-2-a"])
def test_a_repeated_clause_names_a_row_with_a_text(tree, other):
    repeat(tree, other)
    status, out = run(tree, ROWS, "--link")
    assert status == 1 and f"R5322-2-a: same_as: found '{other}', expected a row that has a text of its own" in out


def test_done_needs_code_and_test(tree):
    status, out = run(tree, ROWS.replace('status = "todo"', 'status = "done"'), "--link")
    assert status == 1
    assert "R5321-4.1-a" not in out                 # has both
    assert "R5321-4.1-b: a MUST that is done needs code and test" in out
    assert "R5321-4.1-d: a MUST that is done needs code and test" in out


def test_what_is_gone(tree):
    rows = row("a", code='["src/x/a.c:gone", "src/y.c:f"]', test='["tests/gone.py"]') + row("b") + row("c") + row("d") + row("e")
    status, out = run(tree, rows)
    assert status == 1
    assert "code src/x/a.c:gone: no such function or table" in out
    assert "code src/y.c:f: no such file" in out
    assert "test tests/gone.py: no such file" in out


def test_unknown_ids_in_scenarios(tree):
    (tree / "conformance/smtp/b.scn").write_text("title: x\nreq: R5321-9-z R5321-4.1\n\nS: 220\n")
    status, out = run(tree, ROWS)
    assert status == 1
    assert "conformance/smtp/b.scn:2: unknown requirement R5321-9-z" in out
    assert "conformance/smtp/b.scn:2: unknown requirement R5321-4.1\n" in out
