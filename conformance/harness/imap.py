"""IMAP for the wire player: responses with their literals, the login, and the folder that a scenario has for itself."""

import re

from . import replies

SERVICES = ("imap", "imaps")
DEFAULT_DATE = '"21-Nov-2026 19:00:00 +0000"'


class ImapError(Exception):
    """The server does not let a scenario be prepared."""


class Response(replies.Reply):
    """Untagged responses and the one that ended them: `texts` are all, `code` is OK, NO, BAD or the empty string."""

    def __init__(self, texts):
        self.tag, _, rest = texts[-1].decode("latin-1").partition(" ")
        word = rest.partition(" ")[0]
        super().__init__(word if word in ("OK", "NO", "BAD") else "", texts)

    def __str__(self):
        return " / ".join(t[:200].decode("latin-1") for t in self.texts)


def cut_response(data):
    """(response without its last CRLF, rest) or None: one line with its literals."""
    at = 0
    while True:
        end = data.find(b"\n", at)
        if end < 0:
            return None
        line = data[at:end + 1]
        if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
            raise replies.BadReply("a line with bare CR, bare LF or NUL")
        at = end + 1
        literal = re.search(rb"\{([0-9]+)\}\r\n$", line)
        if not literal:
            return data[:at - 2], data[at:]
        at += int(literal[1])


def cutter(one, ends=lambda text: False):
    """Cuts the next response (one), or all up to the next one that is tagged, asks for more, or `ends` the reply."""
    def cut(data):
        texts = []
        while True:
            got = cut_response(data)
            if not got:
                return None
            texts.append(got[0])
            data = got[1]
            if one or not got[0].startswith(b"* ") or ends(got[0]):
                return Response(texts), data
    return cut


class Session:
    """A connection for preparations: one command at a time."""

    def __init__(self, sock):
        self.sock, self.data, self.count = sock, b"", 0

    def receive(self, cut):
        while not (got := cut(self.data)):
            more = self.sock.recv(65536)
            if not more:
                raise ImapError("the server closed the connection")
            self.data += more
        self.data = got[1]
        return got[0]

    def command(self, text, literal=None):
        """The response to one command, which may end in a literal."""
        self.count += 1
        tag = f"p{self.count}"
        self.sock.sendall(f"{tag} ".encode() + text + (b"{%d}\r\n" % len(literal) if literal is not None else b"\r\n"))
        reply = self.receive(cutter(False))
        if literal is not None and reply.tag == "+":
            self.sock.sendall(literal + b"\r\n")
            reply = self.receive(cutter(False))
        return reply

    def must(self, text, literal=None):
        reply = self.command(text, literal)
        if reply.code != "OK":
            raise ImapError(f"{text[:60].decode('latin-1')}: {reply.texts[-1].decode('latin-1')}")
        return reply

    def capabilities(self):
        reply = self.must(b"CAPABILITY")
        lines = [t for t in reply.texts if t.upper().startswith(b"* CAPABILITY ")]
        words = lines[0].decode("latin-1").upper().split()[2:] if lines else []
        return {name for word in words for name in (word, word.partition("=")[0])}


def quoted(text):
    return b'"' + text.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def login(target, service, number, timeout):
    """A session of a fixture user; TLS is begun where the server wants it before LOGIN."""
    session = Session(target.connect(service, timeout))
    session.receive(cutter(True))
    words = session.capabilities()
    if "LOGINDISABLED" in words and "STARTTLS" in words:
        session.must(b"STARTTLS")
        session.sock = target.start_tls(session.sock)
    reply = session.command(b"LOGIN " + quoted(target.address(number)) + b" " + quoted(target.password))
    if reply.code != "OK":
        raise ImapError(f"the login of {target.address(number)} is refused: {reply.texts[-1].decode('latin-1')}")
    return session


def probe(target, service):
    """What is offered before and after the login."""
    if not target.users:
        raise ImapError("found no user, expected one (--user)")
    session = Session(target.connect(service, 10))
    with session.sock:
        hello = session.receive(cutter(True))
        if not hello.texts[0].upper().startswith((b"* OK", b"* PREAUTH")):
            raise ImapError(f"found '{hello.texts[0].decode('latin-1')}', expected greeting * OK")
        words = session.capabilities()
    session = login(target, service, 1, 10)
    with session.sock:
        # Some still say LOGINDISABLED to a user who has logged in; it is about the state before.
        return words | (session.capabilities() - {"LOGINDISABLED"})


class Box:
    """A folder of one play: made with its messages, and removed with all below it."""

    def __init__(self, session, token):
        self.session = session
        self.prefix, self.separator = self.namespace()
        self.name = self.prefix + token

    def namespace(self):
        reply = self.session.command(b"NAMESPACE")
        for text in reply.texts if reply.code == "OK" else []:
            found = re.match(rb'\* NAMESPACE \(\("([^"]*)" "(.)"\)', text, re.I)
            if found:
                return found[1].decode(), found[2].decode()
        for text in self.session.must(b'LIST "" ""').texts:
            found = re.match(rb'\* LIST \([^)]*\) "(.)"', text, re.I)
            if found:
                return "", found[1].decode()
        raise ImapError("no separator of names is known")

    def fill(self, messages):
        """messages: (flags, date or empty, octets)."""
        name = self.name.encode()
        self.session.must(b"CREATE " + name)
        for flags, date, data in messages:
            words = b" ".join([b"APPEND", name, flags.encode(), (date or DEFAULT_DATE).encode(), b""])
            self.session.must(words, data)

    def remove(self):
        reply = self.session.command(f'LIST "" "{self.name}*"'.encode())
        names = [m[1] for t in reply.texts if (m := re.match(rb'\* LIST \([^)]*\) "." "?([^"]*)"?$', t, re.I))]
        for name in sorted(names, reverse=True):
            self.session.command(b'DELETE "' + name + b'"')
            self.session.command(b'UNSUBSCRIBE "' + name + b'"')
        self.session.command(b"LOGOUT")
        self.session.sock.close()
