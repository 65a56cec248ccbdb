"""Pieces of messages, as wire bytes: text, encodings, header fields, MIME entities.

Everything is made from a random.Random of its own seed; no formatting is left to a library whose
output could change with its version.
"""
import base64
import binascii

CRLF = b"\r\n"
WORDS = ("alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november "
         "oscar papa quebec romeo sierra tango uniform victor whiskey x-ray yankee zulu").split()

# charset, Python's codec, text in it
CHARSETS = [
    ("us-ascii", "ascii", "The quick brown fox"),
    ("iso-8859-1", "latin-1", "Größe, déjà vu, señor, £100"),
    ("iso-8859-2", "iso8859-2", "Příliš žluťoučký kůň"),
    ("iso-8859-5", "iso8859-5", "Съешь ещё этих булок"),
    ("iso-8859-7", "iso8859-7", "Ξεσκεπάζω την ψυχοφθόρα"),
    ("iso-8859-8-i", "iso8859-8", "דג סקרן שט בים"),
    ("iso-8859-9", "iso8859-9", "Pijamalı hasta yağız şoföre"),
    ("iso-8859-15", "iso8859-15", "Prix 100 €, œuvre"),
    ("windows-1250", "cp1250", "Zażółć gęślą jaźń"),
    ("windows-1251", "cp1251", "Широкая электрификация"),
    ("windows-1252", "cp1252", "“Quoted” – dash… €"),
    ("windows-1256", "cp1256", "نص حكيم له سر"),
    ("koi8-r", "koi8-r", "В чащах юга жил бы цитрус"),
    ("koi8-u", "koi8-u", "Чуєш їх, доцю, га"),
    ("utf-8", "utf-8", "日本語 Ελληνικά 🎈 naïve"),
    ("iso-2022-jp", "iso2022_jp", "いろはにほへと"),
    ("shift_jis", "shift_jis", "いろはにほへと"),
    ("euc-jp", "euc_jp", "色は匂へど"),
    ("gb2312", "gb2312", "床前明月光"),
    ("gb18030", "gb18030", "床前明月光，疑是地上霜"),
    ("big5", "big5", "床前明月光"),
    ("euc-kr", "euc_kr", "다람쥐 헌 쳇바퀴"),
    ("tis-620", "tis-620", "เป็นมนุษย์สุดประเสริฐ"),
    ("utf-7", "utf-7", "Hi Mom ☺"),
    ("x-unknown-9", "latin-1", "no such charset"),
]


def sentence(r, low=3, high=12):
    return " ".join(r.choice(WORDS) for _ in range(r.randint(low, high)))


def text(r, lines):
    """ASCII text, so many lines of up to 76 octets."""
    return b"".join(sentence(r)[:76].encode() + CRLF for _ in range(lines))


def octets(r, n):
    return r.getrandbits(8 * n).to_bytes(n, "big") if n else b""


def foreign(r, charset=None, lines=3):
    """(charset, bytes) of text in a charset; line ends are CRLF."""
    rows = CHARSETS if charset is None else [c for c in CHARSETS if c[0] == charset]
    name, codec, sample = r.choice(rows)
    out = b""
    for _ in range(lines):
        out += " ".join([sample] * r.randint(1, 3)).encode(codec) + CRLF
    return name, out


def b64(data, width=76):
    raw = base64.b64encode(data)
    return b"".join(raw[i:i + width] + CRLF for i in range(0, len(raw), width))


def qp(data, width=76, lower=False):
    """Quoted-printable of text with CRLF line ends (RFC 2045, 6.7)."""
    out = []
    for line in data.split(CRLF):
        now = b""
        for i, c in enumerate(line):
            last = i == len(line) - 1
            plain = 33 <= c <= 126 and c != 61 or c in (9, 32) and not last
            unit = bytes([c]) if plain else (b"=%02x" if lower else b"=%02X") % c
            if len(now) + len(unit) > width - 1:
                out.append(now + b"=" + CRLF)
                now = b""
            now += unit
        out.append(now + CRLF)
    return b"".join(out)[:-2]


def uu(data):
    out = b"begin 644 data.bin\r\n"
    for i in range(0, len(data), 45):
        out += binascii.b2a_uu(data[i:i + 45]).rstrip(b"\n") + CRLF
    return out + b"`\r\nend\r\n"


def word_b(value, charset, codec):
    return b"=?%s?B?%s?=" % (charset.encode(), base64.b64encode(value.encode(codec)))


def word_q(value, charset, codec):
    out = b""
    for c in value.encode(codec):
        ch = bytes([c])
        out += ch if ch.isalnum() else b"_" if c == 32 else b"=%02X" % c
    return b"=?%s?Q?%s?=" % (charset.encode(), out)


