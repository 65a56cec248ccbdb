"""Small things that every driver of bench/ and tests/ needs: options, messages, the C tools.

Python 3 with its own library only.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
C_FLAGS = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O2"]
C_SOURCES = {
    "smtpload": ["smtpload.c", "smtpload_session.c", "smtpload_stats.c"],
    "imapload": ["imapload.c", "imapload_conn.c", "imapload_latency.c", "imapload_modes.c",
                 "imapload_stats.c", "imapload_stress.c"],
    "smtpsink": ["smtpsink.c"],
    "rawdisk": ["rawdisk.c"],
}
C_LIBRARIES = {"imapload": ["-lssl", "-lcrypto"]}


def asked_to_end(signo, frame):
    """SIGTERM ends a driver as Ctrl-C does: what it started is ended, what it mounted is released."""
    raise KeyboardInterrupt


signal.signal(signal.SIGTERM, asked_to_end)


class Parser(argparse.ArgumentParser):
    """Wrong usage is one clear line and status 2."""

    def error(self, message):
        sys.stderr.write("%s: %s (try --help)\n" % (self.prog, message))
        sys.exit(2)


def say(text):
    """Says what is being done, while it is done."""
    sys.stderr.write("# %s\n" % text)
    sys.stderr.flush()


def die(text, status=2):
    sys.stderr.write("%s: %s\n" % (os.path.basename(sys.argv[0]), text))
    sys.exit(status)


def tool(name, build=None):
    """The path of the C tool `name`: from the build folder, else compiled into a cache folder."""
    for folder in (build, os.environ.get("BUILDDIR"), TOP):
        if folder and os.access(os.path.join(folder, "bench", name), os.X_OK):
            return os.path.join(folder, "bench", name)
    sources = [os.path.join(TOP, "bench", s) for s in C_SOURCES[name]]
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME", "/var/tmp"),
                         "mail-bench-%d" % os.getuid())
    os.makedirs(cache, mode=0o700, exist_ok=True)
    if os.stat(cache).st_uid != os.getuid():
        die("%s belongs to someone else" % cache)
    out = os.path.join(cache, name)
    headers = [os.path.join(TOP, "bench", f) for f in os.listdir(os.path.join(TOP, "bench"))
               if f.endswith(".h")]
    newest = max(os.stat(f).st_mtime for f in sources + headers)
    if os.path.exists(out) and os.stat(out).st_mtime > newest:
        return out
    cc = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not cc:
        die("no C compiler for %s" % name)
    temp = "%s.%d" % (out, os.getpid())
    done = subprocess.run([cc] + C_FLAGS + ["-o", temp] + sources + C_LIBRARIES.get(name, []))
    if done.returncode != 0:
        die("cannot compile %s" % name)
    os.rename(temp, out)
    return out


def run(argv, **kw):
    """Runs a command, its output only shown when it fails; returns its standard output.  Files, not
    pipes: a daemon that keeps the output open must not hold us."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        done = subprocess.run(argv, stdout=out, stderr=err, **kw)
        texts = []
        for f in (out, err):
            f.seek(0)
            texts.append(f.read().decode("utf-8", "replace"))
    if done.returncode != 0:
        raise RuntimeError("%s: status %d: %s" % (
            " ".join(argv), done.returncode, (texts[1] or texts[0]).strip()[-2000:]))
    return texts[0]


class Raw(argparse.RawDescriptionHelpFormatter):
    """Help that keeps the lines of a description."""
