"""A minimal IMAP client over a raw socket, for tests that must see every response."""
import re
import socket

LITERAL = re.compile(rb"\{(\d+)\}\r\n$")


class Refused(Exception):
    """NO or BAD."""


class Client:
    def __init__(self, env, user, timeout_s=60):
        self.sock = socket.create_connection(("127.0.0.1", int(env["IMAP_PORT"])), timeout=timeout_s)
        self.file = self.sock.makefile("rb")
        self.count = 0
        if not self.response().startswith(b"* OK"):
            raise ConnectionError("no greeting")
        self.ask(b"LOGIN %s %s" % (user.encode(), env["PASS"].encode()))

    def response(self):
        """One response with its literals."""
        out = b""
        while True:
            line = self.file.readline()
            if not line.endswith(b"\n"):
                raise ConnectionError("the server closed the connection")
            out += line
            match = LITERAL.search(line)
            if not match:
                return out
            data = self.file.read(int(match.group(1)))
            if len(data) < int(match.group(1)):
                raise ConnectionError("the server closed the connection")
            out += data

    def ask(self, command, literal=None):
        """(text behind the tagged OK, untagged responses); Refused for NO and BAD."""
        self.count += 1
        tag = b"t%d" % self.count
        if literal is None:
            self.sock.sendall(tag + b" " + command + b"\r\n")
        else:
            self.sock.sendall(tag + b" " + command + b" {%d}\r\n" % len(literal))
        untagged = []
        while True:
            line = self.response()
            if line.startswith(b"+") and literal is not None:
                self.sock.sendall(literal + b"\r\n")
                literal = None
            elif line.startswith(tag + b" "):
                word, _, rest = line[len(tag) + 1:].strip().partition(b" ")
                if word != b"OK":
                    raise Refused((word + b" " + rest).decode("latin-1"))
                return rest, untagged
            else:
                untagged.append(line)

    def close(self):
        self.file.close()
        self.sock.close()
