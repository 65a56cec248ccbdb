"""Faults of an SMTP server: its replies, its order of commands, its extensions, its reading of the content."""

import re

from .rule import Table, answer, anywhere, before, both, drop, on, plus, replace, rewrite, sub

TABLE = Table("smtp", ("smtp",))
add = TABLE.add

# --- greeting, form of replies ---------------------------------------------------------------------------

add("smtp-greeting-250", "R5321-3.1-a", "The greeting has code 250.", reply=sub("greeting", r"\A220", "250"))
add("smtp-greeting-silent", "R5321-4.3.1-a", "The greeting comes behind the reply to the first command.",
    reply=lambda s, c, d: s.memo.setdefault("kept", d) and b"" if c and c.verb == "greeting" else s.memo.pop("kept", b"") + d)
add("smtp-greeting-nameless", "R5321-3.1-a", "The greeting does not begin with the name of the server.",
    reply=sub("greeting", r"\A220[ -]\S+", "220 -"))
add("smtp-reply-bare-lf", "R5321-2.3.8-b", "Replies to MAIL end with LF alone.", reply=sub("MAIL", r"\r\n", "\n"))
add("smtp-reply-two-digits", "R5321-4.3.2-c", "RSET is answered with a code of two digits.", reply=sub("RSET", r"\A250", "25"))
add("smtp-reply-no-space", "R5321-4.2-d", "No blank stands between the code and the text of NOOP's reply.",
    reply=sub("NOOP", r"\A(\d\d\d) ", r"\1"))
add("smtp-reply-class-6", "R5321-4.2-c", "Refused recipients are answered with a code that begins with 6.",
    reply=sub("RCPT", r"\A5", "6"))
add("smtp-reply-too-long", "R5321-4.5.3.1.5-a", "A reply repeats the command that it refuses, however long that was.",
    reply=lambda s, c, d: d[:-2] + b" " + c.line[:600].strip() + b"\r\n" if c and d[:1] == b"5" else d)
add("smtp-multiline-codes-differ", "R5321-4.2.1-a", "The last line of a reply of several lines has another code.",
    reply=anywhere(r"^250-(.*\r\n(?:250-.*\r\n)*)250 ", r"250-\g<1>251 "))
add("smtp-multiline-no-last", "R5321-4.2-d", "All lines of the reply to EHLO have a hyphen.", reply=sub("EHLO", r"^250 ", "250-"))
add("smtp-multiline-early-space", "R5321-4.2-d", "The first line of the reply to EHLO looks like the last one.",
    reply=sub("EHLO", r"\A250-", "250 "))
add("smtp-reply-doubled", "R5321-4.2-a", "NOOP is answered twice.", reply=on("NOOP", lambda s, c, d: d + d))
add("smtp-reply-doubled-rcpt", "R5321-4.2-a", "A refused recipient is answered twice.",
    reply=on("RCPT", lambda s, c, d: d + d if d[:1] == b"5" else d))
add("smtp-reply-lost-pipelined", "R5321-4.2-a", "Of commands sent together one stays without an answer.",
    reply=lambda s, c, d: b"" if c and c.verb == "RCPT" and s.queue else d)


def swapped(session, command, data):
    """The reply waits for the next one and goes behind it."""
    if command and session.queue and not session.memo.get("kept"):
        session.memo["kept"] = data
        return b""
    return data + session.memo.pop("kept", b"")


add("smtp-replies-swapped", "R2920-3.2-a", "Of two commands sent together the second is answered first.", reply=swapped)
add("smtp-noop-held", "R2920-3.2-e", "The reply to NOOP is held back until the next command is there.",
    reply=lambda s, c, d:
        s.memo.setdefault("kept", d) and b"" if c and c.verb == "NOOP" and s.heard else s.memo.pop("kept", b"") + d)
add("smtp-unknown-held", "R2920-3.2-f", "The reply to an unknown command is held back until the next one is there.",
    reply=lambda s, c, d: s.memo.setdefault("kept", d) and b"" if d[:3] == b"500" and s.heard else s.memo.pop("kept", b"") + d)
add("smtp-group-flushed", "R2920-3.2-i", "What was sent together with a command that is refused is thrown away.",
    raw=lambda s, d: re.sub(rb"(?is)^(.*?RCPT TO:<nobody[^\r]*\r\n|.*?\r\nFOO\r\n).*", rb"\1", d, count=1))
