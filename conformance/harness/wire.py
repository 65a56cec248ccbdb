"""Plays one scenario on the wire: raw sockets, real TLS, everything kept in a transcript."""

import random
import re
import socket
import ssl
import string
import struct
import time

from . import deflate, imap, replies, sasl, scn
from .targets import b64

PAUSE_SECONDS = 0.02            # behind an explicit segment boundary
COUNT_ZERO_SECONDS = 0.3
PIECE = 65536


class Failed(Exception):
    """The scenario failed at `line`."""

    def __init__(self, line, expected, found):
        super().__init__(f"line {line}: expected {expected}, found {found}")
        self.line, self.expected, self.found = line, expected, found


class Connection:
    """A socket, what it has to send, what it has received, and what was matched last."""

    def __init__(self, name, sock):
        self.name, self.sock = name, sock
        self.out, self.data = bytearray(), b""
        self.closed = False             # the server has closed
        self.cut = False                # it did so under TLS without saying so (close_notify)
        self.reply = None               # last Reply matched, "eof" or None

    def receive(self, timeout):
        """One read.  True when something happened, False when the time ran out."""
        self.sock.settimeout(max(timeout, 0.001))
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.suppress_ragged_eofs = False
        try:
            got = self.sock.recv(65536)
        except (TimeoutError, ssl.SSLWantReadError):
            return False
        except (ssl.SSLError, OSError):
            got = b""
            self.cut = True
        self.data += got
        self.closed = self.closed or not got
        return True


