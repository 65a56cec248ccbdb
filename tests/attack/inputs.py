"""What a hostile client sends and what a hostile message and folder look like: tables, and the rows they make."""
import base64
import os

MEGA = 1 << 20
DEEP = 10000


class Input:
    """Octets for one connection. `never` must not occur in what the server answers."""

    def __init__(self, protocol, name, data, login=False, never=None, whole=True):
        self.protocol, self.name, self.data, self.login, self.never = protocol, name, data, login, never
        self.whole = whole  # also sent in small pieces and with a reset at the end

    def __str__(self):
        return "%s%s: %s" % (self.protocol, " after login" if self.login else "", self.name)


# ---- octets no protocol expects -------------------------------------------------------------------------

NOISE = {
    "nothing": b"", "NUL": b"\0", "NULs": b"\0" * 5000, "bare CR": b"\r", "bare LF": b"\n", "CRs": b"\r" * 5000, "LFs": b"\n" * 5000,
    "empty lines": b"\r\n" * 5000, "CR CR LF": b"NOOP\r\r\n", "LF CR": b"NOOP\n\rNOOP\n\r", "CR in a line": b"NO\rOP\r\n",
    "NUL in a line": b"NO\0OP\r\n", "space": b" \r\n", "tabs": b"\t\t\r\n", "8-bit": bytes(range(128, 256)) + b"\r\n",
    "every octet": bytes(range(256)) * 4 + b"\r\n", "broken UTF-8": b"\xc3\x28 \xf0\x28\x8c\x28 \xff\xfe\xed\xa0\x80\r\n",
    "long line": b"x" * MEGA + b"\r\n", "long line, no end": b"x" * MEGA, "long word list": b"x " * (MEGA // 2) + b"\r\n",
    "line of spaces": b" " * MEGA + b"\r\n", "line of NULs": b"\0" * MEGA + b"\r\n", "TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"z" * 500,
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP POST": b"POST / HTTP/1.0\r\n\r\nNOOP\r\nQUIT\r\n", "formats": b"%s%n%x%1000000d\r\n",
    "telnet": b"\xff\xfb\x01\xff\xf4\xff\xfd\x06\r\n", "PROXY": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "4095": b"y" * 4095 + b"\r\n",
    "8190": b"y" * 8190 + b"\r\n", "8191": b"y" * 8191 + b"\r\n", "16384": b"y" * 16384 + b"\r\n", "65534": b"y" * 65534 + b"\r\n",
}

# ---- IMAP -------------------------------------------------------------------------------------------

LITERALS = ["{99999999999999999999}", "{9223372036854775808}", "{9223372036854775807}", "{18446744073709551616}", "{4294967296}", "{4294967295}",
            "{2147483648}", "{-1}", "{+}", "{}", "{", "}", "{ 5}", "{5 }", "{0x5}", "{5++}", "{5-}", "{5", "{05}", "{5}5}", "~{5}", "~{5+}",
            "{99999999999999999999+}", "{9223372036854775808+}", "{4294967296+}", "{1e3}", "{\0}"]
WITH_LITERAL = ["LOGIN %s", "LOGIN user1 %s", "AUTHENTICATE %s", "SELECT %s", "ID (%s)"]
WITH_LITERAL_IN = ["SELECT %s", "CREATE %s", "LIST \"\" %s", "SEARCH SUBJECT %s", "SEARCH CHARSET %s ALL", "APPEND INBOX %s", "APPEND %s {3+}\r\nabc",
                   "FETCH 1 BODY[HEADER.FIELDS (%s)]", "RENAME %s b", "STATUS %s (MESSAGES)", "SETMETADATA INBOX (/private/comment %s)"]
SETS = ["0", "-1", "1:0", "*:*", "*:0", "1:*:*", "1:", ":1", "1,,2", ",", "1,", "4294967295", "4294967296", "18446744073709551616",
        "1:4294967295", "4294967295:1", "99999999999999999999:*", "$", "1:$", "**", "+1", "01", "1:*" + ",1:*" * 20000, "1" + ",1" * 100000,
        ",".join(str(n) for n in range(1, 200000, 2)), ",".join("%d:%d" % (n, n + 1) for n in range(1, 100000, 3)), "4294967295:4294967290,1:*"]
SETS_IN = ["FETCH %s UID", "UID FETCH %s FLAGS", "STORE %s +FLAGS (x)", "UID COPY %s INBOX", "SEARCH %s", "SEARCH UID %s", "UID EXPUNGE %s", "UID MOVE %s nowhere"]
PARTIALS = ["<0.0>", "<0.1>", "<1.0>", "<0.4294967295>", "<0.4294967296>", "<4294967295.4294967295>", "<4294967295.1>", "<4294967296.1>",
            "<18446744073709551615.1>", "<18446744073709551615.18446744073709551615>", "<18446744073709551616.1>", "<9223372036854775807.9223372036854775807>",
            "<-1.5>", "<5.-1>", "<5>", "<.5>", "<5.>", "<>", "<", "<5.5", "<5.5>>", "<0x1.1>", "< 1.1>"]
SECTIONS = ["BODY[%s]", "BODY.PEEK[%s]", "BINARY[%s]", "BINARY.SIZE[%s]"]
SECTION_TEXTS = ["0", "1.0", ".1", "1.", "1..1", "4294967296", "18446744073709551616.1", "1" + ".1" * DEEP, "1.MIME.MIME", "MIME", "HEADER.FIELDS", "HEADER.FIELDS ()",
                 "HEADER.FIELDS (", "HEADER.FIELDS.NOT", "HEADER.FIELDS (\"\")", "HEADER.FIELDS (" + "a " * 50000 + "a)", "TEXT.1", "[", "1]]"]
COMMANDS = [  # (name, command without tag): each also cut off, repeated and with its case turned
    ("nested SEARCH", "SEARCH " + "(" * DEEP + "ALL" + ")" * DEEP), ("open SEARCH", "SEARCH " + "(" * DEEP), ("NOT", "SEARCH " + "NOT " * DEEP + "ALL"),
    ("OR", "SEARCH " + "OR " * DEEP + "ALL " * (DEEP + 1)), ("OR right", "SEARCH " + "OR ALL " * DEEP + "ALL"), ("OR lacks", "SEARCH OR ALL"),
    ("mixed keys", "SEARCH " + "NOT (OR (ALL) " * 3000), ("many keys", "SEARCH " + "ALL " * 100000 + "ALL"), ("close only", "SEARCH " + ")" * DEEP),
    ("SEARCH RETURN", "SEARCH RETURN (" + "(" * 5000), ("SEARCH bad date", "SEARCH SINCE 99-Foo-99999999999"), ("SEARCH size", "SEARCH LARGER 18446744073709551616"),
    ("SEARCH modseq", "SEARCH MODSEQ 18446744073709551616"), ("SEARCH modseq entry", "SEARCH MODSEQ \"/flags/" + "x" * 9000 + "\" all 1"),
    ("FETCH nested", "FETCH 1 " + "(" * DEEP + "UID" + ")" * DEEP), ("FETCH many", "FETCH 1:* (" + "BODY[] " * 20000 + "UID)"), ("FETCH nothing", "FETCH 1 ()"),
    ("FETCH BODYSTRUCTURE many", "FETCH 1:* (" + "BODYSTRUCTURE " * 5000 + "UID)"), ("STORE flags", "STORE 1 FLAGS (" + "\\Seen " * 50000 + "x)"),
    ("STORE keywords", "STORE 1 +FLAGS (" + " ".join("k%d" % n for n in range(20000)) + ")"), ("STORE nested", "STORE 1 FLAGS " + "(" * DEEP),
    ("STORE backslash", "STORE 1 FLAGS (\\ \\* \\\\)"), ("STORE recent", "STORE 1 FLAGS (\\Recent)"), ("STORE UNCHANGEDSINCE", "STORE 1 (UNCHANGEDSINCE 99999999999999999999) FLAGS ()"),
    ("STORE long keyword", "STORE 1 +FLAGS (" + "k" * 100000 + ")"), ("quoted without end", "SELECT \"INBOX"), ("quoted backslash", "SELECT \"a\\"), ("quoted CR", "SELECT \"a\rb\""),
    ("quoted NUL", "SELECT \"a\0b\""), ("quoted long", "SELECT \"" + "q" * MEGA), ("quoted escapes", "SELECT \"" + "\\\"" * 50000 + "\""), ("quoted bad escape", "SELECT \"\\x\""),
    ("LIST wild", "LIST \"\" \"" + "*%" * 5000 + "\""), ("LIST wild stars", "LIST \"\" " + "*a" * 3000), ("LIST patterns", "LIST \"\" (" + "* " * 20000 + "*)"),
    ("LIST nested", "LIST " + "(" * DEEP), ("LIST return", "LIST \"\" * RETURN (" + "STATUS (" * 3000), ("LIST climbing", "LIST \"../..\" *"),
    ("SELECT climbing", "SELECT ../../../etc"), ("SELECT dots", "SELECT INBOX.." + "." * 500), ("SELECT slash", "SELECT INBOX/../../x"), ("SELECT NUL in UTF-7", "SELECT \"&AAA-\""),
    ("SELECT bad UTF-7", "SELECT \"&" + "A" * 9000 + "\""), ("CREATE deep", "CREATE " + "a." * 5000 + "a"), ("CREATE long", "CREATE " + "n" * 100000), ("CREATE empty", "CREATE \"\""),
    ("CREATE dot", "CREATE ."), ("CREATE newline", "CREATE {3+}\r\na\nb"), ("RENAME itself", "RENAME INBOX INBOX"), ("RENAME below itself", "RENAME a a.b.c"), ("DELETE INBOX", "DELETE INBOX"),
    ("DELETE climbing", "DELETE .."), ("SUBSCRIBE", "SUBSCRIBE " + "s" * 60000), ("SELECT QRESYNC", "SELECT INBOX (QRESYNC (1 18446744073709551615 1:4294967295 (1:* 1:*)))"),
    ("SELECT QRESYNC zero", "SELECT INBOX (QRESYNC (0 0 0))"), ("SELECT nested", "SELECT INBOX " + "(" * DEEP), ("ENABLE", "ENABLE " + "X " * 50000 + "X"), ("ID", "ID (" + "\"a\" \"b\" " * 50000 + ")"),
    ("ID nested", "ID " + "(" * DEEP), ("SETACL", "SETACL INBOX \"\" +"), ("GETQUOTA", "GETQUOTA " + "\"" * 3), ("SETQUOTA", "SETQUOTA ROOT (STORAGE 99999999999999999999)"),
    ("SORT", "SORT (" + "REVERSE " * DEEP + "DATE) UTF-8 ALL"), ("SORT nested", "SORT " + "(" * DEEP), ("THREAD", "THREAD REFERENCES UTF-8 " + "(" * DEEP), ("THREAD none", "THREAD X X X"),
    ("STATUS", "STATUS INBOX (" + "MESSAGES " * 50000 + ")"), ("STATUS nested", "STATUS INBOX " + "(" * DEEP), ("NOTIFY", "NOTIFY SET " + "(" * DEEP), ("COMPRESS", "COMPRESS DEFLATE\r\n\xff\xff\xff\xff\0\0\0"),
    ("APPEND date", "APPEND INBOX \"99-Zzz-9999 99:99:99 +9999\" {3+}\r\nabc"), ("APPEND flags", "APPEND INBOX (" + "\\Seen " * 20000 + ") {3+}\r\nabc"), ("APPEND zero", "APPEND INBOX {0+}\r\n"),
    ("APPEND NUL", "APPEND INBOX {5+}\r\na\0b\0c"), ("APPEND many", "APPEND INBOX {1+}\r\nx {1+}\r\ny {1+}\r\nz"), ("APPEND CATENATE", "APPEND INBOX CATENATE (" + "TEXT {1+}\r\nx " * 500), ("APPEND URL", "APPEND INBOX CATENATE (URL \"/../;UID=0\")"),
    ("IDLE other end", "IDLE\r\nNOTDONE"), ("IDLE long", "IDLE\r\n" + "x" * 200000), ("IDLE literal", "IDLE\r\n{5}\r\nabcde"), ("IDLE words", "IDLE now"), ("IDLE tagged", "IDLE\r\na9 NOOP\r\nDONE"), ("DONE", "DONE"),
    ("UID only", "UID"), ("UID UID", "UID " * DEEP + "FETCH 1 UID"), ("no command", ""), ("unknown", "X" * 60000), ("UNSELECT words", "UNSELECT " + "x " * 9000), ("LOGOUT words", "LOGOUT now"),
    ("CAPABILITY words", "CAPABILITY " + "x" * 9000), ("NOOP NUL", "NOOP\0"), ("literal+ NUL", "SELECT {5+}\r\nIN\0BO"), ("literal chain", "SELECT " + "{1+}\r\na" * 5000),
    ("nested lists", "FETCH 1 BODY[HEADER.FIELDS " + "(" * DEEP), ("replace", "REPLACE 1 INBOX {99999999999}"), ("UIDONLY", "ENABLE UIDONLY\r\nb FETCH 1 UID"), ("ESEARCH", "ESEARCH IN (" + "mailboxes x " * 5000 + ") ALL"),
]
TAGS = {"empty tag": b" NOOP\r\n", "tag only": b"a\r\n", "tag +": b"+ NOOP\r\n", "tag *": b"* NOOP\r\n", "tag paren": b"( NOOP\r\n", "tag quoted": b"\"a\" NOOP\r\n", "tag 8-bit": b"\xc3\xa4 NOOP\r\n",
        "tag NUL": b"\0 NOOP\r\n", "tag 1 MB": b"t" * MEGA + b" NOOP\r\n", "tag 8000": b"t" * 8000 + b" NOOP\r\n", "tag literal": b"{3+}\r\nabc NOOP\r\n", "two spaces": b"a  NOOP\r\n"}
BAD64 = [b"!!!!", b"====", b"A", b"AA", b"AAA", b"AAAA=", b"=AAA", b"A=AA", b"*", b"", b"\0\0", b"AA==AA==", b"A" * MEGA, base64.b64encode(b"\0" * 9000), base64.b64encode(b"\0\0"),
         base64.b64encode(b"a\0" + b"b" * 60000 + b"\0c"), base64.b64encode(b"n,,n=user1,r=x"), base64.b64encode(b"n,a=" + b"x" * 9000 + b",n=,r="), base64.b64encode(b"\xff\xfe\0\xff\0\xff")]
MECHANISMS = [b"PLAIN", b"LOGIN", b"CRAM-MD5", b"SCRAM-SHA-1", b"SCRAM-SHA-256", b"EXTERNAL", b"XOAUTH2", b"X" * 9000]
BAIT = [b" foo", b" ", b"\r\nb CAPABILITY", b"\r\nNOOP\r\nNOOP", b"\0", b"\n", b" {3+}\r\nabc", b"\r\n\x16\x03\x01\xff\xff"]
HUGE = ("{99999999999999999999}", "{9223372036854775808}", "{9223372036854775807}", "{18446744073709551616}", "{4294967296}", "{-1}", "{ 5}", "{0x5}")


def cuts(text):
    """Where to end a text: at every place near its ends and around each space, at most 24."""
    places = {1, 2, len(text) - 1} | {i + d for i, c in enumerate(text) if c in b" {}\r\n(" for d in (0, 1)}
    return [text[:n] for n in sorted(p for p in places if 0 < p < len(text))[:24]]


def imap(login):
    def row(name, text, **more):
        return Input("imap", name, text, login, **more)

    select = b"s SELECT INBOX\r\n" if login else b""
    for name, data in list(NOISE.items()) + list(TAGS.items()):
        yield row(name, data + b"\r\nz NOOP\r\n")
    for form in WITH_LITERAL_IN if login else WITH_LITERAL:
        for lit in LITERALS:
            never = br"(?m)^\+ " if lit in HUGE else None
            yield row(form % lit, b"a " + (form % lit).encode("latin-1") + b"\r\nabcde\r\nz NOOP\r\n", never=never, whole=False)
    for name, text in COMMANDS:
        yield row(name, select + b"a " + text.encode("latin-1") + b"\r\nz NOOP\r\n")
    for mechanism in MECHANISMS:
        for bad in BAD64:
            yield row("%.20r %.20r" % (mechanism, bad), b"a AUTHENTICATE " + mechanism + b"\r\n" + bad + b"\r\nz NOOP\r\n", whole=False)
    yield row("AUTHENTICATE initial", b"a AUTHENTICATE PLAIN " + b"A" * 100000 + b"\r\nz NOOP\r\n")
    yield row("LOGIN then garbage", b"a LOGIN user1 sandbox-secret\r\n" + os.urandom(20000) + b"\r\nz NOOP\r\n")
    yield row("pipelined", b"a NOOP\r\n" * 5000)
    yield row("pipelined errors", b"a BOGUS\r\n" * 5000)
    for bait in BAIT:
        yield row("STARTTLS %r" % bait, b"a STARTTLS" + bait + b"\r\n", whole=False)
    if login:
        for form in SETS_IN:
            for s in SETS:
                yield row(form % s[:20], select + b"a " + (form % s).encode() + b"\r\nz NOOP\r\n", whole=False)
        for n, p in enumerate(PARTIALS):
            yield row("partial " + p, select + b"a FETCH 1:3 " + (SECTIONS[n % 3] % "").encode() + p.encode() + b"\r\nz NOOP\r\n")
        for form in SECTIONS:
            for s in SECTION_TEXTS:
                yield row(form % s[:20], select + b"a FETCH 1:3 " + (form % s).encode() + b"\r\nz NOOP\r\n", whole=False)
        for text in cuts(b"a APPEND INBOX (\\Seen) \" 1-Jan-2020 00:00:00 +0000\" {20+}\r\nSubject: x\r\n\r\nabcdef\r\n"):
            yield row("APPEND cut %r" % text[-12:], text, whole=False)


# ---- POP3 and SMTP ------------------------------------------------------------------------------------

NUMBERS = [b"", b" ", b"0", b"-1", b"99999999999999999999", b"4294967296", b"4294967297", b"2147483648", b"18446744073709551617", b"1 2 3", b"x", b"+1", b"0x1", b"1e1", b"\0", b"1\0", b"1" * 4000]
POP3_WITH_NUMBER = [b"RETR", b"DELE", b"LIST", b"UIDL", b"TOP", b"TOP 1", b"STAT", b"NOOP", b"RSET"]
POP3_WORDS = [b"USER", b"PASS", b"APOP", b"USER " + b"u" * 200000, b"PASS " + b"p" * 200000, b"USER a b c", b"USER \0", b"USER %n%n", b"APOP a " + b"0" * 32, b"CAPA x", b"UTF8 x", b"LANG " + b"*" * 9000, b"QUIT now",
              b"STLS x", b"AUTH", b"AUTH " + b"x" * 9000]
SMTP_LINES = [b"EHLO", b"EHLO " + b"h" * 9000, b"EHLO \0", b"EHLO [IPv6:" + b":" * 500 + b"]", b"HELO", b"MAIL", b"MAIL FROM:", b"MAIL FROM:<", b"MAIL FROM:<>", b"MAIL FROM:<" + b"<" * 5000 + b">",
              b"MAIL FROM:<" + b"a" * 9000 + b"@x>", b"MAIL FROM:<a@" + b"b." * 4000 + b">", b"MAIL FROM:<@" + b"a,@" * 3000 + b":b@c>", b"MAIL FROM:<\"" + b"\\\"" * 200 + b"\"@x>", b"MAIL FROM:<\"a@x>",
              b"MAIL FROM:<a@x> SIZE=99999999999999999999", b"MAIL FROM:<a@x> SIZE=-1", b"MAIL FROM:<a@x> SIZE=", b"MAIL FROM:<a@x> BODY=X", b"MAIL FROM:<a@x> ENVID=+", b"MAIL FROM:<a@x> RET=HDRS RET=FULL",
              b"MAIL FROM:<a@x> " + b"A=B " * 5000, b"MAIL FROM:<a\0@x>", b"MAIL FROM:<a\r@x>", b"MAIL FROM:<\xff@x>", b"MAIL FROM:<a@\xff>", b"RCPT TO:<user1@home.test>", b"RCPT", b"RCPT TO:<", b"RCPT TO:<>",
              b"DATA x", b"DATA", b"BDAT", b"BDAT -1", b"BDAT 99999999999999999999 LAST", b"BDAT 18446744073709551615", b"BDAT 5 LAST\r\nab\0cd", b"BDAT x y z", b"VRFY", b"VRFY " + b"v" * 9000, b"EXPN *", b"HELP " + b"h" * 9000,
              b"NOOP " + b"n" * 9000, b"QUIT now", b"AUTH", b"AUTH PLAIN " + b"A" * 20000, b"AUTH LOGIN =", b"AUTH CRAM-MD5 AAAA", b"TURN", b"ETRN x", b"XCLIENT NAME=x", b"BURL imap://x LAST"]
SMTP_BODIES = {"NULs": b"\0" * 100000, "long line": b"d" * MEGA + b"\r\n", "dots": b".\r" * 1000, "bare LF dot": b"a\n.\nMAIL FROM:<b@x>\r\n", "header of 1 MB": b"X-A: " + b"v" * MEGA + b"\r\n\r\n",
               "100,000 header lines": b"A: b\r\n" * 100000, "Received": b"Received: x\r\n" * 2000 + b"\r\n", "no colon": b"abc\r\ndef\r\n", "folded": b"Subject: x\r\n" + b" y\r\n" * 50000, "8-bit header": b"\xff\xfe: \xff\r\n\r\n",
               "empty": b"", "CR": b"\r" * 50000}


def pop3(login):
    def row(name, data, **more):
        return Input("pop3", name, data, login, **more)

    for name, data in NOISE.items():
        yield row(name, data + b"\r\nNOOP\r\n")
    for command in POP3_WITH_NUMBER:
        for number in NUMBERS:
            yield row("%r %.20r" % (command, number), command + b" " + number + b"\r\nNOOP\r\n", whole=False)
    for words in POP3_WORDS:
        yield row("%.30r" % words, words + b"\r\nNOOP\r\n")
    for mechanism in MECHANISMS[:5]:
        for bad in BAD64:
            yield row("%.20r %.20r" % (mechanism, bad), b"AUTH " + mechanism + b"\r\n" + bad + b"\r\nNOOP\r\n", whole=False)
    for bait in BAIT:
        yield row("STLS %r" % bait, b"STLS" + bait + b"\r\n", whole=False)
    yield row("PASS then garbage", b"USER user1\r\nPASS sandbox-secret\r\n" + os.urandom(20000) + b"\r\nNOOP\r\n")
    yield row("pipelined", b"NOOP\r\n" * 5000)


def smtp():
    def row(name, data, **more):
        return Input("smtp", name, data, **more)

    mail = b"EHLO x\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<user3@home.test>\r\nDATA\r\n"
    for name, data in NOISE.items():
        yield row(name, data + b"\r\nNOOP\r\n")
        yield row("EHLO, " + name, b"EHLO x\r\n" + data + b"\r\nNOOP\r\n")
    for words in SMTP_LINES:
        yield row("%.30r" % words, words + b"\r\nNOOP\r\n")
        yield row("EHLO, %.30r" % words, b"EHLO x\r\nMAIL FROM:<a@x.test>\r\n" + words + b"\r\nNOOP\r\n", whole=False)
    for mechanism in MECHANISMS[:5]:
        for bad in BAD64:
            yield row("%.20r %.20r" % (mechanism, bad), b"EHLO x\r\nAUTH " + mechanism + b"\r\n" + bad + b"\r\nNOOP\r\n", whole=False)
    for bait in BAIT:
        yield row("STARTTLS %r" % bait, b"EHLO x\r\nSTARTTLS" + bait + b"\r\n", whole=False)
    for name, body in SMTP_BODIES.items():
        yield row("DATA " + name, mail + body + b"\r\n.\r\nNOOP\r\n")
        yield row("DATA without end " + name, mail + body)
    for text in cuts(mail + b"Subject: x\r\n\r\ny\r\n.\r\n"):
        yield row("cut %r" % text[-12:], text, whole=False)
    yield row("5,000 recipients", b"EHLO x\r\nMAIL FROM:<a@x.test>\r\n" + b"RCPT TO:<user3@home.test>\r\n" * 5000 + b"RSET\r\n")
    yield row("pipelined", b"RSET\r\n" * 5000)


def everything():
    return [*imap(False), *imap(True), *pop3(False), *pop3(True), *smtp()]


# ---- hostile messages ---------------------------------------------------------------------------------

def nested(depth):
    heads = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    return b"MIME-Version: 1.0\r\n" + heads + b"Content-Type: text/plain\r\n\r\nx\r\n"


def same_boundary(depth):
    return b"MIME-Version: 1.0\r\n" + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * depth + b"\r\nx\r\n--b--\r\n"


def parts(count):
    return b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * count + b"--b--\r\n"


def messages():
    """name, octets."""
    head = b"From: a@x.test\r\nSubject: hostile\r\n"
    yield "nested multipart", head + nested(DEEP)
    yield "nested, one boundary", head + same_boundary(DEEP)
    yield "nested message/rfc822", head + b"Content-Type: message/rfc822\r\n\r\n" * DEEP + b"x\r\n"
    yield "100,000 parts", head + parts(100000)
    yield "boundaries alone", head + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 200000
    yield "boundary of dashes", head + b"Content-Type: multipart/mixed; boundary=\"--\"\r\n\r\n" + b"-" * MEGA + b"\r\n" + b"----\r\n" * 10000
    yield "long boundary", head + b"Content-Type: multipart/mixed; boundary=\"" + b"b" * 100000 + b"\"\r\n\r\n--" + b"b" * 100000 + b"\r\n"
    yield "empty boundary", head + b"Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\nx\r\n----\r\n"
    yield "From of commas", b"From: " + b"," * 100000 + b"\r\n\r\nx\r\n"
    yield "To of groups", b"To: " + b"g:" * 50000 + b"\r\n\r\nx\r\n"
    yield "To of comments", b"To: " + b"(" * 100000 + b"\r\n\r\nx\r\n"
    yield "To of quotes", b"To: " + b"\"\\" * 50000 + b"\r\n\r\nx\r\n"
    yield "To of angles", b"To: " + b"<" * 100000 + b"\r\n\r\nx\r\n"
    yield "To of routes", b"To: <" + b"@a," * 40000 + b":b@c>\r\n\r\nx\r\n"
    yield "50,000 addresses", b"To: " + b", ".join(b"a%d@b" % n for n in range(50000)) + b"\r\n\r\nx\r\n"
    yield "header of 1 MB", b"Subject: " + b"s" * MEGA + b"\r\n\r\nx\r\n"
    yield "100,000 header lines", b"X: y\r\n" * 100000 + b"\r\nx\r\n"
    yield "NULs", b"Subject: a\0b\r\nFrom: \0\0@\0\r\nContent-Type: text/\0; x=\0\r\n\r\n" + b"\0" * 10000
    yield "parameters", head + b"Content-Type: text/plain" + b"; a=b" * 50000 + b"\r\n\r\nx\r\n"
    yield "continued parameters", head + b"Content-Type: text/plain" + b"".join(b"; n*%d*=%%41" % n for n in range(20000)) + b"\r\n\r\nx\r\n"
    yield "encoded words", b"Subject: " + b"=?utf-8?B?" * 30000 + b"\r\nFrom: =?x?Q?" + b"=FF" * 30000 + b"?= <a@b>\r\n\r\nx\r\n"
    yield "references", head + b"References: " + b"<a@b>" * 50000 + b"\r\nIn-Reply-To: " + b"<" * 50000 + b"\r\n\r\nx\r\n"
    yield "base64 that is none", head + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=!" * 100000
    yield "quoted-printable that is none", head + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * 200000
    yield "date", b"Date: " + b"9" * 5000 + b" Foo 99999999999999 99:99:99 +99999999\r\n\r\nx\r\n"
    yield "no header", b"\r\n\r\n"
    yield "nothing", b""
    yield "CRs", b"\r" * 100000
    yield "no line end", b"z" * MEGA
    yield "folded", b"Subject: x\r\n" + b" y\r\n" * 100000 + b"\r\nx\r\n"


DEEP_SECTION = "1" + ".1" * 2000
FETCHES = ["ENVELOPE", "BODYSTRUCTURE", "BODY", "(FLAGS INTERNALDATE RFC822.SIZE)", "BODY.PEEK[HEADER.FIELDS (From To Subject)]", "BODY.PEEK[HEADER]<0.100>", "BODY.PEEK[%s]" % DEEP_SECTION, "BODY.PEEK[1.1.1.1.1.1.1.1]",
           "BODY.PEEK[99999]", "BODY.PEEK[1.MIME]", "BINARY.PEEK[1]<0.1000>", "BINARY.SIZE[1]", "BODY.PEEK[]<0.4294967295>", "PREVIEW"]
SEARCHES = ["SEARCH TEXT nowhere", "SEARCH BODY zzzz", "SEARCH SUBJECT b", "SEARCH FROM \"\"", "SEARCH HEADER X y", "SEARCH SENTBEFORE 1-Jan-2020", "SORT (SUBJECT FROM DATE) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL"]
