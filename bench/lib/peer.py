"""Peer servers from the system's packages, never installed.

A package is downloaded with the libraries that the machine lacks and unpacked into a cache folder.
A peer runs in a mount namespace of its own, where the unpacked package appears below /usr and where
/etc/passwd and /etc/group have its users; outside it nothing changes.  Everything a peer writes is
below the folder of its instance.
"""
import os
import random
import shutil
import signal
import socket
import subprocess
import time

import instance
import tools

# Runs inside the namespace: $1 unpacked package, $2 instance, then the command.
ENTER = """\
set -e
root=$1 dir=$2; shift 2
mount -t overlay -o ro,lowerdir="$root/usr:/usr" overlay /usr
mount --bind "$dir/etc/passwd" /etc/passwd
mount --bind "$dir/etc/group" /etc/group
exec "$@"
"""


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME", "/var/tmp")
    return os.path.join(base, "mail-peers-%d" % os.getuid())


def missing_libraries(packages):
    """Shared-library packages that `packages` depend on and that this machine does not have."""
    text = tools.run(["apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests",
                      "--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances"] + packages)
    names = {line for line in text.splitlines() if line.startswith("lib") and ":" not in line}
    out = []
    for name in sorted(names):
        done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", name],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if done.stdout != "installed" and name.rstrip("0123456789.-") != "libc":
            out.append(name)
    return out


def unpacked(name, packages, proof):
    """The folder with the unpacked packages; fetched at the first use.  `proof` is a file in it."""
    cache = cache_folder()
    root = os.path.join(cache, name)
    if os.path.exists(os.path.join(root, proof)):
        return root
    for need in ("apt-get", "dpkg"):
        if not shutil.which(need):
            tools.die("needs a Debian system: no %s" % need)
    os.makedirs(cache, mode=0o755, exist_ok=True)
    work = "%s.%d" % (root, os.getpid())
    os.makedirs(os.path.join(work, "usr", "lib"))
    os.symlink("usr/lib", os.path.join(work, "lib"))
    tools.say("fetching %s into %s" % (" ".join(packages), cache))
    debs = os.path.join(work, "debs")
    os.makedirs(debs)
    tools.run(["apt-get", "-q", "download"] + packages + missing_libraries(packages), cwd=debs)
    for deb in os.listdir(debs):
        tools.run(["dpkg", "-x", os.path.join(debs, deb), work])
    os.rename(work, root)
    return root


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


def inside(root, directory, *argv):
    """The command line that runs argv in a namespace where the package is in place."""
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", ENTER, "enter", root,
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
    """Waits until the port greets; ends the program when `running` is false or it takes too long."""
    deadline = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
                if s.recv(len(greeting)) == greeting:
                    return
        except OSError:
            pass
        if not running or time.monotonic() > deadline:
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
