"""Faults of an IMAP server: SELECT, LIST, STATUS, names of mailboxes, APPEND, COPY, STORE, SEARCH."""

import re

from .rule import Table, answer, anywhere, both, drop, on, plus, replace, rewrite, sub

TABLE = Table("imap", ("imap",))
add = TABLE.add

TAGGED = r"^([A-Za-z0-9!#$&,./:;<=>?@\[^_`|}~-]+) "


def tagged(verbs, old, new, line=None):
    return sub(verbs, TAGGED + old + r"\b", r"\1 " + new, line)


# --- SELECT and EXAMINE --------------------------------------------------------------------------------------

add("imap-uidvalidity-changes", "R3501-2.3.1.1-b", "UIDVALIDITY is another one in each session.",
    reply=lambda s, c, d: re.sub(rb"(UIDVALIDITY )(\d+)", lambda m: m[1] + b"%d" % (int(m[2]) + s.number), d))
add("imap-uidvalidity-missing", "R3501-6.3.1-b", "SELECT does not tell UIDVALIDITY.",
    reply=drop("SELECT,EXAMINE", r"\A\* OK \[UIDVALIDITY"))
add("imap-uidvalidity-same", "R3501-6.3.3-d", "A mailbox made anew has the old UIDVALIDITY and begins with UID 1.",
    reply=lambda s, c, d: re.sub(rb"(UIDVALIDITY )\d+", rb"\g<1>1000", d))
add("imap-uidnext-missing", "R3501-6.3.1-b", "SELECT does not tell UIDNEXT.", reply=drop("SELECT,EXAMINE", r"\A\* OK \[UIDNEXT"))
add("imap-uidnext-low", "R3501-2.3.1.1-c", "UIDNEXT is the UID of the last message.",
    reply=anywhere(r"(?<=UIDNEXT )(\d+)", plus(-1, 1)))
add("imap-uidnext-constant", "R3501-2.3.1.1-c", "UIDNEXT stays when messages come.",
    reply=lambda s, c, d: re.sub(rb"UIDNEXT \d+", lambda m: s.memo.setdefault("next", m[0]), d))
add("imap-uidnext-moves", "R3501-2.3.1.1-c", "UIDNEXT grows whenever it is told.", reply=both(
    lambda s, c, d: (s.memo.update(n=s.memo.get("n", 0) + 1), d)[1] if b"UIDNEXT " in d else d,
    lambda s, c, d: re.sub(rb"(?<=UIDNEXT )\d+", lambda m: b"%d" % (int(m[0]) + s.memo["n"]), d)))
add("imap-uids-change", "R3501-2.3.1.1-e", "UIDs are others in each session.",
    reply=lambda s, c, d: re.sub(rb"(\bUID )(\d+)", lambda m: m[1] + b"%d" % (int(m[2]) + s.number), d) if b" FETCH " in d else d)
add("imap-uids-reused", "R3501-2.3.1.1-a", "UIDs are sequence numbers.",
    reply=lambda s, c, d: re.sub(rb"\A\* (\d+) FETCH \((.*?)UID \d+", rb"* \1 FETCH (\2UID \1", d, flags=re.S))
for word in ("FLAGS", "EXISTS", "RECENT", "PERMANENTFLAGS"):
    add(f"imap-select-{word.lower()}", "R3501-6.3.1-b", f"SELECT does not tell {word}.",
    reply=drop("SELECT,EXAMINE", r"\A\* (OK \[)?(\d+ )?" + word))
add("imap-select-unseen", "R3501-6.3.1-b", "SELECT does not tell UNSEEN.", reply=drop("SELECT,EXAMINE", r"\A\* OK \[UNSEEN"))
add("imap-select-unseen-number", "R3501-6.3.1-b", "UNSEEN of SELECT is the number of messages that are not seen.",
    reply=sub("SELECT,EXAMINE", r"(?<=\[UNSEEN )(\d+)", "1"))
add("imap-select-unseen-zero", "R3501-6.3.1-b", "UNSEEN 0 is told where all are seen.",
    reply=on("SELECT,EXAMINE", lambda s, c, d: (s.memo.update(u=True), d)[1] if b"[UNSEEN" in d else
    b"* OK [UNSEEN 0] none\r\n" + d if d[:1] != b"*" and not s.memo.pop("u", 0) and b" OK" in d else d))
add("imap-select-flags-short", "R3501-7.2.6-a", "FLAGS leaves \\Draft out.",
    reply=sub("SELECT,EXAMINE", r"(\A\* FLAGS .*?) ?\\Draft", r"\1"))
