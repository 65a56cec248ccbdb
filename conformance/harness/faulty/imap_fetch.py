"""Faults of an IMAP server: what FETCH says of messages."""

import re

from .rule import Table, anywhere, both, drop, on, plus, replace, rewrite, sub

TABLE = Table("imap", ("imap/fetch",))
add = TABLE.add
FETCH = "FETCH,UID FETCH"
STRING = rb'(?:NIL|"(?:[^"\\]|\\.)*"|\{\d+\}\r\n)'


def tagged(verbs, old, new, line=None):
    return sub(verbs, r"\A(?![*+])(\S+) " + old + r"\b", r"\1 " + new, line)


def item(name, change):
    """A change of the octets of each literal or quoted string of an item; its length is made to fit."""
    regex = re.compile(rb"(" + name + rb" )(?:\{(\d+)\}\r\n|\"([^\"]*)\")")

    def new(session, command, data):
        out, at = b"", 0
        while found := regex.search(data, at):
            size = int(found[2]) if found[2] else 0
            text = data[found.end():found.end() + size] if found[2] else found[3]
            text = change(text)
            out += data[at:found.start()] + found[1] + b"{%d}\r\n" % len(text) + text
            at = found.end() + size
        return out + data[at:]
    return on(FETCH, new)


def members(text):
    """The members of a list in parentheses: strings, NIL, numbers and lists, as they are written."""
    out, at = [], 0
    while at < len(text):
        if text[at:at + 1] in b" ":
            at += 1
            continue
        begin, depth = at, 0
        while at < len(text):
            if found := re.compile(rb'"(?:[^"\\]|\\.)*"').match(text, at):
                at = found.end()
            elif found := re.compile(rb"\{(\d+)\}\r\n").match(text, at):
                at = found.end() + int(found[1])
            else:
                depth += {b"(": 1, b")": -1}.get(text[at:at + 1], 0)
                at += 1
            if depth == 0 and text[at:at + 1] in (b" ", b"", b"("):
                break
        out.append(text[begin:at])
    return out


def inside(name, change):
    """A change of the members of the list that an item has as its value."""
    def new(session, command, data):
        begin = data.find(name + b" (")
        if begin < 0:
            return data
        begin += len(name) + 2
        rows = members(data[begin:].rstrip(b"\r\n"))
        text, at = b"", begin
        depth, quoted = 1, False
        while depth and at < len(data):
            if found := re.compile(rb'"(?:[^"\\]|\\.)*"|\{(\d+)\}\r\n').match(data, at):
                at = found.end() + int(found[1] or 0)
                continue
            depth += {b"(": 1, b")": -1}.get(data[at:at + 1], 0)
            at += 1
        del quoted, rows
        text = b" ".join(change(members(data[begin:at - 1])))
        return data[:begin] + text + data[at - 1:]
    return on(FETCH, new)


def swap(one, other):
    def change(rows):
        rows = list(rows)
        if len(rows) > max(one, other):
            rows[one], rows[other] = rows[other], rows[one]
        return rows
    return change


def with_member(number, change):
    return lambda rows: [change(row) if at == number else row for at, row in enumerate(rows)]


# --- items -----------------------------------------------------------------------------------------------------

add("imap-fetch-sequence", "R3501-2.3.1.2-a", "FETCH responses have the number of the next message.",
    reply=anywhere(r"\A\* (\d+) FETCH", plus(1)))
add("imap-fetch-uid-as-number", "R3501-6.4.8-b", "UID FETCH is answered with UIDs in the place of numbers.",
    reply=on("UID FETCH", replace(r"\A\* \d+ FETCH \((.*?)UID (\d+)", r"* \2 FETCH (\1UID \2")))
add("imap-fetch-uid-missing", "R3501-6.4.8-b", "UID FETCH does not say the UID.",
    reply=on("UID FETCH", replace(r"(?<=[ (])UID \d+ ?", ""), r"\A\S+ UID FETCH \S+ (?!.*\bUID\b)"))
add("imap-fetch-uid-error", "R3501-6.4.8-c", "UID FETCH of a UID that no message has is NO.",
    reply=both(on("UID FETCH", lambda s, c, d: (s.memo.update(n=1), d)[1] if d[:1] == b"*" else d),
    on("UID FETCH", lambda s, c, d: re.sub(rb"\A(\S+) OK", rb"\1 NO", d) if d[:1] != b"*" and not s.memo.pop("n", 0) else d)))
