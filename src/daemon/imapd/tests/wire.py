"""IMAP as it is on the wire, one line and literal after the other."""
import re

from mailworld import Wrong


class Imap:
    def __init__(self, sock):
        self.s = sock
        self.buffer = b""
        self.tag = 0

    def fill(self):
        more = self.s.recv(65536)
        if not more:
            raise EOFError("the connection has ended")
        self.buffer += more

    def read_line(self):
        while b"\r\n" not in self.buffer:
            self.fill()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def read_bytes(self, n):
        while len(self.buffer) < n:
            self.fill()
        out, self.buffer = self.buffer[:n], self.buffer[n:]
        return out

    def response(self):
        """One response with its literals in it."""
        out = self.read_line()
        while True:
            m = re.search(rb"\{(\d+)\}$", out)
            if not m:
                return out
            out += b"\r\n" + self.read_bytes(int(m.group(1))) + self.read_line()

    def send(self, command):
        self.tag += 1
        tag = b"t%d" % self.tag
        self.s.sendall(tag + b" " + command + b"\r\n")
        return tag

    def until(self, tag):
        untagged = []
        while True:
            r = self.response()
            if r.startswith(tag + b" "):
                return r[len(tag) + 1:], untagged
            untagged.append(r)

    def any(self, command):
        return self.until(self.send(command))

    def ok(self, command):
        r, untagged = self.any(command)
        if not r.startswith(b"OK"):
            raise Wrong("%r was answered %r" % (command, r))
        return r, untagged

    def no(self, command):
        r, untagged = self.any(command)
        if not r.startswith(b"NO"):
            raise Wrong("%r was answered %r" % (command, r))
        return r, untagged

    def append(self, folder, text, flags="", date=""):
        flags = "(%s) " % flags if flags else ""
        date = '"%s" ' % date if date else ""
        self.tag += 1
        tag = b"t%d" % self.tag
        self.s.sendall(tag + (" APPEND %s %s%s{%d}\r\n" % (folder, flags, date, len(text))).encode())
        r = self.response()
        if not r.startswith(b"+ "):
            return r[len(tag) + 1:], []
        self.s.sendall(text + b"\r\n")
        return self.until(tag)

    def idle(self):
        tag = self.send(b"IDLE")
        r = self.response()
        while not r.startswith(b"+ "):
            r = self.response()
        return tag

    def done(self, tag):
        self.s.sendall(b"DONE\r\n")
        return self.until(tag)

    def close(self):
        self.s.close()


def literal(response):
    """The first literal in a response."""
    m = re.search(rb"\{(\d+)\}\r\n", response)
    return response[m.end():m.end() + int(m.group(1))] if m else None


def flags_of(response):
    m = re.search(rb"FLAGS \(([^)]*)\)", response)
    return sorted(m.group(1).split()) if m else None
