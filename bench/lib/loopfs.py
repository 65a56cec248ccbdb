"""A small ext4 file system of our own on a loop device, whose power can be cut.

cut() is FS_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: from then on the file system refuses all
work, and what was not synced is gone when it is mounted again.  Journal commits by time alone are
put off (commit=600), so that what a server forgot to sync is really lost.
"""
import fcntl
import os
import struct
import subprocess
import sys
import time

import instance
import tools

FS_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2


def why_not():
    """Why no loop file system can be had here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.exists("/dev/loop-control"):
        return "no loop devices"
    for need in ("mkfs.ext4", "e2fsck", "losetup", "mount", "unshare"):
        if subprocess.run(["sh", "-c", "command -v " + need],
                          stdout=subprocess.DEVNULL).returncode != 0:
            return "no " + need
    if subprocess.run(["unshare", "-m", "--propagation", "private", "true"], stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL).returncode != 0:
        return "cannot have a mount namespace of its own here"
    return None


def own_namespace():
    """Runs the program again in a mount namespace of its own.  A namespace that someone else makes
    meanwhile would keep a copy of our mount, and with it the file system alive after umount."""
    if os.environ.get("LOOPFS_NAMESPACE") != "own":
        os.environ["LOOPFS_NAMESPACE"] = "own"
        sys.stdout.flush()
        os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable]
                  + sys.argv)
    del os.environ["LOOPFS_NAMESPACE"]


def power_cut(fs, inst):
    """Cuts the power below a running instance: its processes are gone, the file system is there again
    with what was synced.  Afterwards inst.restart()."""
    # The list of processes must be had before: afterwards their files cannot be read.
    pids = set(inst.roles()) | inst.pids()
    table = instance.process_table()
    starts = {p: table[p][1] for p in pids if p in table}
    fs.cut()
    time.sleep(0.3)         # answers after the cut would be promises about nothing
    table = instance.process_table()
    same = {p for p, t in starts.items() if p in table and table[p][1] == t}
    instance.kill_pids(instance.descendants(same, table))
    instance.kill_pids(fs.users())
    fs.umount()
    fs.check()
    fs.mount()


class LoopFs:
    """The image and mount point `image` and `where`; use as a context manager."""

    def __init__(self, folder, size_mib, inodes=None, options="commit=600"):
        self.image = os.path.join(folder, "image")
        self.where = os.path.join(folder, "mnt")
        self.options = options
        self.mounted = False
        os.makedirs(self.where)
        with open(self.image, "wb") as f:
            f.truncate(size_mib << 20)
        extra = ["-N", str(inodes)] if inodes else []
        tools.run(["mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0"] + extra
                  + [self.image])

    def __enter__(self):
        self.mount()
        return self

    def __exit__(self, *_):
        if self.mounted:
            instance.kill_pids(self.users())
            self.umount()

    def mount(self):
        tools.run(["mount", "-o", "loop," + self.options, self.image, self.where])
        self.mounted = True

    def umount(self):
        # A process that has just ended may hold its last file for a moment.
        for attempt in range(50):
            done = subprocess.run(["umount", self.where], stderr=subprocess.PIPE, text=True)
            if done.returncode == 0:
                self.mounted = False
                break
            time.sleep(0.1)
        else:
            raise RuntimeError("cannot unmount %s: %s; in use by %s" % (
                self.where, done.stderr.strip(), sorted(self.users())))
        for attempt in range(50):
            if not tools.run(["losetup", "-j", self.image]).strip():
                return
            time.sleep(0.1)
        raise RuntimeError("%s is still in use by a loop device: another mount namespace has a "
                           "copy of the mount" % self.image)

    def remount(self, how):
        """remount("ro") or remount("rw")."""
        tools.run(["mount", "-o", "remount," + how, self.where])

    def sync(self):
        fd = os.open(self.where, os.O_RDONLY)
        try:
            tools.run(["sync", "-f", self.where])
            os.fsync(fd)
        finally:
            os.close(fd)

    def cut(self):
        """Power off: nothing that was not synced survives."""
        fd = os.open(self.where, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(fd, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(fd)

    def check(self):
        """Replays the journal and checks the unmounted image."""
        done = subprocess.run(["e2fsck", "-fp", self.image], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode not in (0, 1):
            raise RuntimeError("e2fsck: status %d: %s" % (done.returncode, done.stdout.strip()))

    def users(self):
        """Processes with something open, mapped, or as a folder on this file system; only what
        was started in it can be, since the mount is ours."""
        found = set()
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) != os.getpid() and self.uses("/proc/" + name):
                found.add(int(name))
        return found

    def uses(self, proc):
        links = [proc + "/cwd", proc + "/root", proc + "/exe"]
        try:
            links += [proc + "/fd/" + n for n in os.listdir(proc + "/fd")]
        except OSError:
            pass
        for link in links:
            try:
                target = os.readlink(link)
            except OSError:
                continue
            if target == self.where or target.startswith(self.where + "/"):
                return True
        try:
            with open(proc + "/maps", encoding="utf-8", errors="replace") as f:
                return any(self.where + "/" in line for line in f)
        except OSError:
            return False