add("imap-select-read-write", "R3501-6.3.1-c", "SELECT does not say READ-WRITE.", reply=sub("SELECT", r"\[READ-WRITE\] ", ""))
add("imap-examine-read-write", "R3501-6.3.2-a", "EXAMINE says READ-WRITE.", reply=sub("EXAMINE", r"READ-ONLY", "READ-WRITE"))
add("imap-examine-writes", "R3501-6.3.2-b", "EXAMINE is SELECT.", command=rewrite("EXAMINE", r" EXAMINE ", " SELECT "),
    reply=sub("EXAMINE", "READ-WRITE", "READ-ONLY"))
add("imap-examine-permanentflags", "R3501-7.1-b", "Behind EXAMINE flags are said to be permanent.",
    reply=sub("EXAMINE", r"\[PERMANENTFLAGS \([^)]*\)\]", r"[PERMANENTFLAGS (\\Deleted \\Seen \\*)]"))
add("imap-permanentflags-star", "R3501-7.1-b", "PERMANENTFLAGS does not say that keywords can be made.",
    reply=sub("SELECT", r" ?\\\*\)\]", ")]"))
add("imap-select-fails-keeps", "R3501-6.3.1-a", "A SELECT that fails leaves the mailbox selected.", reply=both(
    on("SELECT,EXAMINE", lambda s, c, d: (s.memo.update(failed=b" NO" in d), d)[1] if d[:1] != b"*" else d),
    on("FETCH,SEARCH,CHECK,CLOSE,EXPUNGE,STORE", lambda s, c, d:
        re.sub(rb"\A(\S+) BAD", rb"\1 OK", d) if s.memo.get("failed") else d)))
add("imap-select-expunges", "R3501-6.3.1-a", "SELECT of another mailbox removes deleted messages.",
    command=lambda s, c: (b"pq CLOSE\r\n" if s.memo.get("sel") else b"") +
    (s.memo.update(sel=True), c.line)[1] if c.verb == "SELECT" else c.line,
    reply=lambda s, c, d: b"" if d.startswith(b"pq ") else d)
add("imap-select-missing", "R3501-6.3.1-d", "A mailbox that does not exist is empty.", reply=tagged("SELECT,EXAMINE", "NO", "OK"))
add("imap-select-missing-code", "R5530-3-a", "A mailbox that does not exist has no code.",
    reply=sub("SELECT,EXAMINE,STATUS,DELETE,RENAME", r"\[NONEXISTENT\] ", ""))
add("imap-select-bad-arguments", "R3501-2.2.2-b", "SELECT reads over a second argument.",
    command=rewrite("SELECT", r"\A(\S+ SELECT \S+) [^(\r]*\r", "\\1\r"))
add("imap-inbox-case", "R3501-5.1-a", "INBOX is known in capitals alone.",
    command=rewrite("SELECT,EXAMINE,STATUS,LIST,LSUB", r"(?-i:\b(inbox|Inbox|InBox|inBox|iNbOx|INbox|inBOX)\b)", "No-such-box"))
add("imap-names-folded", "R3501-5.1-b", "Names are compared without regard to case.",
    command=lambda s, c: re.sub(rb"(?i)(?<=SELECT )\S+", lambda m: m[0] if b"/" in m[0] else m[0], c.line),
    reply=tagged("SELECT", "NO", "OK", r"[A-Z]{6}"))
add("imap-again-recent", "R3501-6.3.2-b", "EXAMINE takes \\Recent away.",
    reply=on("SELECT", replace(r"\A\* \d+ RECENT", "* 0 RECENT")), folders=("imap/select", "imap/status"))

# --- names, LIST, STATUS -------------------------------------------------------------------------------------

add("imap-list-delimiter", "R3501-5.1.1-a", "LIST tells another separator.",
    reply=sub("LIST,LSUB", r'\A(\* L\w+ \([^)]*\)) "."', r'\1 "|"'))
add("imap-list-no-delimiter", "R3501-7.2.2-a", "LIST tells NIL as the separator.",
    reply=sub("LIST", r'\A(\* L\w+ \([^)]*\)) "."', r"\1 NIL"))
add("imap-list-attributes-plain", "R3501-7.2.2-a", "Attributes have no backslash.", reply=sub("LIST", r"\\(Has|No)", r"\1"))
add("imap-list-name-only", "R3501-7.2.2-a", "LIST leaves the attributes out.",
    reply=sub("LIST", r"\A(\* LIST) \([^)]*\)", r"\1 ()"))
add("imap-list-children", "R3348-3-b", "Every mailbox is said to have children.",
    reply=sub("LIST", r"\\HasNoChildren", r"\\HasChildren"))
add("imap-list-no-children", "R3348-3-b", "No mailbox is said to have children.",
    reply=sub("LIST", r"\\HasChildren", r"\\HasNoChildren"))
add("imap-list-both-children", "R3348-3-a", "HasChildren and HasNoChildren stand together.",
    reply=sub("LIST", r"\\HasChildren", r"\\HasChildren \\HasNoChildren"))
