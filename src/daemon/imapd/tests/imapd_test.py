"""imapd as a worker: every command over a real Maildir, sessions that see each other, foreign programs beside it."""
import os
import re
import subprocess
import sys
import time

from mailworld import PATIENCE, World, check, run, same, wait_for
from wire import Imap, flags_of, literal

BUILD = sys.argv[1]
with open(os.path.join(BUILD, "src/daemon/imapd/imapd"), "rb") as program:
    SANITIZED = b"__asan_init" in program.read()  # its memory says nothing of ours
SIMPLE = b"From: a@example.test\nTo: b@example.test\nSubject: one\nDate: Mon, 7 Feb 1994 21:52:25 -0800\n" \
         b"Message-ID: <1@example.test>\n\nhello\nworld\n"
PARTS = b"From: a@example.test\r\nSubject: =?utf-8?Q?gr=C3=BCn?=\r\nMIME-Version: 1.0\r\n" \
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\nfore\r\n' \
        b"--x\r\nContent-Type: text/plain\r\n\r\npart one\r\n" \
        b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nX-A: b\r\n\r\ninner text\r\n" \
        b"--x--\r\n"


def wire_of(text):
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def make(**how):
    return World(BUILD, "imapd", "imap", **how)


def login(w, **how):
    how.setdefault("tag", "a1")
    k = Imap(w.session(**how))
    r = k.response()
    check(r.startswith(how["tag"].encode() + b" OK"), "login is answered by the worker: %r" % r)
    return k


def selected(w, folder=b"INBOX", **how):
    k = login(w, **how)
    k.ok(b"SELECT " + folder)
    return k


def exists(untagged):
    found = [int(m.group(1)) for m in (re.match(rb"\* (\d+) EXISTS", u) for u in untagged) if m]
    return found[-1] if found else None


def await_exists(k, n):
    """Reads untagged responses of an IDLE until n exist."""
    while True:
        m = re.match(rb"\* (\d+) EXISTS", k.response())
        if m and int(m.group(1)) >= n:
            return


# ---- sessions ----

def test_login(w):
    k = Imap(w.session(tag="x9", unread=b"a NOOP\r\nb CAPABI"))
    k.s.sendall(b"LITY\r\n")
    check(k.response().startswith(b"x9 OK"), "the tag of LOGIN")
    check(k.response().startswith(b"a OK"), "what came with the hand-over is read first")
    said = k.response()
    check(said.startswith(b"* CAPABILITY IMAP4rev1") and b"AUTH=" not in said, said)
    check(k.response().startswith(b"b OK"), "cut inside a line")
    r, untagged = k.any(b"LOGOUT")
    check(r.startswith(b"OK") and untagged[0].startswith(b"* BYE"), "LOGOUT")
    wait_for("the log", lambda: w.log("INFO: LOGOUT, user=u, ip=[127.0.0.1], port=[1234], headers=0, body=0, rcvd="))
    check(w.log("INFO: LOGIN, user=u, ip=[127.0.0.1], port=[1234], protocol=IMAP"), "LOGIN in the log")
    k = Imap(w.session())
    check(k.response().startswith(b"* PREAUTH"), "without a tag")
    k.close()
    wait_for("the log", lambda: w.log("INFO: DISCONNECTED, user=u"))


def test_much_unread(w):
    many = b"".join(b"p%d NOOP\r\n" % i for i in range(5000))[:65000]
    k = Imap(w.session(tag="x1", unread=many[:30000]))
    k.s.sendall(many[30000:] + b"\r\nend LOGOUT\r\n")
    answered = 0
    while True:
        r = k.response()
        if r.startswith(b"end "):
            break
        answered += r.startswith(b"p") and b" OK" in r
    check(answered >= many.count(b"NOOP\r\n"), "%d answers" % answered)


def test_reload(w):
    k = selected(w)
    for _ in range(3):
        w.order("reload")
        k.ok(b"NOOP")
        login(w).ok(b"CAPABILITY")
    tag = k.idle()
    w.order("reload")
    w.deliver(SIMPLE)
    await_exists(k, 1)
    k.done(tag)


