"""What the tests with real mail programs share: running programs, comparing, the list of tests."""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 30


class Wrong(Exception):
    """The server or the client did not do what it must."""


class Skip(Exception):
    """A program is not there."""


class Clients:
    """The instance that DIR/env describes (None: none), and a folder for files of one run."""

    def __init__(self, env_file):
        self.env, self.users = {}, []
        if env_file:
            with open(env_file, encoding="utf-8") as f:
                words = shlex.split(f.read(), comments=True)
            self.env = dict(w.split("=", 1) for w in words)
            self.users = self.env["USERS"].split()
        self.folder = tempfile.mkdtemp(prefix="interop.")
        os.chmod(self.folder, 0o755)
        self.count = 0

    def address(self, number):
        return "%s@%s" % (self.users[number - 1], self.env["DOMAIN"])

    def mark(self):
        self.count += 1
        return "interop-%d-%d" % (os.getpid(), self.count)

    def file(self, name, text, mode=0o644):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def run(self, *command, data=None, status=0, env=None, timeout=60):
        """Runs a program; its words are shown when its status is another than expected (None: any)."""
        program = shutil.which(command[0])
        if not program:
            raise Skip("%s is not installed" % os.path.basename(command[0]))
        done = subprocess.run([program, *command[1:]], input=data.encode() if isinstance(data, str) else data or b"",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, cwd=self.folder,
                              env=dict(os.environ, HOME=self.folder, LC_ALL="C.UTF-8", **(env or {})))
        out = done.stdout.decode("utf-8", "replace")
        if status is not None and done.returncode != status:
            raise Wrong("%s ended with %d, expected %d:\n%s" % (" ".join(command), done.returncode, status, out[-3000:]))
        return out

    @staticmethod
    def wait(look, what):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = look()
            if found is not None:
                return found
            time.sleep(0.05)
        raise Wrong("%s: not there after %d s" % (what, PATIENCE_S))


def same(found, expected, what):
    if found != expected:
        raise Wrong("%s: found %r, expected %r" % (what, found, expected))


def has(text, pattern, what):
    if not re.search(pattern, text):
        raise Wrong("%s: found\n%s\nexpected something like %s" % (what, text[-2000:], pattern))


def run_tests(program, make, tests, names, errors=()):
    """Runs the tests of these names, or all, in the world that make() gives; returns the exit status."""
    for name in names:
        if name not in tests:
            print("%s: found \"%s\", expected one of %s" % (program, name, " ".join(tests)), file=sys.stderr)
            return 2
    try:
        w = make()
    except (OSError, ValueError, KeyError) as e:
        print("%s: %s" % (program, e), file=sys.stderr)
        return 2
    passed = failed = 0
    try:
        for name in names or tests:
            try:
                tests[name](w)
                passed += 1
                print("ok: %s" % name, flush=True)
            except Skip as e:
                print("%s: skipped: %s" % (name, e))
            except (Wrong, subprocess.TimeoutExpired, *errors) as e:
                failed += 1
                print("FAILED: %s: %s" % (name, e or type(e).__name__), flush=True)
    finally:
        shutil.rmtree(w.folder, ignore_errors=True)
    print("%s: %d passed, %d failed" % (program, passed, failed))
    return 1 if failed else 0