add("smtp-unknown-250", "R5321-4.2.4-a", "An unknown command is answered 250.", reply=anywhere(r"\A500.*", "250 2.0.0 Ok\r"))
add("smtp-unknown-502", "R5321-4.2.4-a", "An unknown command is answered 550.", reply=anywhere(r"\A500 5\.5\.[0-9]", "550 5.7.1"))
add("smtp-unknown-closes", "R5321-3.8-a", "A command that is unknown ends the connection.",
    reply=lambda s, c, d: (setattr(s, "close", True), d)[1] if d[:3] == b"500" else d)
add("smtp-unknown-resets", "R5321-4.1.4-g", "A command that is unknown ends the transaction.",
    command=lambda s, c: b"RSET\r\n" if c.verb in ("FOO", "XYZZY", "UNKNOWN", "NONSENSE") else c.line,
    reply=sub("NONSENSE,FOO,XYZZY,UNKNOWN", r"\A250.*", "500 5.5.2 Unknown\r"))
add("smtp-syntax-500", "R5321-4.2.2-a", "Errors in arguments are answered 554 instead of 501.", reply=anywhere(r"\A501", "554"))
add("smtp-case-matters", "R5321-2.4-b", "Verbs are recognised in capitals alone.",
    command=lambda s, c:
        b"XX" + c.line if re.match(rb"[A-Za-z]*[a-z]", c.line) and c.verb not in (".", "AUTH+", "chunk") else c.line)
add("smtp-trailing-blank", "R5321-4.1.1-a", "A blank before the CRLF of a command is a mistake.",
    command=lambda s, c: b"XX\r\n" if c.verb != "." and c.line.endswith((b" \r\n", b"\t\r\n")) and c.verb != "AUTH+" else c.line)

# --- enhanced codes ----------------------------------------------------------------------------------------

add("smtp-enhanced-missing", "R2034-4-a", "Replies to RCPT have no enhanced code.",
    reply=sub("RCPT", r"^(\d\d\d[ -])\d\.\d+\.\d+ ", r"\1"))
add("smtp-enhanced-class", "R2034-4-b", "Refused commands have enhanced codes of class 4.",
    reply=anywhere(r"^(5\d\d[ -])5\.", r"\g<1>4."))
add("smtp-enhanced-unregistered", "R2034-4-e", "MAIL is answered with an enhanced code that is not registered.",
    reply=sub("MAIL", r"^(250[ -])2\.\d+\.\d+", r"\g<1>2.9.99"))
add("smtp-enhanced-354", "R2034-4-d", "The reply to DATA has an enhanced code.", reply=sub("DATA", r"\A354 ", "354 2.0.0 "))
add("smtp-enhanced-unknown-user", "R3463-3.2-a", "An unknown user has the enhanced code of bad syntax.",
    reply=sub("RCPT", r"5\.1\.1", "5.1.3"))
add("smtp-enhanced-order", "R3463-3.6-a", "A command out of order has the enhanced code of a policy.",
    reply=anywhere(r"^503 5\.5\.1", "503 5.7.1"))
add("smtp-enhanced-leading-zero", "R3463-2-a", "Enhanced codes are written with leading zeros.",
    reply=anywhere(r"^(\d\d\d[ -]\d\.)(\d\.\d) ", r"\g<1>0\2 "))

# --- EHLO, HELO, small commands ---------------------------------------------------------------------------

add("smtp-ehlo-unknown", "R5321-2.2.1-a", "EHLO is an unknown command.",
    reply=on("EHLO", lambda s, c, d: b"500 5.5.1 Unknown\r\n"))
add("smtp-ehlo-nameless", "R5321-4.1.1.1-a", "The first line of the reply to EHLO does not have the server's name.",
    reply=sub("EHLO", r"\A250-\S+", "250-(ok)"))
add("smtp-ehlo-one-line", "R5321-4.1.1.1-a", "All keywords stand in one line of the reply to EHLO.",
    reply=on("EHLO", lambda s, c, d:
        d[:d.find(b"\r\n") + 2] + b"250 " + b" ".join(re.findall(rb"^250[ -](.*)\r$", d, re.M)[1:]) + b"\r\n"))
add("smtp-ehlo-keyword-malformed", "R5321-4.1.1.1-a", "Keywords of EHLO end with a colon.",
    reply=sub("EHLO", r"^250-([A-Z0-9]+)", r"250-\1:"))
add("smtp-ehlo-no-size", "R5321-4.5.3.1.7-b", "SIZE is not listed though there is a limit.",
    reply=sub("EHLO", r"^250-SIZE.*\n", ""))