add("imap-list-noselect-lost", "R3501-7.2.2-c", "A level that cannot be selected has no Noselect.",
    reply=sub("LIST,LSUB", r"\\Noselect ?", ""))
add("imap-list-noselect", "R3501-7.2.2-c", "Every mailbox has Noselect.",
    reply=sub("LIST,LSUB", r"\A(\* L\w+ \()", r"\1\\Noselect "))
add("imap-list-marked", "R3501-7.2.2-b", "Levels that cannot be selected have Marked.",
    reply=sub("LIST,LSUB", r"\\Noselect", r"\\Noselect \\Marked"))
add("imap-list-percent", "R3501-6.3.8-d", "% is as *.", command=rewrite("LIST", r"%", "*"))
add("imap-list-star", "R3501-6.3.8-c", "* is as %.", command=rewrite("LIST,LSUB", r"\*", "%"))
add("imap-list-no-wildcards", "R3501-6.3.8-d", "% is a character like others.", command=rewrite("LIST", r"%", "Z"))
add("imap-list-more", "R3501-6.3.8-f", "LIST shows names that do not match.",
    reply=on("LIST", lambda s, c, d: b'* LIST () "." Unasked\r\n' + d if d[:1] != b"*" else d))
add("imap-list-inbox", "R3501-6.3.8-e", "LIST does not show INBOX.",
    reply=on("LIST", lambda s, c, d: b"" if re.search(rb'"?INBOX"?\r\n\Z', d) else d))
add("imap-list-reference", "R3501-6.3.8-a", "LIST does not look at the reference.",
    command=rewrite("LIST", r'( LIST )(?:"[^"]+"|[^" ]+) (?!""\r)', r'\1"" '))
add("imap-list-reference-front", "R3501-6.3.8-g", "LIST leaves the reference off the names.", reply=on("LIST", lambda s, c, d:
    d.replace(m[1], b"") if (m := re.search(rb' LIST "?([^" ]+)"? ', c.line)) and d[:1] == b"*" else d))
add("imap-list-empty", "R3501-6.3.8-b", "LIST with an empty pattern shows nothing.",
    reply=on("LIST", lambda s, c, d: b"" if d[:1] == b"*" else d, r'""\r'))
add("imap-list-empty-noselect", "R3501-6.3.8-b", "LIST with an empty pattern shows no Noselect.",
    reply=on("LIST", replace(r"\\Noselect", ""), r'""\r'))
add("imap-lsub-all", "R3501-6.3.9-b", "LSUB is LIST.", command=rewrite("LSUB", r" LSUB ", " LIST "),
    reply=sub("LSUB", r"\A\* LIST", "* LSUB"))
add("imap-lsub-percent", "R3501-6.3.9-a", "LSUB with % does not show the level above.",
    reply=on("LSUB", lambda s, c, d: b"" if b"\\Noselect" in d else d))
add("imap-lsub-noselect-lost", "R3501-6.3.9-a", "The level above has no Noselect in LSUB.", reply=sub("LSUB", r"\\Noselect", ""))
add("imap-lsub-twice", "R3501-6.3.9-a", "The level above is shown for each name below it.",
    reply=on("LSUB", lambda s, c, d: d + d if d[:1] == b"*" else d))
add("imap-subscribe-lost", "R3501-6.3.6-a", "SUBSCRIBE does nothing.",
    command=answer("SUBSCRIBE", "%t OK done\r\n", r"SUBSCRIBE \S"))
add("imap-unsubscribe-lost", "R3501-6.3.7-a", "UNSUBSCRIBE does nothing.",
    command=answer("UNSUBSCRIBE", "%t OK done\r\n", r"SUBSCRIBE \S"))
add("imap-delete-unsubscribes", "R3501-6.3.6-b", "DELETE takes the subscription away.",
    command=lambda s, c: c.line.replace(c.tag, b"pq", 1).replace(b"DELETE", b"UNSUBSCRIBE") + c.line
    if c.verb == "DELETE" and len(c.words) > 2 else c.line, reply=lambda s, c, d: b"" if d.startswith(b"pq ") else d)
add("imap-create-lost", "R3501-6.3.3-b", "CREATE does nothing.", command=answer("CREATE", "%t OK done\r\n", r"CREATE \S"))
add("imap-create-exists", "R3501-6.3.3-b", "CREATE of what exists is OK.", reply=tagged("CREATE", "NO", "OK"))
add("imap-create-exists-code", "R5530-3-a", "CREATE of what exists has no code.",
    reply=sub("CREATE,RENAME", r"\[ALREADYEXISTS\] ", ""))
add("imap-create-levels", "R3501-6.3.3-c", "CREATE does not make the levels above.",
    reply=on("LIST", lambda s, c, d: b"" if b"\\HasChildren" in d else d), folders=("imap/create", "imap/rename"))