class Player:
    """One play of one scenario against one target."""

    def __init__(self, scenario, target):
        self.scenario, self.target = scenario, target
        self.id = "".join(random.choices(string.ascii_lowercase + string.digits, k=16))
        self.users = {}                 # number in the scenario -> number at the target
        self.variables = {}
        self.connections = {}
        self.current = None
        self.transcript = []            # (connection, direction, bytes or text)
        self.boxes = {}
        self.imap_box = None

    def play(self):
        """Failed tells what went wrong; otherwise the scenario holds."""
        with self.target.lease(self.scenario) as self.users:
            self.play_as()

    def play_as(self):
        self.variables = dict(self.target.variables(self.users), ID=self.id.encode())
        try:
            self.fill_mailboxes()
            self.prepare_imap()
            self.run(self.scenario.steps)
            last = max(s.line for s in self.scenario.walk())
            for conn in self.connections.values():
                self.send_all(conn, last)
                if conn.data or (not conn.closed and conn.receive(0.001) and conn.data):
                    self.note(conn, "S", conn.data)
                    raise Failed(last, "nothing more from the server", show(conn.data))
        finally:
            for conn in self.connections.values():
                conn.sock.close()
            self.clear_imap()

    def prepare_imap(self):
        """A scenario of IMAP has a folder for itself: ${BOX}, with ${SEP} between its name and those below it."""
        if self.scenario.service not in scn.IMAP_SERVICES or not self.scenario.login:
            return
        first = self.scenario.steps[0].line
        try:
            session = imap.login(self.target.without_fault(), self.scenario.service, self.users[1], self.timeout())
            self.imap_box = imap.Box(session, self.id)
            self.variables.update(BOX=self.imap_box.name.encode(), SEP=self.imap_box.separator.encode())
            self.imap_box.fill([(m.flags, m.date, self.text(m.text, first)) for m in self.scenario.messages])
        except (OSError, imap.ImapError) as error:
            raise Failed(first, "a folder that can be prepared", str(error)) from None

    def clear_imap(self):
        try:
            if self.imap_box:
                self.imap_box.remove()
        except (OSError, imap.ImapError):
            pass                        # the play has already said what it found

    def fill_mailboxes(self):
        """Each mailbox that a `mail:` names holds those messages and nothing else."""
        for user in sorted({mail.user for mail in self.scenario.mails}):
            messages = []
            for mail in self.scenario.mails:
                for count in range(1, mail.count + 1 if mail.user == user else 1):
                    self.variables["n"] = str(count).encode()
                    messages.append(self.text(mail.text, mail.line))
            self.variables.pop("n", None)
            self.target.fill(self.users[user], messages)

    def run(self, steps):
        for step in steps:
            if step.kind in ("C", "C-", "fill"):
                self.collect(step)
                continue
            if self.current and step.kind not in ("repeat", "if"):
                self.send_all(self.connection(step), step.line)
            getattr(self, "do_" + {"S+": "has", "S-": "hasnt", "if": "choose"}.get(step.kind, step.kind))(step)

    # connections

    def connection(self, step):
        if self.current is None:
            self.open("a", step)
        return self.current

    def open(self, name, step):
        if name not in self.connections:
            try:
                sock = self.dial(step.user if step.kind == "conn" else 1)
            except (OSError, imap.ImapError) as error:
                raise Failed(step.line, "a connection", getattr(error, "strerror", None) or str(error)) from None
            self.connections[name] = Connection(name, sock)
        self.current = self.connections[name]

    def dial(self, user):
        """A connection; of IMAP one on which `user` is logged in unless the scenario wants to do that itself."""
        if self.scenario.service in scn.IMAP_SERVICES and self.scenario.login:
            return imap.login(self.target, self.scenario.service, self.users[user], self.timeout()).sock
        return self.target.connect(self.scenario.service, self.timeout())

    def timeout(self):
        return self.scenario.timeout_ms / 1000

    def note(self, conn, direction, data):
        self.transcript.append((conn.name, direction, data))

    def collect(self, step):
        conn = self.connection(step)
        text = self.text(step.text, step.line)
        if step.kind == "C":
            conn.out += text + b"\r\n"
        elif step.kind == "C-":
            conn.out += text
        else:
            if not text:
                raise Failed(step.line, "something to fill with", "an empty variable")
            conn.out += (text * (step.number // len(text) + 1))[:step.number]

    def send_all(self, conn, line):
        """Send what is collected, reading meanwhile so that neither side waits for ever.  A server that has closed is seen later."""
        if not conn.out:
            return
        data, conn.out = bytes(conn.out), bytearray()
        self.note(conn, "C", data)
        end = time.monotonic() + self.timeout()
        at = 0
        while at < len(data) and not conn.closed:
            conn.sock.settimeout(self.timeout() if len(data) <= PIECE else 0.05)
            try:
                at += conn.sock.send(data[at:at + PIECE])
                end = time.monotonic() + self.timeout()
            except TimeoutError:
                conn.receive(0.001)
                if time.monotonic() > end:
                    raise Failed(line, "the server to read", f"it took {at} of {len(data)} bytes") from None
            except OSError:
                return

    # text

    def value(self, name, line):
        if name not in self.variables:
            raise Failed(line, f"variable {name}", "it is not set")
        return self.variables[name]

    def text(self, parts, line):
        out = b""
        for part in parts:
            if isinstance(part, bytes):
                out += part
            elif isinstance(part, scn.B64):
                out += b64(self.text(part.parts, line))
            elif isinstance(part, scn.Scram):
                out += self.scram(self.text(part.parts, line), line)
            elif isinstance(part, scn.Rep):
                out += self.text(part.parts, line) * part.count
            else:
                out += self.value(part.name, line)
        return out

    def scram(self, text, line):
        """The client's last message in BASE64; what the server has to say then becomes ${SCRAM}."""
        try:
            answer, self.variables["SCRAM"] = sasl.scram(text)
        except sasl.BadScram as error:
            raise Failed(line, error.expected, error.found) from None
        return answer

    def regex(self, pattern, line):
        source = b""
        for part in pattern.parts:
            source += part.encode("utf-8", "surrogateescape") if isinstance(part, str) else re.escape(self.value(part.name, line))
        return re.compile(source, re.DOTALL | (re.I if pattern.ignore_case else 0))

    def capture(self, names, found):
        for name, value in zip(names, found.groups()):
            self.variables[name] = value or b""

    # steps

    def do_flush(self, step):
        time.sleep(PAUSE_SECONDS)

    def do_S(self, step):
        conn = self.connection(step)
        line_form = self.scenario.service in scn.LINE_SERVICES
        want = describe(step)
        self.fetch(conn, step, self.cutter(step), want)
        if line_form:
            self.match_line(conn, step, want)
            return
        for one in step.alternatives:
            if self.fits(one, conn.reply, step.line):
                return
        raise Failed(step.line, want, "end of connection" if conn.reply == "eof" else str(conn.reply))

    def cutter(self, step):
        """What cuts one reply off the bytes that came."""
        if self.scenario.service in scn.IMAP_SERVICES:
            untagged = [self.regex(a.pattern, step.line) for a in step.alternatives if a.tag == "*" and a.pattern]
            return imap.cutter(step.alternatives[0].tag == "*", lambda text: any(regex.search(text) for regex in untagged))
        return replies.cut_line if self.scenario.service in scn.LINE_SERVICES else replies.cut_reply

    def fetch(self, conn, step, cut, want):
        """Read until one reply is complete: conn.reply becomes it, or "eof"."""
        end = time.monotonic() + self.timeout()
        while True:
            try:
                got = cut(conn.data)
            except replies.BadReply as error:
                self.note(conn, "S", conn.data)
                raise Failed(step.line, want, str(error)) from None
            if got:
                self.note(conn, "S", conn.data[:len(conn.data) - len(got[1])])
                conn.reply, conn.data = got
                return
            if conn.closed:
                self.note(conn, "S", conn.data or "(closed)")
                if conn.data:
                    raise Failed(step.line, want, "end of connection within a reply")
                conn.reply = "eof"
                return
            if not conn.receive(end - time.monotonic()) or time.monotonic() > end:
                self.note(conn, "S", conn.data or "(nothing)")
                raise Failed(step.line, want, f"no complete reply within {self.timeout():g} s")

    def match_line(self, conn, step, want):
        if conn.reply == "eof":
            raise Failed(step.line, want, "end of connection")
        if step.text is not None:
            good = conn.reply == self.text(step.text, step.line)
        else:
            found = self.regex(step.pattern, step.line).search(conn.reply)
            good = bool(found)
            if found:
                self.capture(step.names, found)
        if not good:
            raise Failed(step.line, want, show(conn.reply))

    def fits(self, one, reply, line):
        if reply == "eof" or one.code == "eof":
            return reply == one.code
        if one.tag and (one.tag != reply.tag or one.code not in ("", reply.code)):
            return False
        if not one.tag and not replies.code_fits(one.code, reply.code):
            return False
        if one.enhanced and "ENHANCEDSTATUSCODES" in self.target.offered(self.scenario.service):
            if not all(replies.enhanced_fits(one.enhanced, t, reply.code) for t in reply.texts):
                return False
        if one.pattern:
            found = replies.search(self.regex(one.pattern, line), reply.texts)
            if not found:
                return False
            self.capture(one.names, found)
        return True

    def last_texts(self, step):
        reply = self.connection(step).reply
        if reply in (None, "eof"):
            raise Failed(step.line, "a reply before this", "none")
        if isinstance(reply, list):
            return reply
        return reply.texts if isinstance(reply, replies.Reply) else [reply]

    def do_rest(self, step):
        """The lines of a POP3 reply up to the dot, without the dots that were added."""
        conn = self.connection(step)
        texts = []
        while True:
            self.fetch(conn, step, replies.cut_line, "the rest of a reply")
            if conn.reply == "eof":
                raise Failed(step.line, "a line with a dot", "end of connection")
            if conn.reply == b".":
                break
            texts.append(conn.reply[1:] if conn.reply.startswith(b".") else conn.reply)
        conn.reply = texts

    def rest_texts(self, step):
        if not isinstance(self.connection(step).reply, list):
            raise Failed(step.line, "rest before this", "none")
        return self.current.reply

    def do_octets(self, step):
        want = self.text(step.text, step.line)
        found = sum(len(text) + 2 for text in self.rest_texts(step))
        if not want.isdigit() or int(want) != found:
            raise Failed(step.line, f"{show(want)} octets", str(found))

    def do_lines(self, step):
        found = len(self.rest_texts(step))
        if found != step.number:
            raise Failed(step.line, f"{step.number} lines", str(found))

    def do_has(self, step):
        texts = self.last_texts(step)
        found = replies.search(self.regex(step.pattern, step.line), texts)
        if not found:
            raise Failed(step.line, f"a line {step.pattern.source}", text_of(self.current.reply))
        self.capture(step.names, found)

    def do_hasnt(self, step):
        found = replies.search(self.regex(step.pattern, step.line), self.last_texts(step))
        if found:
            raise Failed(step.line, f"no line {step.pattern.source}", show(found.string))

    def do_eof(self, step):
        conn = self.connection(step)
        end = time.monotonic() + self.timeout()
        while not conn.data and not conn.closed and time.monotonic() < end:
            conn.receive(end - time.monotonic())
        self.note(conn, "S", conn.data or ("(closed)" if conn.closed else "(nothing)"))
        if conn.data or not conn.closed:
            raise Failed(step.line, "end of connection", show(conn.data) if conn.data else "it stays open")
        conn.reply = "eof"

    def do_closenotify(self, step):
        self.do_eof(step)
        if self.current.cut:
            raise Failed(step.line, "a TLS close_notify before the end", "the end alone")

    def do_quiet(self, step):
        conn = self.connection(step)
        end = time.monotonic() + step.number / 1000
        while not conn.data and not conn.closed and time.monotonic() < end:
            conn.receive(end - time.monotonic())
        if conn.data or conn.closed:
            self.note(conn, "S", conn.data or "(closed)")
            raise Failed(step.line, f"nothing for {step.number} ms", show(conn.data) if conn.data else "end of connection")

    def do_wait(self, step):
        self.connection(step)
        time.sleep(step.number / 1000)

    def do_starttls(self, step):
        conn = self.connection(step)
        if conn.data:
            raise Failed(step.line, "no reply waiting before TLS", show(conn.data))
        conn.sock.settimeout(self.timeout())
        try:
            conn.sock = self.target.start_tls(conn.sock)
        except OSError as error:
            self.note(conn, "S", "(TLS failed)")
            raise Failed(step.line, "a TLS handshake", str(error)) from None
        self.note(conn, "C", f"(TLS: {conn.sock.version()})")

    def do_compress(self, step):
        conn = self.connection(step)
        if conn.data:
            raise Failed(step.line, "no reply waiting before compression", show(conn.data))
        conn.sock = deflate.DeflateSocket(conn.sock)
        self.note(conn, "C", "(compression)")

    def do_conn(self, step):
        self.open(step.word, step)

    def do_close(self, step):
        conn = self.connection(step)
        conn.sock.close()
        self.forget(conn, "(closed)")

    def do_abort(self, step):
        conn = self.connection(step)
        raw = socket.socket(fileno=conn.sock.detach())
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()
        self.forget(conn, "(reset)")

    def forget(self, conn, what):
        self.note(conn, "C", what)
        del self.connections[conn.name]
        self.current = None if conn.name == "a" else self.connections.get("a")

    def do_repeat(self, step):
        outer = self.variables.get("n")
        for count in range(1, step.number + 1):
            self.variables["n"] = str(count).encode()
            self.run(step.steps)
        if outer is None:
            del self.variables["n"]
        else:
            self.variables["n"] = outer

    def do_choose(self, step):
        last = self.connection(step).reply
        if last is None:
            raise Failed(step.line, "a reply before this", "none")
        code = last if last == "eof" else last.code
        good = code == step.word if "eof" in (code, step.word) else replies.code_fits(step.word, code)
        self.run(step.steps if good else step.otherwise)

    def do_mailbox(self, step):
        if not self.target.maildir_root:
            return
        box = self.boxes.setdefault(step.user, self.target.mailbox(self.users[step.user], self.id.encode()))
        who = f"mailbox user{step.user}"
        if step.word == "count":
            found = box.wait_count(step.number, self.timeout() if step.number else COUNT_ZERO_SECONDS)
            if found != step.number:
                raise Failed(step.line, f"{who} count {step.number}", str(found))
            return
        wanted = step.word in ("has", "match", "received")
        read = box.received if step.word == "received" else box.lines
        if step.word in ("has", "hasnt"):
            text = self.text(step.text, step.line)
            what, fits = show(text), lambda lines: text in lines
        else:
            regex = self.regex(step.pattern, step.line)
            what, fits = step.pattern.source, lambda lines: bool(replies.search(regex, lines))
        end = time.monotonic() + self.timeout()
        while (found := fits(lines := read())) != wanted:
            if not wanted or time.monotonic() > end:
                raise Failed(step.line, f"{who} {step.word} {what}",
                             f"{len(lines)} lines, " + ("one does" if found else "none does"))
            time.sleep(0.05)


def text_of(reply):
    return " / ".join(show(text) for text in reply) if isinstance(reply, list) else str(reply)


def describe(step):
    """What an S: step asks for, as text."""
    if step.text is not None:
        return "this line"
    if step.pattern:
        return step.pattern.source
    return " | ".join(" ".join(filter(None, (a.tag, a.code, a.enhanced, a.pattern.source if a.pattern else "")))
                      for a in step.alternatives)


def show(data, limit=200):
    """Bytes for people."""
    text = data[:limit].decode("latin-1").encode("unicode_escape").decode()
    return text + ("..." if len(data) > limit else "")


def transcript_lines(player, limit=60):
    """The end of the transcript, one line for each protocol line."""
    out = []
    several = len({name for name, _, _ in player.transcript}) > 1
    for name, direction, data in player.transcript:
        prefix = f"    {name + ' ' if several else ''}{direction}: "
        lines = [data] if isinstance(data, str) else [show(x, 160) for x in data.splitlines(keepends=True)]
        out += [prefix + (x.removesuffix("\\r\\n")) for x in lines]
    return (["    ..."] if len(out) > limit else []) + out[-limit:]