def test_worker_of_a_session(w):
    login(w).ok(b"LOGOUT")
    same(w.report("ended"), "0", "it ends with its session, not after WORKERIDLE")


def test_refused(w):
    k = Imap(w.session(account="nobody"))
    check(k.response().startswith(b"refused"), "an account that is not here")
    k = login(w)
    w.order("drain 60000")
    check(b"BYE" in k.response(), "an idle session ends at once")
    same(w.report("ended"), "0", "the end")


def test_kick(w):
    k, other = login(w), login(w)
    rows = w.status(1)
    same(len(rows), 2, "who")
    check("account=u ip=127.0.0.1 tls=no" in rows[0], rows[0])
    w.status(2, "127.0.0.1")
    check(b"BYE" in k.response() and b"BYE" in other.response(), "kick by address")
    wait_for("nobody", lambda: not w.status(1))
    k = login(w)
    w.order("revoke u")
    check(b"BYE" in k.response(), "revoke")
    same(w.report("ended"), "0", "the end of a worker without accounts")


def test_idle_worker(w):
    k = login(w)
    time.sleep(1.5)
    k.ok(b"NOOP")
    k.ok(b"LOGOUT")
    same(w.report("ended"), "0", "a worker ends when nobody comes for WORKERIDLE")


def test_fresh_home(w):
    w.account("new", make=False)
    w.order("start")
    w.report("ready")
    w.order("login")
    k = selected(w, account="new")
    check(os.path.isdir(w.maildir("cur", account="new")), "a home that nobody used gets a Maildir")
    r, _ = k.append("INBOX", wire_of(SIMPLE))
    check(r.startswith(b"OK"), r)


def test_lost_maildir(w):
    w.account("lost", make=False)
    with open(w.path("home", "lost", "letters"), "w", encoding="ascii"):
        pass
    w.order("start")
    check("there is no Maildir" in w.report("failed"), "a Maildir that was lost is not made")
    check(not os.path.exists(w.maildir(account="lost")), "nothing was made")


def test_worker_of_a_uid(w):
    """Accounts that come when the sandbox is on already."""
    k = selected(w)
    w.account("v")
    w.account("x", maildir=w.path("home", "x", "Elsewhere"), make=False)
    other, third = selected(w, account="v"), selected(w, account="x")
    for session, name in ((k, "u"), (other, "v")):
        r, u = session.append("INBOX", wire_of(SIMPLE.replace(b"one", name.encode())))
        check(r.startswith(b"OK") and exists(u) == 1, (r, u))
        same(len(w.files(account=name)), 1, "its own Maildir")
    third.ok(b"NOOP")
    check(os.path.isdir(w.path("home", "x", "Elsewhere", "cur")), "an absolute MAILDIR")
    # A session that overtakes the frame with its account waits for it.
    early = Imap(w.session(account="y", tag="a1"))
    time.sleep(0.2)
    w.account("y")
    check(early.response().startswith(b"a1 OK"), "it begins when its account is known")
    w.order("revoke v")
    check(b"BYE" in other.response(), "revoked")
    k.ok(b"NOOP")
    check(Imap(w.session(account="v")).response().startswith(b"refused"), "and not served any more")


def test_changed_account(w):
    k = login(w)
    w.account("u")
    k.ok(b"NOOP")
    w.account("u", quota="1000000S")
    check(b"BYE" in k.response(), "its sessions end")
    same(w.report("ended"), "0", "the next one gets a new process")


def test_sandbox(w):
    """What the process may still do, seen through the protocol: nothing outside the Maildir."""
    print("sandbox: " + w.sandbox)
    if w.sandbox == "none":
        return
    os.symlink(w.path("etc"), w.maildir(".link"))
    k = login(w)
    k.no(b"SELECT INBOX.link")
    k.no(b"SELECT INBOX/../../etc")
    k.no(b'CREATE "INBOX.../x"')


