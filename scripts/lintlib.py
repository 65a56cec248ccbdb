"""What the lint scripts share: the C files of the tree, source without comments and strings, functions, one way to report."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TREES = ("src", "ports", "fuzz", "bench", "tests", "conformance")
PURE = ("message", "smtp", "imap", "pop3", "sasl", "dns", "dsn", "mailauth", "sieve", "ical", "sched")
KEYWORDS = ("if", "for", "while", "switch", "return", "sizeof", "do", "else", "case", "defined", "_Static_assert", "_Alignof")


class Lint:
    """Collects mistakes; done() prints them and the closing line."""

    def __init__(self, name):
        self.name, self.count, self.extra = name, 0, ""
        self.mistakes = []

    def error(self, where, text):
        self.mistakes.append(f"{where}: {text}")

    def done(self, what="files"):
        for mistake in self.mistakes:
            print(mistake)
        print(f"{self.name}: {self.count} {what}, {len(self.mistakes)} mistakes{self.extra}")
        sys.exit(1 if self.mistakes else 0)


def files(*trees, ends=(".c", ".h")):
    """Paths below ROOT, relative, sorted."""
    out = []
    for tree in trees or TREES:
        for folder, dirs, names in os.walk(os.path.join(ROOT, tree)):
            dirs.sort()
            out += [os.path.relpath(os.path.join(folder, n), ROOT) for n in sorted(names) if n.endswith(ends)]
    return out


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def is_test(path):
    return "/tests/" in "/" + path


def bare(text, keep_strings=False):
    """The source with comments (and what is inside string and character literals) made blank; lines stay where they are."""
    token = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        part = match[0]
        if part[0] in "\"'":
            if keep_strings:
                return part
            return part[0] + " " * (len(part) - 2) + part[0]
        return re.sub(r"[^\n]", " ", part)

    return token.sub(blank, text)


def functions(source):
    """Function definitions in bare source, written with the name at column 0: (name, first line, last line)."""
    out = []
    lines = source.split("\n")
    at = 0
    while at < len(lines):
        match = re.match(r"([a-z_][A-Za-z0-9_]*)\(", lines[at]) or re.match(
            r"[a-z][A-Za-z0-9_ *]*[ *]([a-z_][A-Za-z0-9_]*)\(", lines[at])
        first = at
        if match and match[1] not in KEYWORDS and not lines[at].startswith(("#", "typedef")):
            while at < len(lines) and not lines[at].startswith("{") and not lines[at].rstrip().endswith((";", "{", "}")):
                at += 1
            if at < len(lines) and (lines[at].startswith("{") or lines[at].rstrip().endswith("{")):
                while at < len(lines) and not lines[at].startswith("}"):
                    at += 1
                out.append((match[1], first + 1, at + 1))
        at += 1
    return out


def calls(source, names):
    """(line, name, text of the arguments) of every call of one of the names; members and declarations of others left out."""
    pattern = re.compile(r"(?<![A-Za-z0-9_.>])(" + "|".join(map(re.escape, names)) + r")[ \t]*\(")
    for match in pattern.finditer(source):
        depth, at = 1, match.end()
        while at < len(source) and depth:
            depth += {"(": 1, ")": -1}.get(source[at], 0)
            at += 1
        yield source.count("\n", 0, match.start()) + 1, match[1], source[match.end():at - 1]