def encoded_words(r):
    """An unstructured value made of encoded words in several shapes (RFC 2047)."""
    out = []
    for _ in range(r.randint(1, 4)):
        name, codec, sample = r.choice([c for c in CHARSETS if c[0] != "utf-7"])
        sample = sample[:10]
        kind = r.randrange(5)
        if kind == 0:
            out.append(sentence(r, 1, 2).encode())
        elif kind == 1:
            out.append(word_q(sample, name + "*en", codec))
        elif kind == 2:
            out.append(word_b(sample, name.upper(), codec).replace(b"?B?", b"?b?"))
        else:
            out.append(r.choice((word_b, word_q))(sample, name, codec))
    return r.choice((b" ", b"\r\n ", b"\r\n\t")).join(out)


def param_2231(r, name):
    """A parameter with charset, language and continuations (RFC 2231)."""
    value = "".join("%%%02X" % c if r.random() < 0.7 or not chr(c).isalnum() else chr(c)
                    for c in r.choice(CHARSETS[14:15])[2].encode())
    kind = r.randrange(4)
    if kind == 0:
        return ("; %s*=utf-8'en'%s" % (name, value)).encode()
    if kind == 1:
        return ("; %s*=''%s" % (name, value)).encode()
    pieces, i = [], 0
    while value:
        cut = r.randint(3, 12) * 3
        piece, value = value[:cut], value[cut:]
        while value[:1] and piece[-1:] == "%" or piece[-2:-1] == "%":
            piece, value = piece + value[:1], value[1:]
        pieces.append(piece)
    out = b""
    order = list(range(len(pieces)))
    if kind == 3:
        r.shuffle(order)
    for i in order:
        out += ("\r\n ; %s*%d*=%s%s" % (name, i, "utf-8''" if i == 0 else "", pieces[i])).encode()
    return out


def mailbox(r):
    user = "%s.%s" % (r.choice(WORDS), r.choice(WORDS))
    host = r.choice(("example.test", "sender.test", "sub.dept.sender.test", "[127.0.0.1]"))
    kind = r.randrange(7)
    if kind == 0:
        return ("%s@%s" % (user, host)).encode()
    if kind == 1:
        return ('"%s, \\"%s\\"" <%s@%s>' % (user, sentence(r, 1, 2), user, host)).encode()
    if kind == 2:
        return ("%s@%s (%s (nested \\) comment))" % (user, host, sentence(r, 1, 2))).encode()
    if kind == 3:
        return ('"%s %s"@%s' % (r.choice(WORDS), r.choice(WORDS), host)).encode()
    if kind == 4:
        name, codec, sample = r.choice(CHARSETS[:23])
        return word_q(sample[:8], name, codec) + (" <%s@%s>" % (user, host)).encode()
    if kind == 5:
        return ("%s <%s@%s>" % (sentence(r, 2, 3).title(), user, host)).encode()
    return ("%s < %s (in) @ %s >" % (r.choice(WORDS), r.choice(WORDS), host)).encode()


def mailbox_list(r, n):
    return b",\r\n ".join(mailbox(r) for _ in range(n))