def test_shell(w):
    """imapd ./Maildir, without master."""
    w.deliver(SIMPLE)
    r = subprocess.run([os.path.join(BUILD, "src/daemon/imapd/imapd"), "./Maildir"], cwd=w.path("home", "u"),
                       env=dict(os.environ, COURIER_INSTANCE=w.dir), timeout=PATIENCE, check=False, stdout=subprocess.PIPE,
                       input=b"a SELECT INBOX\r\nb FETCH 1 BODY.PEEK[]\r\nc LOGOUT\r\n")
    same(r.returncode, 0, "its status")
    check(r.stdout.startswith(b"* PREAUTH") and b"* 1 EXISTS" in r.stdout and r.stdout.endswith(b"c OK LOGOUT completed\r\n"), r.stdout)
    same(literal(r.stdout), wire_of(SIMPLE), "the message")
    r = subprocess.run([os.path.join(BUILD, "src/daemon/imapd/imapd"), "./none"], cwd=w.path("home", "u"), stdin=subprocess.DEVNULL,
                       env=dict(os.environ, COURIER_INSTANCE=w.dir), timeout=PATIENCE, check=False, stderr=subprocess.PIPE)
    same((r.returncode, b"there is no Maildir" in r.stderr), (78, True), r.stderr)


# ---- folders ----

def test_folders(w):
    k = login(w)
    k.ok(b"CREATE INBOX.Sent")
    k.ok(b"CREATE INBOX.a.b")
    k.no(b"CREATE INBOX.Sent")
    k.no(b"CREATE Outside")
    _, u = k.ok(b'LIST "" "*"')
    names = sorted(line.rsplit(b" ", 1)[1].strip(b'"') for line in u)
    same(names, [b"INBOX", b"INBOX.Sent", b"INBOX.a", b"INBOX.a.b"], "LIST")
    check(os.path.isdir(w.maildir(".a.b", "cur")), "on disk")
    k.ok(b"SUBSCRIBE INBOX.Sent")
    k.ok(b"SUBSCRIBE INBOX.a.b")
    k.ok(b"UNSUBSCRIBE INBOX.a.b")
    _, u = k.ok(b'LSUB "" "*"')
    same([line.rsplit(b" ", 1)[1].strip(b'"') for line in u], [b"INBOX.Sent"], "LSUB")
    k.ok(b"RENAME INBOX.a INBOX.z")
    k.ok(b"SELECT INBOX.z.b")
    k.ok(b"UNSELECT")
    k.ok(b"DELETE INBOX.z.b")
    r, _ = k.no(b"SELECT INBOX.z.b")
    check(b"[NONEXISTENT]" in r, r)
    k.no(b"DELETE INBOX")
    _, u = k.ok(b"NAMESPACE")
    same(u[0], b'* NAMESPACE (("INBOX." ".")) NIL NIL', "NAMESPACE")
    k.ok(b"CREATE INBOX.&AOQ-")
    check(os.path.isdir(w.maildir(".\u00e4")), "names are UTF-8 on disk")
    _, u = k.ok(b'LIST "" "INBOX.%"')
    check(any(line.endswith(b'"INBOX.&AOQ-"') or line.endswith(b" INBOX.&AOQ-") for line in u), u)


def test_status(w):
    w.deliver(SIMPLE)
    w.deliver(SIMPLE)
    k = login(w)
    _, u = k.ok(b"STATUS INBOX (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)")
    check(b"MESSAGES 2" in u[0] and b"RECENT 2" in u[0] and b"UNSEEN 2" in u[0] and b"UIDNEXT 3" in u[0], u)
    _, u = k.ok(b"SELECT INBOX")
    check(b"* 2 RECENT" in u and b"* 2 EXISTS" in u, u)
    _, u = login(w).ok(b"STATUS INBOX (RECENT)")
    check(b"RECENT 0" in u[0], "recent once: %r" % u)


# ---- messages ----

