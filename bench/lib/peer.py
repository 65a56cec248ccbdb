"""Peer servers from the system's packages, never installed.

A package is downloaded with the libraries that the machine lacks and unpacked into a cache folder.
A peer runs in a mount namespace of its own, where the unpacked package appears below /usr and where
/etc/passwd and /etc/group have its users; outside it nothing changes.  Everything a peer writes is
below the folder of its instance.  A program bench/peer-NAME is a subclass of Peer and a call of
main(), which gives it the commands of tools/sandbox.
"""
import grp
import gzip
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import time

import instance
import tools

PASSWORD = "sandbox-secret"
USER_UID = 62001

# Where packages of another release come from.
MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# Runs inside the namespace: $1 unpacked package, $2 instance, then the command.  DIR/etc/mounts puts
# folders of the instance where a peer has their places compiled in.
ENTER = """\
set -e
root=$1 dir=$2; shift 2
mount -t overlay -o ro,lowerdir="$root/usr:/usr" overlay /usr
. "$dir/etc/mounts"
mount --bind "$dir/etc/passwd" /etc/passwd
mount --bind "$dir/etc/group" /etc/group
exec "$@"
"""

# What a package has in /lib goes below /usr/lib, as on the machine: dpkg -x would replace the link.
UNPACK = 'dpkg --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"'


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME", "/var/tmp")
    return os.path.join(base, "mail-peers-%d" % os.getuid())


def apt(command, suite):
    """The start of a command line of apt; another release than the machine's has lists of its own."""
    if not suite:
        return [command]
    folder = os.path.join(cache_folder(), "apt-" + suite)
    line = "deb [signed-by=%s] %s %s main\n" % (KEYRING, MIRROR, suite)
    words = [command, "-o", "Dir::Etc::SourceList=" + folder + "/sources", "-o", "Dir::Etc::SourceParts=/dev/null",
             "-o", "Dir::State::Lists=" + folder + "/lists", "-o", "Dir::Cache=" + folder, "-o", "APT::Sandbox::User=root"]
    if not os.path.exists(folder + "/sources"):
        os.makedirs(folder + "/lists/partial", exist_ok=True)
        write(folder + "/sources.new", line)
        tools.run([words[0].replace("cache", "get"), *words[1:2], "Dir::Etc::SourceList=" + folder + "/sources.new", *words[3:],
                   "-q", "update"])
        os.rename(folder + "/sources.new", folder + "/sources")
    return words


def missing_libraries(packages, suite):
    """Shared-library packages that `packages` depend on and that this machine does not have; of another
    release all of them, the C library too."""
    text = tools.run(apt("apt-cache", suite) + ["depends", "--recurse", "--no-recommends", "--no-suggests",
                      "--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances"] + packages)
    names = {line for line in text.splitlines() if line.startswith("lib") and ":" not in line}
    out = []
    if suite:
        return sorted(names)
    for name in sorted(names):
        done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", name],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if done.stdout != "installed" and name.rstrip("0123456789.-") != "libc":
            out.append(name)
    return out


def unpacked(name, packages, proof, suite="", alone=()):
    """The folder with the unpacked packages; fetched at the first use.  `proof` is a file in it.  Folders
    `alone` hide what the machine has there."""
    cache = cache_folder()
    root = os.path.join(cache, name + ("-" + suite if suite else ""))
    if os.path.exists(os.path.join(root, proof)):
        return root
    for need in ("apt-get", "dpkg"):
        if not shutil.which(need):
            tools.die("needs a Debian system: no %s" % need)
    os.makedirs(cache, mode=0o755, exist_ok=True)
    work = "%s.%d" % (root, os.getpid())
    for folder in ("bin", "lib", "lib64", "sbin"):
        os.makedirs(os.path.join(work, "usr", folder))
        os.symlink("usr/" + folder, os.path.join(work, folder))
    tools.say("fetching %s%s into %s" % (" ".join(packages), " of " + suite if suite else "", cache))
    debs = os.path.join(work, "debs")
    os.makedirs(debs)
    tools.run(apt("apt-get", suite) + ["-q", "download"] + packages + missing_libraries(packages, suite), cwd=debs)
    for deb in os.listdir(debs):
        tools.run(["sh", "-c", UNPACK, "unpack", os.path.join(debs, deb), work])
    shutil.rmtree(debs)
    for folder in alone:
        os.setxattr(os.path.join(work, folder), "trusted.overlay.opaque", b"y")
    os.rename(work, root)
    return root


def version(root, package):
    """The upstream part of a package's version, from its list of changes; empty without one."""
    for name in ("changelog.Debian.gz", "changelog.gz"):
        try:
            with gzip.open(os.path.join(root, "usr/share/doc", package, name), "rt", errors="replace") as f:
                found = re.match(r"\S+ \((?:[0-9]+:)?([^)+~-]+)", f.readline())
        except OSError:
            continue
        if found:
            return found[1]
    return ""


