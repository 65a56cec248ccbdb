"""What is tested: where its services are, its fixtures, and what it offers."""

import base64
import os
import re
import shlex
import socket
import ssl
import threading
from contextlib import contextmanager

from . import fixture, imap, replies
from .mailbox import Mailbox

PORTS = {"smtp": "SMTP_PORT", "submission": "SUBMISSION_PORT", "smtps": "SMTPS_PORT", "lmtp": "LMTP_PORT",
         "pop3": "POP3_PORT", "pop3s": "POP3S_PORT", "imap": "IMAP_PORT", "imaps": "IMAPS_PORT"}
IMPLICIT_TLS = ("smtps", "pop3s", "imaps")
PROBED = ("smtp", "submission", "smtps", "lmtp", "pop3", "pop3s", "imap", "imaps")


class TargetError(Exception):
    """The target cannot be used; one line for the user."""


def read_env(path):
    """Shell assignments NAME=value, one a line, as tools/sandbox writes them."""
    values = {}
    try:
        with open(path, encoding="utf-8") as file:
            for lineno, line in enumerate(file, 1):
                line = line.strip().removeprefix("export ")
                if not line or line.startswith("#"):
                    continue
                match = re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", line)
                try:
                    words = shlex.split(match[2]) if match else None
                except ValueError:
                    words = None
                if words is None or len(words) > 1:
                    raise TargetError(f"{path}:{lineno}: found '{line}', expected NAME=value")
                values[match[1]] = words[0] if words else ""
    except OSError as error:
        raise TargetError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TargetError(f"{path}: found octets that are not UTF-8, expected lines NAME=value") from None
    return values


