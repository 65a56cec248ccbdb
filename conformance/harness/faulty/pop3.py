"""Faults of a POP3 server."""

import re

from .rule import Table, anywhere, answer, drop, on, plus, replace, rewrite, sub

TABLE = Table("pop3", ("pop3",))
add = TABLE.add

LISTED = r"^(\d+) (\d+)\r$"


def lines(change):
    """A change of the lines of a reply of several lines, without its first line and its dot."""
    def new(session, command, data):
        if not data.endswith(b"\r\n.\r\n"):
            return data
        first, _, rest = data.partition(b"\r\n")
        rows = rest[:-3].split(b"\r\n")[:-1]
        return b"\r\n".join([first] + change(rows)) + b"\r\n.\r\n"
    return new


def empty_at(rows):
    return rows.index(b"") if b"" in rows else len(rows)


add("pop3-greeting-err", "R1939-4-a", "The greeting is -ERR.", reply=sub("greeting", r"\A\+OK", "-ERR"))
add("pop3-greeting-two-lines", "R1939-4-a", "The greeting has a second line.",
    reply=on("greeting", lambda s, c, d: d + b"Be welcome\r\n"))
add("pop3-status-small", "R1939-3-c", "Status indicators are in small letters.", reply=anywhere(r"\A\+OK", "+ok"))
add("pop3-err-small", "R1939-3-c", "Refusals are written -err.", reply=anywhere(r"\A-ERR", "-err"))
add("pop3-status-joined", "R1939-3-c", "No blank stands behind +OK.", reply=sub("STAT,NOOP,RSET,DELE", r"\A\+OK ", "+OK"))
add("pop3-bare-lf", "R1939-3-d", "Lines end with LF alone.", reply=sub("LIST,UIDL", r"\r\n", "\n"))
add("pop3-echo", "R1939-3-d", "A refusal repeats what it refuses, however long it was.",
    reply=lambda s, c, d: b"-ERR Unknown: " + c.line.strip().replace(b"\0", b"") * 3 + b"\r\n" if c and d[:1] == b"-" else d)
add("pop3-case-matters", "R1939-3-a", "Keywords are recognised in capitals alone.",
    command=lambda s, c: b"XX" + c.line if re.match(rb"[A-Za-z]*[a-z]", c.line) and c.verb != "AUTH+" else c.line)
add("pop3-unknown-ok", "R1939-3-e", "An unknown command is answered +OK.",
    reply=lambda s, c, d:
        b"+OK\r\n" if c and d[:1] == b"-"
        and c.verb not in "APOP AUTH AUTH+ CAPA DELE LIST NOOP PASS QUIT RETR RSET STAT STLS TOP UIDL USER".split() else d)
add("pop3-unknown-closes", "R1939-3-e", "An unknown command ends the session.",
    reply=lambda s, c, d:
        (setattr(s, "close", True), d)[1]
        if c and d[:1] == b"-" and c.verb in ("XYZZY", "FOO", "", "NONSENSE", "UNKNOWN") or d[:1] == b"-" and c
        and len(c.line) > 255 else d)
add("pop3-long-line", "R2449-4-a", "Commands above 100 octets are refused.",
    command=lambda s, c: b"X" * 300 + b"\r\n" if len(c.line) > 100 and c.verb != "AUTH+" else c.line)
add("pop3-long-line-pieces", "R1939-3-e", "What is too long of a line is taken for the next command.",
    raw=lambda s, d: re.sub(rb"([^\r\n]{512})(?=[^\r\n])", rb"\1" b"\r\n", d))
add("pop3-too-early", "R1939-3-f", "Commands of the transaction are answered +OK before the login.",
    reply=lambda s, c, d:
        b"+OK 0 0\r\n"
        if c and c.verb in ("STAT", "LIST", "RETR", "DELE", "NOOP", "RSET", "TOP", "UIDL") and not s.memo.get("in")
        and d[:1] == b"-"
    else (s.memo.update({"in": True}) if c and c.verb in ("PASS", "AUTH", "AUTH+") and d[:3] == b"+OK" else None, d)[1])