def free_port():
    """A port below the range of client ports, so that it is still free at a restart."""
    for _ in range(1000):
        port = random.randrange(12000, 30000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    tools.die("no free port", 1)


def inside(root, directory, *argv, unshare=("-m",)):
    """The command line that runs argv in a namespace where the package is in place."""
    return ["unshare", "--propagation", "private", *unshare, "sh", "-c", ENTER, "enter", root,
            directory] + list(argv)


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def private_users(directory, users, groups):
    """DIR/etc/passwd and group: the system's with {name: uid} and {name: gid} added or changed."""
    rows = {"passwd": ["%s:x:%d:%d:peer:/:/bin/false" % (n, uid, uid) for n, uid in users.items()],
            "group": ["%s:x:%d:" % row for row in groups.items()]}
    for name, extra in rows.items():
        with open("/etc/" + name, encoding="utf-8", errors="surrogateescape") as f:
            lines = [x for x in f.read().splitlines()
                     if x.partition(":")[0] not in {y.partition(":")[0] for y in extra}]
        with open("%s/etc/%s" % (directory, name), "w", encoding="utf-8",
                  errors="surrogateescape") as f:
            f.write("\n".join(lines + extra) + "\n")


def put_in_place(directory, places):
    """DIR/etc/mounts for {path of the system: folder below DIR}.  Where the system has no such path, the
    folder above it gets one by an overlay, in the namespace only."""
    lines, above = [], []
    for path in places:
        parent = os.path.dirname(path)
        if not os.path.isdir(path):
            os.makedirs(directory + "/points" + path)
            above += [parent] if parent not in above else []
    for parent in above:
        lines.append('mount -t overlay -o ro,lowerdir="$dir/points%s:%s" overlay %s' % (parent, parent, parent))
    for path, folder in places.items():
        lines.append('mount --bind "$dir/%s" %s' % (folder, path))
    write(directory + "/etc/mounts", "".join(line + "\n" for line in lines))


def group_id(name):
    """A group of this system."""
    return grp.getgrnam(name).gr_gid


def make_maildir(home, uid):
    """home and home/Maildir of one user."""
    for sub in ("", "/Maildir", "/Maildir/tmp", "/Maildir/new", "/Maildir/cur"):
        os.mkdir(home + sub, 0o700)
        os.chown(home + sub, uid, uid)


def pid_in(path):
    """The number at the start of a pid file, 0 without one."""
    try:
        with open(path, encoding="ascii") as f:
            return int(f.read().split()[0])
    except (OSError, IndexError, ValueError):
        return 0


def own_pids(directory, pid):
    """The running master `pid` and all below it; empty when it is not one of this instance."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            if directory.encode() not in f.read():
                return set()
    except OSError:
        return set()
    return instance.descendants({pid}, instance.process_table())


def wait_greeting(port, greeting, running, where):
    """Waits until the port greets; ends the program when `running` says no or it takes too long."""
    deadline = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
                if s.recv(len(greeting)) == greeting:
                    return
        except OSError:
            pass
        if not running() or time.monotonic() > deadline:
            tools.die("the peer does not answer on port %d, see %s" % (port, where), 1)
        time.sleep(0.02)


def stop(master, pids):
    """SIGTERM to the master; what is left after 10 s is killed."""
    if not pids:
        return
    os.kill(master, signal.SIGTERM)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not pids & set(instance.process_table()):
            return
        time.sleep(0.05)
    instance.kill_pids(pids & set(instance.process_table()))


def kill(find):
    """SIGKILL to what find() lists, at once."""
    pids = find()
    for pid in pids:
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            pass
    instance.kill_pids(pids | find())


def print_pids(pids):
    for pid in sorted(pids):
        try:
            with open("/proc/%d/comm" % pid, encoding="utf-8") as f:
                print(pid, f.read().strip())
        except OSError:
            continue


def certificate(directory, domain):
    """DIR/etc/cert.pem and key.pem: one that signs itself, for the domain and this machine."""
    tools.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
               "-nodes", "-keyout", directory + "/etc/key.pem", "-out", directory + "/etc/cert.pem",
               "-days", "3650", "-subj", "/CN=" + domain,
               "-addext", "subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1" % domain])
    os.chmod(directory + "/etc/key.pem", 0o600)


def limit_files(files):
    """As many open files as the peer needs; for preexec_fn."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))


def first_child(child):
    """The pid of the only child of unshare, as soon as there is one."""
    while child.poll() is None:
        for pid, row in instance.process_table().items():
            if row[0] == child.pid:
                return pid
        time.sleep(0.01)
    tools.die("unshare ended with %d" % child.returncode, 1)


class Peer:
    """One kind of server.  A program sets what is here and writes configure() and command()."""
    name = ""
    packages = []
    proof = ""                  # a file of the unpacked packages
    alone = ()                  # folders in them that hide those of the machine
    system_users = {}           # its own users and groups, {name: id}
    system_groups = {}
    folders = ()                # below DIR
    places = {}                 # {path that is compiled in: folder below DIR}
    many_masters = False        # it has several, which leave their parent: they get a pid namespace too
    greetings = {}              # {port variable: first octets}; None: nothing is waited for
    suite = ""                  # the release whose packages are used; that of the machine

    def options(self, parser):
        """Options of the command line that only this peer has."""

    def configure(self, directory, options, ports, users):
        """Writes all configuration; the folders and system users are there."""
        raise NotImplementedError

    def command(self, directory):
        """What runs as the master, in the foreground, within the namespace."""
        raise NotImplementedError

    def env(self, directory):
        """Rows of DIR/env that depend on the instance."""
        return {}

    # The rest is the same for all.

    def root(self):
        return unpacked(self.name, self.packages, self.proof, self.suite, self.alone)

    def inside(self, directory, *argv):
        return inside(self.root(), directory, *argv)

    def master_pid(self, directory):
        return pid_in(directory + "/peer.pid")

    def own_pids(self, directory):
        return own_pids(directory, self.master_pid(directory))

    def launch(self, directory, ports):
        """Starts the master, which is not a daemon; its pid is that of the child, in a pid namespace that of
        the first process there."""
        unshare = ("-m", "-p", "-f", "--mount-proc") if self.many_masters else ("-m",)
        argv = inside(self.root(), directory, *self.command(directory), unshare=unshare)
        with open(directory + "/log/start", "ab") as log:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                     preexec_fn=lambda: limit_files(20000))
        pid = first_child(child) if self.many_masters else child.pid
        write(directory + "/peer.pid", "%d\n" % pid)
        for name, greeting in self.greetings.items():
            if greeting:
                wait_greeting(int(ports[name]), greeting, lambda: child.poll() is None, directory + "/log")

    def write_env(self, directory, ports, domain, users):
        rows = dict.fromkeys(("SMTP_PORT", "SUBMISSION_PORT", "SMTPS_PORT", "SPOOL", "SENDMAIL", "LOG"), "")
        rows.update(ports, DOMAIN=domain, USERS=users, MASTER_PID=self.master_pid(directory),
                    VERSION=version(self.root(), self.packages[0]))
        rows.update(self.env(directory))
        write(directory + "/env", "".join("%s='%s'\n" % row for row in rows.items()))

    def do_start(self, directory, options):
        if os.geteuid() != 0:
            tools.die("needs root: one uid per user and a mount namespace")
        os.makedirs(directory, exist_ok=True)
        if os.path.exists(directory + "/env"):
            tools.die("%s holds an instance already" % directory)
        self.suite = options.suite
        self.root()
        for sub in ("etc", "log") + tuple(self.folders):
            os.makedirs(os.path.join(directory, sub))
        os.chmod(directory, 0o755)
        write(directory + "/etc/suite", self.suite)
        private_users(directory, self.system_users, self.system_groups)
        put_in_place(directory, self.places)
        ports = {}
        for name in self.greetings:
            ports[name] = next(p for p in iter(free_port, None) if p not in ports.values())
        users = ["user%d" % k for k in range(1, options.users + 1)]
        self.configure(directory, options, ports, users)
        try:
            self.launch(directory, ports)
            self.write_env(directory, ports, options.domain, " ".join(users))
        except SystemExit:
            self.do_kill(directory, None)       # nothing stays behind that nobody knows of
            raise

    def do_stop(self, directory, _options):
        stop(self.master_pid(directory), self.own_pids(directory))

    def do_restart(self, directory, _options):
        self.do_stop(directory, None)
        env = instance.read_env(directory + "/env")
        with open(directory + "/etc/suite", encoding="ascii") as f:
            self.suite = f.read()
        ports = {name: env[name] for name in self.greetings}
        self.launch(directory, ports)
        self.write_env(directory, ports, env["DOMAIN"], env["USERS"])

    def do_kill(self, directory, _options):
        kill(lambda: self.own_pids(directory))

    def do_pids(self, directory, _options):
        print_pids(self.own_pids(directory))


def main(peer, doc):
    """The command line of a peer's program."""
    verbs = {verb: getattr(peer, "do_" + verb) for verb in ("start", "stop", "restart", "kill", "pids")}
    p = tools.Parser(prog="peer-" + peer.name, description=doc, formatter_class=tools.Raw)
    p.add_argument("verb", choices=sorted(verbs))
    p.add_argument("dir", metavar="DIR")
    p.add_argument("--users", type=int, default=5, help="users user1...userN (5)")
    p.add_argument("--domain", default="example.test")
    p.add_argument("--privsep", action="store_true", help="accepted; a peer has the users it has")
    p.add_argument("--suite", default="", metavar="NAME", help="packages of this Debian release, not the machine's")
    p.add_argument("--build", help="accepted; there is nothing to build")
    peer.options(p)
    options = p.parse_args()
    try:
        verbs[options.verb](os.path.abspath(options.dir), options)
    except (RuntimeError, OSError) as e:
        tools.die(str(e), 1)