add("smtp-ehlo-no-8bitmime", "R5321-2.4-e", "8BITMIME is not listed.", reply=sub("EHLO", r"^250-8BITMIME.*\n", ""))
add("smtp-ehlo-size-word", "R1870-3-a", "SIZE is listed with a unit.", reply=sub("EHLO", r"SIZE (\d+)", r"SIZE \1K"))
add("smtp-ehlo-pipelining-parameter", "R2920-2-a", "PIPELINING is listed with a parameter.",
    reply=sub("EHLO", "PIPELINING", "PIPELINING YES"))
add("smtp-ehlo-8bitmime-parameter", "R6152-2-a", "8BITMIME is listed with a parameter.",
    reply=sub("EHLO", "8BITMIME", "8BITMIME 1"))
add("smtp-ehlo-dsn-parameter", "R3461-4-a", "DSN is listed with a parameter.", reply=sub("EHLO", r"^(250[ -])DSN", r"\1DSN 1"))
add("smtp-ehlo-enhanced-parameter", "R2034-3-a", "ENHANCEDSTATUSCODES is listed with a parameter.",
    reply=sub("EHLO", "ENHANCEDSTATUSCODES", "ENHANCEDSTATUSCODES 2"))
add("smtp-ehlo-lies", "R5321-4.2.4-c", "CHUNKING, BINARYMIME and EXPN are listed, and unknown when they are used.",
    reply=sub("EHLO", r"\A(250-.*\n)", r"\1250-CHUNKING" "\r\n250-BINARYMIME\r\n250-EXPN\r\n250-TURN\r\n"))
add("smtp-ehlo-keeps", "R5321-4.1.4-a", "EHLO in a transaction leaves it open.",
    command=lambda s, c: b"NOOP\r\n" if c.verb in ("EHLO", "HELO") and s.memo.setdefault("hello", c) is not c else c.line)
add("smtp-ehlo-no-argument", "R5321-4.1.1.1-f", "EHLO needs no name.",
    command=rewrite("EHLO,HELO", r"\A(....)[ \t]*\r\n", rb"\1 client.example" b"\r\n"))
add("smtp-ehlo-literal-refused", "R5321-4.1.3-a", "EHLO with an address literal is refused.",
    command=rewrite("EHLO", r"\[[0-9A-Za-z.:]+\]", "[x]"))
add("smtp-ehlo-not-needed", "R5321-4.1.1.1-c", "MAIL is taken without EHLO.",
    reply=sub("MAIL", r"\A503.*", "250 2.1.0 Ok\r"))
add("smtp-helo-lists", "R5321-3.2-a", "The reply to HELO lists extensions.",
    reply=on("HELO", lambda s, c, d: b"250-" + d[4:] + b"250 SIZE\r\n" if d[:3] == b"250" else d))
add("smtp-helo-refused", "R5321-2.2.1-b", "HELO is not supported.", reply=on("HELO", lambda s, c, d: b"502 5.5.1 Use EHLO\r\n"))
add("smtp-noop-argument", "R5321-4.1.1.9-b", "NOOP with an argument is a mistake.",
    command=rewrite("NOOP", r"\ANOOP +[^ \r].*", "RSET x\r\n"))
add("smtp-noop-resets", "R5321-4.1.1.9-a", "NOOP ends the transaction.", command=rewrite("NOOP", r"\A.*", "RSET\r\n"))
add("smtp-vrfy-250", "R5321-3.5.3-a", "VRFY says 250 of everybody.", reply=sub("VRFY", r"\A252", "250"))
add("smtp-vrfy-unknown", "R5321-3.5.1-a", "VRFY is an unknown command.", reply=on("VRFY", lambda s, c, d: b"502 5.5.1 No\r\n"))
add("smtp-vrfy-resets", "R5321-4.1.1.6-a", "VRFY ends the transaction.", reply=sub("VRFY", r"\A.*", "252 2.5.0 Perhaps\r"),
    command=rewrite("VRFY", r"\AVRFY.*", "RSET\r\n"))
add("smtp-vrfy-order", "R5321-4.1.4-d", "VRFY before EHLO is out of order.",
    reply=lambda s, c, d: b"503 5.5.1 EHLO first\r\n" if c and c.verb == "VRFY" and not s.memo.get("ehlo") else
    (s.memo.update(ehlo=True) if c and c.verb in ("EHLO", "HELO") else None, d)[1])
add("smtp-help-unknown", "R5321-4.1.1.8-a", "HELP is an unknown command.", reply=sub("HELP", r"\A(?s:.*)", "500 5.5.1 What\r\n"))
add("smtp-expn-550", "R5321-3.5.3-c", "EXPN that is not supported is answered 250.",
    reply=sub("EXPN", r"\A.*", "250 2.1.5 <user1@example.test>\r"))