add("imap-fetch-untagged-missing", "R3501-6.4.5-a", "FETCH leaves the last message out.",
    reply=lambda s, c, d:
        b"" if c and c.verb == "FETCH" and d[:1] == b"*" and s.memo.update(n=s.memo.get("n", 0) + 1) is None
        and s.memo["n"] == 2 else d)
add("imap-fetch-items-lost", "R3501-6.4.5-c", "FETCH answers no INTERNALDATE beside other items.",
    reply=sub(FETCH, r' ?INTERNALDATE "[^"]*"(?= )| INTERNALDATE "[^"]*"', ""))
add("imap-fetch-macro-fast", "R3501-6.4.5-c", "FAST has no RFC822.SIZE.",
    command=rewrite("FETCH", r" FAST\r", " (FLAGS INTERNALDATE)\r"))
add("imap-fetch-macro-all", "R3501-6.4.5-c", "ALL is FAST.", command=rewrite("FETCH", r" ALL\r", " FAST\r"))
add("imap-fetch-macro-full", "R3501-6.4.5-c", "FULL is ALL.", command=rewrite("FETCH", r" FULL\r", " ALL\r"))
add("imap-fetch-macro-list", "R3501-6.4.5-b", "A macro may stand in a list.",
    reply=on("FETCH", replace(r"\A(\S+) BAD", r"\1 OK"), r"\b(ALL|FAST|FULL)\b"))
add("imap-fetch-unknown-item", "R3501-2.2.2-b", "Unknown items are read over.", reply=tagged("FETCH", "BAD", "OK"))
add("imap-flags-case", "R3501-9-h", "Flags are written in capitals without a backslash.",
    reply=sub(FETCH + ",STORE,UID STORE", r"\\(Seen|Deleted|Flagged|Answered|Draft)", lambda m: m[1].upper()))
add("imap-flags-missing", "R3501-6.4.5-a", "FLAGS has no keywords and no \\Answered.", reply=sub("FETCH", r" ?\\Answered", ""))
add("imap-flags-nil", "R3501-6.4.6-a", "A message without flags has FLAGS NIL.", reply=anywhere(r"FLAGS \(\)", "FLAGS NIL"))
add("imap-internaldate-zone", "R3501-9-f", "INTERNALDATE has no zone.",
    reply=anywhere(r'(INTERNALDATE "[^"]*) [+-]\d{4}"', r'\1"'))
add("imap-internaldate-utc", "R3501-6.4.5-a", "INTERNALDATE is a day too late.",
    reply=anywhere(r'INTERNALDATE " ?(\d+)', plus(1)))
add("imap-size-lf", "R3501-7.4.2-p", "RFC822.SIZE counts line ends as one octet.",
    reply=anywhere(r"RFC822\.SIZE (\d+)", plus(-3)))
add("imap-rfc822-name", "R3501-7.4.2-o", "RFC822 is answered as BODY[].", reply=sub(FETCH, r"\bRFC822(?= [{\"])", "BODY[]"))
add("imap-rfc822-header-name", "R3501-7.4.2-o", "RFC822.HEADER is answered as BODY[HEADER].",
    reply=sub(FETCH, r"\bRFC822\.HEADER(?= [{\"])", "BODY[HEADER]"))
add("imap-rfc822-text-name", "R3501-7.4.2-o", "RFC822.TEXT is answered as BODY[TEXT].",
    reply=sub(FETCH, r"\bRFC822\.TEXT(?= [{\"])", "BODY[TEXT]"))
add("imap-peek-name", "R3501-6.4.5-n", "BODY.PEEK[] is answered under this name.",
    reply=on(FETCH, replace(r"\bBODY\[", "BODY.PEEK["), r"PEEK"))

# --- seen --------------------------------------------------------------------------------------------------------

add("imap-seen-not-set", "R3501-6.4.5-l", "BODY[] does not set \\Seen.", command=rewrite(FETCH, r"\bBODY\[", "BODY.PEEK["))
add("imap-seen-by-peek", "R3501-6.4.5-l", "BODY.PEEK[] sets \\Seen.", command=rewrite(FETCH, r"\bBODY\.PEEK\[", "BODY["))
add("imap-seen-not-told", "R3501-6.4.5-m", "\\Seen that FETCH sets is not told.", reply=both(
    on(FETCH, replace(r" FLAGS \([^)]*\)(?=\)\r\n\Z)", ""), r"\A(?!.*FLAGS)"),
        on(FETCH, replace(r"\A\* \d+ FETCH \(FLAGS \([^)]*\)\)\r\n", ""), r"\A(?!.*FLAGS)")))