def test_append_fetch(w):
    k = selected(w)
    r, u = k.append("INBOX", wire_of(SIMPLE), "\\Seen $Label1", "17-Jul-1996 02:44:25 -0700")
    m = re.match(rb"OK \[APPENDUID (\d+) 1\]", r)
    check(m and exists(u) == 1, (r, u))
    _, u = k.ok(b"FETCH 1 (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)")
    check(b"UID 1" in u[0] and b"RFC822.SIZE %d" % len(wire_of(SIMPLE)) in u[0], u)
    check(b'INTERNALDATE "17-Jul-1996' in u[0] or b'INTERNALDATE "17-Jul-1996' in u[0].replace(b'" ', b'"'), u)
    check(b'"<1@example.test>"' in u[0] and b'"one"' in u[0], u)
    check(b'BODYSTRUCTURE ("TEXT" "PLAIN"' in u[0].upper(), u)
    flags = flags_of(u[0])
    check(b"\\Seen" in flags and b"$Label1" in flags, flags)
    _, u = k.ok(b"FETCH 1 BODY[]")
    same(literal(u[0]), wire_of(SIMPLE), "BODY[]")
    _, u = k.ok(b"FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT DATE)]")
    same(literal(u[0]), b"Subject: one\r\nDate: Mon, 7 Feb 1994 21:52:25 -0800\r\n\r\n", "fields")
    _, u = k.ok(b"FETCH 1 BODY[TEXT]<3.5>")
    check(b'"lo\r\nw"' in u[0] or literal(u[0]) == b"lo\r\nw", u)
    with open(w.maildir(w.files()[0]), "rb") as f:
        same(f.read(), SIMPLE, "LF on disk")
    r, _ = k.no(b"SELECT INBOX.none")
    r, _ = k.append("INBOX.none", b"x")
    check(r.startswith(b"NO [TRYCREATE]"), r)


def test_sections(w):
    w.deliver(PARTS)
    k = selected(w)
    for section, want in (
            (b"HEADER", PARTS.split(b"\r\n\r\n")[0] + b"\r\n\r\n"), (b"1", b"part one"), (b"2.HEADER", b"Subject: inner\r\nX-A: b\r\n\r\n"),
            (b"2.TEXT", b"inner text"), (b"2", b"Subject: inner\r\nX-A: b\r\n\r\ninner text"), (b"2.1", b"inner text"),
            (b"1.MIME", b"Content-Type: text/plain\r\n\r\n"), (b"2.HEADER.FIELDS (x-a)", b"X-A: b\r\n\r\n"),
            (b"2.HEADER.FIELDS.NOT (x-a)", b"Subject: inner\r\n\r\n"), (b"TEXT", PARTS[PARTS.index(b"fore"):])):
        _, u = k.ok(b"FETCH 1 BODY.PEEK[" + section + b"]")
        got = literal(u[0])
        if got is None:
            m = re.search(rb'\] "(.*)"\)$', u[0], re.S)
            got = m.group(1) if m else u[0]
        same(got, want, section)
    _, u = k.ok(b"FETCH 1 BODY.PEEK[7]")
    check(b"BODY[7] NIL" in u[0], u)
    _, u = k.ok(b"FETCH 1 (BODY BODYSTRUCTURE)")
    check(u[0].count(b"MESSAGE") + u[0].count(b"message") == 2, u)
    first = u
    other = selected(w)
    same(other.ok(b"FETCH 1 (BODY BODYSTRUCTURE)")[1], first, "from the cache")