class Target:
    """One server.  `ours` says whether `policy: yes` scenarios hold for it."""

    def __init__(self, values, ours=True, host="127.0.0.1"):
        self.host, self.ours = host, ours
        self.ports = {}
        for service, name in PORTS.items():
            if values.get(name):
                if not re.fullmatch(r"[0-9]{1,5}", values[name]) or not 0 < int(values[name]) < 65536:
                    raise TargetError(f"{name}: found '{values[name]}', expected a port number")
                self.ports[service] = int(values[name])
        self.version = values.get("VERSION") or ""
        self.domain = values.get("DOMAIN") or "example.test"
        self.users = (values.get("USERS") or "").split()
        self.password = values.get("PASS") or ""
        self.client = values.get("CLIENT") or "client.example"
        self.maildir_root = values.get("MAILDIR_ROOT") or ""
        self.dns_extra = values.get("DNS_EXTRA") or ""
        self.ca_file = values.get("CA_FILE") or ""
        self.token = values.get("TOKEN") or ""
        self.fill_by = values.get("FILL") or ("maildir" if self.maildir_root else "")
        self.offers = {}                # service -> set of words
        self.lock = threading.Lock()
        self.leases = threading.Condition()
        self.shared = [0] * len(self.users)     # how many scenarios use a user; -1: one has it alone

    def address(self, number):
        user = self.users[number - 1]
        return user if "@" in user else f"{user}@{self.domain}"

    def variables(self, users):
        """users: number in the scenario -> number here."""
        known = {"DOMAIN": self.domain, "PASS": self.password, "CLIENT": self.client}
        if self.token:
            known["TOKEN"] = self.token
        for number, real in users.items():
            known[f"user{number}"] = self.address(real)
            known[f"local{number}"] = self.address(real).rpartition("@")[0]
        return {name: value.encode() for name, value in known.items()}

    @contextmanager
    def lease(self, scenario):
        """The users of a scenario: its own for as long as it is played when it works in mailboxes, else shared with others."""
        everyone = range(1, len(self.users) + 1)
        with self.leases:
            if scenario.mails or scenario.service in imap.SERVICES:
                self.leases.wait_for(lambda: self.shared.count(0) >= scenario.users)
                free = [n for n in reversed(everyone) if self.shared[n - 1] == 0][:scenario.users]
                users, step = dict(enumerate(free, 1)), -1
            else:
                self.leases.wait_for(lambda: -1 not in self.shared[:scenario.users])
                free, users, step = range(1, scenario.users + 1), {n: n for n in everyone}, 1
            for number in free:
                if number <= len(self.users):
                    self.shared[number - 1] += step
        try:
            yield users
        finally:
            with self.leases:
                for number in free:
                    if number <= len(self.users):
                        self.shared[number - 1] -= step
                self.leases.notify_all()

    def fill(self, number, messages):
        """The INBOX of a user holds these messages, in this order, and no other."""
        try:
            if self.fill_by == "imap":
                fixture.fill_imap(self, self.address(number), messages)
            else:
                fixture.fill_maildir(self.maildir(number), messages)
        except (OSError, fixture.FillError) as error:
            raise TargetError(f"mailbox of {self.address(number)}: {error}") from None

    def maildir(self, number):
        return os.path.join(self.maildir_root, self.address(number).rpartition("@")[0], "Maildir")

    def mailbox(self, number, token):
        """The messages of a user that contain the token."""
        return Mailbox(self.maildir(number), token)

    def without_fault(self):
        """The same server where scenarios are prepared: another one when faults are made on the way to it."""
        return self

    def connect(self, service, timeout):
        try:
            sock = socket.create_connection((self.host, self.ports[service]), timeout=timeout)
        except UnicodeError:
            raise OSError(0, "no name of a host") from None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.start_tls(sock) if service in IMPLICIT_TLS else sock

    def tls_context(self):
        """The certificate is verified when the target names its CA, otherwise anything goes."""
        context = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else ssl.create_default_context()
        context.check_hostname = False
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)     # closenotify looks at how it ended
        if not self.ca_file:
            context.verify_mode = ssl.CERT_NONE
        return context

    def start_tls(self, sock):
        return self.tls_context().wrap_socket(sock, server_hostname=self.domain)

    def offered(self, service):
        """The capability words of a service, asked for once; None where it is not served."""
        with self.lock:
            if service not in self.offers:
                served = service in self.ports and service in PROBED
                self.offers[service] = self.probe(service) if served else None
            return self.offers[service]

    def probe(self, service):
        if service in imap.SERVICES:
            try:
                return imap.probe(self, service)
            except (OSError, imap.ImapError, replies.BadReply) as error:
                why = getattr(error, "strerror", None) or error
                raise TargetError(f"{self.host}:{self.ports[service]} ({service}): {why}") from None
        return self.probe_pop3(service) if service in ("pop3", "pop3s") else self.probe_smtp(service)

    def probe_pop3(self, service):
        """CAPA before the login, in clear text and under TLS; a parameter counts as TAG=PARAMETER.  Then one login: it must work."""
        where = f"{self.host}:{self.ports[service]}"
        try:
            with self.connect(service, 10) as sock:
                read_lines(sock, where, b"", False)
                words = capa_words(read_lines(sock, where, b"CAPA\r\n", True))
                if "STLS" in words and read_lines(sock, where, b"STLS\r\n", False)[0].startswith(b"+OK"):
                    with self.start_tls(sock) as tls:
                        words |= capa_words(read_lines(tls, where, b"CAPA\r\n", True))
                        self.try_login(tls, where)
                else:
                    self.try_login(sock, where)
        except OSError as error:
            raise TargetError(f"{where} ({service}): {error.strerror or error}") from None
        return words

    def try_login(self, sock, where):
        """One clear line where the account or its password is wrong; a server in trouble is left to the scenarios."""
        if not self.users or not self.password:
            return
        for command in (f"USER {self.address(1)}", f"PASS {self.password}"):
            line = read_lines(sock, where, command.encode() + b"\r\n", False)[0]
            if line.startswith(b"-ERR") and not re.match(rb"-ERR \[(IN-USE|SYS/TEMP|LOGIN-DELAY)\]", line, re.I):
                raise TargetError(f"{where}: the login of {self.address(1)} is refused: {line.decode('latin-1')}")

    def probe_smtp(self, service):
        verb = "LHLO" if service == "lmtp" else "EHLO"
        where = f"{self.host}:{self.ports[service]}"
        try:
            with self.connect(service, 10) as sock:
                words, sock = self.greet(sock, verb, where, greeting=True)
                if "STARTTLS" in words and ask(sock, where, b"STARTTLS").code == "220":
                    with self.start_tls(sock) as tls:
                        words |= self.greet(tls, verb, where, greeting=False)[0]
                        self.try_auth(tls, where, words)
                else:
                    self.try_auth(sock, where, words)
        except OSError as error:
            raise TargetError(f"{where} ({service}): {error.strerror or error}") from None
        return words

    def try_auth(self, sock, where, words):
        """The same for SMTP, where AUTH PLAIN is offered."""
        if not self.users or not self.password or "AUTH=PLAIN" not in words:
            return
        token = b64(f"\0{self.address(1)}\0{self.password}".encode())
        reply = ask(sock, where, b"AUTH PLAIN " + token)
        if reply.code.startswith("5"):
            raise TargetError(f"{where}: the login of {self.address(1)} is refused: {reply}")

    def greet(self, sock, verb, where, greeting):
        if greeting and (hello := read_reply(sock, where)).code != "220":
            raise TargetError(f"{where}: found '{hello}', expected greeting 220")
        reply = ask(sock, where, f"{verb} {self.client}".encode())
        words = set()
        for text in reply.texts[1:] if reply.code == "250" else []:
            parts = text.decode("latin-1").upper().split()
            if parts:
                words |= {parts[0]} | {f"{parts[0]}={p}" for p in parts[1:]}
        return words, sock

    def missing(self, scenario, use_policy):
        """Why a scenario cannot be played here, or ''."""
        offered = self.offered(scenario.service)
        if offered is None:
            return f"{scenario.service} is not served"
        for need in scenario.needs:
            if need == "mailbox" and not self.maildir_root:
                return "mailboxes cannot be looked into"
            if need == "token" and not self.token:
                return "no token is known"
            if need.startswith("!") and need[1:] in offered:
                return f"{need[1:]} is offered"
            if need[0] not in "!mt" and need not in offered:
                return f"{need} is not offered"
        if scenario.policy and not (self.ours or use_policy):
            return "policy of this project"
        if scenario.users > len(self.users):
            return f"fewer than {scenario.users} users"
        if scenario.mails and not self.fill_by:
            return "mailboxes cannot be filled"
        if scenario.zone and not self.dns_extra:
            return "DNS cannot be set"
        return ""