add("imap-seen-rfc822", "R3501-6.4.5-l", "RFC822 and RFC822.TEXT do not set \\Seen.",
    command=rewrite(FETCH, r"\bRFC822(\.TEXT)?(?=[ )\r])", lambda m: b"BODY.PEEK[TEXT]" if m[1] else b"BODY.PEEK[]"),
    reply=both(on(FETCH, replace(r"\bBODY\[TEXT\]", "RFC822.TEXT"), "PEEK.TEXT|RFC822.TEXT"),
        on(FETCH, replace(r"\bBODY\[\]", "RFC822"), "RFC822")))
add("imap-seen-rfc822-header", "R3501-6.4.5-l", "RFC822.HEADER sets \\Seen.",
    command=rewrite(FETCH, r"\bRFC822\.HEADER\b", "BODY[HEADER]"),
    reply=on(FETCH, replace(r"\bBODY\[HEADER\]", "RFC822.HEADER"), r"RFC822"))
add("imap-seen-structure", "R3501-6.4.5-l", "BODY without a section sets \\Seen.",
    command=lambda s, c:
        b"pq STORE 1:* +FLAGS.SILENT (\\Seen)\r\n" + c.line
        if c.verb == "FETCH" and re.search(rb"\b(BODY|BODYSTRUCTURE)[ )\r]", c.line) else c.line,
    reply=lambda s, c, d: b"" if d.startswith(b"pq ") else d, folders=("imap/fetch",))

# --- sections -----------------------------------------------------------------------------------------------------

add("imap-body-last-line", "R3501-6.4.5-n", "BODY[] has an empty line too many.",
    reply=item(rb"BODY\[\]", lambda text: text + b"\r\n"))
add("imap-body-lf", "R3501-2.2-a", "Lines of BODY[] end with LF.",
    reply=item(rb"BODY\[\]", lambda text: text.replace(b"\r\n", b"\n")))
add("imap-body-header-only", "R3501-6.4.5-n", "BODY[HEADER] is the whole message.",
    reply=on(FETCH, replace(r"BODY\[\]", "BODY[HEADER]")), command=rewrite(FETCH, r"\[HEADER\]", "[]"))
add("imap-body-text-all", "R3501-6.4.5-n", "BODY[TEXT] is the whole message.",
    reply=on(FETCH, replace(r"BODY\[\]", "BODY[TEXT]")), command=rewrite(FETCH, r"\[TEXT\]", "[]"))
add("imap-header-empty-line", "R3501-6.4.5-e", "Headers lack the empty line.",
    reply=item(rb"(?:BODY\[[0-9.]*HEADER[^\]]*\]|RFC822\.HEADER)",
        lambda text: text[:-2] if text.endswith(b"\r\n\r\n") else text))
add("imap-header-empty-line-always", "R3501-6.4.5-e", "An empty line is made where the message has none.",
    reply=item(rb"BODY\[HEADER[^\]]*\]", lambda text: text if text.endswith(b"\r\n\r\n") else text + b"\r\n"))
add("imap-fields-all", "R3501-6.4.5-o", "HEADER.FIELDS gives every field.",
    reply=on(FETCH, lambda s, c, d: d.replace(b"BODY[HEADER] ", m[0] + b" ") if (m := s.memo.get("m")) else d),
    command=lambda s, c:
        (s.memo.update(m=re.search(rb"BODY\[[^\]]*\]", c.line.replace(b".PEEK", b""))),
        re.sub(rb"\[HEADER\.FIELDS \([^)]*\)\]", b"[HEADER]", c.line))[1] if b"HEADER.FIELDS (" in c.line else c.line)
add("imap-fields-not", "R3501-6.4.5-o", "HEADER.FIELDS.NOT is HEADER.FIELDS.",
    command=rewrite(FETCH, r"HEADER\.FIELDS\.NOT", "HEADER.FIELDS"),
    reply=on(FETCH, replace(r"BODY\[HEADER\.FIELDS ", "BODY[HEADER.FIELDS.NOT "), r"FIELDS\.NOT"))
