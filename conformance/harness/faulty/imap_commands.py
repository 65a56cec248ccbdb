"""Faults of an IMAP server: tags, states, literals, logins, capabilities, IDLE, what is told of changes."""

import re

from .rule import Table, answer, anywhere, before, both, drop, on, plus, replace, rewrite, sub

TABLE = Table("imap", ("imap",))
add = TABLE.add

TAGGED = r"^([A-Za-z0-9!#$&,./:;<=>?@\[^_`|}~-]+) "
SELECTED = ("SELECT", "EXAMINE")
LOCKED = "CHECK,CLOSE,UNSELECT,EXPUNGE,SEARCH,FETCH,STORE,COPY,UID FETCH,UID STORE,UID COPY,UID SEARCH,UID EXPUNGE,UID"


def tagged(verbs, old, new, line=None):
    """The status word of the tagged reply becomes another one."""
    return sub(verbs, TAGGED + old + r"\b", r"\1 " + new, line)


# --- form -------------------------------------------------------------------------------------------------

add("imap-greeting-bad", "R3501-7.1.5-a", "The greeting is an untagged NO.", reply=sub("greeting", r"\A\* OK", "* NO"))
add("imap-tag-wrong", "R3501-2.2.2-a", "NOOP is answered with another tag.", reply=sub("NOOP", r"\A(?!\*)(\S+) OK", r"\1x OK"))
add("imap-tag-case", "R3501-2.2.2-a", "Tags are answered in capitals.",
    reply=lambda s, c, d: d if d[:1] in b"*+" else d.split(b" ")[0].upper() + d[d.find(b" "):])
add("imap-tag-star", "R3501-2.2.1-a", "Mistakes are answered untagged.", reply=anywhere(r"\A(?![*+])\S+ BAD", "* BAD"))
add("imap-tag-plus", "R3501-2.2.2-b", "A tag with plus is taken.",
    reply=lambda s, c, d: b"* OK\r\n" + (c.tag if c else b"x") + b" OK done\r\n" if c and b"+" in c.tag else d)
add("imap-bare-lf", "R3501-2.2-a", "Tagged replies end with LF alone.",
    reply=sub("NOOP,CHECK,CAPABILITY", r"^(?!\*)(.*)\r\n", "\\1\n"))
add("imap-ok-for-bad", "R3501-2.2.2-b", "Errors of syntax are answered OK.", reply=tagged(None, "BAD", "OK"))
add("imap-no-for-bad", "R3501-2.2.2-b", "Errors of syntax are answered NO.", reply=tagged(None, "BAD", "NO"))
add("imap-bad-for-no", "R3501-2.2.2-b", "What cannot be done is answered BAD.", reply=tagged(None, "NO", "BAD"))
add("imap-ok-for-no", "R3501-2.2.2-b", "What cannot be done is answered OK.", reply=tagged(None, "NO", "OK"))
add("imap-unknown-ok", "R3501-2.2.1-a", "An unknown command is answered OK.",
    reply=lambda s, c, d:
        re.sub(rb"\A(\S+) BAD", rb"\1 OK", d) if c and c.verb in ("XYZZY", "FOO", "NONSENSE", "UNKNOWN", "FETCHALL", "")
        else d)
add("imap-unknown-closes", "R3501-2.2.1-a", "A command that is not understood ends the session.",
    reply=lambda s, c, d: (setattr(s, "close", True), d)[1] if re.match(rb"(?!\*)\S+ BAD", d) else d)
add("imap-case-matters", "R3501-9-h", "Names of commands are taken in capitals alone.",
    command=lambda s, c:
        c.tag + b" X" + c.line[len(c.tag):]
        if re.match(rb"\S+ [A-Za-z]*[a-z]", c.line) and c.verb not in ("piece", "literal", "DONE", "exchange") else c.line)
add("imap-items-case-matter", "R3501-9-h", "Names of items are taken in capitals alone.",
    command=rewrite("FETCH,UID FETCH,STATUS", r"(?-i:\b(flags|uid|internaldate|messages|unseen|recent|uidnext|body)\b)", "x"))
add("imap-two-spaces", "R3501-9-a", "Several blanks between arguments are one.",
    command=lambda s, c: re.sub(rb"  +", b" ", c.line) if c.verb not in ("literal", "exchange") else c.line)
add("imap-trailing-space", "R3501-2.2.2-b", "A blank behind the last argument is read over.",
    command=lambda s, c: re.sub(rb" +\r\n\Z", b"\r\n", c.line) if c.verb not in ("literal", "exchange") else c.line)