add("imap-create-trailing", "R3501-6.3.3-a", "CREATE refuses a separator at the end of a name.",
    reply=tagged("CREATE", "OK", "NO", r'[./]"?\r'))
add("imap-delete-lost", "R3501-6.3.4-a", "DELETE does nothing.", command=answer("DELETE", "%t OK done\r\n", r"DELETE \S"))
add("imap-delete-inbox", "R3501-6.3.4-a", "DELETE of INBOX is OK.", reply=tagged("DELETE", "NO", "OK", r"INBOX"))
add("imap-delete-missing", "R3501-6.3.4-a", "DELETE of what does not exist is OK.", reply=tagged("DELETE", "NO", "OK"))
add("imap-rename-copies", "R3501-6.3.5-c", "RENAME leaves the old name.", reply=on("RENAME", lambda s, c, d: d),
    command=lambda s, c: re.sub(rb" RENAME (\S+) (\S+)\r", rb" CREATE \2" b"\r", c.line) if c.verb == "RENAME" else c.line)
add("imap-rename-children", "R3501-6.3.5-b", "RENAME leaves the names below behind.",
    reply=on("LIST,STATUS,SELECT", lambda s, c, d: d), command=lambda s, c:
    re.sub(rb" RENAME (\S+) (\S+)\r", rb" RENAME \1 \2x" b"\r", c.line) if c.verb == "RENAME" else c.line)
add("imap-rename-missing", "R3501-6.3.5-c", "RENAME of what does not exist is OK.", reply=tagged("RENAME", "NO", "OK"))
add("imap-selected-in-use", "R5530-3-d", "A mailbox in use can be renamed and deleted.",
    reply=sub("RENAME,DELETE", TAGGED + r"NO \[INUSE\]", r"\1 OK"))
add("imap-utf7-8bit", "R3501-5.1-c", "8-bit characters are taken in names.",
    reply=on("CREATE", replace(TAGGED + "(NO|BAD)", r"\1 OK"), r"[\x80-\xff]"))
add("imap-utf7-any", "R3501-5.1.3-d", "Names that are no modified UTF-7 are taken.",
    reply=on("CREATE", replace(TAGGED + "(NO|BAD)", r"\1 OK"), r"&"))
add("imap-utf7-good-refused", "R3501-5.1.3-e", "Names in modified UTF-7 are refused.",
    reply=on("CREATE", replace(TAGGED + "OK", r"\1 NO"), r"&[A-Za-z0-9+,]+-"))
add("imap-utf7-case", "R3501-5.1.3-e", "The encoded part of a name is compared without regard to case.",
    reply=tagged("SELECT,STATUS,EXAMINE", "NO", "OK", r"&[A-Za-z0-9+,]+-"))
add("imap-name-space", "R3501-5.1.1-a", "A name with a blank is not quoted.",
    reply=sub("LIST,LSUB,STATUS", r'"([^"]* [^"]*)"(?=[\r ])', r"\1"))
add("imap-status-number", "R3501-6.3.10-b", "STATUS counts one message too few.",
    reply=sub("STATUS", r"(?<=MESSAGES )(\d+)", plus(-1, 1)))
add("imap-status-unseen", "R3501-6.3.10-b", "UNSEEN of STATUS is the number of messages.",
    reply=sub("STATUS", r"(?<=UNSEEN )(\d+)", plus(1, 1)))
add("imap-status-recent", "R3501-6.3.10-b", "RECENT of STATUS is 0.", reply=sub("STATUS", r"(?<=RECENT )(\d+)", "0"))
add("imap-status-more", "R3501-6.3.10-b", "STATUS answers what was not asked for.",
    reply=sub("STATUS", r"\A(\* STATUS .*)\)\r", "\\1 X-SIZE 1 MESSAGES 0)\r"))
add("imap-status-item", "R3501-6.3.10-b", "STATUS leaves UIDVALIDITY out.", reply=sub("STATUS", r" ?UIDVALIDITY \d+", ""))
add("imap-status-untagged", "R3501-7.2.4-a", "STATUS gives no untagged response.", reply=drop("STATUS", r"\A\* STATUS"))
add("imap-status-stale", "R3501-6.3.10-b", "STATUS answers what it answered first.",
    reply=on("STATUS", lambda s, c, d: s.memo.setdefault(c.line[len(c.tag):], d) if d[:1] == b"*" else d))
add("imap-status-selects", "R3501-6.3.10-a", "STATUS selects its mailbox.",
    command=lambda s, c: (b"pq EXAMINE " + c.words[2] + b"\r\n" + c.line) if c.verb == "STATUS" and len(c.words) > 3 else c.line,
    reply=lambda s, c, d: b"" if d.startswith(b"pq ") or c and c.verb == "STATUS" and re.match(rb"\* (\d|OK|FLAGS)", d) else d)