def date(r):
    day = r.randint(1, 28)
    month = r.choice("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())
    clock = "%02d:%02d" % (r.randrange(24), r.randrange(60))
    forms = ["%d %s %d %s:%02d %+03d%02d" % (day, month, r.randint(1990, 2037), clock, r.randrange(61),
                                          r.randint(-12, 12), r.choice((0, 30, 45))),
             "%02d %s %02d %s GMT" % (day, month, r.randrange(100), clock),
             "%d %s 2024 %s:00 -0000 (comment)" % (day, month, clock),
             "%d %s 2024 %s:00 EST" % (day, month, clock)]
    return r.choice(forms).encode()


def field(name, value):
    return name.encode() + b": " + value + CRLF


def common(r, number, subject=None):
    """The usual fields, in random order."""
    rows = [field("From", mailbox(r)), field("To", mailbox_list(r, r.randint(1, 4))),
            field("Subject", subject if subject is not None else sentence(r).encode()),
            field("Date", date(r)),
            field("Message-ID", b"<corpus.%d.%08x@sender.test>" % (number, r.getrandbits(32)))]
    if r.random() < 0.3:
        rows.append(field("Cc", mailbox_list(r, r.randint(1, 3))))
    if r.random() < 0.2:
        rows.append(field("Reply-To", mailbox(r)))
    if r.random() < 0.2:
        rows.append(field("References", b"\r\n ".join(
            b"<ref.%d@sender.test>" % i for i in range(r.randint(1, 8)))))
    r.shuffle(rows)
    return b"".join(rows)


def mime(content_type, encoding=None, extra=b""):
    out = b"Content-Type: " + content_type + CRLF
    if encoding:
        out += field("Content-Transfer-Encoding", encoding.encode())
    return out + extra


def boundary(r):
    kind = r.randrange(6)
    if kind == 0:
        return b"=_" + (b"%032x" % r.getrandbits(128))
    if kind == 1:
        return b"simple"
    if kind == 2:
        return (b"b" * 69) + b"%d" % r.randrange(10)
    if kind == 3:
        return b"with space " + b"%d" % r.randrange(1000) + b"'()+_,-./:=?"
    if kind == 4:
        return b"----=_Part_%d_%d.%d" % (r.randrange(10), r.randrange(10**6), r.randrange(10**9))
    return b"%x" % r.getrandbits(40)


def multipart(r, subtype, entities, extra=b"", preamble=None, epilogue=None):
    """A multipart entity; each entity is header, empty line, body."""
    mark = boundary(r)
    while any(mark in e for e in entities):
        mark += b"x" if len(mark) < 70 else b""
        if len(mark) >= 70:
            mark = b"%032x" % r.getrandbits(128)
    head = mime(b"multipart/%s;\r\n boundary=\"%s\"%s" % (subtype, mark, extra))
    body = b"" if preamble is None else preamble + CRLF
    for e in entities:
        body += b"--" + mark + (b" \t" if r.random() < 0.05 else b"") + CRLF + e + CRLF
    body += b"--" + mark + b"--" + CRLF
    if epilogue is not None:
        body += epilogue
    return head + CRLF + body


def attachment(r, n):
    """A leaf with n random octets or text in one of the encodings."""
    kind = r.randrange(6)
    name = r.choice((b"; name=data.bin", b'; name="my \\"file\\".dat"', b"", param_2231(r, "name")))
    disposition = b"Content-Disposition: attachment%s\r\n" % r.choice(
        (b"", b"; filename=data.bin", b'; filename="a;b.txt"; size=%d' % n, param_2231(r, "filename")))
    if kind < 3:
        return mime(b"application/octet-stream" + name, "base64", disposition) + CRLF + b64(
            octets(r, n), r.choice((76, 76, 60, 4)) if n < 5000 else 76)
    if kind == 3:
        return mime(b"application/x-thing" + name, "x-uuencode", disposition) + CRLF + uu(octets(r, n))
    charset, data = foreign(r, lines=max(1, min(n, 4000) // 80))
    if kind == 4:
        return mime(b"text/plain; charset=%s" % charset.encode() + name, "quoted-printable",
                    disposition) + CRLF + qp(data, r.choice((76, 40)), r.random() < 0.2)
    return mime(b"text/html; charset=" + charset.encode(), "base64",
                b"Content-ID: <%08x@sender.test>\r\n" % r.getrandbits(32)) + CRLF + b64(data)


def leaf(r):
    """A small leaf of any kind."""
    kind = r.randrange(6)
    if kind == 0:
        return CRLF + text(r, r.randint(0, 5))
    if kind == 1:
        return mime(b"text/plain; charset=us-ascii; format=flowed; delsp=yes", "7bit") + CRLF + \
            text(r, r.randint(1, 6))
    if kind == 2:
        charset, data = foreign(r)
        return mime(b"text/plain;\r\n\tcharset=\"%s\"" % charset.encode(), "8bit") + CRLF + data
    if kind == 3:
        return mime(b"text/html; charset=utf-8", "quoted-printable") + CRLF + qp(
            b"<html><body><p class=\"x\">" + foreign(r, "utf-8")[1] + b"</p></body></html>\r\n")
    if kind == 4:
        return mime(b"text/calendar; method=REQUEST; charset=utf-8", "8bit") + CRLF + (
            b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:%x\r\nSUMMARY:%s\r\n"
            b"END:VEVENT\r\nEND:VCALENDAR\r\n" % (r.getrandbits(64), sentence(r).encode()))
    return attachment(r, r.randint(0, 900))


def tree(r, depth):
    """A random MIME tree."""
    if depth <= 0 or r.random() < 0.3:
        return leaf(r)
    if r.random() < 0.15:
        return mime(b"message/rfc822") + CRLF + field("From", mailbox(r)) + \
            field("Subject", encoded_words(r)) + b"MIME-Version: 1.0\r\n" + tree(r, depth - 1)
    subtype = r.choice((b"mixed", b"alternative", b"related", b"parallel", b"x-own", b"MIXED"))
    return multipart(r, subtype, [tree(r, depth - 1) for _ in range(r.randint(1, 4))],
                     preamble=text(r, 1) if r.random() < 0.3 else None,
                     epilogue=text(r, 2) if r.random() < 0.2 else None)