add("smtp-turn-done", "R5321-F.1-a", "TURN is accepted.", reply=sub("TURN", r"\A.*", "250 2.0.0 Ok\r"))
add("smtp-rset-keeps", "R5321-4.1.1.5-a", "RSET leaves the transaction open.",
    command=answer("RSET", "250 2.0.0 Ok\r\n", r"\ARSET *\r"))
add("smtp-rset-argument", "R5321-4.3.2-b", "RSET takes an argument.", command=rewrite("RSET", r"\A.*", "RSET\r\n"))
add("smtp-rset-order", "R5321-4.1.1.5-d", "RSET without a transaction is out of order.",
    reply=lambda s, c, d:
        b"503 5.5.1 No transaction\r\n" if c and c.verb == "RSET" and d[:3] == b"250" and not s.memo.pop("mail", 0) else
    (s.memo.update(mail=True) if c and c.verb == "MAIL" else None, d)[1])
add("smtp-rset-closes", "R5321-4.1.1.5-c", "RSET ends the connection.",
    reply=lambda s, c, d: (setattr(s, "close", True), d)[1] if c and c.verb == "RSET" else d)
add("smtp-quit-250", "R5321-4.1.1.10-a", "QUIT is answered 250.", reply=sub("QUIT", r"\A221", "250"))
add("smtp-quit-argument", "R5321-4.3.2-b", "QUIT takes an argument.", command=rewrite("QUIT", r"\A.*", "QUIT\r\n"))
add("smtp-quit-stays", "R5321-4.1.1.10-a", "QUIT is answered and the connection stays open.",
    command=answer("QUIT", "221 2.0.0 Bye\r\n", r"\AQUIT *\r"))
add("smtp-quit-silent", "R5321-4.1.1.10-b", "QUIT ends the connection without a reply.", reply=drop("QUIT"))
add("smtp-quit-goes-on", "R5321-4.1.4-h", "What stands behind QUIT is done.",
    raw=lambda s, d: re.sub(rb"(?i)QUIT\r\n(?=[A-Z])", b"NOOP\r\n", d))

# --- MAIL and RCPT --------------------------------------------------------------------------------------------

add("smtp-null-sender", "R5321-4.1.1.2-b", "The null sender is refused.", command=rewrite("MAIL", r"FROM:<>", "FROM:<a>"))
add("smtp-mail-twice", "R5321-4.1.4-e", "MAIL in a transaction begins another one.",
    command=lambda s, c: c.line, reply=sub("MAIL", r"\A503.*", "250 2.1.0 Ok\r"))
add("smtp-mail-any-syntax", "R5321-4.1.2-g", "MAIL takes every path.", reply=sub("MAIL", r"\A501.*", "250 2.1.0 Ok\r"))
add("smtp-mail-parameter", "R5321-4.1.1.2-c", "MAIL takes parameters that nobody knows.",
    reply=sub("MAIL", r"\A555.*", "250 2.1.0 Ok\r"))
add("smtp-mail-no-brackets", "R5321-3.3-j", "Paths need no angle brackets.",
    command=rewrite("MAIL,RCPT", r"(FROM|TO):([^<> ]+@[^<> \r]+)", r"\1:<\2>"))
add("smtp-mail-blank", "R5321-4.1.2-g", "A path with a blank is refused with a code for policy.",
    reply=sub("MAIL", r"\A501 5\.\d\.\d", "550 5.7.1"))
add("smtp-source-route", "R5321-4.1.2-a", "A path with a source route is refused.",
    reply=sub("MAIL,RCPT", r"\A250.*", "501 5.1.3 No routes\r", r":<@"))
add("smtp-quoted-local", "R5321-4.1.2-b", "A quoted local part is another user.", command=rewrite("RCPT,MAIL", r'<"', '<"_'))
add("smtp-local-part-64", "R5321-4.5.3.1.1-a", "Local parts above 32 octets are refused.",
    reply=sub("MAIL,RCPT", r"\A250.*", "501 5.1.7 Too long\r", r"<[^@>]{33}"))
add("smtp-path-256", "R5321-4.5.3.1.3-a", "Paths above 128 octets are refused.",
    reply=sub("MAIL", r"\A250.*", "501 5.1.7 Too long\r", r"<[^>]{129}"))
add("smtp-line-512", "R5321-4.5.3.1.4-a", "Command lines above 256 octets are refused.",
    command=lambda s, c: b"X" * 600 + b"\r\n" if len(c.line) > 256 and c.verb in ("NOOP", "MAIL", "RCPT", "EHLO") else c.line)