# --- APPEND, COPY --------------------------------------------------------------------------------------------

add("imap-appenduid-missing", "R4315-3-b", "APPEND has no APPENDUID.", reply=sub("APPEND", r"\[APPENDUID [^\]]*\] ", ""))
add("imap-appenduid-wrong", "R4315-3-b", "APPENDUID tells the next UID.",
    reply=sub("APPEND", r"(?<=\[APPENDUID )(\d+) (\d+)", plus(1, 2)))
add("imap-appenduid-validity", "R4315-3-b", "APPENDUID tells another UIDVALIDITY.",
    reply=sub("APPEND", r"(?<=\[APPENDUID )(\d+)", plus(1, 1)))
add("imap-append-exists", "R3501-6.3.11-d", "APPEND to the selected mailbox is not told by EXISTS.",
    reply=drop("APPEND", r"\A\* \d+ EXISTS"))
add("imap-append-flags", "R3501-6.3.11-b", "APPEND forgets flags.",
    command=rewrite("APPEND", r"( APPEND (?:\"[^\"]*\"|\S+)) \([^)]*\)", r"\1"))
add("imap-append-date", "R3501-6.3.11-b", "APPEND forgets the date.",
    command=rewrite("APPEND", r' "[ 0-3]\d-...-\d{4} [^"]*"', ""))
add("imap-append-bad-date", "R3501-9-f", "A date that is none is read over.", reply=tagged("APPEND", "BAD", "OK"))
add("imap-append-trycreate", "R3501-6.3.11-c", "TRYCREATE is not said.",
    reply=sub("APPEND,COPY,UID COPY", r"\[TRYCREATE\]", "[NONEXISTENT]"))
add("imap-append-recent", "R3501-2.3.2-a", "\\Recent can be appended.", reply=tagged("APPEND", "BAD", "OK", r"Recent"))
add("imap-append-garbage", "R3501-2.2.2-b", "What stands behind the message is read over.",
    command=lambda s, c: b"\r\n" if c.verb == "piece" and s.queue and s.queue[-1].verb == "APPEND" else c.line)
add("imap-append-kept", "R3501-6.3.11-a", "A message that was refused is kept all the same.",
    reply=on("APPEND,STATUS,SELECT", lambda s, c, d: d), command=lambda s, c:
    c.line if c.verb != "literal" else c.line.replace(b"\0", b"x"))
add("imap-append-lines", "R3501-6.3.11-b", "APPEND loses the last line end of the message.",
    command=lambda s, c:
        c.line[:-2] + b"  "
        if c.verb == "literal" and c.line.endswith(b"\r\n") and b"APPEND" in (s.open.line if s.open else b"") else c.line)
add("imap-copyuid-missing", "R4315-3-c", "COPY has no COPYUID.", reply=sub("COPY,UID COPY", r"\[COPYUID [^\]]*\] ", ""))
add("imap-copyuid-swapped", "R4315-3-c", "COPYUID tells the new UIDs before the old ones.",
    reply=sub("COPY,UID COPY", r"\[COPYUID (\d+) (\S+) (\S+)\]", r"[COPYUID \1 \3 \2]"))
add("imap-copyuid-range", "R4315-3-e", "COPYUID writes one number as a range.",
    reply=sub("COPY,UID COPY", r"\[COPYUID (\d+) (\d+) (\d+)\]", r"[COPYUID \1 \2:\2 \3:\3]"))
add("imap-copyuid-nothing", "R4315-3-d", "COPYUID is said though nothing was copied.",
    reply=on("UID COPY", lambda s, c, d: d if b"COPYUID" in d else re.sub(rb"\A(\S+ OK) ", rb"\1 [COPYUID 1 1 1] ", d)))
add("imap-copy-flags", "R3501-6.4.7-b", "Copies have no flags.",
    reply=on("FETCH,COPY,UID COPY", lambda s, c, d: (s.memo.update(copied=True), d)[1] if "COPY" in c.verb else
    re.sub(rb"FLAGS \([^)]*\)", b"FLAGS ()", d) if s.memo.get("copied") else d), folders=("imap/copy",))
add("imap-copy-moves", "R3501-6.4.7-b", "COPY takes the messages out of the source.",
    command=lambda s, c:
        c.line + b"pq UID STORE 1:* +FLAGS.SILENT (\\Deleted)\r\npq EXPUNGE\r\n" if c.verb == "COPY" and len(c.words) > 3
        else c.line,
    reply=lambda s, c, d: b"" if d.startswith(b"pq ") or (c and c.verb == "pq") else d, folders=("imap/copy",))
add("imap-copy-nothing", "R3501-6.4.7-b", "COPY copies nothing.",
    command=answer("COPY,UID COPY", "%t OK done\r\n", r"COPY [0-9:*,]+ \S"))