def read_lines(sock, where, command, many):
    """Sends a POP3 command; its reply as lines, with all lines up to the dot when there are many and it is positive."""
    sock.sendall(command)
    data, lines = b"", []
    while not lines or (many and lines[0].startswith(b"+OK") and lines[-1] != b"."):
        try:
            cut = replies.cut_line(data)
        except replies.BadReply as error:
            raise TargetError(f"{where}: found {error}, expected a reply") from None
        if cut:
            lines.append(cut[0])
            data = cut[1]
            continue
        got = sock.recv(65536)
        if not got:
            raise TargetError(f"{where}: found end of connection, expected a reply")
        data += got
    if not lines[0].startswith((b"+OK", b"-ERR")):
        raise TargetError(f"{where}: found '{lines[0][:80].decode('latin-1')}', expected +OK or -ERR")
    return lines


def capa_words(lines):
    words = {"CAPA"} if len(lines) > 1 else set()
    for line in lines[1:-1]:
        parts = line.decode("latin-1").upper().split()
        words |= {parts[0]} | {f"{parts[0]}={p}" for p in parts[1:]} if parts else set()
    return words


def ask(sock, where, command):
    """The reply to one SMTP command."""
    sock.sendall(command + b"\r\n")
    return read_reply(sock, where)


def read_reply(sock, where):
    data = b""
    try:
        while not (cut := replies.cut_reply(data)):
            got = sock.recv(65536)
            if not got:
                raise TargetError(f"{where}: found end of connection, expected a reply")
            data += got
    except replies.BadReply as error:
        raise TargetError(f"{where}: found {error}, expected a reply") from None
    return cut[0]


def b64(data):
    return base64.b64encode(data)