add("pop3-too-late", "R1939-3-f", "USER and PASS are answered +OK after the login.",
    reply=on("USER,PASS", lambda s, c, d: b"+OK\r\n" if s.memo.get("in") else
    (s.memo.update({"in": True}) if c.verb == "PASS" and d[:3] == b"+OK" else None, d)[1]))
add("pop3-auth-late", "R5034-4-g", "AUTH is taken after the login.",
    reply=on("AUTH,PASS", lambda s, c, d: b"+OK\r\n" if s.memo.get("in") and c.verb == "AUTH" else
    (s.memo.update({"in": True}) if c.verb == "PASS" and d[:3] == b"+OK" else None, d)[1]))
add("pop3-terminator-lost", "R1939-3-g", "The dot behind a message is missing.", reply=sub("RETR,TOP", r"\r\n\.\r\n\Z", "\r\n"))
add("pop3-list-terminator", "R1939-3-g", "The dot behind LIST is missing.", reply=sub("LIST,UIDL,CAPA", r"\r\n\.\r\n\Z", "\r\n"))
add("pop3-stuffing-lost", "R1939-3-h", "Lines that begin with a dot get none in front.", reply=sub("RETR,TOP", r"^\.\.", "."))
add("pop3-stuffing-top", "R1939-7-b", "TOP does not stuff dots.", reply=sub("TOP", r"^\.\.", "."))
add("pop3-stuffing-doubled", "R1939-3-h", "Lines that begin with a dot get two in front.", reply=sub("RETR", r"^\.\.", "..."))
add("pop3-stuffing-header", "R1939-3-h", "Dots in the header are not stuffed.",
    reply=on("RETR", lambda s, c, d:
        re.sub(rb"(?m)^\.\.", b".", d[:d.find(b"\r\n\r\n")]) + d[d.find(b"\r\n\r\n"):] if b"\r\n\r\n" in d else d))
add("pop3-stuffing-64k", "R1939-3-h", "A dot at the beginning of a piece of 64 KiB is not stuffed.",
    reply=on("RETR", lambda s, c, d: d[:60000] + re.sub(rb"(?m)^\.\.", b".", d[60000:])))