add("imap-fields-first", "R3501-6.4.5-o", "HEADER.FIELDS gives the first field of a name alone.",
    reply=item(rb"BODY\[HEADER\.FIELDS [^\]]*\]", lambda text: text.split(b"\r\n")[0] + b"\r\n\r\n"))
add("imap-fields-unfolded", "R3501-6.4.5-o", "HEADER.FIELDS gives folded fields in one line.",
    reply=item(rb"BODY\[HEADER\.FIELDS[^\]]*\]", lambda text: re.sub(rb"\r\n(?=[ \t])", b"", text)))
add("imap-fields-case", "R3501-6.4.5-d", "Names of fields are compared with regard to case.",
    reply=item(rb"BODY\[HEADER\.FIELDS \([^\])]*\)\]", lambda text: b"\r\n" if re.match(rb"[A-Z][a-z]", text) else text),
    folders=("imap/fetch/section",))
add("imap-fields-prefix", "R3501-6.4.5-d", "A field whose name begins with what was asked for is given too.",
    reply=item(rb"BODY\[HEADER\.FIELDS [^\]]*\]", lambda text: b"Subject-Extra: x\r\n" + text))
add("imap-part-mime", "R3501-6.4.5-i", "BODY[1] of a multipart has the header of the part.",
    reply=item(rb"BODY\[[0-9.]+\]", lambda text: b"Content-Type: text/plain\r\n\r\n" + text))
add("imap-part-decoded", "R3501-7.4.2-m", "Parts are given decoded.",
    reply=item(rb"BODY\[[0-9.]+\]", lambda text: text.replace(b"=", b"").replace(b"aGVsbG8", b"hello")[:-1]))
add("imap-part-number", "R3501-6.4.5-i", "Parts are counted from 0.", command=rewrite(FETCH, r"(?<=\[)(\d+)", plus(-1)))
add("imap-part-inner", "R3501-6.4.5-i", "Numbers behind a message/rfc822 part are lost.",
    command=rewrite(FETCH, r"(?<=\[)(\d+)\.\d+", r"\1"))
add("imap-part-inner-header", "R3501-6.4.5-f", "HEADER and TEXT behind part numbers are those of the whole message.",
    command=rewrite(FETCH, r"(?<=\[)[\d.]+\.(HEADER|TEXT)", r"\1"))
add("imap-part-mime-header", "R3501-6.4.5-g", "BODY[1.MIME] is the header of the message.",
    command=rewrite(FETCH, r"(?<=\[)[\d.]+\.MIME", "HEADER"), reply=on(FETCH, replace(r"BODY\[HEADER\]", "BODY[1.MIME]")))
add("imap-part-mime-alone", "R3501-6.4.5-g", "MIME without a number is the header.",
    command=rewrite(FETCH, r"\[MIME\]", "[HEADER]"))
add("imap-part-one", "R3501-6.4.5-h", "A message that is no multipart has no part 1.",
    reply=item(rb"BODY\[1\]", lambda text: b""))
add("imap-part-zero", "R3501-6.4.5-i", "Part 0 is the header.", command=rewrite(FETCH, r"\[0\]", "[HEADER]"))
add("imap-section-unknown", "R3501-2.2.2-b", "An unknown section is the whole message.",
    command=rewrite(FETCH, r"\[(?!HEADER|TEXT|MIME|\d|\])[A-Za-z.]+\]", "[]"))
add("imap-partial-origin", "R3501-6.4.5-k", "A partial answer does not say its origin.",
    reply=sub(FETCH, r"(BODY\[[^\]]*\])<\d+>", r"\1"))
add("imap-partial-origin-always", "R3501-7.4.2-a", "An origin is said that nobody asked for.",
    reply=on(FETCH, replace(r"(BODY\[[^\]]*\]) ", r"\1<0> "), r"\A(?!.*<)"))
add("imap-partial-origin-range", "R3501-6.4.5-k", "A partial answer says origin and length.",
    reply=sub(FETCH, r"(BODY\[[^\]]*\])<(\d+)>", r"\1<\2.10>"))
add("imap-partial-from-one", "R3501-6.4.5-j", "The origin counts from 1.", command=rewrite(FETCH, r"<(\d+)\.", plus(-1)),
    reply=on(FETCH, lambda s, c, d:
        re.sub(rb"(BODY\[[^\]]*\])<\d+>", rb"\1<" + m[1] + b">", d) if (m := re.search(rb"<(\d+)\.", c.line)) else d))
