"""rfc/coverage: what it counts in a text, where, and what it says of a map."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys

import pytest

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "rfc", "coverage")
TEXT = """
Network Working Group

Table of Contents

   1.  First ....... 2
   2.  Second  ..... 3

1.  First

   The key words "MUST" and "SHOULD" are words.  A server MUST answer.  It
   MUST

Somebody                 Standards Track                        [Page 1]
\f
RFC 9999                      A Protocol                   November 2026

   NOT crash.

1.1.  Detail

   1. A numbered line is no section.

   Answers are RECOMMENDED.  They SHALL come.

2.  Second

   A client SHOULD NOT ask twice; it MUST wait.

Appendix A.  More

   REQUIRED reading.
"""


@pytest.fixture(scope="module")
def coverage():
    loader = importlib.machinery.SourceFileLoader("coverage_script", PATH)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("coverage_script", loader))
    loader.exec_module(module)
    return module


@pytest.fixture
def tree(coverage, tmp_path, monkeypatch):
    """A catalogue of RFC 9999 and its text; what they are run with."""
    monkeypatch.setattr(coverage, "ROOT", str(tmp_path))
    (tmp_path / "rfc" / "coverage.d").mkdir(parents=True)
    (tmp_path / "rfc9999.txt").write_text(TEXT)
    rows = [("1", "MUST", "a"), ("1", "MUST NOT", "b"), ("1.1", "SHOULD", "a"), ("2", "MUST", "a"), ("2", "MUST", "b")]
    (tmp_path / "rfc" / "rfc9999.toml").write_text("rfc = 9999\ntitle = \"t\"\n" + "".join(
        f'[[req]]\nid = "R9999-{section}-{letter}"\nsection = "{section}"\nlevel = "{level}"\n' for section, level, letter in rows))

    def run(clauses, *words):
        if clauses is not None:
            (tmp_path / "rfc" / "coverage.d" / "rfc9999.toml").write_text("[clauses]\n" + clauses)
        monkeypatch.setattr(sys, "argv", ["coverage", "--text", str(tmp_path), *words])
        return coverage.main()
    return run


def test_occurrences(coverage):
    assert [o.key for o in coverage.occurrences(TEXT)] == [
        "1 MUST 1", "1 MUST NOT 1", "1.1 RECOMMENDED 1", "1.1 SHALL 1", "2 SHOULD NOT 1", "2 MUST 1", "A REQUIRED 1"]


def test_accounts(tree, capsys):
    assert tree('"1 MUST 1" = "R9999-1-a"\n"1 MUST NOT 1" = "order R9999-1-b"\n"2 *" = "no: about clients"\n') == 0
    assert "RFC 9999: accounted 4 of 7 (1 by order, not read)" in capsys.readouterr().out


def test_list_shows_the_rest(tree, capsys):
    tree('"1 MUST 1" = "R9999-1-a"\n', "--list")
    out = capsys.readouterr().out
    assert "1.1 RECOMMENDED 1: " in out and "Answers are RECOMMENDED." in out and "1 MUST 1" not in out


def test_draft_maps_what_counts_alike(tree, capsys, tmp_path):
    tree(None, "--draft")
    text = (tmp_path / "rfc" / "coverage.d" / "rfc9999.toml").read_text()
    assert '"1 MUST 1" = "order R9999-1-a"' in text and '"1.1 RECOMMENDED 1" = "order R9999-1.1-a"' in text
    assert '"2 MUST 1"' not in text         # one keyword, two rows
    assert "accounted 3 of 7" in capsys.readouterr().out


@pytest.mark.parametrize("clauses, found", [
    ('"9 MUST 1" = "R9999-1-a"\n', "found '9 MUST 1', expected an occurrence"),
    ('"1 MUST 1" = "R9999-7-a"\n', "found 'R9999-7-a', expected an id"), ('"1 MUST 1" = "no"\n', "expected an id")])
def test_mistakes(tree, capsys, clauses, found):
    assert tree(clauses) == 1
    assert found in capsys.readouterr().out


def test_ids_need_no_text(coverage, tree, capsys, tmp_path, monkeypatch):
    (tmp_path / "rfc" / "coverage.d" / "rfc9999.toml").write_text('[clauses]\n"7 MUST 1" = "R9999-1-a"\n"8 MUST 1" = "R9999-9-a"\n')
    monkeypatch.setattr(sys, "argv", ["coverage", "--ids"])
    assert coverage.main() == 1
    out = capsys.readouterr().out
    assert "found 'R9999-9-a', expected an id" in out and "coverage: 1 mistakes" in out


def test_no_text_and_strict(tree, capsys, tmp_path):
    assert tree('"1 MUST 1" = "R9999-1-a"\n', "--strict") == 1
    (tmp_path / "rfc9999.txt").unlink()
    assert tree(None, "--strict") == 0
    assert "RFC 9999: no text" in capsys.readouterr().out


def test_wrong_use(tmp_path):
    done = subprocess.run([sys.executable, PATH, "--text", str(tmp_path / "none")], capture_output=True, text=True)
    assert done.returncode == 2 and "expected a folder" in done.stderr
