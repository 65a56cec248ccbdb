"""Reads along in both directions of a connection: what the client says becomes commands, what the server says their replies.  No I/O.

`from_client` and `from_server` take octets; what has to go on stands in `to_server` and `to_client` afterwards.  Where the fault does
not look at commands the octets of the client go on as they come, in the pieces in which they come.
"""

import re

from .. import imap
from .rule import Command

LONGEST_LINE = 65536


class Dialog:
    """What all protocols share.  A subclass cuts commands (`next_command`) and replies (`next_reply`), and judges these (`judge`)."""

    def __init__(self, fault, shared, number):
        self.fault, self.shared, self.number = fault, shared, number
        self.memo = {}
        self.heard, self.said = bytearray(), bytearray()        # what is not cut yet
        self.queue = [Command("greeting", b"")]                 # what has no reply yet
        self.to_server, self.to_client = bytearray(), bytearray()
        self.looked = 0                 # so much of it has no end of a line
        self.state = "line"             # what the client says next; "hold": a reply will tell
        self.tls_next = False           # the reply that begins TLS is in to_client
        self.close = False              # set by a fault: this connection ends

    def from_client(self, data):
        if self.fault.raw:
            data = self.fault.raw(self, data)
        if not self.fault.command:
            self.to_server += data
        self.heard += data
        self.work()

    def from_server(self, data):
        self.said += data
        while not self.tls_next and (reply := self.next_reply()):
            command = self.judge(reply)
            if self.fault.reply and (command is None or self.concerns(command)):
                reply = self.fault.reply(self, command, reply)
            self.to_client += reply
            self.answer()
            self.work()

    def work(self):
        """Cut what can be cut of what the client said, and send it on where that waits for us."""
        while not self.tls_next and (command := self.next_command()):
            if self.fault.command:
                self.to_server += self.fault.command(self, command) if self.concerns(command) else command.line
            self.answer()
        if self.fault.command and self.state == "line" and len(self.heard) > LONGEST_LINE and b"\r\n" not in self.heard:
            self.to_server += self.heard
            self.heard.clear()
            self.looked = 0

    def answer(self):
        """The proxy's own answers, once those before them are given."""
        while self.queue and self.queue[0].own is not None:
            command = self.queue[0]
            self.to_client += command.own
            self.judge(command.own)

    def client_ends(self):
        """What was held back goes on all the same."""
        if self.fault.command:
            self.to_server += self.heard
            self.heard.clear()

    def server_ends(self):
        self.to_client += self.said
        self.said.clear()

    def tls_started(self):
        """What came in clear text behind the command is forgotten; a fault may keep it, and have it worked on under TLS."""
        self.looked = 0
        if not self.fault.keeps:
            self.heard.clear()
        self.said.clear()
        self.tls_next, self.state = False, "line"
        self.work()

    def concerns(self, command):
        """Is it said by a scenario, and not by the runner to prepare for one?"""
        return True

    def take(self, count):
        self.looked = 0
        data = bytes(self.heard[:count])
        del self.heard[:count]
        return data

    def take_line(self):
        end = self.heard.find(b"\r\n", max(0, self.looked - 1))
        self.looked = len(self.heard)
        return self.take(end + 2) if end >= 0 else None

    def take_reply(self, count):
        data = bytes(self.said[:count])
        del self.said[:count]
        return data

    def ask(self, verb, line, tag=b""):
        command = Command(verb, line, tag)
        self.queue.append(command)
        return command


def verb_of(line):
    word = re.match(rb" *([^ \r\n]*)", line)[1]
    return word.decode("latin-1").upper()


class Smtp(Dialog):
    """Verbs are those of the commands; "AUTH+" is a line of an exchange, "." the content of a message with its dot."""

    HOLD = ("DATA", "AUTH", "STARTTLS")

    def __init__(self, *args):
        super().__init__(*args)
        self.scanned, self.chunk = 0, 0

    def next_command(self):
        if self.state == "hold":
            return None
        if self.state == "content":
            return self.next_content()
        if self.state == "chunk":
            return self.next_chunk()
        line = self.take_line()
        if line is None:
            return None
        if self.state == "exchange":
            self.state = "hold"
            return self.ask("AUTH+", line)
        command = self.ask(verb_of(line), line)
        if command.verb in self.HOLD:
            self.state = "hold"
        elif size := re.match(rb"BDAT +([0-9]{1,9})", line, re.I):
            self.state, self.chunk = "chunk", int(size[1])
        return command

    def next_content(self):
        if self.heard.startswith(b".\r\n"):
            end = 3
        else:
            found = self.heard.find(b"\r\n.\r\n", max(0, self.scanned - 4))
            self.scanned, end = len(self.heard), found + 5
            if found < 0:
                return None
        self.state, self.scanned = "line", 0
        return self.ask(".", self.take(end))

    def next_chunk(self):
        if len(self.heard) < self.chunk:
            return None
        self.state = "line"
        return Command("chunk", self.take(self.chunk))

    def next_reply(self):
        at = 0
        while (end := self.said.find(b"\r\n", at)) >= 0:
            last, at = self.said[at + 3:at + 4] != b"-", end + 2
            if last:
                return self.take_reply(at)
        return None

    def judge(self, reply):
        command = self.queue.pop(0) if self.queue else None
        if command and self.state == "hold" and command.verb in ("AUTH+",) + self.HOLD and not self.queue:
            self.state = {b"354": "content", b"334": "exchange"}.get(reply[:3], "line")
            self.tls_next = command.verb == "STARTTLS" and reply.startswith(b"220")
        return command