add("imap-copy-date", "R3501-6.4.7-b", "Copies have the present as their date.",
    reply=on("FETCH,COPY,UID COPY", lambda s, c, d: (s.memo.update(copied=True), d)[1] if "COPY" in c.verb else
    re.sub(rb'INTERNALDATE "[^"]*"', b'INTERNALDATE "22-Nov-2026 00:00:00 +0000"', d) if s.memo.get("copied") else d),
    folders=("imap/copy",))
add("imap-copy-too-high", "R3501-9-d", "COPY of a number that does not exist is OK.", reply=tagged("COPY", "BAD", "OK"))

# --- STORE -----------------------------------------------------------------------------------------------------

add("imap-store-silent", "R3501-6.4.6-c", "STORE with .SILENT tells the flags.",
    command=rewrite("STORE,UID STORE", r"FLAGS\.SILENT", "FLAGS"))
add("imap-store-always-silent", "R3501-6.4.6-b", "STORE does not tell the new flags.",
    reply=drop("STORE,UID STORE", r"\A\* \d+ FETCH"))
add("imap-store-add-replaces", "R3501-6.4.6-a", "+FLAGS replaces all flags.",
    command=rewrite("STORE,UID STORE", r" \+FLAGS", " FLAGS"))
add("imap-store-remove-adds", "R3501-6.4.6-a", "-FLAGS adds.", command=rewrite("STORE,UID STORE", r" -FLAGS", " +FLAGS"))
add("imap-store-replace-adds", "R3501-6.4.6-a", "FLAGS adds.", command=rewrite("STORE,UID STORE", r" FLAGS", " +FLAGS"))
add("imap-store-recent", "R3501-2.3.2-a", "\\Recent can be stored.", reply=tagged("STORE,UID STORE", "BAD", "OK", r"Recent"))
add("imap-store-unknown-flag", "R3501-2.3.2-b", "A system flag that nobody knows is stored.",
    reply=tagged("STORE", "(?:BAD|NO)", "OK", r"\\(?!Recent)"))
add("imap-store-keyword", "R3501-2.3.2-b", "Keywords are not stored.",
    reply=lambda s, c, d: re.sub(rb"(?<=FLAGS \()[^)]*", lambda m: b" ".join(w for w in m[0].split() if w[:1] == b"\\"), d))
add("imap-store-not-kept", "R3501-6.4.6-a", "Flags are gone in the next session.", command=lambda s, c: c.line,
    reply=lambda s, c, d: re.sub(rb"FLAGS \([^)]*\)", b"FLAGS ()", d)
    if c and c.verb == "FETCH" and s.number > 1 and not s.memo.get("stored")
    else (s.memo.update(stored=True) if c and "STORE" in c.verb else None, d)[1], folders=("imap/store",))
add("imap-store-uid", "R3501-6.4.8-b", "UID STORE tells no UID.", reply=sub("UID STORE", r"UID \d+ ?", ""))
add("imap-store-uid-missing", "R3501-6.4.8-a", "A UID that does not exist is a mistake.",
    reply=lambda s, c, d: d if not (c and c.verb.startswith("UID ") and d[:1] != b"*" and re.search(rb"[0-9]{5}|:", c.line)
    and not s.memo.pop("any", 0)) else re.sub(rb"\A(\S+) OK", rb"\1 NO", d))
add("imap-set-reversed", "R3501-9-c", "A range whose first number is the greater one is empty.",
    command=lambda s, c:
        re.sub(rb"(?<= )(\d+):(\d+)(?= )", lambda m: m[0] if int(m[1]) <= int(m[2]) else b"0", c.line)
        if c.verb in ("FETCH", "STORE", "COPY", "UID FETCH", "UID STORE", "SEARCH") else c.line)
add("imap-set-zero", "R3501-9-d", "0 is the first message.",
    command=lambda s, c:
        re.sub(rb"(?<=(?:ORE|TCH|OPY) )0(?= )", b"1", c.line) if c.verb in ("FETCH", "STORE", "COPY") else c.line)
add("imap-set-too-high", "R3501-9-d", "Numbers above the last message are read over.",
    reply=tagged("FETCH,STORE,COPY", "BAD", "OK", r"\A\S+ \S+ \d+ "))
add("imap-set-star", "R3501-2.3.1.2-a", "The star is the first message.",
    command=lambda s, c: re.sub(rb"(?<= )\*(?= )", b"1", c.line) if c.verb in ("FETCH", "STORE", "COPY", "SEARCH") else c.line)
add("imap-set-star-range", "R3501-2.3.1.2-a", "A range to the star has the first of its messages alone.",
    command=lambda s, c:
        re.sub(rb"(?<= )(\d+):\*(?=[ \r])", rb"\1", c.line)
        if c.verb in ("FETCH", "STORE", "COPY", "UID FETCH", "UID STORE", "SEARCH") else c.line)
