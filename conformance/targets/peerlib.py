"""What the start scripts of other servers share: a folder, free ports, users, a certificate, an env file, an orderly end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time

DOMAIN = "example.test"
PASSWORD = "secret"
USERS = 8
MAIL_UID = 65534                # nobody: owns the mailboxes of a peer


class Wrong(Exception):
    """One line for the user."""


class Peer:
    """One private instance below a folder.  A start script says what its program is and how it is configured."""

    def __init__(self, name, folder):
        self.name, self.dir = name, os.path.abspath(folder)
        self.ports = {}

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def begin(self, program, package):
        """A fresh folder, or Wrong: the program is missing, the folder is in use, we are not root."""
        if os.geteuid() != 0:
            raise Wrong(f"{self.name}: found an ordinary user, expected root (its processes change their user)")
        found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin:/usr/libexec")
        if not found:
            raise Wrong(f"{self.name}: found no program {program}, expected Debian's package {package}")
        if os.path.exists(self.path("env")):
            raise Wrong(f"{self.dir}: found an instance, expected an empty folder (stop it first)")
        os.makedirs(self.dir, exist_ok=True)
        os.chmod(self.dir, 0o755)
        return found

    def take_ports(self, *services):
        """Free ports on the loopback address, below those that clients are given."""
        for service in services:
            for port in range(12000 + os.getpid() % 7000, 30000):
                with socket.socket() as probe:
                    try:
                        probe.bind(("127.0.0.1", port))
                    except OSError:
                        continue
                if port not in self.ports.values():
                    self.ports[service] = port
                    break

    def make_users(self, maildir=True):
        for number in range(1, USERS + 1):
            home = self.path("mail", f"user{number}")
            os.makedirs(home, exist_ok=True)
            for folder in ("", "tmp", "new", "cur") if maildir else ():
                os.makedirs(os.path.join(home, "Maildir", folder), exist_ok=True)
            for top, dirs, files in os.walk(home):
                os.chown(top, MAIL_UID, MAIL_UID)

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={DOMAIN}",
                        "-addext", f"subjectAltName=DNS:{DOMAIN}", "-keyout", self.path("key.pem"), "-out", self.path("cert.pem")],
                       check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.chmod(self.path("key.pem"), 0o600)

    def run(self, command):
        """Starts the server in the foreground as our child's child; its output goes to a file."""
        with open(self.path("out"), "ab") as out:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        self.write("pid", f"{child.pid}\n")
        end = time.monotonic() + 20
        for service, port in self.ports.items():
            while not answers(port):
                if child.poll() is not None or time.monotonic() > end:
                    self.stop()
                    raise Wrong(f"{self.name}: port {port} ({service}) does not answer; see {self.path('out')}")
                time.sleep(0.05)

    def finish(self, **more):
        """The env file that conformance/run reads."""
        values = {"TARGET": self.name, "DOMAIN": DOMAIN, "PASS": PASSWORD, "MAILDIR_ROOT": self.path("mail"),
                  "USERS": " ".join(f"user{number}" for number in range(1, USERS + 1))}
        values.update({f"{service.upper()}_PORT": str(port) for service, port in self.ports.items()})
        values.update(more)
        self.write("env", "".join(f"{name}='{value}'\n" for name, value in values.items()))
        print(self.path("env"))

    def stop(self):
        """Ends the process group that run() began, and forgets the instance."""
        try:
            with open(self.path("pid"), encoding="utf-8") as file:
                pid = int(file.read())
        except (OSError, ValueError):
            raise Wrong(f"{self.dir}: found no instance") from None
        for number, wait in ((signal.SIGTERM, 5), (signal.SIGKILL, 2)):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                break
            end = time.monotonic() + wait
            while time.monotonic() < end and alive(pid):
                time.sleep(0.05)
        for name in ("pid", "env"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))


def alive(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def main(name, start):
    """The command line of every start script: start DIR, stop DIR."""
    words = sys.argv[1:]
    if len(words) != 2 or words[0] not in ("start", "stop"):
        print(f"usage: conformance/targets/{name} start DIR | stop DIR", file=sys.stderr)
        return 2
    peer = Peer(name, words[1])
    try:
        start(peer) if words[0] == "start" else peer.stop()
    except (Wrong, OSError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0
