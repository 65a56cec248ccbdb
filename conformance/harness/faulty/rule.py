"""One fault: what is wrong, the clause it breaks, and the functions that do it.  No I/O.

A fault changes what passes through the proxy at four places, each a function that may be absent:

    raw(session, data)            octets of the client as they come, before anything is read from them
    command(session, command)     a command, a line of an exchange, or the content of a message on its way to the server
    reply(session, command, data) a reply (IMAP: one response) on its way to the client; command is None for what nobody asked for
    stored(data)                  a file of a mailbox on its way to the runner's eyes: the files that it sees instead

All give octets back, `stored` a list of them.  `command` may set command.own: then the proxy answers with these octets itself.
`session.memo` is the fault's to use; `session.shared` likewise, for all connections together.
"""

import re
from dataclasses import dataclass, field

PROTOCOLS = ("smtp", "submission", "pop3", "imap", "mail", "dsn")


class FaultError(Exception):
    """The table of faults is wrong; one line for the user."""


@dataclass
class Command:
    """What the client said: verb in capitals ("greeting" stands for the connection itself), its octets, in IMAP its tag."""
    verb: str
    line: bytes
    tag: bytes = b""
    own: bytes = None               # the proxy's own answer

    @property
    def words(self):
        return self.line.split()


@dataclass
class Fault:
    name: str
    protocol: str
    wrong: str                      # one sentence
    req: str                        # the row of rfc/*.toml that it breaks
    raw: object = None
    command: object = None
    reply: object = None
    stored: object = None
    keeps: bool = False             # what the client said in clear text counts under TLS
    folders: tuple = ()             # where scenarios are looked for, when not in all of the protocol

    def hooks(self):
        return [hook for hook in (self.raw, self.command, self.reply, self.stored) if hook]


@dataclass
class Table:
    """Collects the rows of one protocol."""
    protocol: str
    folders: tuple = ()
    rows: list = field(default_factory=list)

    def add(self, name, req, wrong, folders=None, **hooks):
        self.rows.append(Fault(name, self.protocol, wrong, req, folders=folders or self.folders, **hooks))


NONE = Fault("none", "", "nothing is wrong", "")


def octets(text):
    return text.encode("latin-1") if isinstance(text, str) else text


def on(verbs, change, line=None):
    """A reply function: change(session, command, data) for replies to these commands, or to those whose line matches."""
    wanted = set(verbs.split(",")) if verbs else None
    regex = re.compile(octets(line), re.I | re.S) if line else None

    def reply(session, command, data):
        if command is None or (wanted and command.verb not in wanted) or (regex and not regex.search(command.line)):
            return data
        return change(session, command, data)
    return reply


def replace(pattern, text, count=0):
    """A change: what matches becomes text (a replacement as of re.sub, or a function of the match)."""
    regex, new = re.compile(octets(pattern), re.S | re.M), octets(text) if not callable(text) else text
    return lambda session, command, data: regex.sub(new, data, count=count)


def sub(verbs, pattern, text, line=None, count=0):
    """Replies to these commands: what matches becomes text."""
    return on(verbs, replace(pattern, text, count), line)


def anywhere(pattern, text, count=0):
    """Everything the server says, asked for or not."""
    return replace(pattern, text, count)


def drop(verbs, pattern=".", line=None):
    """Replies to these commands that match are lost."""
    regex = re.compile(octets(pattern), re.S | re.M)
    return on(verbs, lambda session, command, data: b"" if regex.search(data) else data, line)


def before(verbs, pattern, text, line=None):
    """Such a reply has text in front."""
    regex, new = re.compile(octets(pattern), re.S | re.M), octets(text)
    return on(verbs, lambda session, command, data: new + data if regex.search(data) else data, line)


def plus(change, group=1):
    """A replacement of a number by another: `change` is added, or a function of the old one."""
    def new(match):
        old = int(match[group])
        begin, end = match.start(group) - match.start(), match.end(group) - match.start()
        number = change(old) if callable(change) else max(0, old + change)
        return match[0][:begin] + str(number).encode() + match[0][end:]
    return new


def rewrite(verbs, pattern, text):
    """A command function: what matches in these commands becomes text before the server sees it."""
    wanted = set(verbs.split(",")) if verbs else None
    regex, new = re.compile(octets(pattern), re.I | re.S), octets(text) if not callable(text) else text

    def command(session, said):
        return said.line if wanted and said.verb not in wanted else regex.sub(new, said.line)
    return command


def answer(verbs, text, line=None):
    """A command function: the server never sees these commands, the proxy answers them.  %t is the tag."""
    wanted = set(verbs.split(","))
    regex = re.compile(octets(line), re.I | re.S) if line else None

    def command(session, said):
        if said.verb not in wanted or (regex and not regex.search(said.line)):
            return said.line
        said.own = octets(text).replace(b"%t", said.tag)
        return b""
    return command


def both(*functions):
    """Reply functions one after the other."""
    def reply(session, command, data):
        for function in functions:
            data = function(session, command, data)
        return data
    return reply
