"""From the connection to the worker: TLS, pipelining, refusals, deaths, limits, what operators can do."""
import base64
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback

SOURCE, BUILD = sys.argv[1], os.path.abspath(sys.argv[2])
PASSWORD = "sandbox-secret"
PATIENCE = 30
MANY = int(os.environ.get("LOGIN_TEST_SESSIONS", "2000"))


# An account back end that changes every password, and knows nobody.
BACK_END = """#!/bin/sh
while IFS= read -r line; do
	case $line in
	"AUTH "*) dd bs=1 count="${line#AUTH }" >/dev/null 2>&1; echo FAIL ;;
	"PASSWD "*) echo OK ;;
	*) echo FAIL ;;
	esac
done
"""


def is_sanitized():
    with open(os.path.join(BUILD, "src/daemon/login/login"), "rb") as f:
        return b"__asan_init" in f.read()


KEEPS_FREED = is_sanitized()  # memory that was freed is kept for a while there, on purpose


class Wrong(Exception):
    pass


def check(claim, what):
    if not claim:
        raise Wrong(what)


def wait_for(what, fn):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        got = fn()
        if got:
            return got
        time.sleep(0.02)
    raise Wrong("not within %d s: %s" % (PATIENCE, what))


class Client:
    """A connection with lines."""

    def __init__(self, instance, port, tls=False):
        self.s = socket.create_connection(("127.0.0.1", int(instance.env[port])), PATIENCE)
        self.left = b""
        if tls:
            self.start_tls()

    def start_tls(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.s = context.wrap_socket(self.s)

    def send(self, data):
        self.s.sendall(data)

    def line(self):
        while b"\n" not in self.left:
            got = self.s.recv(65536)
            if not got:
                raise Wrong("the connection ended behind %r" % self.left)
            self.left += got
        line, _, self.left = self.left.partition(b"\n")
        return line.rstrip(b"\r").decode()

    def ask(self, data, expect, lines=1):
        self.send(data if isinstance(data, bytes) else (data + "\r\n").encode())
        for _ in range(lines):
            line = self.line()
        check(re.match(expect, line), "%r: found %r, expected %s" % (data, line, expect))
        return line

    def ends(self):
        try:
            while True:
                got = self.s.recv(65536)
                if not got:
                    return True
                self.left += got
        except ConnectionError:
            return True

    def close(self):
        self.s.close()


class Instance:
    def __init__(self, *settings):
        self.dir = tempfile.mkdtemp(prefix="login-test-")
        os.chmod(self.dir, 0o755)
        words = []
        for s in settings:
            words += ["--set", s]
        subprocess.run([sys.executable, os.path.join(SOURCE, "tools/sandbox"), "start", "--build", BUILD, "--users", "12", *words,
                        self.dir], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        if any("authcustom" in s for s in settings):
            self.program("libexec/auth/authcustom", BACK_END)
        for role in ("imapd", "pop3d"):
            path = os.path.join(self.dir, "libexec", role)
            shutil.copy(os.path.join(BUILD, "src/daemon/login/tests/fakeworker"), path + ".new")
            os.chmod(path + ".new", 0o755)
            os.rename(path + ".new", path)
        with open(os.path.join(self.dir, "env"), encoding="utf-8") as f:
            self.env = dict(line.rstrip("\n").replace("'", "").split("=", 1) for line in f)

    def program(self, name, text):
        with open(os.path.join(self.dir, name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(os.path.join(self.dir, name), 0o755)

    def orders(self, line):
        with open(os.path.join(self.dir, "var/worker"), "w", encoding="utf-8") as f:
            f.write(line + "\n")

    def courier(self, *words):
        return subprocess.run([os.path.join(self.dir, "bin/courier"), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60).stdout

    def rows(self, text, key):
        return [dict(w.split("=", 1) for w in line.split() if "=" in w) for line in text.splitlines() if line.startswith(key)]

    def pids(self, role):
        return [int(r["pid"]) for r in self.rows(self.courier("status"), "process=") if r["process"].split(".")[0] == role]

    def who(self):
        return self.rows(self.courier("who"), "session=")

    def log(self):
        with open(os.path.join(self.dir, "var/log/mail.log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop(self):
        subprocess.run([sys.executable, os.path.join(SOURCE, "tools/sandbox"), "stop", self.dir], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=60)
        shutil.rmtree(self.dir, ignore_errors=True)


def imap(i, port="IMAP_PORT", tls=False):
    c = Client(i, port, tls)
    check(c.line().startswith("* OK [CAPABILITY IMAP4rev1"), "greeting")
    return c


def login(i, user="user1", **how):
    c = imap(i, **how)
    c.ask("a LOGIN %s %s" % (user, PASSWORD), r"a OK here is " + user)
    return c


def test_plain(i):
    """The worker answers the login; what was pipelined behind it is read first."""
    c = imap(i)
    c.send(("a LOGIN user1 %s\r\nb SELECT INBOX\r\n" % PASSWORD).encode())
    check(c.line().startswith("a OK here is user1 tls=0"), "tagged answer of the worker")
    check(c.line() == "said b SELECT INBOX", "pipelined command")
    c.ask("c NOOP", "said c NOOP")
    c.ask("d LOGOUT", "said d LOGOUT")
    check(c.ends(), "the worker ends it")


def test_starttls(i):
    c = imap(i)
    c.ask("a STARTTLS", "a OK")
    c.start_tls()
    c.ask("b CAPABILITY", r"\* CAPABILITY (?!.*STARTTLS).*AUTH=PLAIN")
    check(c.line().startswith("b OK"), "tagged")
    c.send(("c LOGIN {5}\r\n").encode())
    check(c.line().startswith("+ "), "asks for the literal")
    c.send(b"user1 {%d+}\r\n%s\r\nd NOOP\r\n" % (len(PASSWORD), PASSWORD.encode()))
    check(c.line().startswith("c OK here is user1 tls=1 TLSv1"), "worker knows about TLS")
    check(c.line() == "said d NOOP", "pipelined behind literals")
    c.ask("e LOGOUT", "said e LOGOUT")
    check(c.ends(), "close_notify")


def test_injection(i):
    """What came in the same segment as STARTTLS is not read after the handshake."""
    c = imap(i)
    c.send(b"a STARTTLS\r\nb CAPABILITY\r\n")
    check(c.line().startswith("a OK"), "tagged")
    c.start_tls()
    c.ask("c NOOP", "c OK")
    c.close()


def test_implicit_tls(i):
    """A large answer through the relay, whole; half a megabyte back."""
    i.orders("big 3000000")
    c = imap(i, port="IMAPS_PORT", tls=True)
    c.send(("a LOGIN user2 %s\r\n" % PASSWORD).encode())
    check(c.line().startswith("a OK here is user2 tls=1"), "tagged")
    got = len(c.left)
    while got < 3000000:
        chunk = c.s.recv(65536)
        check(chunk, "all of it")
        got += len(chunk)
    c.left = b""
    i.orders("")
    for k in range(200):
        c.send(b"%d %s\r\n" % (k, b"x" * 2000))
    for k in range(200):
        check(c.line() == "said %d %s" % (k, "x" * 2000), "line %d" % k)
    c.ask("z LOGOUT", "said z LOGOUT")
    check(c.ends(), "end")


def test_slow_reader(i):
    """A client that does not read stops the worker, not us; then it gets everything."""
    i.orders("big 20000000")
    c = imap(i, port="IMAPS_PORT", tls=True)
    c.send(("a LOGIN user3 %s\r\n" % PASSWORD).encode())
    check(c.line().startswith("a OK"), "tagged")
    i.orders("")
    other = login(i, "user4", port="IMAPS_PORT", tls=True)
    other.ask("b NOOP", "said b NOOP")
    for pid in i.pids("login"):
        with open("/proc/%d/statm" % pid, encoding="ascii") as f:
            check(KEEPS_FREED or int(f.read().split()[1]) * 4096 < 40 << 20, "a process of login is larger than 40 MiB")
    got = len(c.left)
    while got < 20000000:
        chunk = c.s.recv(1 << 20)
        check(chunk, "all of it")
        got += len(chunk)
    c.close()
    other.close()


def test_authenticate(i):
    plain = base64.b64encode(b"\0user1\0" + PASSWORD.encode()).decode()
    c = imap(i, port="IMAPS_PORT", tls=True)
    c.ask("a AUTHENTICATE PLAIN " + plain, "a OK here is user1")
    c = imap(i, port="IMAPS_PORT", tls=True)
    c.ask("a AUTHENTICATE PLAIN", r"\+ ")
    c.ask(plain, "a OK here is user1")
    c = imap(i, port="IMAPS_PORT", tls=True)
    c.ask("a AUTHENTICATE LOGIN", r"\+ VXNlcm5hbWU6")
    c.ask(base64.b64encode(b"user1").decode(), r"\+ ")
    c.ask(base64.b64encode(PASSWORD.encode()).decode(), "a OK here is user1")
    c = imap(i, port="IMAPS_PORT", tls=True)
    c.ask("a AUTHENTICATE PLAIN", r"\+ ")
    c.ask("*", "a BAD")
    c.ask("b AUTHENTICATE CRAM-MD5", "b NO")
    c.ask("c AUTHENTICATE PLAIN !!!", "c BAD")
    other = base64.b64encode(b"user2\0user1\0" + PASSWORD.encode()).decode()
    c.ask("d AUTHENTICATE PLAIN " + other, r"d NO \[AUTHENTICATIONFAILED\]")
    c.close()


def test_pop3(i):
    c = Client(i, "POP3_PORT")
    check(c.line().startswith("+OK"), "greeting")
    c.ask("STLS", r"\+OK")
    c.start_tls()
    c.send(b"CAPA\r\n")
    while c.line() != ".":
        pass
    c.ask("USER user5", r"\+OK")
    c.send(("PASS %s\r\nSTAT\r\n" % PASSWORD).encode())
    check(c.line() == "+OK here is user5 tls=1", "the worker's answer")
    check(c.line() == "said STAT", "pipelined")
    c.ask("QUIT", "said QUIT")
    check(c.ends(), "end")
    c = Client(i, "POP3S_PORT", tls=True)
    c.line()
    c.ask("AUTH PLAIN " + base64.b64encode(b"\0user5\0" + PASSWORD.encode()).decode(), r"\+OK here is user5 tls=1")
    c.close()


def test_refused_by_worker(i):
    """The session goes back to login, which answers, and another login succeeds."""
    for orders, how in (("refuse", {}), ("refuse", {"port": "IMAPS_PORT", "tls": True}), ("exit", {}), ("start-fails", {})):
        user = "user6" if orders != "start-fails" else "user7"
        i.orders(orders)
        c = imap(i, **how)
        c.ask("a LOGIN %s %s" % (user, PASSWORD), r"a NO \[UNAVAILABLE\]")
        c.ask("b NOOP", "b OK")
        i.orders("")
        wait_for("the next login after " + orders, lambda: again(c, user))
        c.ask("z NOOP", "said z NOOP")
        c.close()


def again(c, user):
    c.send(("c LOGIN %s %s\r\n" % (user, PASSWORD)).encode())
    return c.line().startswith("c OK here is " + user)


def test_worker_dies(i):
    """A worker that dies by a signal takes its sessions along; then its account is served one process a session."""
    i.orders("crash")
    c = imap(i)
    c.send(("a LOGIN user8 %s\r\n" % PASSWORD).encode())
    check(c.ends(), "the end of the session")
    i.orders("")
    wait_for("it is noted", lambda: "alone=" in i.log())
    one, two = login(i, "user8"), login(i, "user8")
    wait_for("two processes", lambda: len([r for r in i.courier("status").splitlines() if r.startswith("process=imapd") and " user8 #" in r]) == 2)
    one.close()
    two.close()


def test_one_worker(i):
    """Sessions of one account share a worker; login keeps one channel to it."""
    many = [login(i, "user9") for _ in range(5)] + [login(i, "user9", port="IMAPS_PORT", tls=True) for _ in range(5)]
    workers = {r["session"].split(".")[1] for r in i.who() if r.get("account") == "user9"}
    check(len(workers) == 1, "one worker: %s" % workers)
    for c in many:
        c.ask("b NOOP", "said b NOOP")
        c.close()


def test_wrong_passwords(i):
    """Each failure costs five seconds, the third one the connection; each is logged."""
    c = imap(i)
    began = time.monotonic()
    for k in range(3):
        c.ask("a%d LOGIN user1 wrong-%d" % (k, k), r"a%d NO \[AUTHENTICATIONFAILED\]" % k)
    check(c.line().startswith("* BYE"), "goodbye")
    check(c.ends(), "end")
    check(time.monotonic() - began >= 14, "the delays were shorter than five seconds each")
    check(i.log().count("LOGIN FAILED, user=user1, ip=[127.0.0.1], protocol=IMAP") >= 3, "the log")


def test_limits(i):
    c = imap(i)
    c.send(b"a NOOP " + b"x" * 9000 + b"\r\n")
    check(c.line().startswith("* BYE"), "a command of 9000 octets")
    check(c.ends(), "end")
    c = imap(i)
    c.ask("a LOGIN {2000}", r"a BAD \[TOOBIG\]")
    c.ask("b NOOP", "b OK")
    c.ask("c LOGIN {2000+}", r"\* BYE")
    check(c.ends(), "end")
    c = imap(i)
    for k in range(9):
        c.ask("%d SELECT x" % k, "%d BAD" % k)
    c.ask("x SELECT x", "x BAD")
    check(c.line().startswith("* BYE"), "ten mistakes")
    c = Client(i, "POP3_PORT")
    c.line()
    c.ask("NOOP " + "x" * 600, "-ERR")
    c.ask("USER", "-ERR")
    c.ask("PASS x", "-ERR")
    c.ask("QUIT", r"\+OK")
    check(c.ends(), "end")


def test_tls_required(i):
    """LOGINDISABLED is said and kept; POP3 as well."""
    c = Client(i, "IMAP_PORT")
    check("LOGINDISABLED" in c.line(), "greeting")
    c.ask("a LOGIN user1 " + PASSWORD, "a NO")
    c.ask("b AUTHENTICATE PLAIN", "b NO")
    c.ask("c STARTTLS", "c OK")
    c.start_tls()
    c.ask("d LOGIN user1 " + PASSWORD, "d OK here is user1 tls=1")
    c = Client(i, "POP3_PORT")
    c.line()
    c.ask("USER user1", "-ERR")
    c.ask("PASS " + PASSWORD, "-ERR")
    c.close()


def test_max_per_ip(i):
    """Sessions count until they end, also in their workers and behind TLS."""
    three = [login(i, "user1"), login(i, "user2"), Client(i, "IMAP_PORT")]
    three[2].line()
    c = Client(i, "IMAP_PORT")
    check(c.line().startswith("* BYE"), "the fourth")
    check(c.ends(), "end")
    three[0].ask("z LOGOUT", "said z LOGOUT")
    check(wait_for("room again", lambda: comes_in(i)), "room")
    tls = [login(i, "user1", port="IMAPS_PORT", tls=True) for _ in range(3)]
    try:
        Client(i, "IMAPS_PORT", tls=True).line()
        raise AssertionError("the fourth under TLS came in")
    except OSError:
        pass
    tls[0].close()
    check(wait_for("room under TLS", lambda: comes_in_tls(i)), "room")


def test_tallyd_killed(i):
    """A new tallyd learns of the sessions there are, wherever they are now."""
    three = [login(i, "user1"), login(i, "user2"), imap(i)]
    old = i.pids("tallyd")
    os.kill(old[0], signal.SIGKILL)
    wait_for("another tallyd", lambda: i.pids("tallyd") not in ([], old, [0]))
    wait_for("it has been told", lambda: ".imap=3\n" in i.courier("status"))
    check(Client(i, "IMAP_PORT").line().startswith("* BYE"), "the fourth")
    for c in three:
        c.close()


def test_drain(i):
    """courier drain: the door says goodbye, a session that goes on is ended after the time."""
    door, tls = imap(i), login(i, "user1", port="IMAPS_PORT", tls=True)
    said = i.courier("drain", "1")
    check("stopped" in said, said)
    check(door.line().startswith("* BYE") and door.ends() and tls.ends(), "both have ended")
    check("not running" in i.courier("who"), "nobody answers")


def test_authdaemond_killed(i):
    """Who cannot be asked refuses nobody for good."""
    c = imap(i)
    os.kill(i.pids("authdaemond")[0], signal.SIGKILL)
    c.ask("a LOGIN user1 " + PASSWORD, r"a (NO \[UNAVAILABLE\]|OK here is user1)")
    wait_for("it is back", lambda: login_works(i))
    c.close()


def login_works(i):
    c = imap(i)
    try:
        return again(c, "user1")
    finally:
        c.close()


def comes_in(i, port="IMAP_PORT", tls=False):
    c = Client(i, port, tls)
    line = c.line()
    c.close()
    return line.startswith("* OK")


def comes_in_tls(i):
    try:
        return comes_in(i, "IMAPS_PORT", True)
    except OSError:
        return False


def test_who_kick_revoke(i):
    a, b = login(i, "user1"), login(i, "user1", port="IMAPS_PORT", tls=True)
    other, door = login(i, "user2", port="IMAPS_PORT", tls=True), imap(i)
    rows = i.who()
    check(len([r for r in rows if r.get("account") == "user1"]) == 2, "two of user1: %s" % rows)
    check(len([r for r in rows if r["session"].startswith("login.")]) == 1, "one at the door: %s" % rows)
    check(all(int(r["pid"]) > 1 and r["since"].endswith("s") for r in rows), "pid, since")
    said = i.courier("kick", "user1")
    check("ended=2" in said, said)
    check(a.ends() and b.ends(), "both ended")
    other.ask("b NOOP", "said b NOOP")
    name = next(r["session"] for r in i.who() if r.get("account") == "user2")
    check("ended=1" in i.courier("kick", name), "by its name")
    check(other.ends(), "ended")
    check("ended=1" in i.courier("kick", next(r["session"] for r in i.who())), "at the door")
    check(door.line().startswith("* BYE") and door.ends(), "goodbye")
    check("ended=0" in i.courier("kick", "nobody"), "nobody")
    c = login(i, "user3", port="IMAPS_PORT", tls=True)
    check("ended=1" in i.courier("revoke", "user3"), "revoke")
    check(c.ends(), "ended")


def test_password_changes(i):
    """A changed password ends what the old one began, also behind the relay."""
    i.courier("reload")  # the back end was not there at the start
    a, b = login(i, "user10"), login(i, "user10", port="IMAPS_PORT", tls=True)
    c = login(i, "user11")
    check(".accepted=" in i.courier("status") and ".doors=" in i.courier("status"), "status has what processes say")
    request = b"PASSWD imap\tuser10\t%s\tnew-secret\n" % PASSWORD.encode()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(os.path.join(i.dir, "var/run/auth/socket"))
        s.sendall(request)
        said = s.recv(1000)
    check(said.startswith(b"OK"), "authdaemond says %r" % said)
    check(a.ends() and b.ends(), "both ended")
    c.ask("b NOOP", "said b NOOP")


def test_login_killed(i):
    """Sessions that were handed over go on; those with TLS end; the next ones find another process."""
    plain, tls = login(i, "user1"), login(i, "user2", port="IMAPS_PORT", tls=True)
    pids = i.pids("login")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    check(tls.ends(), "the relay is gone")
    plain.ask("b NOOP", "said b NOOP")
    wait_for("other processes", lambda: len(i.pids("login")) == len(pids) and not set(i.pids("login")) & set(pids))
    check(wait_for("they answer", lambda: answers(i)), "answers")
    plain.close()


def answers(i):
    try:
        return comes_in(i)
    except (OSError, Wrong):
        return False


def test_generations(i):
    """After a reload a relayed session goes on, the door is closed politely, new ones are served."""
    tls, door = login(i, "user1", port="IMAPS_PORT", tls=True), imap(i)
    before = set(i.pids("login"))
    i.courier("reload")
    check(door.line().startswith("* BYE") and door.ends(), "goodbye")
    tls.ask("b NOOP", "said b NOOP")
    check(set(i.pids("login")) - before, "new processes")
    login(i, "user2").ask("b NOOP", "said b NOOP")
    tls.ask("c LOGOUT", "said c LOGOUT")
    wait_for("the old ones end", lambda: not set(i.pids("login")) & before)


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def memory_kb(pid):
    with open("/proc/%d/statm" % pid, encoding="ascii") as f:
        return int(f.read().split()[1]) * 4


def test_no_leak(i):
    """Logins and logouts, some with TLS, some refused: no descriptor and no memory stays."""
    def some(n):
        for k in range(n):
            c = login(i, "user%d" % (k % 4 + 1), **({"port": "IMAPS_PORT", "tls": True} if k % 5 == 0 else {}))
            c.ask("z LOGOUT", "said z LOGOUT")
            check(c.ends(), "end")
            c.close()
    some(400)
    pids = i.pids("login") + [int(i.env["MASTER_PID"])]
    wait_for("the first ones are gone", lambda: not i.who())
    before = {p: (descriptors(p), memory_kb(p)) for p in pids}
    some(MANY)
    wait_for("they are gone", lambda: not i.who())
    for p in pids:
        wait_for("descriptors of %d as before" % p, lambda p=p: descriptors(p) <= before[p][0] + 8)
        check(KEEPS_FREED or memory_kb(p) < before[p][1] + 4096, "process %d has grown from %d to %d KiB" % (p, before[p][1], memory_kb(p)))


def test_worker_max(i):
    """At WORKERMAX the idlest worker ends for a new one; with none idle the login is refused."""
    first = login(i, "user1")
    second = login(i, "user2")
    c = imap(i)
    c.ask("a LOGIN user3 " + PASSWORD, r"a NO \[UNAVAILABLE\]")
    first.ask("z LOGOUT", "said z LOGOUT")
    check(first.ends(), "end")
    wait_for("its place", lambda: again(c, "user3"))
    c.ask("b NOOP", "said b NOOP")
    second.ask("b NOOP", "said b NOOP")


SHARED = [test_plain, test_starttls, test_injection, test_implicit_tls, test_slow_reader, test_authenticate, test_pop3,
          test_refused_by_worker, test_worker_dies, test_one_worker, test_wrong_passwords, test_limits, test_who_kick_revoke,
          test_generations, test_authdaemond_killed, test_no_leak, test_login_killed]
OWN = [(test_password_changes, ("authdaemonrc:authmodulelist=authcustom authuserdb",)),
       (test_tls_required, ("imapd-ssl:IMAP_TLS_REQUIRED=1", "pop3d-ssl:POP3_TLS_REQUIRED=1")),
       (test_max_per_ip, ("imapd:MAXPERIP=3",)), (test_tallyd_killed, ("imapd:MAXPERIP=3",)), (test_drain, ()), (test_worker_max, ("courierd:WORKERMAX=2",))]


def run(test, i):
    try:
        i.orders("")
        test(i)
        crashes = [line for line in i.log().splitlines() if re.search(r"ended,role=(?!imapd).*(signal=(11|6|7|8)|status=(1|23))\b", line)]
        check(not crashes, "a process crashed: %s" % crashes)
        return True
    except (Wrong, OSError, subprocess.SubprocessError, StopIteration, KeyError):
        print("%s: %s" % (test.__name__, traceback.format_exc().strip()))
        print("\n".join("    " + line for line in i.log().splitlines()[-25:]))
        return False


def main():
    passed = failed = 0
    wanted = sys.argv[3:]
    groups = [(SHARED, ("imapd:MAXPERIP=100000",))] + [([t], s) for t, s in OWN]
    for tests, settings in groups:
        tests = [t for t in tests if not wanted or t.__name__ in wanted]
        if not tests:
            continue
        i = Instance(*settings)
        try:
            for t in tests:
                if run(t, i):
                    passed += 1
                else:
                    failed += 1
        finally:
            i.stop()
    print("login_test: %d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if not os.path.isdir("/proc/self/fd"):
    print("needs /proc")
    sys.exit(77)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # asked to end: what was started is stopped first
sys.exit(main())