add("imap-arguments-ignored", "R3501-2.2.2-b", "Arguments of commands that take none are read over.",
    command=lambda s, c:
        c.tag + b" " + c.verb.encode() + b"\r\n"
        if c.verb in ("NOOP", "CAPABILITY", "CHECK", "CLOSE", "EXPUNGE", "LOGOUT", "NAMESPACE", "UNSELECT", "IDLE") else c.line)
add("imap-argument-missing", "R3501-2.2.2-b", "Commands that lack their argument are answered NO.",
    reply=on("SELECT,EXAMINE,CREATE,DELETE,RENAME,SUBSCRIBE,UNSUBSCRIBE,LIST,LSUB,STATUS,COPY,LOGIN,ID,UID EXPUNGE",
        replace(TAGGED + "BAD", r"\1 NO"), r"\A\S+ (UID )?\S+( \S+)?\r"))
add("imap-empty-line", "R3501-2.2.1-a", "An empty line is read over.",
    raw=lambda s, d: re.sub(rb"(?<![^\n])\r\n", b"", d) if s.state == "line" and not s.heard and not s.open else d)
add("imap-pipelined-lost", "R3501-5.5-b", "What follows a command in the same packet is lost.",
    reply=lambda s, c, d: b"" if c and c in s.memo.setdefault("lost", []) else
    (s.memo["lost"].append(s.queue[0]) if c and c not in s.queue and len(s.queue) > 0 and not s.memo["lost"] else None, d)[1])
add("imap-answers-swapped", "R3501-5.5-a", "Of two commands in one packet the first is answered last.",
    reply=lambda s, c, d:
        s.memo.setdefault("kept", d) and b"" if c and s.queue and d[:1] not in b"*+" and "kept" not in s.memo else
    d + (s.memo.pop("kept", b"") if d[:1] not in b"*+" else b""))
add("imap-quoted-escapes", "R3501-9-b", "Quotes and backslashes are not escaped in what the server says.",
    reply=lambda s, c, d: re.sub(rb'\\(["\\])', rb"\1", d) if d.startswith(b"* ") else d)
add("imap-quoted-read", "R3501-9-b", "A backslash in a quoted string is a character like others.",
    command=rewrite("LOGIN,SELECT,CREATE,LIST,APPEND,SEARCH,STATUS", r'\\(["\\])', r'\\\\\1'))
add("imap-quoted-bad-escape", "R3501-9-b", "Any character may stand behind a backslash.",
    command=lambda s, c:
        re.sub(rb'\\([a-z])(?=[^"\s]*")', rb"\1", c.line)
        if c.verb in ("SELECT", "LOGIN", "LIST", "STATUS", "CREATE", "EXAMINE") else c.line)

# --- literals ---------------------------------------------------------------------------------------------

add("imap-literal-length", "R3501-4.3-b", "The length of a literal is one too few.",
    reply=anywhere(r"\{(\d+)\}\r\n", lambda m: b"{%d}\r\n" % max(0, int(m[1]) - 1)))
add("imap-literal-longer", "R3501-4.3-b", "The length of a literal is one too many.",
    reply=anywhere(r"\{(\d+)\}\r\n", lambda m: b"{%d}\r\n" % (int(m[1]) + 1)))
add("imap-literal-not-asked", "R3501-4.3-c", "A literal is not asked for.",
    reply=lambda s, c, d: b"" if d[:1] == b"+" and c and c.verb not in ("IDLE", "AUTHENTICATE") else d)
add("imap-literal-continuation", "R3501-7.5-a", "The request to go on has no text and no blank.",
    reply=anywhere(r"\A\+ .*", "+\r"))
add("imap-nonsync-asked", "R7888-3-a", "A literal that need not be asked for is asked for.",
    reply=lambda s, c, d:
        b"+ go on\r\n" + d if c and b"+}\r\n" in c.line and not s.memo.update(n=s.memo.get("n", 0) + 1) and s.memo["n"] == 1
        else d)
add("imap-nonsync-text", "R7888-3-a", "{n+} is a mistake.",
    reply=lambda s, c, d: c.tag + b" BAD literal\r\n" if c and b"+}\r\n" in c.line and d[:1] not in b"*+" else d)
add("imap-literal-nul", "R3501-4.3-a", "A NUL in a literal is taken.",
    reply=on("APPEND", lambda s, c, d:
        re.sub(rb"\A(\S+) (NO|BAD).*", rb"\1 OK done" b"\r\n", d, flags=re.S) if b"\0" in c.line else d))

# --- capabilities, states, logins ---------------------------------------------------------------------------

