"""A worker of a mailbox (imapd, pop3d) with a false master and login around it, and a Maildir in a temporary folder."""
import os
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import traceback

PATIENCE = 60


class Wrong(Exception):
    pass


def check(claim, what):
    if not claim:
        raise Wrong(what)


def same(got, want, what):
    if got != want:
        raise Wrong("%s: got %r, want %r" % (what, got, want))


def wait_for(what, fn):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        got = fn()
        if got:
            return got
        time.sleep(0.01)
    raise Wrong("not within %d s: %s" % (PATIENCE, what))


def maildir_make(path):
    for d in ("", "cur", "new", "tmp"):
        os.makedirs(os.path.join(path, d), mode=0o700, exist_ok=True)


class World:
    """settings: NAME=value lines for DIR/etc/<service>d; courierd: for DIR/etc/courierd; below: what runs it."""

    def __init__(self, build, role, service, settings="", courierd="", accounts=("u",), start=True, below=()):
        self.dir = tempfile.mkdtemp(prefix="mail-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        os.mkdir(self.path("etc"))
        for name, text in ((role, settings), ("courierd", courierd)):
            with open(self.path("etc", name), "w", encoding="utf-8") as f:
                f.write(text)
        self.reports = queue.Queue()
        self.log_lines = []
        self.p = subprocess.Popen(
            [*below, os.path.join(build, "src/daemon/mailbox/tests/mailworld"), os.path.join(build, "src/daemon", role, role), role,
             service, self.dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        for stream, fn in ((self.p.stdout, self.reports.put), (self.p.stderr, self.log_lines.append)):
            threading.Thread(target=self.pump, args=(stream, fn), daemon=True).start()
        self.port = int(self.report("port"))
        self.pid = int(self.report("pid"))
        for name in accounts:
            self.account(name)
        if start:
            self.order("start")
            self.sandbox = self.report("ready")
            self.order("login")

    @staticmethod
    def pump(stream, fn):
        for line in stream:
            fn(line.rstrip("\n"))

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def maildir(self, *names, account="u"):
        return self.path("home", account, "Maildir", *names)

    def account(self, name, maildir="-", quota="-", make=True):
        os.makedirs(self.path("home", name), exist_ok=True)
        if make:
            maildir_make(self.maildir(account=name))
        self.order("account %s %s %s %s" % (name, self.path("home", name), maildir, quota))

    def order(self, line):
        self.p.stdin.write(line + "\n")
        self.p.stdin.flush()

    def report(self, kind, patience=PATIENCE):
        """The text behind the next report of this kind; others before it are dropped."""
        until = time.monotonic() + patience
        while True:
            try:
                line = self.reports.get(timeout=max(0.01, until - time.monotonic()))
            except queue.Empty:
                raise Wrong("no report %r; log:\n%s" % (kind, "\n".join(self.log_lines[-20:]))) from None
            word, _, rest = line.partition(" ")
            if word == kind:
                return rest
            if word == "ended":
                raise Wrong("the worker has ended (%s) instead of %r; log:\n%s" % (rest, kind, "\n".join(self.log_lines[-20:])))

    def status(self, what=0, name="-"):
        self.order("status %d %s" % (what, name))
        lines = []
        while True:
            line = self.reports.get(timeout=PATIENCE)
            if line.startswith("status-end"):
                return lines
            if line.startswith("status "):
                lines.append(line[7:])

    def log(self, *words):
        return [line for line in self.log_lines if all(w in line for w in words)]

    def session(self, account="u", tag="-", tls="plain", unread=b""):
        s = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        s.settimeout(PATIENCE)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.sendall(("%s %s %s\n" % (account, tag, tls)).encode() + unread)
        return s

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def memory_kib(self, kind="Private_Dirty"):
        with open("/proc/%d/smaps_rollup" % self.pid, encoding="ascii") as f:
            return sum(int(line.split()[1]) for line in f if line.startswith(kind + ":"))

    def deliver(self, text, folder="", name=None, account="u"):
        """As another program would: tmp/, then new/."""
        World.count = getattr(World, "count", 0) + 1
        name = name or "%d.M%dP1.foreign" % (1700000000 + World.count, World.count)
        box = self.maildir(folder, account=account)
        with open(os.path.join(box, "tmp", name), "wb") as f:
            f.write(text)
        os.rename(os.path.join(box, "tmp", name), os.path.join(box, "new", name))
        return name

    def files(self, folder="", account="u"):
        box = self.maildir(folder, account=account)
        return sorted(d + "/" + f for d in ("new", "cur") for f in os.listdir(os.path.join(box, d)))

    def end(self):
        try:
            self.p.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.p.wait(PATIENCE)
        finally:
            if self.p.poll() is None:
                self.p.kill()
                self.p.wait()
            shutil.rmtree(self.dir, ignore_errors=True)


def run(name, tests, argv, make):
    """Runs each (test, options of World); the exit status."""
    passed = failed = 0
    for test, how in tests:
        if len(argv) > 2 and test.__name__ not in argv[2:]:
            continue
        w = None
        try:
            w = make(**how)
            test(w)
            passed += 1
        except Exception:  # whatever went wrong belongs to this test
            failed += 1
            print("%s: %s" % (test.__name__, traceback.format_exc().strip()))
            if w:
                print("\n".join("    " + line for line in w.log_lines[-25:]))
        finally:
            if w:
                w.end()
    print("%s: %d passed, %d failed" % (name, passed, failed))
    return 1 if failed else 0
