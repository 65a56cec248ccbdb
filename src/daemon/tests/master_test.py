"""The real master among real and false processes: supervision, generations, tickets, hostile children."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = sys.argv[1]
ROLES = ["tallyd", "authdaemond", "routed", "courierd", "courierdsn", "courieresmtp", "esmtpd", "courierlocal"]
ROOT = os.getuid() == 0
SINGLE_UID, PROCESS_UIDS = 699999, 690000
PATIENCE = 30


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
        time.sleep(0.01)
    raise Wrong("not within %d s: %s" % (PATIENCE, what))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid, "rb") as f:
            return f.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


class Instance:
    """A folder with a master; roles other than logd are false unless named in real."""

    def __init__(self, as_root=False, real=()):
        self.as_root = as_root
        self.dir = tempfile.mkdtemp(prefix="master-test-")
        os.chmod(self.dir, 0o755)
        self.port = free_port()
        for d in ("etc", "var", "libexec", "home"):
            os.mkdir(self.path(d), 0o755)
        for role in ["master", "confcheck", "logd"] + ROLES:
            false = role in ROLES and role not in real
            source = "src/daemon/tests/fakerole" if false else "src/daemon/%s/%s" % (role, role)
            shutil.copy(os.path.join(BUILD, source), self.path("libexec", role))
            os.chmod(self.path("libexec", role), 0o755)
        self.write("etc/me", "example.test\n")
        self.write("etc/courierd", "LOG=%s\nDRAINTIME=5\n" % self.path("var/log/mail.log"))
        self.configure()
        if ROOT and not as_root:
            for d, _, files in os.walk(self.dir):
                os.chown(d, SINGLE_UID, SINGLE_UID)
                for name in files:
                    os.chown(os.path.join(d, name), SINGLE_UID, SINGLE_UID)

    def configure(self, more=""):
        self.write("etc/esmtpd", "ESMTPDSTART=YES\nESMTPD_PROCESSES=2\nPORT=127.0.0.1.%d\n%s" % (self.port, more))

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), 0o644)

    def user(self):
        return {"user": SINGLE_UID, "group": SINGLE_UID, "extra_groups": []} if ROOT and not self.as_root else {}

    def command(self, *more):
        how = ["--process-uids", str(PROCESS_UIDS)] if self.as_root else ["--single-user"]
        return [self.path("libexec/master"), "--instance", self.dir, *how, *more]

    def start(self, expect=0):
        r = subprocess.run(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, timeout=60, **self.user())
        check(r.returncode == expect, "start ended with %d: %s" % (r.returncode, r.stdout))
        return r.stdout

    def courier(self, *words):
        return subprocess.run([os.path.join(BUILD, "src/cmd/courier"), *words], env=dict(os.environ, COURIER_INSTANCE=self.dir),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)

    def master(self):
        try:
            with open(self.path("var/courier.pid"), encoding="utf-8") as f:
                return int(f.read())
        except (OSError, ValueError):
            return 0

    def pids(self, role=None, state=None):
        found = {}
        for line in self.courier("status").stdout.splitlines():
            if line.startswith("process="):
                facts = dict(w.split("=", 1) for w in line.split(" ") if "=" in w)
                if (not role or facts["process"].split(".")[0] == role) and (not state or facts["state"] == state):
                    found[facts["process"]] = int(facts["pid"])
        return found

    def order(self, role, line):
        with open(self.path("var", "orders." + role), "a", encoding="utf-8") as f:
            f.write(line + "\n")

    def first(self, role, text):
        """What the role finds when it starts."""
        self.write("var/first." + role, text)

    def reports(self, role):
        try:
            with open(self.path("var", "reports." + role), encoding="utf-8") as f:
                return f.read().splitlines()
        except OSError:
            return []

    def asked(self, role, line):
        """Gives an order and waits for its report."""
        before = len(self.reports(role))
        self.order(role, line)
        return wait_for(line, lambda: self.reports(role)[before:])[0]

    def log(self):
        try:
            with open(self.path("var/log/mail.log"), encoding="utf-8", errors="replace") as f:
                return f.read().splitlines()
        except OSError:
            return []

    def logged(self, *words):
        return [line for line in self.log() if all(w in line for w in words)]

    def nothing_left(self):
        mine = self.path("libexec") + "/"

        def left():
            out = []
            for name in os.listdir("/proc"):
                try:
                    if name.isdigit() and os.readlink("/proc/%s/exe" % name).startswith(mine):
                        out.append(int(name))
                except OSError:
                    pass
            return out
        wait_for("no process is left", lambda: not left())

    def stop(self):
        r = self.courier("stop")
        check(r.returncode == 0, "stop: " + r.stdout)
        self.nothing_left()

    def end(self):
        pid = self.master()
        if pid and alive(pid):
            os.kill(pid, signal.SIGTERM)
        try:
            self.nothing_left()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)


def test_start_and_stop(i):
    i.start()
    check(len(i.pids(state="ready")) == 10, "found %s, expected ten ready processes" % i.pids())
    again = i.start(expect=78)
    check("running already" in again and str(i.master()) in again, again)
    with socket.create_connection(("127.0.0.1", i.port), 5):
        pass
    i.stop()
    check(not [n for d in ("smtp", "auth") for n in os.listdir(i.path("var/run", d))], "sockets are left")
    check("not running" in i.courier("status").stdout, "status of a stopped server")
    i.start()
    i.stop()


def test_each_role_comes_back(i):
    i.start()
    for role in ["logd"] + ROLES[:-1]:
        name, pid = sorted(i.pids(role).items())[0]
        os.kill(pid, signal.SIGKILL)
        wait_for(role + " is there again", lambda: set(i.pids(role, "ready")) - {name} and len(i.pids(state="ready")) == 10)
        check(alive(i.master()), "master lives")
    i.stop()


def seconds(line):
    clock = line.split("T", 1)[1].split("Z", 1)[0].split(":")
    return int(clock[0]) * 3600 + int(clock[1]) * 60 + float(clock[2])


def test_backoff_grows(i):
    i.start()
    for n in range(1, 4):
        i.order("tallyd", "exit 3")
        wait_for("end %d" % n, lambda: len(i.logged("ended", "role=tallyd", "status=3")) == n)
        wait_for("start %d" % n, lambda: i.pids("tallyd", "ready"))
    ends = [seconds(line) for line in i.logged("ended", "role=tallyd")]
    starts = [seconds(line) for line in i.logged("ready", "role=tallyd")][1:]
    waits = [(b - a) % 86400 for a, b in zip(ends, starts)]
    check(waits[0] >= 0.9 and waits[1] >= 1.9 and waits[2] >= 3.9, "waits were %s" % waits)
    i.stop()


def test_start_refused(i):
    i.first("routed", "start-refuse\n")
    said = i.start(expect=78)
    check("routed" in said and "the test says no" in said, said)
    i.nothing_left()
    i.first("routed", "start-exit\n")
    said = i.start(expect=78)
    check("routed" in said and "status 33" in said, said)
    i.nothing_left()
    os.unlink(i.path("libexec/courierdsn"))
    i.first("routed", "")
    said = i.start(expect=78)
    check("courierdsn" in said and "No such file" in said, said)
    i.nothing_left()


def test_port_in_use(i):
    with socket.socket() as s:
        s.bind(("127.0.0.1", i.port))
        s.listen(1)
        said = i.start(expect=78)
    check("127.0.0.1 port %d" % i.port in said and "in use" in said, said)
    i.nothing_left()


def test_reload(i):
    i.start()
    old, others = i.pids("esmtpd"), {r: i.pids(r) for r in ("courierd", "routed", "tallyd")}
    i.configure("MAXDAEMONS=many\n")
    r = i.courier("reload")
    check(r.returncode == 78 and "etc/esmtpd:4: MAXDAEMONS" in r.stdout, "%d %s" % (r.returncode, r.stdout))
    check(i.pids("esmtpd") == old, "a wrong file changes nothing")
    taken = free_port()
    with socket.socket() as s:
        s.bind(("127.0.0.1", taken))
        s.listen(1)
        second = free_port()
        i.configure("ADDRESS=127.0.0.1\n")
        i.write("etc/esmtpd-msa", "ESMTPDSTART=YES\nPORT=127.0.0.1.%d,127.0.0.1.%d\n" % (second, taken))
        r = i.courier("reload")
    check(r.returncode == 78 and "port %d" % taken in r.stdout, r.stdout)
    with socket.socket() as s:
        check(s.connect_ex(("127.0.0.1", second)) != 0, "a port of a refused configuration is open")
    os.unlink(i.path("etc/esmtpd-msa"))
    r = i.courier("reload")
    check(r.returncode == 0, r.stdout)
    check(not set(i.pids("esmtpd", "ready")) & set(old) and len(i.pids("esmtpd", "ready")) == 2, "a new generation")
    check({r: i.pids(r) for r in others} == others, "others read in place")
    i.stop()


def test_generation_that_fails(i):
    i.start()
    old = i.pids("esmtpd", "ready")
    i.first("esmtpd", "start-exit\n")
    os.kill(i.master(), signal.SIGHUP)
    wait_for("new ones fail", lambda: len(i.logged("ended", "role=esmtpd", "status=33")) >= 2)
    check(i.pids("esmtpd", "ready") == old, "the old generation serves on")
    i.first("esmtpd", "")
    wait_for("the new generation", lambda: len(i.pids("esmtpd", "ready")) == 2 and not set(i.pids("esmtpd")) & set(old))
    i.stop()


def test_last_good(i):
    i.start()
    i.stop()
    i.configure("MAXDAEMONS=many\n")
    said = i.start()
    check("etc/esmtpd:4: MAXDAEMONS" in said and "last good copy" in said, said)
    check("LAST GOOD COPY" in i.courier("status").stdout, "status says it")
    i.stop()
    os.unlink(i.path("var/config.snapshot"))
    said = i.start(expect=78)
    check("etc/esmtpd:4: MAXDAEMONS" in said and "not started" in said, said)
    i.nothing_left()


def test_hostile_children(i):
    i.start()
    for role, line, why in [("tallyd", "garbage", "channel"), ("routed", "redeem 0123456789abcdef", "redeem"),
                            ("courierdsn", "checked", "checked"), ("esmtpd", "redeem 0123456789abcdef", "redeem"),
                            ("courierd", "issue 0123456789abcdef deliver courierd 0 1 1 /", "ticket_issue")]:
        i.order(role, line)
        wait_for(role + " is killed for " + why, lambda: i.logged("forbidden", "role=" + role, "frame=" + why))
        # killed, or faster than that when it sees its control channel end
        wait_for(role + " ends", lambda: i.logged("ended", "role=" + role))
        wait_for(role + " again", lambda: len(i.pids(state="ready")) == 10)
    i.stop()


def issue(i, number, uid, home, gid=None, index=0, asker="courierd"):
    got = i.asked("authdaemond", "issue %s deliver %s %d %d %d %s" % (number, asker, index, uid, uid if gid is None else gid, home))
    check(got.startswith("issued yes"), got)


def redeem(i, number, yes):
    got = i.asked("courierd", "redeem " + number)
    check(got.startswith("redeemed yes") == yes, "%s: %s" % (number, got))


def test_tickets(i):
    i.start()
    uid = SINGLE_UID if ROOT else os.getuid()
    redeem(i, "never-issued-111", False)
    issue(i, "good-ticket-1111", uid, i.path("home"))
    redeem(i, "good-ticket-1111", True)
    redeem(i, "good-ticket-1111", False)
    check(len(i.pids("courierlocal")) == 1, "one worker runs")
    issue(i, "good-ticket-2222", uid, i.path("home"))
    redeem(i, "good-ticket-2222", True)
    check(len(i.pids("courierlocal")) == 1, "one account, one worker")
    issue(i, "other-uid-333333", uid + 1, i.path("home"))
    redeem(i, "other-uid-333333", False)
    issue(i, "wrong-index-4444", uid, i.path("home"), index=7)
    redeem(i, "wrong-index-4444", False)
    issue(i, "wrong-asker-5555", uid, i.path("home"), asker="esmtpd")
    redeem(i, "wrong-asker-5555", False)
    issue(i, "expires-66666666", uid, i.path("home"))
    time.sleep(10.5)
    redeem(i, "expires-66666666", False)
    i.stop()


def test_tickets_as_root(i):
    i.start()
    home = i.path("home")
    n = iter("ticket-%09d" % k for k in range(100))
    for uid, gid, where, yes in [(700001, 700001, home, True), (0, 700001, home, False), (700002, 0, home, False),
                                 (50, 50, home, False), (700003, 5, home, False), (PROCESS_UIDS, PROCESS_UIDS, home, False),
                                 (PROCESS_UIDS + 3, 700001, home, False), (65534, 65534, "/tmp", False),
                                 (700004, 700004, "relative", False)]:
        number = next(n)
        issue(i, number, uid, where, gid)
        redeem(i, number, yes)
    worker = list(i.pids("courierlocal").values())[0]
    with open("/proc/%d/status" % worker, encoding="utf-8") as f:
        ids = [line.split()[1:] for line in f if line.startswith(("Uid:", "Gid:"))]
    check(ids == [["700001"] * 4] * 2, "the worker is %s" % ids)
    os.kill(list(i.pids("courierd").values())[0], signal.SIGKILL)
    wait_for("its deliverer is ended", lambda: not alive(worker))
    wait_for("a new courierd", lambda: i.pids("courierd", "ready"))
    i.stop()


def test_root_must_say_so(i):
    r = subprocess.run([i.path("libexec/master"), "--single-user", "--instance", i.dir], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True)
    check(r.returncode == 64 and "--single-user" in r.stdout, "%d %s" % (r.returncode, r.stdout))
    r = subprocess.run([i.path("libexec/master"), "--nonsense"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    check(r.returncode == 64 and "usage" in r.stdout, r.stdout)


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def test_no_leak(i):
    i.start()
    uid = SINGLE_UID if ROOT else os.getuid()
    master = i.master()

    def turn(k):
        issue(i, "leak-ticket-%04d" % k, uid, i.path("home"))
        redeem(i, "leak-ticket-%04d" % k, True)
        i.courier("status")
    turn(0)
    before = descriptors(master)
    for _ in range(10000):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(i.path("var/run/control/master"))
    for k in range(1, 100):
        turn(k)
    wait_for("as many descriptors as before", lambda: descriptors(master) <= before)  # a closed connection may have been among them
    i.stop()


def test_signals(i):
    with open(os.devnull, "rb") as null, open(i.path("said"), "wb") as said:
        p = subprocess.Popen(i.command("--foreground"), stdin=null, stdout=said, stderr=said, **i.user())
        wait_for("its number", i.master)
        p.send_signal(signal.SIGINT)
        check(p.wait(PATIENCE) in (0, 78), "Ctrl-C while starting")
        i.nothing_left()
        p = subprocess.Popen(i.command("--foreground"), stdin=null, stdout=said, stderr=said, **i.user())
        wait_for("it is ready", lambda: len(i.pids(state="ready")) == 10)
        p.send_signal(signal.SIGTERM)
        check(p.wait(PATIENCE) == 0, "SIGTERM ends it well")
        i.nothing_left()
        p = subprocess.Popen(i.command("--foreground"), stdin=null, stdout=said, stderr=said, **i.user())
        wait_for("it is ready", lambda: len(i.pids(state="ready")) == 10)
        p.kill()
        p.wait()
        i.nothing_left()


def test_esmtpd_drains(i):
    """Real esmtpd: a session of the old generation goes on until its protocol lets it end; the port never closes."""
    i.start()
    old = i.pids("esmtpd")
    with socket.create_connection(("127.0.0.1", i.port), 5) as s:
        s.settimeout(PATIENCE)
        check(i.courier("reload").returncode == 0, "reload")
        check(not set(i.pids("esmtpd", "ready")) & set(old), "new ones serve")
        with socket.create_connection(("127.0.0.1", i.port), 5):
            pass
        said = b""
        while True:
            more = s.recv(4096)
            said += more
            if not more:
                break
        check(said.startswith((b"421", b"220", b"451")), "the old session was told %r" % said)
    wait_for("the old ones are gone", lambda: not set(i.pids("esmtpd")) & set(old))
    before = {pid: descriptors(pid) for pid in i.pids("esmtpd").values()}
    for _ in range(2000):
        socket.create_connection(("127.0.0.1", i.port), 5).close()
    for pid, count in before.items():
        wait_for("as many descriptors as before", lambda pid=pid, count=count: descriptors(pid) <= count)
    i.stop()


TESTS = [
    (test_start_and_stop, {}), (test_each_role_comes_back, {}), (test_backoff_grows, {}), (test_start_refused, {}),
    (test_port_in_use, {}), (test_reload, {}), (test_generation_that_fails, {}), (test_last_good, {}),
    (test_hostile_children, {}), (test_tickets, {}), (test_no_leak, {}), (test_signals, {}),
    (test_esmtpd_drains, {"real": ("esmtpd",)}),
]
if ROOT:
    TESTS += [(test_tickets_as_root, {"as_root": True}), (test_root_must_say_so, {"as_root": True})]


def main():
    passed = failed = 0
    for test, how in TESTS:
        if len(sys.argv) > 2 and test.__name__ not in sys.argv[2:]:
            continue
        if "master_test:" + test.__name__ in os.environ.get("CHECK_LEAVE_OUT", "").split():
            print("%s: left out" % test.__name__)
            continue
        i = Instance(**how)
        try:
            test(i)
            passed += 1
        except (Wrong, OSError, subprocess.SubprocessError, IndexError, KeyError):
            failed += 1
            print("%s: %s" % (test.__name__, traceback.format_exc().strip()))
            print("\n".join("    " + line for line in i.log()[-25:]))
        finally:
            try:
                i.end()
            except Wrong as e:
                failed += 1
                print("%s: %s" % (test.__name__, e))
    print("master_test: %d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if not os.path.isdir("/proc/self/fd"):
    print("needs /proc")
    sys.exit(77)
sys.exit(main())