add("imap-capability-rev1", "R3501-6.1.1-b", "IMAP4rev1 is not listed.", reply=sub("CAPABILITY", r" IMAP4rev1\b", ""))
add("imap-capability-untagged", "R3501-6.1.1-a", "CAPABILITY gives no untagged response.",
    reply=drop("CAPABILITY", r"\A\* CAPABILITY"))
add("imap-capability-unregistered", "R3501-7.2.1-a", "A capability of our own is listed.",
    reply=sub("CAPABILITY", r"\A(\* CAPABILITY .*?)\r", "\\1 COURIERX FASTER\r"))
add("imap-capability-literal-minus", "R7888-5-a", "LITERAL- is listed beside LITERAL+.",
    reply=sub("CAPABILITY", r" LITERAL\+", " LITERAL+ LITERAL-"))
for word, row in (("IDLE", "R2177-3-f"), ("NAMESPACE", "R2342-4-a"), ("UIDPLUS", "R4315-2.1-b"), ("CHILDREN", "R3348-3-c"),
("LITERAL+", "R7888-3-b")):
    add(f"imap-capability-{word.lower().rstrip('+')}", row, f"{word} works, and is not listed.",
    reply=sub("CAPABILITY", r" " + re.escape(word) + r"(?=[ \r])", ""))
add("imap-starttls-again", "R3501-6.2.1-b", "STARTTLS is listed under TLS.",
    reply=sub("CAPABILITY", r"\A(\* CAPABILITY (?:(?!STARTTLS).)*?)\r", "\\1 STARTTLS\r"))
add("imap-starttls-taken-again", "R3501-6.2-a", "STARTTLS is answered OK when the client is authenticated.",
    reply=tagged("STARTTLS", "(?:BAD|NO)", "OK"))
add("imap-starttls-injection", "R3501-6.2.1-a", "Commands in clear text behind STARTTLS are done inside TLS.",
    command=lambda s, c: c.line, keeps=True)
add("imap-starttls-argument", "R2595-3.1-c", "STARTTLS takes an argument.",
    command=rewrite("STARTTLS", r"\A(\S+ \S+) .*", r"\1" "\r\n"))
add("imap-login-twice", "R3501-6.2-a", "LOGIN is taken again.", reply=tagged("LOGIN,AUTHENTICATE", "(?:BAD|NO)", "OK"),
    folders=("imap/session",))
add("imap-login-anybody", "R3501-6.2.3-a", "A wrong password logs in.", reply=tagged("LOGIN,AUTHENTICATE", "NO", "OK"))
add("imap-login-code", "R5530-3-a", "A wrong password has no code.",
    reply=sub("LOGIN,AUTHENTICATE", r"\[AUTHENTICATIONFAILED\] ", ""))
add("imap-login-tells", "R3501-11.2-a", "A refused login tells whether there is such a user.",
    reply=on("LOGIN", lambda s, c, d:
        re.sub(rb"NO .*\r", b"NO [NONEXISTENT] No such user\r", d) if b"user1" not in c.line and b"user" not in c.line else d))
add("imap-login-in-clear", "R2595-3.2-b", "LOGIN works without TLS though LOGINDISABLED is said.",
    reply=on("LOGIN,STARTTLS", lambda s, c, d:
    (s.memo.update(tls=True), d)[1] if c.verb == "STARTTLS" else d if s.memo.get("tls") or d[:1] == b"*"
    else c.tag + b" OK in\r\n"))
add("imap-before-login", "R3501-3-a", "Commands are answered OK before the login.",
    reply=on("SELECT,EXAMINE,LIST,LSUB,STATUS,CREATE,APPEND,NAMESPACE,IDLE,DELETE,RENAME",
        replace(TAGGED + "(?:BAD|NO)", r"\1 OK")), folders=("imap/login",))
add("imap-not-selected", "R3501-3-a", "Commands of the selected state are answered OK without a mailbox.",
    reply=on(LOCKED, replace(TAGGED + "(?:BAD|NO)", r"\1 OK")), folders=("imap/session", "imap/close", "imap/select"))
add("imap-authenticate-mechanism", "R3501-6.2.2-a", "A mechanism that is not offered is answered BAD.",
    reply=tagged("AUTHENTICATE", "NO", "BAD"))
add("imap-authenticate-challenge", "R3501-6.2.2-b", "Challenges are not in BASE64.",
    reply=sub("AUTHENTICATE", r"\A\+ .*", "+ Username:\r"))
add("imap-authenticate-cancel", "R3501-6.2.2-c", "A cancelled exchange is answered NO.",
    reply=tagged("AUTHENTICATE", "BAD", "NO"))
add("imap-sasl-ir", "R4959-3-a", "An initial response is a mistake.",
    command=rewrite("AUTHENTICATE", r"\A(\S+ \S+ \S+) \S+", r"\1 x x"))