add("smtp-address-literal", "R5321-4.1.3-a", "Address literals are refused.",
    reply=sub("MAIL", r"\A250.*", "501 5.1.7 No literals\r", r"@\["))
add("smtp-atext", "R5321-4.1.2-g", "Local parts have letters, digits, dots and hyphens alone.",
    reply=sub("MAIL", r"\A250.*", "501 5.1.7 Bad\r", r"<[^@>]*[!#$%&'*+/=?^_`{|}~]"))
add("smtp-8bit-address", "R5321-2.4-d", "Octets above 127 are taken in addresses.",
    command=rewrite("MAIL,RCPT,EHLO", r"[\x80-\xff]", "x"))
add("smtp-nul-in-command", "R5321-4.1.2-c", "A NUL in a command is read over.",
    raw=lambda s, d: d if s.state == "content" else d.replace(b"\0", b""))
add("smtp-unknown-user", "R5321-3.3-i", "A user who does not exist is accepted.",
    reply=sub("RCPT", r"\A550 5\.1\.1.*", "250 2.1.5 Ok\r"))
add("smtp-unknown-user-450", "R5321-3.3-i", "A user who does not exist is refused for now.",
    reply=sub("RCPT", r"\A550 5\.1\.1", "450 4.1.1"))
add("smtp-relay", "R5321-7.9-a", "Mail of strangers is relayed.", reply=sub("RCPT", r"\A550 5\.7\.1.*", "250 2.1.5 Ok\r"))
add("smtp-relay-451", "R5321-3.6.2-a", "Relaying is refused for now.", reply=sub("RCPT", r"\A550 5\.7\.1", "451 4.7.1"))
add("smtp-rcpt-order", "R5321-3.3-b", "RCPT before MAIL is taken.", reply=sub("RCPT", r"\A503.*", "250 2.1.5 Ok\r"))
add("smtp-rcpt-any-syntax", "R5321-4.1.2-g", "RCPT takes every path.", reply=sub("RCPT", r"\A501.*", "250 2.1.5 Ok\r"))
add("smtp-rcpt-parameter", "R5321-4.1.1.3-f", "RCPT takes parameters that nobody knows.",
    reply=sub("RCPT", r"\A555.*", "250 2.1.5 Ok\r"))
add("smtp-rcpt-spoils", "R5321-4.1.1.3-c", "A refused recipient takes the accepted ones along.",
    command=lambda s, c: b"RCPT TO:<nobody-here@example.test>\r\n" if c.verb == "DATA" and s.memo.get("bad") else c.line,
    reply=lambda s, c, d: (s.memo.update(bad=True) if c and c.verb == "RCPT" and d[:1] == b"5" else None, d)[1])
add("smtp-rcpt-last-only", "R5321-4.1.1.3-a", "The last recipient takes the place of those before.",
    command=lambda s, c:
        (s.memo.update(rcpt=c.line), c.line)[1] if c.verb != "RCPT" or "rcpt" not in s.memo or s.memo["rcpt"][:4] != b"RCPT"
    else b"NOOP\r\n")
add("smtp-rcpt-10", "R5321-4.5.3.1.8-a", "More than ten recipients are refused.",
    reply=on("RCPT", lambda s, c, d:
        d if s.memo.update(n=s.memo.get("n", 0) + 1) or s.memo["n"] <= 10 else b"452 4.5.3 Too many\r\n"))
add("smtp-rcpt-limit-550", "R5321-4.5.3.1.10-a", "Too many recipients are refused for good.",
    reply=sub("RCPT", r"\A452 4", "550 5"))
add("smtp-postmaster", "R5321-4.5.1-b", "postmaster is not accepted.",
    reply=sub("RCPT", r"\A250.*", "550 5.1.1 Unknown\r", r"<postmaster"))
add("smtp-postmaster-case", "R5321-2.3.5-b", "postmaster is known in small letters alone.",
    reply=sub("RCPT", r"\A250.*", "550 5.1.1 Unknown\r", r"(?-i:<(?:P|p[a-z]*[A-Z])(?i:[a-z]*master|ostmaster))"))
add("smtp-null-recipient", "R5321-4.1.2-g", "The null path is a recipient.", reply=sub("RCPT", r"\A5.*", "250 2.1.5 Ok\r", r"<>"))

# --- extensions ------------------------------------------------------------------------------------------------

add("smtp-size-declared", "R1870-6-b", "A declared size above the maximum is accepted.",
    command=rewrite("MAIL", r" SIZE=\d+", ""))