add("imap-partial-longer", "R3501-6.4.5-j", "A partial fetch gives one octet too many.",
    command=rewrite(FETCH, r"<\d+\.(\d+)>", plus(1)))
add("imap-partial-shorter", "R3501-6.4.5-j", "A partial fetch gives one octet too few.",
    command=rewrite(FETCH, r"<\d+\.([2-9]|\d\d+)>", plus(-1)))
add("imap-partial-behind", "R3501-6.4.5-j", "Behind the end there is NIL.",
    reply=sub(FETCH, r'(BODY\[[^\]]*\]<\d+>) (""|\{0\}\r\n)', r"\1 NIL"))
add("imap-partial-behind-refused", "R3501-6.4.5-j", "A partial fetch behind the end is refused.",
    reply=on(FETCH, replace(r"\A(?!\*)(\S+) OK", r"\1 NO"), r"<\d{3,}\."))
add("imap-partial-zero", "R3501-2.2.2-b", "A partial fetch of no octets is answered.",
    reply=on(FETCH, replace(r"\A(?!\*)(\S+) BAD", r"\1 OK"), r"<\d+\.0>"))
add("imap-partial-header", "R3501-6.4.5-j", "The part is taken of the message, not of the section.",
    command=rewrite(FETCH, r"\[(HEADER[^\]]*|TEXT|\d[^\]]*)\]<", "[]<"))

# --- envelope ----------------------------------------------------------------------------------------------------

for number, one, other in ((0, "date", "subject"), (2, "from", "sender"), (4, "reply-to", "to"), (5, "to", "cc"),
(6, "cc", "bcc"), (8, "in-reply-to", "message-id")):
    add(f"imap-envelope-{one}-{other}", "R3501-7.4.2-c", f"{one} and {other} have each other's place.",
    reply=inside(b"ENVELOPE", swap(number, number + 1)))
add("imap-envelope-short", "R3501-7.4.2-c", "The message-id is missing.", reply=inside(b"ENVELOPE", lambda rows: rows[:9]))
add("imap-envelope-nil-empty", "R3501-7.4.2-d", "Absent fields are empty strings.",
    reply=inside(b"ENVELOPE",
        lambda rows: [b'""' if row == b"NIL" and at in (0, 1, 8, 9) else row for at, row in enumerate(rows)]))
add("imap-envelope-empty-nil", "R3501-7.4.2-e", "Empty fields are NIL.",
    reply=inside(b"ENVELOPE", lambda rows: [b"NIL" if row in (b'""', b"{0}\r\n") else row for row in rows]))
add("imap-envelope-list-empty", "R3501-7.4.2-i", "Absent lists of addresses are ().",
    reply=inside(b"ENVELOPE", lambda rows: [b"()" if row == b"NIL" and 2 <= at <= 7 else row for at, row in enumerate(rows)]))
add("imap-envelope-sender-nil", "R3501-7.4.2-f", "Sender and Reply-To that are absent are NIL.",
    reply=inside(b"ENVELOPE", lambda rows: [b"NIL" if at in (3, 4) and row == rows[2] else row for at, row in enumerate(rows)]))
add("imap-envelope-sender-from", "R3501-7.4.2-f", "Sender and Reply-To are From always.",
    reply=inside(b"ENVELOPE", lambda rows: [rows[2] if at in (3, 4) else row for at, row in enumerate(rows)]))
add("imap-envelope-names", "R3501-7.4.2-h", "Display names are lost.",
    reply=inside(b"ENVELOPE", lambda rows: [re.sub(rb'\("[^"]*" (?=NIL|")', b"(NIL ", row) for row in rows]))
add("imap-envelope-mailbox-host", "R3501-7.4.2-h", "Mailbox and host are one string.",
    reply=inside(b"ENVELOPE", lambda rows: [re.sub(rb'"([^" ]+)" "([^" ]+)"\)', rb'"\1@\2" NIL)', row) for row in rows]))
add("imap-envelope-name-quotes", "R3501-7.4.2-h", "Display names keep their quotes.",
    reply=inside(b"ENVELOPE", lambda rows: [re.sub(rb'\("([^"]*)" (?=NIL|")', rb'("\\"\1\\"" ', row) for row in rows]))