class Pop3(Dialog):
    """A reply of several lines is one, with its dot; "AUTH+" is a line of an exchange."""

    HOLD = ("AUTH", "STLS")

    def next_command(self):
        line = None if self.state == "hold" else self.take_line()
        if line is None:
            return None
        if self.state == "exchange":
            self.state = "hold"
            return self.ask("AUTH+", line)
        command = self.ask(verb_of(line), line)
        if command.verb in self.HOLD:
            self.state = "hold"
        return command

    def next_reply(self):
        end = self.said.find(b"\r\n") + 2
        if end < 2:
            return None
        if self.queue and self.said.startswith(b"+OK") and self.many(self.queue[0]):
            dot = self.said.find(b"\r\n.\r\n", end - 2)
            if dot < 0:
                return None
            end = dot + 5
        return self.take_reply(end)

    @staticmethod
    def many(command):
        return command.verb in ("RETR", "TOP", "CAPA") or (command.verb in ("LIST", "UIDL") and len(command.words) == 1)

    def judge(self, reply):
        command = self.queue.pop(0) if self.queue else None
        if command and self.state == "hold" and command.verb in ("AUTH+",) + self.HOLD and not self.queue:
            self.state = "exchange" if reply.startswith(b"+ ") else "line"
            self.tls_next = command.verb == "STLS" and reply.startswith(b"+OK")
        return command


class Imap(Dialog):
    """A reply is one response with its literals.  The verb of a UID command is "UID FETCH"; "piece" is a line behind a literal of the
    client's, "literal" its octets, "DONE" and "exchange" what is said in IDLE and AUTHENTICATE.  These four are not waited for."""

    def __init__(self, *args):
        super().__init__(*args)
        self.open, self.count = None, 0         # the command that is not complete, octets of its literal

    def next_command(self):
        if self.state == "literal":
            if len(self.heard) < self.count:
                return None
            self.state = "line"
            return self.part("literal", self.take(self.count))
        line = None if self.state == "hold" else self.take_line()
        if line is None:
            return None
        if self.state in ("DONE", "exchange"):
            command = Command(self.state, line, self.open.tag)
            if self.state == "DONE":
                self.open = None
            self.state = "hold" if self.open else "line"
            return command
        return self.piece(line)

    def part(self, verb, data):
        self.open.line += data
        return Command(verb, data, self.open.tag)

    def piece(self, line):
        if self.open:
            command = self.part("piece", line)
        else:
            command = self.open = self.ask(imap_verb(line), line, line.split(b" ")[0].strip())
        literal = re.search(rb"\{([0-9]{1,10})(\+?)\}\r\n$", line)
        if literal:
            self.count, self.state = int(literal[1]), "literal" if literal[2] else "hold"
        elif self.open.verb in ("IDLE", "AUTHENTICATE", "STARTTLS"):
            self.state = "hold"
        else:
            self.open = None
        return command

    def next_reply(self):
        cut = imap.cut_response(bytes(self.said))
        return self.take_reply(len(cut[0]) + 2) if cut else None

    def judge(self, reply):
        if self.queue and self.queue[0].verb == "greeting":
            return self.queue.pop(0)
        if reply.startswith(b"+"):
            if self.open and self.state == "hold":
                self.state = {"IDLE": "DONE", "AUTHENTICATE": "exchange"}.get(self.open.verb, "literal")
            return self.open
        if reply.startswith(b"* "):
            return self.queue[0] if self.queue else None
        tag = reply.split(b" ")[0]
        command = next((c for c in self.queue if c.tag == tag), None)
        if command:
            self.queue.remove(command)
            if command is self.open:
                self.open, self.state = None, "line"
                self.tls_next = command.verb == "STARTTLS" and reply.split(b" ")[1:2] == [b"OK"]
        return command

    def concerns(self, command):
        return not re.fullmatch(rb"p[0-9]+", command.tag)


def imap_verb(line):
    words = line.decode("latin-1").upper().split()[1:3]
    return " ".join(words) if words[:1] == ["UID"] else (words or [""])[0]


DIALOGS = {"smtp": Smtp, "submission": Smtp, "smtps": Smtp, "lmtp": Smtp,
           "pop3": Pop3, "pop3s": Pop3, "imap": Imap, "imaps": Imap}