add("smtp-size-declared-452", "R1870-6-b", "A declared size above the maximum is refused for now.",
    reply=sub("MAIL", r"\A552 5", "452 4"))
add("smtp-size-sent", "R1870-6.2-b", "A message above the maximum is accepted.", reply=sub(".", r"\A552.*", "250 2.6.0 Ok\r"))
add("smtp-size-syntax", "R1870-4-b", "A malformed size is read over.", reply=sub("MAIL", r"\A501.*", "250 2.1.0 Ok\r", r"SIZE="))
add("smtp-size-twenty-digits", "R1870-4-a", "A size of twenty digits is bad syntax.",
    reply=sub("MAIL", r"\A552 5\.3\.4", "501 5.5.4", r"SIZE=\d{15}"))
add("smtp-size-exact", "R1870-6.3-a", "A message above its declared size is refused.",
    reply=lambda s, c, d:
        b"552 5.3.4 Larger than declared\r\n" if c and c.verb == "." and len(c.line) > s.memo.get("size", 1 << 40) else
    (s.memo.update(size=int(m[1])) if c and c.verb == "MAIL" and (m := re.search(rb"SIZE=(\d{1,8})\b", c.line)) and int(m[1])
    else None, d)[1])
add("smtp-size-zero", "R1870-4-a", "A declared size of 0 is refused.",
    reply=sub("MAIL", r"\A250.*", "501 5.5.4 Bad size\r", r"SIZE=0\b"))
add("smtp-body-unknown", "R6152-3-b", "An unknown value of BODY is accepted.",
    reply=sub("MAIL", r"\A5.*", "250 2.1.0 Ok\r", r"BODY="))
add("smtp-body-8bitmime", "R6152-3-a", "BODY=8BITMIME is refused.", reply=sub("MAIL", r"\A250.*", "555 5.5.4 No\r", r"BODY=8"))
add("smtp-body-case", "R6152-3-g", "The value of BODY is taken in capitals alone.",
    reply=sub("MAIL", r"\A250.*", "501 5.5.4 No\r", r"(?-i:body=|BODY=[0-9]*[a-z])"))
add("smtp-8bit-stripped", "R6152-3-c", "The high bit of message content is lost.",
    raw=lambda s, d: bytes(b & 127 for b in d) if s.state == "content" else d)
add("smtp-dsn-syntax", "R3461-5.1-d", "Malformed NOTIFY, ORCPT, RET and ENVID are taken.",
    reply=sub("MAIL,RCPT", r"\A501.*", "250 2.1.0 Ok\r", r"NOTIFY|ORCPT|RET|ENVID"))
add("smtp-dsn-refused", "R3461-5.1-c", "NOTIFY is refused.", reply=sub("RCPT", r"\A250.*", "501 5.5.4 No\r", r"NOTIFY"))
add("smtp-dsn-mail-refused", "R3461-5.1-a", "ENVID is refused.", reply=sub("MAIL", r"\A250.*", "501 5.5.4 No\r", r"ENVID|RET="))
add("smtp-dsn-sizes", "R3461-5.4-a", "ORCPT above 100 characters is refused.",
    reply=sub("MAIL,RCPT", r"\A250.*", "501 5.5.4 Too long\r", r"(ORCPT|ENVID)=\S{99}"))

# --- content --------------------------------------------------------------------------------------------------

add("smtp-data-order", "R5321-3.3-c", "DATA without a recipient is answered 354.",
    reply=sub("DATA", r"\A(503|554).*", "354 Go\r"))
add("smtp-data-250", "R5321-4.1.1.4-a", "DATA is answered 250.", reply=sub("DATA", r"\A354", "250"))
add("smtp-data-argument", "R5321-4.3.2-b", "DATA takes an argument.", reply=sub("DATA", r"\A501.*", "354 Go\r"))
add("smtp-end-451", "R5321-4.1.1.4-d", "A message that was taken is answered 451.", reply=sub(".", r"\A250 2", "451 4"))
add("smtp-end-354", "R5321-4.3.2-a", "The end of a message is answered 251.", reply=sub(".", r"\A250", "251"))
add("smtp-end-closes", "R5321-3.8-a", "The connection ends behind each message.",
    reply=lambda s, c, d: (setattr(s, "close", True), d)[1] if c and c.verb == "." else d)
add("smtp-end-keeps-buffers", "R5321-4.1.1.4-e", "Behind a message its sender stays: another MAIL is out of order.",
    reply=lambda s, c, d: b"503 5.5.1 Sender given\r\n" if c and c.verb == "MAIL" and s.memo.get("done") else
    (s.memo.update(done=True) if c and c.verb == "." else None, d)[1])
