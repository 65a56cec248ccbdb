"""A private mail server under test, driven by `tools/sandbox` or a program with the same commands.

    DRIVER start DIR [OPTION]...     returns when the ports answer; writes DIR/env
    DRIVER stop|restart|kill DIR     kill: SIGKILL to every process at once; restart: same data, same ports
    DRIVER pids DIR                  one pid a line, the role beside it
"""
import os
import re
import shlex
import signal
import subprocess
import time

import tools

TICKS = os.sysconf("SC_CLK_TCK")
TOKEN = re.compile(rb"^X-Load-Token: (\S+)\r?$", re.M)
DEFAULT_DRIVER = os.path.join(tools.TOP, "tools", "sandbox")


def process_table():
    """{pid: (parent, start time, cpu ticks with reaped children)} of all processes."""
    table = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, "rb") as f:
                rest = f.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if rest[0] != b"Z":
            table[int(name)] = (int(rest[1]), int(rest[19]), sum(int(x) for x in rest[11:15]))
    return table


def descendants(roots, table):
    """The pids in `roots` that exist, and all their children's children."""
    children = {}
    for pid, row in table.items():
        children.setdefault(row[0], []).append(pid)
    found, todo = set(), [p for p in roots if p in table]
    while todo:
        pid = todo.pop()
        if pid not in found:
            found.add(pid)
            todo.extend(children.get(pid, ()))
    return found


def read_env(path):
    """The shell assignments of an env file, as a dictionary."""
    values = {}
    with open(path, encoding="utf-8") as f:
        for word in shlex.split(f.read(), comments=True):
            name, eq, value = word.partition("=")
            if eq:
                values[name] = value
    return values


class Instance:
    def __init__(self, directory, driver=None):
        self.dir = os.path.abspath(directory)
        self.driver = os.path.abspath(driver or DEFAULT_DRIVER)
        self.env = {}
        self.seen = {}

    def command(self, verb, *options, env=None):
        full = dict(os.environ, **(env or {}))
        return tools.run([self.driver, verb, self.dir] + list(options), env=full,
                         stdin=subprocess.DEVNULL)

    def start(self, *options, env=None):
        self.command("start", *options, env=env)
        self.load_env()

    def restart(self, env=None):
        self.command("restart", env=env)
        self.load_env()

    def stop(self):
        self.command("stop")

    def kill(self):
        self.command("kill")

    def load_env(self):
        self.env = read_env(os.path.join(self.dir, "env"))

    def has_imap(self):
        """Whether mailboxes can be read here: ports, and for tools/sandbox a program behind them."""
        programs = os.path.join(self.dir, "libexec")
        return bool(self.env.get("IMAP_PORT")) and (
            not os.path.isdir(programs) or os.path.exists(os.path.join(programs, "imapd")))

    def users(self):
        return self.env["USERS"].split()

    def addresses(self):
        return ["%s@%s" % (u, self.env["DOMAIN"]) for u in self.users()]

    def server(self):
        return "127.0.0.1:%s" % self.env["SMTP_PORT"]

    def maildir(self, user):
        return os.path.join(self.env["MAILDIR_ROOT"], user, "Maildir")

    # processes

    def roles(self):
        """{pid: role} as the driver lists them."""
        roles = {}
        for line in self.command("pids").splitlines():
            pid, _, role = line.strip().partition(" ")
            if pid.isdigit():
                # a process title may name the product first: "courier: esmtpd 0"
                roles[int(pid)] = role.strip().removeprefix("courier: ")
        return roles

    def pids(self):
        """The mail server's own processes: what the master started, and what the driver lists
        except test helpers (a fake DNS is not the server)."""
        roots = {int(self.env["MASTER_PID"])}
        helpers = set()
        for pid, role in self.roles().items():
            (helpers if "dns" in role.lower() else roots).add(pid)
        return descendants(roots, process_table()) - helpers

    def cpu_seconds(self):
        """User and system time of all processes with the children they have reaped."""
        table = process_table()
        return sum(table[p][2] for p in self.pids() if p in table) / TICKS

    def pss_kib(self):
        """Sum of the proportional set sizes."""
        total = 0
        for pid in self.pids():
            try:
                with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as f:
                    for line in f:
                        if line.startswith("Pss:"):
                            total += int(line.split()[1])
            except OSError:
                continue
        return total

    # mail

    def mail_files(self):
        """(user, folder, name) of each message in the Maildirs."""
        for user in self.users():
            for sub in ("new", "cur"):
                try:
                    names = os.listdir(os.path.join(self.maildir(user), sub))
                except FileNotFoundError:
                    continue
                for name in names:
                    if not name.startswith("."):
                        yield user, sub, name

    def mail_count(self):
        return sum(1 for _ in self.mail_files())

    def wait_mail(self, count, timeout_s):
        """Waits until `count` messages lie in the Maildirs; returns (how many, when it saw them)."""
        deadline = time.monotonic() + timeout_s
        have, step = self.mail_count(), 0.02
        while have < count and time.monotonic() < deadline:
            time.sleep(step)
            before, have = have, self.mail_count()
            # Counting costs the machine: look again when about a third of the rest should be there.
            rate = (have - before) / step
            step = min(1.0, max(0.02, (count - have) / rate / 3)) if rate > 0 else 0.2
        return have, time.monotonic()

    def tokens(self):
        """{(token, user): [names]} of all messages; files read once are remembered."""
        found, seen = {}, {}
        for user, sub, name in self.mail_files():
            key = (user, name.partition(":")[0])
            if key not in self.seen:
                try:
                    with open(os.path.join(self.maildir(user), sub, name), "rb") as f:
                        match = TOKEN.search(f.read(16384))
                except FileNotFoundError:
                    continue
                seen[key] = match.group(1).decode() if match else ""
            else:
                seen[key] = self.seen[key]
            if seen[key]:
                found.setdefault((seen[key], user), []).append(name)
        self.seen = seen
        return found


def read_acked(path):
    """[(token, user)] of a file written by smtpload --acked; a torn last line is no promise."""
    acked = []
    try:
        with open(path, encoding="ascii") as f:
            for line in f:
                token, _, addresses = line.rstrip("\n").partition(" ")
                if line.endswith("\n"):
                    acked.extend((token, a.partition("@")[0]) for a in addresses.split(",") if a)
    except FileNotFoundError:
        pass
    return acked


def kill_pids(pids):
    """SIGKILL to the given processes; waits until they are gone."""
    starts = {p: row[1] for p, row in process_table().items() if p in pids}
    for pid in starts:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for _ in range(500):
        table = process_table()
        if not any(p in table and table[p][1] == t for p, t in starts.items()):
            return
        time.sleep(0.02)
    raise RuntimeError("processes survive SIGKILL: %s" % sorted(starts))