add("imap-set-first", "R3501-2.3.1.2-a", "Of a set with commas the first is taken alone.",
    command=lambda s, c:
        re.sub(rb"(?<= )(\d+(?::\d+)?)(,[0-9:*]+)+(?= )", rb"\1", c.line)
        if c.verb in ("FETCH", "STORE", "COPY", "UID FETCH", "UID STORE") else c.line)

# --- SEARCH ----------------------------------------------------------------------------------------------------

add("imap-search-one-lost", "R3501-6.4.4-a", "SEARCH leaves the last message found out.",
    reply=sub("SEARCH,UID SEARCH", r"\A(\* SEARCH(?: \d+)*) \d+\r", "\\1\r"))
add("imap-search-one-more", "R3501-6.4.4-a", "SEARCH finds message 1 always.",
    reply=sub("SEARCH", r"\A\* SEARCH(?! 1\b)", "* SEARCH 1"))
add("imap-search-all", "R3501-6.4.4-a", "SEARCH finds every message.",
    command=rewrite("SEARCH", r" SEARCH (?:CHARSET \S+ )?(?!NONSENSE).*\r\n", " SEARCH ALL\r\n"))
add("imap-search-untagged", "R3501-6.4.4-t", "A SEARCH that finds nothing gives no untagged response.",
    reply=drop("SEARCH,UID SEARCH", r"\A\* SEARCH\r"))
add("imap-search-commas", "R3501-7.2.5-a", "The numbers of SEARCH have commas.", reply=sub("SEARCH", r"(?<=\d) (?=\d)", ","))
add("imap-search-uid", "R3501-6.4.4-h", "UID SEARCH lists sequence numbers.",
    command=rewrite("UID SEARCH", r" UID SEARCH", " SEARCH"))
add("imap-search-or", "R3501-6.4.4-r", "OR is AND.", command=rewrite("SEARCH", r" OR ", " "))
add("imap-search-not", "R3501-6.4.4-r", "NOT is read over.", command=rewrite("SEARCH", r"\bNOT ", ""))
add("imap-search-group", "R3501-6.4.4-r", "Parentheses are read over.", command=rewrite("SEARCH", r"NOT \(([^()]*)\)", r"NOT \1"))
for one, other, row, wrong in (
        ("ANSWERED", "FLAGGED", "R3501-6.4.4-p", "ANSWERED looks for \\Flagged."),
        ("DELETED", "DRAFT", "R3501-6.4.4-p", "DELETED looks for \\Draft."),
        ("DRAFT", "SEEN", "R3501-6.4.4-p", "DRAFT looks for \\Seen."),
        ("FLAGGED", "ANSWERED", "R3501-6.4.4-p", "FLAGGED looks for \\Answered."),
        ("SEEN", "ANSWERED", "R3501-6.4.4-p", "SEEN looks for \\Answered."),
        ("UNANSWERED", "ANSWERED", "R3501-6.4.4-p", "UNANSWERED is ANSWERED."),
        ("UNDELETED", "DELETED", "R3501-6.4.4-p", "UNDELETED is DELETED."),
        ("UNDRAFT", "DRAFT", "R3501-6.4.4-p", "UNDRAFT is DRAFT."),
        ("UNFLAGGED", "FLAGGED", "R3501-6.4.4-p", "UNFLAGGED is FLAGGED."),
        ("UNSEEN", "SEEN", "R3501-6.4.4-p", "UNSEEN is SEEN."),
        ("NEW", "RECENT", "R3501-6.4.4-o", "NEW is RECENT."), ("OLD", "SEEN", "R3501-6.4.4-o", "OLD is SEEN."),
        ("UNKEYWORD", "KEYWORD", "R3501-6.4.4-q", "UNKEYWORD is KEYWORD."),
        ("BODY", "TEXT", "R3501-6.4.4-m", "BODY is TEXT."), ("TEXT", "BODY", "R3501-6.4.4-m", "TEXT is BODY."),
        ("TO", "CC", "R3501-6.4.4-k", "TO looks into Cc."),
        ("CC", "TO", "R3501-6.4.4-k", "CC looks into To."), ("BCC", "TO", "R3501-6.4.4-k", "BCC looks into To."),
        ("FROM", "TO", "R3501-6.4.4-k", "FROM looks into To."),
        ("BEFORE", "SINCE", "R3501-6.4.4-i", "BEFORE is SINCE."), ("SINCE", "ON", "R3501-6.4.4-i", "SINCE is ON."),
        ("ON", "SENTON", "R3501-6.4.4-i", "ON looks into Date."),
        ("SENTON", "ON", "R3501-6.4.4-j", "SENTON compares the arrival."),
        ("SENTBEFORE", "BEFORE", "R3501-6.4.4-j", "SENTBEFORE compares the arrival."),
        ("SENTSINCE", "SINCE", "R3501-6.4.4-j", "SENTSINCE compares the arrival."),
        ("LARGER", "SMALLER", "R3501-6.4.4-n", "LARGER is SMALLER.")):
    add(f"imap-search-{one.lower()}-{other.lower()}", row, wrong, command=rewrite("SEARCH", rf"(?<=[ (]){one}(?=[ )\r])", other),
    folders=("imap/search",))