add("smtp-dots-kept", "R5321-4.5.2-a", "Dots that were added are not taken away.",
    raw=lambda s, d: d.replace(b"\r\n..", b"\r\n...") if s.state == "content" else d)
add("smtp-dots-lost", "R5321-4.5.2-a", "One dot too many is taken away.",
    raw=lambda s, d: re.sub(rb"\r\n\.\.(?=[^\r])", b"\r\n", d) if s.state == "content" else d)
add("smtp-lf-dot-lf", "R5321-4.1.1.4-c", "LF dot LF ends a message.",
    raw=lambda s, d: d.replace(b"\n.\n", b"\n.\r\n").replace(b"\n.\r\n", b"\r\n.\r\n").replace(b"\r\r\n", b"\r\n")
        if s.state == "content" else d)
add("smtp-cr-dot-cr", "R5321-4.1.1.4-c", "CR dot CR ends a message.",
    raw=lambda s, d: re.sub(rb"(\r\n?|\n)\.(\r\n?|\n)", b"\r\n.\r\n", d) if s.state == "content" else d)
add("smtp-dot-nul", "R5321-4.1.1.4-c", "A NUL beside the dot is read over.",
    raw=lambda s, d: d.replace(b"\0", b"") if s.state == "content" else d)
add("smtp-bare-lf-content", "R5321-4.1.1.4-b", "A bare LF in a message is a line end.",
    raw=lambda s, d: re.sub(rb"(?<!\r)\n", b"\r\n", d) if s.state == "content" else d)
add("smtp-bare-cr-content", "R5321-2.3.8-a", "A bare CR in a message is lost.",
    raw=lambda s, d: re.sub(rb"\r(?!\n)", b"", d) if s.state == "content" else d)
add("smtp-bare-lf-command", "R5321-2.3.8-a", "A bare LF ends a command.",
    raw=lambda s, d: re.sub(rb"(?<!\r)\n", b"\r\n", d) if s.state == "line" else d)
add("smtp-bare-cr-command", "R5321-2.3.8-a", "A bare CR ends a command.",
    raw=lambda s, d: re.sub(rb"\r(?!\n)(?=.)", b"\r\n", d, flags=re.S) if s.state == "line" else d)
add("smtp-line-1000", "R5321-4.5.3.1.6-a", "Lines of a message are cut at 512 octets.",
    raw=lambda s, d: re.sub(rb"[^\r\n]{512}(?=[^\r\n])", rb"\g<0>" b"\r\n", d) if s.state == "content" else d)
add("smtp-64k", "R5321-4.5.3.1.7-a", "Messages above 32 KiB are refused.",
    reply=lambda s, c, d: b"552 5.3.4 Too big\r\n" if c and c.verb == "." and len(c.line) > 32768 else d)
add("smtp-header-judged", "R5321-3.3-e", "A message without From is refused.",
    reply=lambda s, c, d: b"550 5.6.0 No From\r\n" if c and c.verb == "." and d[:1] == b"2" and b"From:" not in c.line else d)
add("smtp-resent-judged", "R5321-3.3-f", "A message with Resent- fields that do not match is refused.",
    reply=lambda s, c, d: b"550 5.6.0 Resent-\r\n" if c and c.verb == "." and d[:1] == b"2" and b"\r\nResent-" in c.line else d)
add("smtp-loop-taken", "R5321-6.3-a", "A message with any number of Received fields is taken and delivered.",
    command=lambda s, c: re.sub(rb"(?m)^Received:.*\r\n", b"", c.line) if c.verb == "." and c.line.count(b"Received:") > 90 else c.line)
add("smtp-loop-early", "R5321-6.3-b", "Thirty Received fields are taken for a loop.",
    reply=lambda s, c, d: b"554 5.4.6 Loop\r\n" if c and c.verb == "." and c.line.count(b"Received:") > 30 else d)