add("imap-login-quoted", "R3501-6.2.3-a", "LOGIN takes atoms alone.", reply=tagged("LOGIN", "OK", "BAD", r"\""))
add("imap-logout-no-bye", "R3501-6.1.3-a", "LOGOUT is answered without BYE.", reply=drop("LOGOUT", r"\A\* BYE"))
add("imap-logout-stays", "R3501-6.1.3-a", "LOGOUT leaves the connection open.",
    command=answer("LOGOUT", "* BYE bye\r\n%t OK done\r\n"))
add("imap-logout-untagged-only", "R3501-6.1.3-a", "LOGOUT ends the connection behind BYE.",
    reply=on("LOGOUT", lambda s, c, d: (setattr(s, "close", True), d)[1] if d.startswith(b"* BYE") else b""))
add("imap-logout-expunges", "R3501-3-a", "LOGOUT removes deleted messages.",
    command=lambda s, c: b"pq CLOSE\r\n" + c.line if c.verb == "LOGOUT" else c.line,
    reply=lambda s, c, d: b"" if d.startswith(b"pq ") else d)
add("imap-namespace-shape", "R2342-5-a", "NAMESPACE has two lists.",
    reply=sub("NAMESPACE", r"\A(\* NAMESPACE .*) \S+\r", "\\1\r"))
add("imap-namespace-delimiter", "R2342-5-b", "NAMESPACE tells another separator.", reply=sub("NAMESPACE", r'"[./]"', '"|"'))
add("imap-namespace-untagged", "R2342-5-a", "NAMESPACE gives no untagged response.", reply=drop("NAMESPACE", r"\A\* NAMESPACE"))

# --- IDLE and news ------------------------------------------------------------------------------------------

add("imap-idle-no-continuation", "R2177-3-b", "IDLE is not answered by a request to go on.", reply=drop("IDLE", r"\A\+"))
add("imap-idle-done-case", "R2177-3-a", "DONE is taken in capitals alone.",
    command=lambda s, c: b"X\r\n" if c.verb == "DONE" and c.line != b"DONE\r\n" else c.line)
add("imap-idle-any-line", "R2177-3-a", "Any line ends IDLE.", command=lambda s, c: b"DONE\r\n" if c.verb == "DONE" else c.line)
add("imap-idle-no-tagged", "R2177-3-d", "DONE gives no tagged response.", reply=drop("IDLE", r"\A(?![*+])"))
add("imap-idle-silent", "R2177-3-c", "Nothing is told while IDLE goes on.",
    reply=on("IDLE", lambda s, c, d:
        (s.memo.__setitem__("kept", s.memo.get("kept", b"") + d), b"")[1] if d[:1] == b"*" else s.memo.pop("kept", b"") + d))
add("imap-idle-selected-only", "R2177-3-b", "IDLE needs a selected mailbox.",
    reply=on("IDLE,SELECT,EXAMINE", lambda s, c, d: (s.memo.update(sel=True), d)[1] if c.verb != "IDLE" else
             d if s.memo.get("sel") or d[:1] != b"+" else c.tag + b" NO select first\r\n"))
add("imap-exists-lost", "R3501-5.2-a", "New messages are not announced by EXISTS.",
    reply=lambda s, c, d: b"" if re.match(rb"\* \d+ EXISTS", d) and (c is None or c.verb not in SELECTED) else d)
add("imap-exists-number", "R3501-7.3.1-a", "EXISTS tells one message too many.", reply=anywhere(r"\A\* (\d+) EXISTS", plus(1)))
add("imap-exists-decreases", "R3501-7.3.1-a", "Messages that went are told by EXISTS, without EXPUNGE.",
    reply=lambda s, c, d: d if not re.match(rb"\* \d+ EXPUNGE", d) else b"* 0 EXISTS\r\n")
add("imap-recent-lost", "R3501-7.3.2-a", "RECENT is not told.",
    reply=lambda s, c, d: b"" if re.match(rb"\* \d+ RECENT", d) else d)
add("imap-recent-number", "R3501-6.3.1-b", "RECENT counts all messages.", reply=anywhere(r"\A\* (\d+) RECENT", plus(1)))
add("imap-expunge-lost", "R3501-6.4.3-a", "EXPUNGE tells nothing of what went.",
    reply=drop("EXPUNGE,UID EXPUNGE", r"\A\* \d+ EXPUNGE"))
add("imap-expunge-news-lost", "R3501-5.2-a", "What another session removed is not told.",
    reply=lambda s, c, d: b"" if re.match(rb"\* \d+ EXPUNGE", d) and (c is None or "EXPUNGE" not in c.verb) else d)
