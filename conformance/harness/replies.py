"""Reading and judging replies: SMTP's complete replies with their form, and single lines for POP3 and IMAP.  No I/O."""

import re

MAX_REPLY_LINE = 512
MAX_REPLY_LINES = 1000


class BadReply(Exception):
    """The bytes of the server are no reply whatever was expected."""


class Reply:
    """One complete reply: its code and its lines without code and separator."""

    def __init__(self, code, texts):
        self.code, self.texts = code, texts

    def __str__(self):
        return " / ".join(f"{self.code} {t.decode('latin-1')}" for t in self.texts)


def cut_line(data):
    """(line without CRLF, rest) or None when no line is complete.  A bare CR, LF or NUL is a BadReply."""
    at = data.find(b"\n")
    line = data if at < 0 else data[:at + 1]
    if at >= 0 and not line.endswith(b"\r\n"):
        raise BadReply("a line that ends with bare LF")
    inner = line[:-2] if at >= 0 else line.rstrip(b"\r")
    if b"\r" in inner or b"\0" in inner:
        raise BadReply("a line with bare CR or NUL")
    return (inner, data[at + 1:]) if at >= 0 else None


def cut_reply(data):
    """(Reply, rest) or None when it is not complete yet; BadReply for bad form."""
    code, texts = None, []
    while True:
        cut = cut_line(data)
        if cut is None:
            return None
        line, data = cut
        match = re.fullmatch(rb"([2-5][0-9][0-9])(?:([- ])(.*))?", line, re.S)
        if not match:
            raise BadReply("a line that is no reply line: " + line[:80].decode("latin-1"))
        if len(line) + 2 > MAX_REPLY_LINE:
            raise BadReply(f"a reply line of {len(line) + 2} bytes")
        if code not in (None, match[1]):
            raise BadReply(f"code {match[1].decode()} in a reply that began with {code.decode()}")
        code = match[1]
        texts.append(match[3] or b"")
        if match[2] != b"-":
            return Reply(code.decode(), texts), data
        if len(texts) > MAX_REPLY_LINES:
            raise BadReply(f"more than {MAX_REPLY_LINES} lines")


def code_fits(want, code):
    return len(want) == len(code) and all(w in ("x", c) for w, c in zip(want, code))


# The registry of RFC 5248: the highest detail of each subject; none is missing below.
REGISTERED = (0, 10, 4, 6, 7, 6, 10, 30)


def enhanced_fits(want, text, code):
    """Does a reply text begin with a registered enhanced code that fits `want` and the class of the reply code?"""
    match = re.match(rb"([245])\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})(?: |$)", text)
    if not match or match[1].decode() != code[0]:
        return False
    subject, detail = int(match[2]), int(match[3])
    if subject >= len(REGISTERED) or detail > REGISTERED[subject]:
        return False
    return all(w in ("x", str(int(g))) for w, g in zip(want.split("."), match.groups()))


def search(regex, texts):
    """The first match of a compiled pattern in one of the lines, or None."""
    return next((found for text in texts if (found := regex.search(text))), None)