add("imap-envelope-route", "R3501-7.4.2-h", "Source routes are lost.",
    reply=inside(b"ENVELOPE", lambda rows: [re.sub(rb'"@[^"]*"', b"NIL", row) for row in rows]))
add("imap-envelope-group", "R3501-7.4.2-g", "The marks of a group are lost.",
    reply=inside(b"ENVELOPE", lambda rows: [re.sub(rb'\(NIL NIL (NIL|"[^"]*") NIL\)', b"", row) for row in rows]))
add("imap-envelope-group-end", "R3501-7.4.2-g", "A group has no end mark.",
    reply=inside(b"ENVELOPE", lambda rows: [row.replace(b"(NIL NIL NIL NIL)", b"") for row in rows]))
add("imap-envelope-first-address", "R3501-7.4.2-c", "The first address of a list is said alone.",
    reply=inside(b"ENVELOPE", lambda rows: [b"(" + members(row[1:-1])[0] + b")" if row[:2] == b"((" else row for row in rows]))
add("imap-envelope-folded", "R3501-9-e", "A folded subject keeps its line end.",
    reply=inside(b"ENVELOPE", with_member(1, lambda row: row.replace(b" ", b"\r\n ", 1) if b" " in row else row)))
add("imap-envelope-decoded", "R3501-7.4.2-c", "Encoded words are decoded.",
    reply=inside(b"ENVELOPE", lambda rows: [re.sub(rb"=\?[^?]*\?[qQbB]\?([^?]*)\?=", rb"\1", row) for row in rows]))
add("imap-envelope-8bit-quoted", "R3501-9-e", "Strings with octets above 127 are quoted.",
    reply=on(FETCH, lambda s, c, d:
        re.sub(rb"\{\d+\}\r\n([^\r\n{}()]*[\x80-\xff][^\r\n{}()]*?)(?= [N(\"])", rb'"\1"', d) if b"ENVELOPE" in d else d))
add("imap-envelope-host-nil", "R3501-7.4.2-h", "An address without a domain has NIL as its host.",
    reply=inside(b"ENVELOPE",
        lambda rows: [re.sub(rb'(\((?:NIL|"[^"]*") NIL "[^"]*") (?:""|"[A-Z._-]+"|"[^".]*")\)', rb"\1 NIL)", row)
            for row in rows]))
add("imap-envelope-local-quotes", "R3501-7.4.2-h", "A quoted local part keeps its quotes.",
    reply=inside(b"ENVELOPE", lambda rows: [re.sub(rb' NIL "([^"]* [^"]*)" "', rb' NIL "\\"\1\\"" "', row) for row in rows]))

# --- structure ---------------------------------------------------------------------------------------------------

add("imap-structure-size", "R3501-7.4.2-m", "The size of a part is one octet too many.",
    reply=sub(FETCH, r'(?i)(?<="7BIT" |"8BIT" |"7bit" |"8bit" )(\d+)', plus(1, 1)))
add("imap-structure-size-any", "R3501-7.4.2-m", "The size of a part that is encoded is that of what it says.",
    reply=sub(FETCH, r'(?i)(?<="BASE64" |"base64" )(\d+)', plus(-2, 1)))
add("imap-structure-lines", "R3501-7.4.2-l", "A text has one line too few.",
    reply=sub(FETCH, r'(?i)("(?:7BIT|8BIT|QUOTED-PRINTABLE|BASE64)" \d+) (\d+)', lambda m: m[1] + b" %d" % (int(m[2]) + 1)))
add("imap-structure-no-lines", "R3501-7.4.2-l", "The lines of a text are missing.",
    reply=sub(FETCH, r'(?i)("(?:7BIT|8BIT|QUOTED-PRINTABLE|BASE64)" \d+) \d+', r"\1"))
add("imap-structure-lines-always", "R3501-7.4.2-l", "What is no text has lines.",
    reply=sub(FETCH, r'(?i)(\("(?:APPLICATION|IMAGE|AUDIO)"[^()]*(?:\([^()]*\))?[^()]*?"(?:7BIT|8BIT|BASE64)" \d+)', r"\1 1"))
add("imap-structure-body-extended", "R3501-7.4.2-b", "BODY has extension data.",
    command=rewrite(FETCH, r"\bBODY(?=[ )\r])", "BODYSTRUCTURE"), reply=sub(FETCH, r"(?i)\bBODYSTRUCTURE \(", "BODY ("),
    folders=("imap/fetch",))