add("imap-search-keyword", "R3501-6.4.4-q", "KEYWORD finds every message.", command=rewrite("SEARCH", r"\bKEYWORD \S+\b", "ALL"),
    folders=("imap/search",))
add("imap-search-larger-equal", "R3501-6.4.4-n", "LARGER finds what is as large.",
    command=rewrite("SEARCH", r"\bLARGER (\d+)", plus(-1)), folders=("imap/search",))
add("imap-search-smaller-equal", "R3501-6.4.4-n", "SMALLER finds what is as small.",
    command=rewrite("SEARCH", r"\bSMALLER (\d+)", plus(1)), folders=("imap/search",))
add("imap-search-header-name", "R3501-6.4.4-l", "HEADER looks into Subject.",
    command=rewrite("SEARCH", r"\bHEADER \S+", "HEADER Subject"), folders=("imap/search",))
add("imap-search-header-empty", "R3501-6.4.4-l", "HEADER with an empty string finds every message.",
    command=rewrite("SEARCH", r'\bHEADER \S+ ""', "ALL"), folders=("imap/search",))
add("imap-search-case", "R3501-6.4.4-g", "Strings are compared with regard to case.",
    command=lambda s, c:
        re.sub(rb'\b(FROM |BODY |TEXT |SUBJECT |TO )("?)([A-Z]{2,}|[a-z]+[A-Z]\w*)', rb"\1\2zzz\3", c.line)
        if c.verb == "SEARCH" else c.line, folders=("imap/search",))
add("imap-search-whole-word", "R3501-6.4.4-g", "Strings match whole fields alone.",
    reply=on("SEARCH", replace(r"\A\* SEARCH .*", "* SEARCH\r"), r" (SUBJECT|FROM|TO|CC|BCC) "), folders=("imap/search",))
add("imap-search-charset-unknown", "R3501-6.4.4-e", "A charset that is not known is answered BAD.",
    reply=tagged("SEARCH,UID SEARCH", "NO", "BAD", "CHARSET"))
add("imap-search-badcharset", "R3501-6.4.4-f", "BADCHARSET is not said.",
    reply=sub("SEARCH,UID SEARCH", r"\[BADCHARSET[^\]]*\] ", ""))
add("imap-search-us-ascii", "R3501-6.4.4-d", "US-ASCII is an unknown charset.",
    command=rewrite("SEARCH", r"CHARSET (\"?)US-ASCII", r"CHARSET \1X-ASCII"))
add("imap-search-utf8", "R3501-6.4.4-c", "Strings in UTF-8 find nothing.",
    reply=on("SEARCH", replace(r"\A\* SEARCH .*", "* SEARCH\r"), r"CHARSET (\"?)UTF-8"))
add("imap-search-charset-ignored", "R3501-6.4.4-c", "The charset of the strings is taken for US-ASCII.",
    reply=on("SEARCH", replace(r"\A\* SEARCH .*", "* SEARCH\r"), r"[\x80-\xff]|\{"), folders=("imap/search",))
add("imap-search-mistake", "R3501-6.4.4-s", "Mistakes in keys are answered NO.", reply=tagged("SEARCH,UID SEARCH", "BAD", "NO"))
add("imap-search-text-nothing", "R3501-6.4.4-m", "Searches in texts find nothing.",
    reply=on("SEARCH", replace(r"\A\* SEARCH .*", "* SEARCH\r"), r"\b(BODY|TEXT) "))
add("imap-search-field-nothing", "R3501-6.4.4-k", "Searches in fields find nothing.",
    reply=on("SEARCH", replace(r"\A\* SEARCH .*", "* SEARCH\r"), r"\b(FROM|TO|CC|BCC|SUBJECT|HEADER) "))
add("imap-search-text-all", "R3501-6.4.4-m", "Searches in texts find every message.",
    command=rewrite("SEARCH", r"\b(BODY|TEXT) (\"[^\"]*\"|[^\s{]+)", "ALL"), folders=("imap/search",))
add("imap-search-date-off", "R3501-6.4.4-i", "Dates are compared one day too late.",
    command=rewrite("SEARCH", r"\b((?:SENT)?(?:ON|SINCE|BEFORE) \"?)(\d+)(?=-)", plus(1, 2)), folders=("imap/search",))