add("pop3-stat-sum", "R1939-5-b", "The octets of STAT are one too many.", reply=sub("STAT", r"\A\+OK (\d+) (\d+)", plus(1, 2)))
add("pop3-stat-lf", "R1939-11-a", "STAT counts line ends as one octet.",
    reply=sub("STAT", r"\A\+OK (\d+) (\d+)", plus(lambda n: n - n // 15, 2)))
add("pop3-stat-count", "R1939-5-b", "STAT counts one message too few.", reply=sub("STAT", r"\A\+OK (\d+)", plus(-1)))
add("pop3-stat-deleted", "R1939-5-c", "STAT counts what is marked as deleted.",
    reply=on("STAT", lambda s, c, d: s.memo.setdefault("stat", d) if d[:3] == b"+OK" else d))
add("pop3-stat-text", "R1939-5-d", "Words follow the octets in STAT.", reply=sub("STAT", r"\A(\+OK \d+ \d+)", r"\1 messages"))
add("pop3-stat-argument", "R1939-3-e", "STAT takes an argument.", command=rewrite("STAT", r"\A.*", "STAT\r\n"))
add("pop3-list-size", "R1939-5-h", "LIST says one octet too few.", reply=sub("LIST", LISTED, plus(-1, 2)))
add("pop3-list-one-size", "R1939-5-e", "LIST with a number says one octet too few.",
    reply=sub("LIST", r"\A\+OK (\d+) (\d+)", plus(-1, 2)))
add("pop3-list-from-0", "R1939-4-d", "LIST counts from 0.", reply=sub("LIST", LISTED, plus(-1)))
add("pop3-list-order", "R1939-5-f", "LIST begins with the last message.", reply=on("LIST", lines(lambda rows: rows[::-1])))
add("pop3-list-last-lost", "R1939-5-f", "LIST leaves the last message out.", reply=on("LIST", lines(lambda rows: rows[:-1])))
add("pop3-list-text", "R1939-5-l", "Words follow the octets in LIST.", reply=sub("LIST", r"^(\d+ \d+)\r$", "\\1 octets\r"))
add("pop3-list-deleted", "R1939-5-i", "LIST shows what is marked as deleted.",
    reply=on("LIST", lambda s, c, d: s.memo.setdefault("list", d) if d.endswith(b".\r\n") else d))
add("pop3-list-deleted-one", "R1939-5-k", "LIST answers of a message marked as deleted.",
    reply=sub("LIST", r"\A-ERR.*", "+OK 1 10\r", r"LIST \d"))
add("pop3-list-huge", "R1939-5-f", "LIST stops at 500 messages.", reply=on("LIST,UIDL", lines(lambda rows: rows[:500])))
add("pop3-list-two-blanks", "R1939-5-h", "Two blanks stand in a line of LIST.", reply=sub("LIST", LISTED, "\\1  \\2\r"))
add("pop3-list-empty-err", "R1939-5-g", "LIST of an empty maildrop is -ERR.",
    reply=sub("LIST,UIDL", r"\A\+OK[^\r]*\r\n\.\r\n", "-ERR empty\r\n"))
add("pop3-retr-line-lost", "R1939-5-j", "RETR loses the last line.", reply=on("RETR", lines(lambda rows: rows[:-1])))
add("pop3-retr-line-added", "R1939-5-j", "RETR adds an empty line.", reply=on("RETR", lines(lambda rows: rows + [b""])))
add("pop3-retr-8bit", "R1939-5-j", "RETR loses the high bit.",
    reply=on("RETR", lambda s, c, d: bytes(b & 127 for b in d) if len(d) < 100000 else d))
add("pop3-retr-long-lines", "R1939-5-j", "RETR cuts lines at 1000 octets.",
    reply=on("RETR", lines(lambda rows: [row[:1000] for row in rows])))
add("pop3-retr-cut", "R1939-5-j", "RETR stops at a megabyte.",
    reply=on("RETR", lambda s, c, d: d[:d.rfind(b"\r\n", 0, 1 << 20)] + b"\r\n.\r\n" if len(d) > 1 << 20 else d))
add("pop3-retr-blank-lost", "R1939-5-j", "RETR loses the blank line behind a header without a body.",
    reply=sub("RETR", r"\r\n\r\n\.\r\n\Z", "\r\n.\r\n"))
add("pop3-retr-twice", "R1939-5-j", "A message can be fetched once.",
    reply=on("RETR", lambda s, c, d: b"-ERR gone\r\n" if c.line in s.memo else s.memo.setdefault(c.line, d)))
add("pop3-retr-deletes", "R1939-8-a", "A message that was fetched is removed.",
    command=lambda s, c: c.line, raw=lambda s, d: re.sub(rb"(?i)\bQUIT\r\n\Z", b"DELE 1\r\nQUIT\r\n", d) if s.memo.get("retr") or
    s.memo.update(retr=b"RETR" in d.upper()) else d)
add("pop3-retr-default", "R1939-5-q", "RETR and DELE without a number are of message 1.",
    command=rewrite("RETR,DELE", r"\A(....) *\r", r"\1 1\r".replace("\\r", "\r")))
add("pop3-number-beyond", "R1939-5-k", "A number beyond the last message is the last one.",
    command=lambda s, c:
        re.sub(rb" (\d{2,9}|[2-9])(?=[ \r])", b" 1", c.line, count=1)
        if c.verb in ("RETR", "DELE", "LIST", "UIDL", "TOP") and s.memo.get("one") else c.line,
    reply=on("STAT,PASS", lambda s, c, d: (s.memo.update(one=True), d)[1]))
add("pop3-number-zero", "R1939-4-d", "Message 0 is message 1.",
    command=rewrite("RETR,DELE,LIST,UIDL,TOP", r"\A(\w+) 0+(?=[ \r])", r"\1 1"))
add("pop3-number-garbage", "R1939-5-k", "What is no number is message 1.",
    command=rewrite("RETR,DELE,LIST,UIDL,TOP", r"\A(\w+) [^0-9 \r]\S*", r"\1 1"))
add("pop3-dele-twice", "R1939-5-m", "DELE of a message marked already is +OK.", reply=sub("DELE", r"\A-ERR.*", "+OK\r"))
add("pop3-dele-retr", "R1939-5-m", "A message marked as deleted can be fetched.",
    reply=sub("RETR,TOP", r"\A-ERR.*", "+OK\r\n\r\n.\r"))
add("pop3-dele-uidl", "R1939-7-j", "UIDL shows what is marked as deleted.",
    reply=on("UIDL", lambda s, c, d: s.memo.setdefault("uidl", d) if d.endswith(b".\r\n") else d))
add("pop3-dele-ignored", "R1939-6-a", "DELE removes nothing at QUIT.", command=answer("DELE", "+OK\r\n", r"\ADELE [1-9]"))
add("pop3-dele-renumbers", "R1939-4-d", "Behind a message that is marked the others move up.",
    command=lambda s, c:
        re.sub(rb" (\d+)", lambda m: b" %d" % (int(m[1]) + 1), c.line, count=1)
        if c.verb in ("RETR", "LIST", "UIDL", "TOP") and s.memo.get("dele") else
    (s.memo.update(dele=True) if c.verb == "DELE" else None, c.line)[1])
add("pop3-dele-at-once", "R1939-6-e", "DELE removes at once, also without QUIT.",
    raw=lambda s, d: d + b"QUIT\r\n" if d.upper().startswith(b"DELE") else d,
    reply=lambda s, c, d: b"" if c is None else d)
add("pop3-rset-keeps", "R1939-5-p", "RSET keeps the marks.", command=answer("RSET", "+OK\r\n"))
add("pop3-rset-err", "R1939-5-p", "RSET without marks is -ERR.",
    reply=on("RSET", lambda s, c, d: d if s.memo.get("marks") else b"-ERR nothing\r\n"),)
add("pop3-noop-err", "R1939-5-o", "NOOP is unknown.", reply=sub("NOOP", r"\A\+OK.*", "-ERR\r"))
add("pop3-quit-stays", "R1939-6-d", "QUIT is answered and the connection stays open.", command=answer("QUIT", "+OK bye\r\n"))
add("pop3-quit-silent", "R1939-5-a", "QUIT ends the connection without a reply.", reply=drop("QUIT"))
add("pop3-quit-goes-on", "R1939-6-d", "What stands behind QUIT is done.",
    raw=lambda s, d: re.sub(rb"(?i)QUIT\r\n(?=[A-Z])", b"", d))
add("pop3-top-one-more", "R1939-7-b", "TOP sends one line too many.", command=rewrite("TOP", r"\ATOP (\d+) (\d+)", plus(1, 2)))
add("pop3-top-one-less", "R1939-7-b", "TOP sends one line too few.",
    command=rewrite("TOP", r"\ATOP (\d+) ([1-9]\d*)", plus(-1, 2)))
add("pop3-top-no-blank", "R1939-7-b", "TOP with 0 lines leaves out the blank line.",
    reply=on("TOP", replace(r"\r\n\r\n\.\r\n\Z", "\r\n.\r\n"), r" 0+\r"))
add("pop3-top-blank-lines", "R1939-7-b", "TOP does not count blank lines.",
    reply=on("TOP", lines(lambda rows: rows[:empty_at(rows) + 1] + [row for row in rows[empty_at(rows) + 1:] if row])))
add("pop3-top-header", "R1939-7-b", "TOP sends no header.", reply=on("TOP", lines(lambda rows: rows[empty_at(rows):])))
add("pop3-top-beyond", "R1939-7-c", "TOP with more lines than there are is -ERR.",
    reply=sub("TOP", r"\A\+OK.*", "-ERR\r\n", r" \d\d\d"))
add("pop3-top-whole", "R1939-7-b", "TOP sends the whole message.", command=rewrite("TOP", r"\ATOP (\d+) \d+", r"TOP \1 99999999"))
add("pop3-top-default", "R1939-7-a", "TOP without lines sends the header.",
    command=rewrite("TOP", r"\ATOP (\d+) *\r", "TOP \\1 0\r"))
add("pop3-top-negative", "R1939-7-a", "TOP takes a negative number of lines.",
    command=rewrite("TOP", r"\ATOP (\d+) -\d+", r"TOP \1 0"))
add("pop3-uidl-unstable", "R1939-7-h", "Unique ids are others in each session.",
    reply=on("UIDL", lambda s, c, d: re.sub(rb"(?m)^((?:\+OK )?\d+ )(\S+)", rb"\1\2" + b"x%d" % s.number, d)))
add("pop3-uidl-number", "R1939-7-h", "The unique id is the number of the message.",
    reply=sub("UIDL", r"^((?:\+OK )?)(\d+) (\S+)", r"\1\2 id\2"))
add("pop3-uidl-same", "R1939-7-h", "Messages with the same content have the same unique id.",
    reply=sub("UIDL", r"^((?:\+OK )?\d+) (\S+)", r"\1 0123456789abcdef"))
add("pop3-uidl-characters", "R1939-7-g", "Unique ids have blanks.", reply=sub("UIDL", r"^((?:\+OK )?\d+ \S)(\S)", r"\1 \2"))
add("pop3-uidl-long", "R1939-7-g", "Unique ids have 80 characters.",
    reply=sub("UIDL", r"^((?:\+OK )?\d+ )(\S+)\r$", "\\1\\2" + "x" * 80 + "\r"))
add("pop3-uidl-one-form", "R1939-7-d", "UIDL with a number answers the id alone.", reply=sub("UIDL", r"\A\+OK \d+ ", "+OK "))
add("pop3-uidl-last-lost", "R1939-7-e", "UIDL leaves the last message out.", reply=on("UIDL", lines(lambda rows: rows[:-1])))
add("pop3-uidl-order", "R1939-7-e", "UIDL begins with the last message.", reply=on("UIDL", lines(lambda rows: rows[::-1])))
add("pop3-login-anybody", "R1939-4-h", "A wrong password logs in.", reply=sub("PASS", r"\A-ERR.*", "+OK\r"))
add("pop3-login-closes", "R1939-4-h", "A refused login ends the connection.",
    reply=on("PASS,AUTH,AUTH+", lambda s, c, d: (setattr(s, "close", True), d)[1] if d[:1] == b"-" else d))
add("pop3-user-without-name", "R1939-7-k", "USER needs no name.", reply=sub("USER", r"\A-ERR.*", "+OK\r"))
add("pop3-user-first", "R1939-7-o", "The first USER stays.",
    command=lambda s, c: s.memo.setdefault("user", c.line) if c.verb == "USER" else c.line)
add("pop3-pass-blanks", "R1939-7-m", "Blanks end the password.",
    command=rewrite("PASS", r"\A(PASS) (.*?)[ \t].*", r"\1 \2" "\r\n"),
    reply=sub("PASS", r"\A-ERR[^\r]*", "+OK", r"PASS .*[ \t]"))
add("pop3-capa-unknown", "R2449-5-a", "CAPA is an unknown command.", reply=sub("CAPA", r"\A\+OK.*", "-ERR\r\n"))
add("pop3-capa-after-login", "R2449-5-b", "After the login CAPA announces nothing.",
    reply=on("CAPA,PASS", lambda s, c, d:
        b"+OK\r\n.\r\n" if c.verb == "CAPA" and s.memo.get("in")
        else (s.memo.update({"in": True}) if c.verb == "PASS" else None, d)[1]))
add("pop3-capa-stls-late", "R2595-4-b", "STLS is announced after the login.",
    reply=on("CAPA", lambda s, c, d: d if b"STLS" in d else d.replace(b"\r\n", b"\r\nSTLS\r\n", 1)))
add("pop3-capa-sasl", "R5034-3-a", "SASL is announced without mechanisms.", reply=sub("CAPA", r"^SASL .*\r$", "SASL\r"))
add("pop3-capa-expire", "R2449-6.7-b", "EXPIRE says 30 days where messages stay for ever.",
    reply=sub("CAPA", r"^EXPIRE NEVER", "EXPIRE 30"))
for word, row in (("TOP", "R2449-6.1-a"), ("UIDL", "R2449-6.8-a"), ("USER", "R2449-6.2-a"), ("PIPELINING", "R2449-5-b"),
("RESP-CODES", "R2449-8-a"), ("AUTH-RESP-CODE", "R3206-6-b")):
    add(f"pop3-capa-{word.lower()}", row, f"{word} is not announced any more after the login.",
        reply=on("CAPA,PASS", lambda s, c, d,
            w=word.encode(): d.replace(b"\r\n" + w + b"\r\n", b"\r\n") if c.verb == "CAPA" and s.memo.get("in") else
                 (s.memo.update({"in": True}) if c.verb == "PASS" else None, d)[1]))
add("pop3-codes-auth", "R3206-5-a", "A wrong password does not say AUTH.", reply=anywhere(r"\A-ERR \[AUTH\]", "-ERR"))
add("pop3-codes-form", "R2449-6.4-a", "Texts stand in brackets.", reply=anywhere(r"\A(-ERR) ([^\[\r][^\r]*)", r"\1 [\2]"))
add("pop3-auth-challenge", "R5034-4-b", "The empty challenge has no blank.", reply=sub("AUTH,AUTH+", r"\A\+ \r", "+\r"))
add("pop3-auth-anybody", "R5034-4-e", "AUTH with a wrong password logs in.",
    reply=sub("AUTH,AUTH+", r"\A-ERR \[AUTH\].*", "+OK\r"))
add("pop3-auth-mechanism", "R5034-4-f", "An unknown mechanism is taken for PLAIN.",
    command=rewrite("AUTH", r"\AAUTH (?!PLAIN|LOGIN)\S+", "AUTH PLAIN"))
add("pop3-auth-cancel", "R5034-4-c", "A cancelled exchange is +OK.", reply=on("AUTH+", replace(r"\A-ERR.*", "+OK\r"), r"\A\*\r"))
add("pop3-auth-base64", "R5034-4-d", "What is no BASE64 is read over.",
    reply=on("AUTH,AUTH+", replace(r"\A-ERR (?!\[AUTH).*", "+OK\r"), r"[^A-Za-z0-9+/= \r\n]"))
add("pop3-auth-long", "R5034-4-h", "A response above 255 octets is refused as too long.",
    reply=on("AUTH,AUTH+", replace(r"\A(-ERR|\+OK).*", "-ERR Line too long\r"), r"\A.{257}"))
add("pop3-tls-argument", "R2595-4-c", "STLS takes an argument.", command=rewrite("STLS", r"\A.*", "STLS\r\n"))
add("pop3-tls-injection", "R2595-4-d", "Commands in clear text behind STLS are done inside TLS.", command=lambda s, c: c.line,
    keeps=True)
add("pop3-tls-again", "R2595-4-f", "STLS is announced under TLS.",
    reply=on("CAPA,STLS", lambda s, c, d: (s.memo.update(tls=True), d)[1] if c.verb == "STLS" else
    d.replace(b"\r\n", b"\r\nSTLS\r\n", 1) if s.memo.get("tls") else d))
add("pop3-tls-keeps-user", "R2595-4-e", "A USER from before TLS counts inside.", reply=on("USER,STLS,PASS", lambda s, c, d:
    b"+OK\r\n" if c.verb == "PASS" and s.memo.get("user") and d[:1] == b"-"
    else (s.memo.update(user=True) if c.verb == "USER" else None, d)[1]))
add("pop3-tls-logs-in", "R2595-4-e", "TLS logs the client in.",
    reply=on("STLS,STAT,LIST,NOOP,UIDL", lambda s, c, d: (s.memo.update(tls=True), d)[1] if c.verb == "STLS" else
    b"+OK 0 0\r\n" if s.memo.get("tls") and d[:1] == b"-" else d))
add("pop3-reply-lost-pipelined", "R2449-6.6-a", "Of commands sent together one stays without an answer.",
    reply=lambda s, c, d: b"" if c and c.verb in ("NOOP", "STAT") and s.queue else d)
add("pop3-replies-swapped", "R2449-6.6-a", "Of two commands sent together the second is answered first.",
    reply=lambda s, c, d:
        s.memo.setdefault("kept", d) and b"" if c and s.queue and "kept" not in s.memo else d + s.memo.pop("kept", b""))
add("pop3-second-session", "R1939-4-c", "A second session of a user takes the first one's place without a word.",
    reply=lambda s, c, d: (s.shared.update(last=s.number), d)[1] if c and c.verb == "PASS" and d[:3] == b"+OK" else
    b"" if c and s.shared.get("last", 0) > s.number else d, folders=("pop3/session", "pop3/dele"))