add("imap-expunge-numbers", "R3501-7.4.1-b", "The numbers of EXPUNGE are those from before it began.",
    reply=lambda s, c, d: d if not (m := re.match(rb"\* (\d+) EXPUNGE", d)) else
    (s.memo.update(n=s.memo.get("n", -1) + 1), b"* %d EXPUNGE\r\n" % (int(m[1]) + s.memo["n"]))[1])
add("imap-expunge-off", "R3501-6.4.3-a", "The number of EXPUNGE is one too many.", reply=anywhere(r"\A\* (\d+) EXPUNGE", plus(1)))
add("imap-expunge-in-fetch", "R3501-7.4.1-a", "EXPUNGE is told while FETCH, STORE and SEARCH are answered.",
    reply=on("FETCH,STORE,SEARCH", lambda s, c, d:
        b"* 1 EXPUNGE\r\n" + d if d[:1] != b"*" and c.verb in ("FETCH", "STORE", "SEARCH") else d),
    folders=("imap/expunge", "imap/store", "imap/search"))
add("imap-expunge-between", "R3501-7.4.1-a", "EXPUNGE is told while no command is in progress.",
    reply=lambda s, c, d: d + b"* 1 EXPUNGE\r\n" if c and c.verb == "NOOP" and d[:1] != b"*" else d,
    folders=("imap/expunge", "imap/news"))
add("imap-expunge-all", "R3501-6.4.3-a", "EXPUNGE removes what has no \\Deleted.",
    command=lambda s, c: b"pq STORE 1:* +FLAGS.SILENT (\\Deleted)\r\n" + c.line if c.verb == "EXPUNGE" else c.line,
    reply=lambda s, c, d: b"" if d.startswith(b"pq ") else d)
add("imap-expunge-keeps", "R3501-6.4.3-a", "EXPUNGE removes nothing.",
    command=answer("EXPUNGE", "%t OK done\r\n", r"\A\S+ EXPUNGE\r"))
add("imap-uid-expunge-all", "R4315-2.1-a", "UID EXPUNGE removes outside its set.",
    command=rewrite("UID EXPUNGE", r"(EXPUNGE) \S+\r", "\\1 1:*\r"))
add("imap-uid-expunge-deleted", "R4315-2.1-a", "UID EXPUNGE removes its set, deleted or not.",
    command=lambda s, c:
        c.line.replace(b" EXPUNGE ", b" STORE ").replace(b"\r\n", b" +FLAGS.SILENT (\\Deleted)\r\n").replace(c.tag, b"pq",
        1) + c.line
    if c.verb == "UID EXPUNGE" and len(c.words) == 4 else c.line, reply=lambda s, c, d: b"" if d.startswith(b"pq ") else d)
add("imap-news-flags-lost", "R3501-5.2-b", "New flags of other sessions are not told.",
    reply=lambda s, c, d:
        b"" if re.match(rb"\* \d+ FETCH \((UID \d+ )?FLAGS \([^)]*\)\)\r\n\Z", d)
        and (c is None or c.verb in ("NOOP", "CHECK", "IDLE")) else d)
add("imap-news-keyword", "R3501-7.2.6-a", "A new keyword is not in FLAGS before it is in FETCH.",
    reply=lambda s, c, d: b"" if d.startswith(b"* FLAGS") and (c is None or c.verb not in SELECTED) else d)
add("imap-close-tells", "R3501-6.4.2-a", "CLOSE tells what it removes.",
    reply=before("CLOSE", r"\A(?!\*)\S+ OK", "* 1 EXPUNGE\r\n"))
add("imap-close-keeps", "R3501-6.4.2-a", "CLOSE removes nothing.", command=rewrite("CLOSE", r" CLOSE", " UNSELECT"))
add("imap-close-stays", "R3501-6.4.2-a", "CLOSE leaves the mailbox selected.",
    command=rewrite("CLOSE", r" CLOSE\r", " EXPUNGE\r"), reply=lambda s, c, d: b"" if d[:1] == b"*" and b"EXPUNGE" in d else d)
add("imap-unselect-removes", "R3691-2-a", "UNSELECT removes deleted messages.",
    command=rewrite("UNSELECT", r" UNSELECT", " CLOSE"))
add("imap-check-silent", "R3501-6.4.1-a", "CHECK is refused.", reply=tagged("CHECK", "OK", "NO"))
add("imap-noop-refused", "R3501-6.1.2-a", "NOOP is answered NO when no mailbox is selected.", reply=tagged("NOOP", "OK", "NO"))
