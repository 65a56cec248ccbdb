"""SMTP servers that do what a test tells them: one address of 127.0.0.0/8 each, all on one port."""
import re
import socket
import ssl
import threading

GOOD = {"greeting": "220 mx ESMTP", "EHLO": "250-mx\r\n250 8BITMIME", "HELO": "250 mx", "MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok",
        "DATA": "354 go on", "dot": "250 2.0.0 taken", "RSET": "250 2.0.0 ok", "QUIT": "221 2.0.0 bye", "STARTTLS": "220 go", "AUTH": "235 2.7.0 welcome"}
DROP = object()     # closes the connection in place of the reply
STALL = object()    # never says it
PIPELINING = "250-mx\r\n250-8BITMIME\r\n250 PIPELINING"


class End(Exception):
    """This connection is over."""


class Server:
    """Replies are those of GOOD, changed by keywords. A value is a text, DROP, STALL, a list (one for each time, the last for ever),
    or a function of (session, line). cut = n: all connections together say n octets less one each time, see Cutter."""

    def __init__(self, address, port, pem=None, shape=None, **replies):
        self.replies = dict(GOOD, **replies)
        self.pem, self.shape = pem, shape
        self.times = {}
        self.connections = 0
        self.open = []
        self.taken = []         # (sender, [recipients], content, under TLS) answered with 2xx, the reply fully sent
        self.lines = []         # all commands
        self.lost = []          # content that came without its dot
        self.lock = threading.Lock()
        self.answering = threading.RLock()  # held from the reply to a message until it stands in taken
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(100)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                number = self.connections
                self.open.append(conn)
            threading.Thread(target=Session(self, conn, number).run, daemon=True).start()

    def close(self):
        self.listener.close()
        for conn in self.open:
            try:
                conn.close()
            except OSError:
                pass

    @property
    def mail(self):
        """What was taken; with the message whose reply the client has seen just now."""
        held = self.answering.acquire(timeout=5)
        try:
            return list(self.taken)
        finally:
            if held:
                self.answering.release()

    def reply(self, step):
        what = self.replies[step]
        if isinstance(what, list):
            with self.lock:
                n = self.times.get(step, 0)
                self.times[step] = n + 1
            what = what[min(n, len(what) - 1)]
        return what


class Session:
    def __init__(self, server, conn, number):
        self.server, self.conn, self.number = server, conn, number
        self.file = conn.makefile("rb")
        self.tls = False
        self.said = 0
        self.pieces = server.shape(number) if server.shape else None

    def send(self, data):
        """All of it, or what the shape of this connection allows."""
        if self.pieces is None:
            self.conn.sendall(data)
            return
        for octet in data:
            if self.said >= self.pieces["limit"]:
                if self.pieces["then"] is STALL:
                    self.wait()
                raise End
            self.conn.sendall(bytes([octet]))
            self.said += 1

    def wait(self):
        """Until the other side gives up."""
        while self.conn.recv(4096):
            pass
        raise End

    def say(self, step, line=""):
        what = self.server.reply(step)
        if callable(what):
            what = what(self, line)
        if what is DROP:
            raise End
        if what is STALL:
            self.wait()
        if isinstance(what, bytes):
            self.send(what)
            return ""
        self.send(what.encode("latin-1") + b"\r\n")
        return what

    def line(self):
        raw = self.file.readline()
        if not raw.endswith(b"\r\n"):
            raise End
        text = raw[:-2].decode("latin-1")
        with self.server.lock:
            self.server.lines.append(text)
        return text

    def content(self):
        data = b""
        while True:
            raw = self.file.readline()
            if not raw.endswith(b"\r\n"):
                with self.server.lock:
                    self.server.lost.append(data + raw)
                raise End
            if raw == b".\r\n":
                return data
            data += raw[1:] if raw.startswith(b".") else raw

    def talk(self):
        sender, rcpts = None, []
        self.say("greeting")
        while True:
            line = self.line()
            verb = line.split(" ", 1)[0].upper()
            if verb == "STARTTLS":
                if not self.say("STARTTLS").startswith("220"):
                    continue
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.server.pem)
                self.conn = context.wrap_socket(self.conn, server_side=True)
                self.file = self.conn.makefile("rb")
                self.tls = True
            elif verb == "MAIL":
                if self.say("MAIL", line).startswith("2"):
                    sender, rcpts = re.match(r"MAIL FROM:<([^>]*)>", line).group(1), []
            elif verb == "RCPT":
                if self.say("RCPT", line).startswith("2"):
                    rcpts.append(re.match(r"RCPT TO:<([^>]*)>", line).group(1))
            elif verb == "DATA":
                if not self.say("DATA", line).startswith("354"):
                    continue
                data = self.content()
                with self.server.answering:
                    if self.say("dot").startswith("2"):
                        self.server.taken.append((sender, rcpts, data, self.tls))
                rcpts = []
            elif verb in ("EHLO", "HELO", "RSET", "QUIT", "AUTH"):
                self.say(verb, line)
                if verb == "QUIT":
                    raise End
            else:
                self.send(b"500 5.5.1 what\r\n")

    def run(self):
        try:
            self.talk()
        except (End, OSError, ssl.SSLError, ValueError):
            pass
        finally:
            try:
                self.conn.close()
            except OSError:
                pass
