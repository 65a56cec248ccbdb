"""Reads accounts by IMAP and POP3 for a comparison octet by octet.

Raw where it matters: a module that forgives a bare LF or another size would hide what is looked for.
"""
import imaplib
import re
import socket

SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class Bad(Exception):
    """The server's answer is not what it must be."""


def imap_messages(env, user):
    """Yields (size that the server names, octets) of each message in the INBOX."""
    c = imaplib.IMAP4("127.0.0.1", int(env["IMAP_PORT"]), timeout=60)
    c.login(user, env["PASS"])
    count = int(c.select("INBOX", readonly=True)[1][0])
    for number in range(1, count + 1):
        status, rows = c.fetch(str(number), "(RFC822.SIZE BODY.PEEK[])")
        row = next((r for r in rows if isinstance(r, tuple)), None)
        size = SIZE.search(row[0] + rows[-1]) if row else None
        if status != "OK" or not size:
            raise Bad("FETCH %d of %s: %r" % (number, user, rows[:1]))
        yield int(size.group(1)), row[1]
    c.logout()


class Pop3:
    def __init__(self, env, user):
        self.sock = socket.create_connection(("127.0.0.1", int(env["POP3_PORT"])), timeout=60)
        self.file = self.sock.makefile("rb")
        self.line()
        for command in ("USER " + user, "PASS " + env["PASS"]):
            self.ask(command)

    def line(self):
        line = self.file.readline()
        if not line.startswith(b"+OK") or not line.endswith(b"\r\n"):
            raise Bad("POP3: %r" % line)
        return line

    def ask(self, command):
        self.sock.sendall(command.encode() + b"\r\n")
        return self.line()

    def octets(self):
        """What follows up to the line with a dot, dots removed, ends of lines as they came."""
        out = []
        while True:
            line = self.file.readline()
            if not line:
                raise Bad("POP3: the server closed the connection")
            if line == b".\r\n":
                return b"".join(out)
            out.append(line[1:] if line[:1] == b"." else line)


def pop3_messages(env, user):
    """As imap_messages, by POP3."""
    c = Pop3(env, user)
    c.ask("LIST")
    sizes = [int(line.split()[1]) for line in c.octets().splitlines()]
    for number, size in enumerate(sizes, 1):
        c.ask("RETR %d" % number)
        yield size, c.octets()
    c.ask("QUIT")
    c.sock.close()


READERS = {"IMAP": imap_messages, "POP3": pop3_messages}


def wrong_size(size, octets):
    """What is wrong about the size or the ends of lines, or None."""
    if size != len(octets):
        return "its size is said to be %d, it has %d octets" % (size, len(octets))
    if re.search(rb"(?<!\r)\n", octets):
        return "a LF without a CR"
    return None