def test_large(w):
    text = b"Subject: large\n\n" + b"".join(b"line %07d of a long message\n" % i for i in range(150000))
    w.deliver(text)
    k = selected(w)
    _, u = k.ok(b"FETCH 1 (RFC822.SIZE BODY.PEEK[])")
    same(literal(u[0]) == wire_of(text), True, "every octet")
    check(b"RFC822.SIZE %d" % len(wire_of(text)) in u[0], u[0][:80])
    _, u = k.ok(b"FETCH 1 BODY.PEEK[]<4000000.1000>")
    same(literal(u[0]), wire_of(text)[4000000:4001000], "a piece")
    # Somebody removes it while it is on its way: what was promised comes.
    tag = k.send(b"FETCH 1 BODY.PEEK[]")
    k.response_started = k.read_line()
    other = selected(w)
    other.ok(b"STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok(b"EXPUNGE")
    n = int(re.search(rb"\{(\d+)\}$", k.response_started).group(1))
    same(k.read_bytes(n) == wire_of(text), True, "every octet of what is gone")
    same(k.read_line(), b")", "the end of the response")
    check(k.until(tag)[0].startswith(b"OK"), "the FETCH ends")
    before = w.descriptors()
    check(before < 64, "descriptors: %d" % before)


def test_large_append(w):
    text = b"Subject: in\r\n\r\n" + b"x" * 70 + b"\r\n"
    text += (b"y" * 78 + b"\r\n") * 60000
    k = selected(w)
    r, u = k.append("INBOX", text)
    check(r.startswith(b"OK") and exists(u) == 1, r)
    same(literal(k.ok(b"FETCH 1 BODY.PEEK[]")[1][0]) == text, True, "as it came")
    # A client that vanishes in the middle leaves nothing.
    k.s.sendall(b"x APPEND INBOX {1000000}\r\n")
    check(k.response().startswith(b"+"), "go ahead")
    k.s.sendall(b"z" * 300000)
    k.close()
    wait_for("the end of the session", lambda: not w.status(1))
    wait_for("nothing in tmp/", lambda: not os.listdir(w.maildir("tmp")))
    same(len(w.files()), 1, "one message")


def test_store(w):
    for _ in range(5):
        w.deliver(SIMPLE)
    k, other = selected(w), selected(w)
    _, u = k.ok(b"STORE 2:3 +FLAGS (\\Flagged Work)")
    same([flags_of(x) for x in u if b"FETCH" in x], [sorted([b"Work", b"\\Flagged", b"\\Recent"])] * 2, "answers")
    check(any(b"FLAGS (" in x and b"Work" in x for x in u if b"FETCH" not in x), "the new keyword is announced: %r" % u)
    _, u = k.ok(b"STORE 2 +FLAGS (\\Flagged)")
    same(len([x for x in u if b"FETCH" in x]), 1, "an answer also where nothing changes")
    _, u = k.ok(b"STORE 2 -FLAGS.SILENT (Work)")
    same(u, [], "silent")
    _, u = other.ok(b"NOOP")
    got = {int(re.match(rb"\* (\d+)", x).group(1)): flags_of(x) for x in u if b"FETCH" in x}
    same(got, {2: [b"\\Flagged"], 3: sorted([b"Work", b"\\Flagged"])}, "the other session")
    _, u = k.ok(b"UID STORE 4:* FLAGS (\\Answered)")
    same([flags_of(x) for x in u if b"FETCH" in x], [sorted([b"\\Answered", b"\\Recent"])] * 2, "replaced")
    check(all(b"UID " in x for x in u if b"FETCH" in x), "UID STORE tells UIDs: %r" % u)
    check([f for f in w.files() if f.endswith(":2,R")] and [f for f in w.files() if ":2,F" in f], w.files())
    _, u = k.ok(b"FETCH 5 BODY[TEXT]")
    check(b"\\Seen" in flags_of(u[0]), "BODY[] marks: %r" % u)
    e = login(w)
    _, u = e.ok(b"EXAMINE INBOX")
    check(any(b"PERMANENTFLAGS ()" in x for x in u), u)
    e.no(b"STORE 1 +FLAGS (\\Seen)")
    e.ok(b"FETCH 1 BODY[]")
    check(b"\\Seen" not in flags_of(e.ok(b"FETCH 1 FLAGS")[1][0]), "EXAMINE changes nothing")


def test_expunge(w):
    for i in range(6):
        w.deliver(SIMPLE.replace(b"one", b"n%d" % (i + 1)))
    k, other = selected(w), selected(w)
    k.ok(b"STORE 2,4,5 +FLAGS.SILENT (\\Deleted)")
    tag = other.idle()
    _, u = k.ok(b"UID EXPUNGE 4:5")
    same([x for x in u if b"EXPUNGE" in x], [b"* 4 EXPUNGE", b"* 4 EXPUNGE"], "the numbers of those after others")
    got = []
    while len([x for x in got if b"EXPUNGE" in x]) < 2:
        got.append(other.response())
    other.done(tag)
    same([x for x in got if b"EXPUNGE" in x], [b"* 4 EXPUNGE", b"* 4 EXPUNGE"], "in IDLE")
    # A session in the middle of something keeps its numbers.
    _, u = k.ok(b"EXPUNGE")
    same([x for x in u if b"EXPUNGE" in x], [b"* 2 EXPUNGE"], "EXPUNGE")
    _, u = other.any(b"FETCH 1:* (UID)")
    check(not any(b"EXPUNGE" in x for x in u), "not during FETCH: %r" % u)
    _, u = other.ok(b"NOOP")
    check(b"* 2 EXPUNGE" in u, u)
    wait_for("files go behind the answer", lambda: len(w.files()) == 3)
    k.ok(b"STORE 1 +FLAGS.SILENT (\\Deleted)")
    r, u = k.ok(b"CLOSE")
    same(u, [], "CLOSE says nothing")
    wait_for("files go behind CLOSE", lambda: len(w.files()) == 2)
    _, u = k.ok(b"SELECT INBOX")
    same([re.search(rb"UID (\d+)", x).group(1) for x in k.ok(b"FETCH 1:* UID")[1]], [b"3", b"6"], "UIDs never come back")


def test_copy(w):
    w.deliver(SIMPLE)
    w.deliver(PARTS)
    k = selected(w)
    k.ok(b"CREATE INBOX.Copy")
    k.ok(b"STORE 1 +FLAGS.SILENT (\\Seen Word)")
    r, _ = k.ok(b"COPY 1:2 INBOX.Copy")
    check(re.match(rb"OK \[COPYUID \d+ 1:2 1:2\]", r), r)
    r, _ = k.no(b"COPY 1 INBOX.None")
    check(b"[TRYCREATE]" in r, r)
    _, u = k.ok(b"COPY 1 INBOX")
    same(exists(u), 3, "into the same folder")
    other = selected(w, b"INBOX.Copy")
    _, u = other.ok(b"FETCH 1:2 (FLAGS BODY.PEEK[])")
    check({b"\\Seen", b"Word"} <= set(flags_of(u[0])), u)
    same(literal(u[0]), wire_of(SIMPLE), "the copy")


def test_search(w):
    for i in range(50):
        w.deliver(SIMPLE.replace(b"one", b"number%02d" % i).replace(b"world", b"body%02d" % (i % 5)))
    k = selected(w)
    k.ok(b"STORE 10:20 +FLAGS.SILENT (\\Flagged)")

    def search(what):
        line = [x for x in k.ok(b"SEARCH " + what)[1] if x.startswith(b"* SEARCH")][0]
        return [int(n) for n in line.split()[2:]]
    same(search(b"ALL"), list(range(1, 51)), "ALL")
    same(search(b"FLAGGED"), list(range(10, 21)), "FLAGGED")
    same(search(b"SUBJECT number07"), [8], "SUBJECT")
    same(search(b"NOT FLAGGED SUBJECT NUMBER2"), list(range(21, 31)), "NOT, and no regard to case")
    same(search(b"BODY body03"), [i + 1 for i in range(50) if i % 5 == 3], "BODY")
    same(search(b"OR SUBJECT number01 SUBJECT number02"), [2, 3], "OR")
    same(search(b"LARGER 100000"), [], "LARGER")
    same(search(b"HEADER message-id 1@example"), list(range(1, 51)), "HEADER")
    same(search(b"SENTSINCE 1-Jan-2000"), [], "SENTSINCE")
    same(search(b"3:5 UID 4:9"), [4, 5], "sets")
    same(search(b"FROM a@example TEXT body00"), [i + 1 for i in range(50) if i % 5 == 0], "TEXT")
    check(b"* SEARCH 8" in k.ok(b"UID SEARCH SUBJECT number07")[1], "UID SEARCH")


# ---- others ----

def test_polling(w):
    """Where the system cannot watch, selected folders are looked at every IMAP_IDLE_TIMEOUT."""
    k = selected(w)
    tag = k.idle()
    w.deliver(SIMPLE)
    await_exists(k, 1)
    os.unlink(w.maildir(wait_for("the file in cur/", lambda: [f for f in w.files() if f.startswith("cur/")])[0]))
    while b"EXPUNGE" not in k.response():
        pass
    k.done(tag)


def test_foreign(w):
    k, idle = selected(w), selected(w)
    tag = idle.idle()
    w.deliver(SIMPLE)
    await_exists(idle, 1)
    _, u = k.ok(b"NOOP")
    same(exists(u), 1, "NOOP")
    # Another program sets a flag, by renaming.
    old = w.files()[0]
    check(old.startswith("cur/"), old)
    os.rename(w.maildir(old), w.maildir(old.partition(":")[0] + ":2,F"))
    r = idle.response()
    while flags_of(r) is None:
        r = idle.response()
    check(b"\\Flagged" in flags_of(r), r)
    # Renamed once more, unseen by any refresh, and read: it is found again.
    os.rename(w.maildir(w.files()[0]), w.maildir(old.partition(":")[0] + ":2,FS"))
    same(literal(k.ok(b"FETCH 1 BODY.PEEK[]")[1][0]), wire_of(SIMPLE), "it is where it is now")
    os.unlink(w.maildir(w.files()[0]))
    r = idle.response()
    while b"EXPUNGE" not in r:
        r = idle.response()
    idle.done(tag)
    _, u = k.ok(b"NOOP")
    check(b"* 1 EXPUNGE" in u, u)


def test_notice(w):
    k = selected(w)
    k.ok(b"CREATE INBOX.Lists")
    lists = selected(w, b"INBOX.Lists")
    tag, other = k.idle(), lists.idle()
    w.order("arrived u ./Maildir x")
    w.deliver(SIMPLE)
    w.order("arrived u ./Maildir %s" % "x")
    await_exists(k, 1)
    w.deliver(SIMPLE, folder=".Lists")
    w.order("arrived u ./Maildir/.Lists y")
    await_exists(lists, 1)
    w.order("arrived nobody ../../etc y")
    w.order("arrived u ../../etc y")
    k.done(tag)
    lists.done(other)


def test_deleted_folder(w):
    k = login(w)
    k.ok(b"CREATE INBOX.gone")
    other = selected(w, b"INBOX.gone")
    k.ok(b"DELETE INBOX.gone")
    r = b""
    try:
        for _ in range(3):
            r, u = other.any(b"NOOP")
            r = b" ".join([r] + u)
            if b"BYE" in r:
                break
    except EOFError:
        pass
    k.ok(b"NOOP")


def test_cold_yields(w):
    """One session reads a cold mailbox; the others go on meanwhile."""
    filler = b"".join(b"line %d of something long\n" % i for i in range(2000))
    for i in range(1500):
        w.deliver(SIMPLE.replace(b"one", b"cold %d" % i) + filler)
    k, other = selected(w), login(w)
    tag = k.send(b"FETCH 1:* (ENVELOPE BODYSTRUCTURE)")
    k.response()
    rounds = 0
    k.s.setblocking(False)
    while tag + b" OK" not in k.buffer:
        other.ok(b"NOOP")
        rounds += 1
        try:
            while True:
                k.fill()
        except BlockingIOError:
            pass
        k.buffer = k.buffer[-4000:]
    k.s.setblocking(True)
    check(rounds >= 5, "only %d commands of the other session were answered meanwhile" % rounds)


def test_cancelled(w):
    """Sessions that vanish in the middle of their questions leave nothing behind."""
    for _ in range(300):
        w.deliver(PARTS)
    before = None
    for turn in range(60):
        k = selected(w)
        k.s.sendall(b"a FETCH 1:* (ENVELOPE BODY.PEEK[])\r\nb SEARCH BODY inner\r\nc COPY 1:* INBOX\r\n"[:40 + turn])
        k.close()
        if turn == 10:
            wait_for("all have ended", lambda: not w.status(1))
            before = w.descriptors()
    wait_for("all have ended", lambda: not w.status(1))
    wait_for("descriptors", lambda: w.descriptors() <= before)


# ---- many ----

def test_many_commands(w):
    for _ in range(20):
        w.deliver(PARTS)
    k = selected(w)
    rows = [b"NOOP", b"FETCH 1:* (FLAGS UID)", b"FETCH 3 (ENVELOPE BODY.PEEK[HEADER.FIELDS (FROM)])", b"STORE 1 +FLAGS (\\Seen)",
            b"STORE 1 -FLAGS (\\Seen)", b"SEARCH UNSEEN", b"STATUS INBOX (MESSAGES)", b'LIST "" "*"', b"FETCH 2 BODY.PEEK[]",
            b"CHECK"]
    for _ in range(100):
        for c in rows:
            k.ok(c)
    fds, memory = w.descriptors(), w.memory_kib()
    for _ in range(900):
        for c in rows:
            k.ok(c)
    check(w.descriptors() <= fds, "descriptors: %d, then %d" % (fds, w.descriptors()))
    check(SANITIZED or w.memory_kib() <= memory + 1024, "memory: %d KiB, then %d" % (memory, w.memory_kib()))


def test_many_sessions(w):
    w.deliver(SIMPLE)
    for _ in range(20):
        selected(w).ok(b"LOGOUT")
    wait_for("all have ended", lambda: not w.status(1))
    fds = w.descriptors()
    for _ in range(1000):
        k = selected(w)
        k.s.sendall(b"x LOGOUT\r\n")
        k.close()
    wait_for("all have ended", lambda: not w.status(1))
    check(w.descriptors() <= fds, "descriptors: %d, then %d" % (fds, w.descriptors()))
    memory = w.memory_kib()
    sessions = [selected(w) for _ in range(200)]
    for k in sessions:
        k.tag_of_idle = k.idle()
    more = w.memory_kib() - memory
    print("memory of an idle session: %.1f KiB" % (more / 200))
    check(SANITIZED or more / 200 <= 16, "an idle session takes %.1f KiB" % (more / 200))
    w.deliver(SIMPLE)
    for k in sessions:
        await_exists(k, 2)
    for k in sessions:
        k.close()
    wait_for("all have ended", lambda: not w.status(1))


def test_few_descriptors(w):
    """More sessions than there are descriptors: those are refused, the others go on, and later all is well."""
    w.deliver(SIMPLE)
    inside, refused = [], 0
    for i in range(90):
        k = Imap(w.session(tag="a1"))
        r = k.response()
        if r.startswith(b"a1 OK"):
            inside.append(k)
        else:
            check(r.startswith(b"refused"), r)
            refused += 1
    check(refused >= 20 and len(inside) >= 20, "%d inside, %d refused" % (len(inside), refused))
    for k in inside:
        r, _ = k.any(b"SELECT INBOX")
        check(r.startswith(b"OK") or r.startswith(b"NO"), r)
        r, _ = k.any(b"NOOP")
        check(r.startswith(b"OK"), r)
        k.close()
    wait_for("all have ended", lambda: not w.status(1))
    k = selected(w)
    same(literal(k.ok(b"FETCH 1 BODY.PEEK[]")[1][0]), wire_of(SIMPLE), "the message")


TESTS = [
    (test_login, {}), (test_much_unread, {}), (test_reload, {}), (test_worker_of_a_session, {"courierd": "WORKER=session\n"}),
    (test_refused, {}), (test_kick, {}), (test_idle_worker, {"courierd": "WORKERIDLE=1\n"}),
    (test_fresh_home, {"accounts": (), "start": False}), (test_lost_maildir, {"accounts": (), "start": False}),
    (test_worker_of_a_uid, {"courierd": "WORKER=uid\n"}), (test_changed_account, {}), (test_sandbox, {}), (test_shell, {}),
    (test_folders, {}), (test_status, {}), (test_append_fetch, {}), (test_sections, {}),
    (test_large, {}), (test_large_append, {}), (test_store, {}), (test_expunge, {}), (test_copy, {}), (test_search, {}),
    (test_foreign, {}), (test_notice, {}), (test_deleted_folder, {}), (test_cold_yields, {}), (test_cancelled, {}),
    (test_few_descriptors, {"below": ["sh", "-c", 'ulimit -n 72 && exec "$@"', "sh"]}),
    (test_many_commands, {}), (test_many_sessions, {}),
]

# A name space of its own in which nobody can watch, where that can be had.
BLIND = ["unshare", "--user", "--map-root-user", "sh", "-c", 'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"', "sh"]
try:
    if subprocess.run([*BLIND, "true"], check=False, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        TESTS.append((test_polling, {"below": BLIND, "settings": "IMAP_IDLE_TIMEOUT=1\n"}))
except OSError:
    pass

if not os.path.isdir("/proc/self/fd"):
    print("needs /proc")
    sys.exit(77)
assert PATIENCE
sys.exit(run("imapd_test", TESTS, sys.argv, make))