add("smtp-control-characters", "R5321-4.1.1.4-h", "Control characters in a message are lost.",
    raw=lambda s, d: re.sub(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]", b"", d) if s.state == "content" else d)

# --- TLS and AUTH ---------------------------------------------------------------------------------------------

add("smtp-tls-parameter", "R3207-4-b", "STARTTLS takes a parameter.", command=rewrite("STARTTLS", r"\A.*", "STARTTLS\r\n"))
add("smtp-tls-250", "R3207-4-a", "STARTTLS is answered 250.", reply=sub("STARTTLS", r"\A220", "250"))
add("smtp-tls-listed-again", "R3207-4.2-f", "STARTTLS is listed inside TLS.",
    reply=on("EHLO", lambda s, c, d:
        d if b"STARTTLS" in d else d.replace(b"250-", b"250-STARTTLS\r\n250-", 2).replace(b"250-STARTTLS\r\n", b"", 1)))
add("smtp-tls-again", "R3207-4.2-g", "STARTTLS inside TLS is answered as if it were the first one.",
    reply=sub("STARTTLS", r"\A503.*", "220 2.0.0 Go\r"))
add("smtp-tls-injection", "R3207-4.2-b", "Commands in clear text behind STARTTLS are done inside TLS.",
    command=lambda s, c: c.line, keeps=True)
add("smtp-tls-keeps-ehlo", "R3207-4.2-a", "The EHLO from before TLS holds inside.",
    reply=lambda s, c, d: b"250 2.1.0 Ok\r\n" if c and c.verb == "MAIL" and d[:3] == b"503" and s.memo.get("tls") else
    (s.memo.update(tls=True) if c and c.verb == "STARTTLS" else None, d)[1])
add("smtp-auth-in-clear", "R4954-8-a", "AUTH is listed in clear text.",
    reply=on("EHLO", lambda s, c, d:
        d if b"AUTH" in d else re.sub(rb"\A(.*\r\n)", rb"\1250-AUTH PLAIN LOGIN" b"\r\n", d, count=1)))
add("smtp-auth-not-listed", "R4954-3-a", "AUTH is listed without its mechanisms.",
    reply=sub("EHLO", r"^(250[ -]AUTH).*\r", "\\1\r"))
add("smtp-auth-250", "R4954-4-j", "A login that was right is answered 250.", reply=anywhere(r"\A235", "250"))
add("smtp-auth-enhanced", "R4954-6-b", "A login that was right has enhanced code 2.0.0.",
    reply=anywhere(r"\A235 2\.7\.0", "235 2.0.0"))
add("smtp-auth-anybody", "R4954-4-k", "A wrong password logs in.", reply=anywhere(r"\A535.*", "235 2.7.0 Ok\r"))
add("smtp-auth-wrong-454", "R4954-4-k", "A wrong password is a failure that passes.", reply=anywhere(r"\A535 5", "454 4"))
add("smtp-auth-wrong-code", "R4954-6-b", "A wrong password has enhanced code 5.7.1.",
    reply=anywhere(r"\A535 5\.7\.8", "535 5.7.1"))
add("smtp-auth-mechanism", "R4954-4-b", "An unknown mechanism is answered 501.", reply=sub("AUTH", r"\A504", "501"))
add("smtp-auth-challenge", "R4954-4-e", "Challenges are not in BASE64.", reply=sub("AUTH,AUTH+", r"\A334 .*", "334 Username:\r"))
add("smtp-auth-cancel", "R4954-4-g", "A cancelled exchange is answered 535.",
    reply=on("AUTH+", replace(r"\A501.*", "535 5.7.8 No\r"), r"\A\*\r"))
add("smtp-auth-base64", "R4954-4-f", "What is no BASE64 is answered 535.",
    reply=sub("AUTH,AUTH+", r"\A501.*", "535 5.7.8 No\r", r"\A(?!\*)"))
add("smtp-auth-twice", "R4954-4-c", "A second login is taken.", reply=sub("AUTH", r"\A503.*", "235 2.7.0 Ok\r"))
add("smtp-auth-not-required", "R6409-3.3-a", "Submission needs no login.", reply=sub("MAIL", r"\A530.*", "250 2.1.0 Ok\r"))
add("smtp-auth-parameter", "R4954-3-c", "The AUTH parameter of MAIL is refused.",
    reply=sub("MAIL", r"\A250.*", "555 5.5.4 No\r", r"AUTH="))
add("smtp-auth-bad-parameter", "R4954-5-a", "A malformed AUTH parameter of MAIL is taken.",
    reply=sub("MAIL", r"\A501.*", "250 2.1.0 Ok\r", r"AUTH="))
add("smtp-auth-long-line", "R4954-4-p", "A response above 1000 octets is refused as too long.",
    reply=sub("AUTH+,AUTH", r"\A[25].*", "500 5.5.6 Too long\r", r"\A.{1000}"))
add("smtp-auth-lost", "R4954-4-n", "RSET forgets the login.",
    reply=lambda s, c, d: b"530 5.7.0 Log in\r\n" if c and c.verb == "MAIL" and s.memo.get("rset") and s.number else
    (s.memo.update(rset=True) if c and c.verb == "RSET" else None, d)[1])