add("imap-structure-no-extension", "R3501-7.4.2-n", "BODYSTRUCTURE has no extension data.",
    command=rewrite(FETCH, r"\bBODYSTRUCTURE\b", "BODY"), reply=sub(FETCH, r"(?i)\bBODY \(", "BODYSTRUCTURE ("),
    folders=("imap/fetch",))
add("imap-structure-type-default", "R3501-7.4.2-l", "A message without MIME has no type.",
    reply=sub(FETCH, r'(?i)\("TEXT" "PLAIN" \("CHARSET" "US-ASCII"\)', '("TEXT" "PLAIN" NIL'))
add("imap-structure-parameters", "R3501-7.4.2-l", "Parameters are lists of lists.",
    reply=sub(FETCH, r'(?i)"CHARSET" "([^"]*)"', r'("CHARSET" "\1")'))
add("imap-structure-subtype-first", "R3501-7.4.2-j", "The subtype of a multipart stands before its parts.",
    reply=sub(FETCH, r'(?i)BODY(STRUCTURE)? \((\(.*\)) "(MIXED|ALTERNATIVE|DIGEST|REPORT|RELATED)"', r'BODY\1 ("\3" \2'))
add("imap-structure-first-part", "R3501-7.4.2-j", "A multipart has its first part alone.",
    reply=on(FETCH, lambda s, c, d: inside(b"BODYSTRUCTURE" if b"BODYSTRUCTURE" in d else b"BODY",
    lambda rows: rows[:1] + [row for row in rows[1:] if row[:2] != b'("'])(s, c, d)))
add("imap-structure-no-parts", "R3501-9-g", "A multipart without parts has none.",
    reply=on(FETCH, replace(r'(?i)(BODY(?:STRUCTURE)?) \(\("[A-Z]+" "[A-Z]+" (?:NIL|\([^()]*\)) NIL NIL "[0-9A-Z]+" 0( 0)?[^()]*?\) "', r'\1 ("')))
add("imap-structure-message", "R3501-7.4.2-k", "A message/rfc822 part is said like any other.",
    reply=sub(FETCH, r'(?i)("MESSAGE" "RFC822" .*?"[78]BIT" \d+) \(.*', "\\1))\r\n"))
add("imap-structure-message-lines", "R3501-7.4.2-k", "The lines of a message/rfc822 part are 0.",
    reply=sub(FETCH, r'(?i)(\)\)?) (\d+)(?=\)? ?(?:NIL|"MIXED"|\)))', r"\1 0"))
add("imap-structure-digest", "R3501-7.4.2-j", "In a digest a part without type is text/plain.",
    reply=on(FETCH, lambda s, c, d: d.replace(b'"message" "rfc822"', b'"text" "plain"') if b'"digest"' in d else d))
add("imap-structure-order", "R3501-7.4.2-n", "Disposition stands before MD5.",
    reply=sub(FETCH, r'(?i)("[^"]{24}"|NIL) (\("(?:ATTACHMENT|INLINE)"[^()]*(?:\([^()]*\))?\))', r"\2 \1"))
add("imap-structure-language", "R3501-7.4.2-n", "Language and location have each other's place.",
    reply=sub(FETCH, r'(?i)(\("[a-z][a-z](?:-[A-Za-z]+)?"(?: "[a-z-]+")*\)|"[a-z][a-z]") ("[^"]*"|NIL)\)', r"\2 \1)"))
add("imap-structure-id", "R3501-7.4.2-l", "Content-ID and Content-Description have each other's place.",
    reply=sub(FETCH, r'(?i)("<[^"]*>") ("[^"]*") (?=")', r"\2 \1 "))
add("imap-structure-changes", "R3501-6.4.5-a", "A structure is another one when it is asked for again.",
    reply=on("FETCH", lambda s, c, d:
        d if b"BODYSTRUCTURE" not in d or s.memo.setdefault("seen", c) is c else d.replace(b'"7bit"', b'"8bit"')))
add("imap-structure-2231", "R3501-7.4.2-l", "The charset of an extended parameter is lost.",
    reply=sub(FETCH, r"(?i)\"[A-Za-z0-9-]+'[a-z-]*'", '"'))
