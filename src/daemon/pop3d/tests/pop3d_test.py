"""pop3d as a worker: every command over a real Maildir, sessions beside each other, other programs beside them."""
import os
import re
import sys
import time

from mailworld import World, check, run, same, wait_for

BUILD = sys.argv[1]
# Freed memory that a sanitizer keeps for a while is no growth.
os.environ["ASAN_OPTIONS"] = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1", "thread_local_quarantine_size_kb=64")))
ONE = b"Subject: one\nTo: b@example.test\n\nhello\n.\n..dots\nworld\n"
TWO = b"Subject: two\n\ntext\n"


def wire_of(text):
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


class Pop3:
    def __init__(self, sock):
        self.s = sock
        self.file = sock.makefile("rb")

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError("found %r, expected a line" % line)
        return line[:-2]

    def send(self, *commands):
        self.s.sendall(b"".join(c + b"\r\n" for c in commands))

    def any(self, command):
        self.send(command)
        return self.line()

    def ok(self, command):
        line = self.any(command)
        check(line.startswith(b"+OK"), "%r was answered %r" % (command, line))
        return line

    def err(self, command):
        line = self.any(command)
        check(line.startswith(b"-ERR"), "%r was answered %r" % (command, line))
        return line

    def rest(self):
        """The lines up to the dot, as one text."""
        out = []
        while (line := self.line()) != b".":
            out.append(line[1:] if line.startswith(b".") else line)
        return b"".join(line + b"\r\n" for line in out)

    def many(self, command):
        self.ok(command)
        return self.rest()

    def close(self):
        self.file.close()
        self.s.close()

    def quit(self):
        line = self.any(b"QUIT")
        check(self.file.read() == b"", "the connection ends behind QUIT")
        self.close()
        return line


def make(**how):
    return World(BUILD, "pop3d", "pop3", **how)


def enter(w, **how):
    k = Pop3(w.session(**how))
    line = k.line()
    check(line.startswith(b"+OK"), "the worker greets: %r" % line)
    return k


def left(w, count):
    """Files of removed messages go soon after the answer; no more than those."""
    wait_for("%d are left" % count, lambda: len(w.files()) == count)


def fill(w, *texts):
    return [w.deliver(text) for text in texts]


# ---- reading ----

def test_lists(w):
    fill(w, ONE, TWO)
    k = enter(w)
    sizes = [len(wire_of(t)) for t in (ONE, TWO)]
    same(k.ok(b"STAT"), b"+OK 2 %d" % sum(sizes), "STAT")
    same(k.many(b"LIST"), b"1 %d\r\n2 %d\r\n" % tuple(sizes), "LIST")
    uidl = k.many(b"UIDL").split(b"\r\n")
    check(re.fullmatch(rb"1 UID1-[0-9]+", uidl[0]), "UIDL: %r" % uidl)
    check(re.fullmatch(rb"2 UID2-[0-9]+", uidl[1]), "UIDL: %r" % uidl)
    capa = k.many(b"CAPA").split(b"\r\n")
    for word in (b"TOP", b"UIDL", b"USER", b"PIPELINING", b"RESP-CODES", b"AUTH-RESP-CODE", b"EXPIRE NEVER"):
        check(word in capa, "CAPA says %r: %r" % (word, capa))
    check(b"STLS" not in capa and not any(c.startswith(b"SASL") for c in capa), "no SASL in clear text: %r" % capa)
    check(k.quit().startswith(b"+OK"), "QUIT")
    tls = enter(w, tls="tls")
    check(b"SASL PLAIN LOGIN" in tls.many(b"CAPA").split(b"\r\n"), "SASL under TLS")
    tls.close()


def test_unread_input(w):
    """What the client sent behind PASS is read first."""
    fill(w, ONE)
    k = Pop3(w.session(unread=b"STAT\r\nLIST 1\r\nNO"))
    k.s.sendall(b"OP\r\nQUIT\r\n")
    got = [k.line() for _ in range(5)]
    same(got[1:4], [b"+OK 1 %d" % len(wire_of(ONE)), b"+OK 1 %d" % len(wire_of(ONE)), b"+OK"], "unread")


def test_messages(w):
    texts = [ONE, TWO, b"", b"no end", b"\n\nbody\n", b"Subject: crlf\r\n\r\nas it is\r\n", os.urandom(20000).hex().encode() + b"\n",
             b"S: big\n\n" + b"".join(b".%d\n" % n for n in range(300000))]
    fill(w, *texts)
    k = enter(w)
    k.send(*[b"RETR %d" % n for n in range(1, len(texts) + 1)])
    for number, text in enumerate(texts, 1):
        same(k.line(), b"+OK %d octets" % len(wire_of(text)), "RETR %d" % number)
        want = wire_of(text)
        if want and not want.endswith(b"\r\n"):
            want += b"\r\n"
        check(k.rest() == want, "message %d is what was delivered" % number)
    same(k.many(b"TOP 1 0"), wire_of(ONE).split(b"\r\n\r\n")[0] + b"\r\n\r\n", "TOP 1 0")
    same(k.many(b"TOP 1 2"), wire_of(ONE.split(b"..dots")[0]), "TOP 1 2")
    same(k.many(b"TOP 8 2"), b"S: big\r\n\r\n.0\r\n.1\r\n", "TOP of a large one")
    same(len(k.many(b"TOP 8 299999")), len(wire_of(texts[7])) - len(b".299999\r\n"), "TOP nearly all")
    check(k.quit().startswith(b"+OK"), "QUIT")


def test_seen(w):
    """RETR marks \\Seen, TOP does not; other flags stay."""
    os.rename(w.maildir("new", w.deliver(ONE, name="1.a.h")), w.maildir("cur", "1.a.h:2,F"))
    fill(w, TWO, TWO)
    k = enter(w)
    k.many(b"RETR 1")
    k.many(b"RETR 2")
    k.many(b"TOP 3 9")
    check(k.quit().startswith(b"+OK"), "QUIT")
    flags = sorted(name.partition(":2,")[2] for name in w.files())
    same(flags, ["", "FS", "S"], "flags")


def test_seen_without_quit(w):
    fill(w, ONE)
    k = enter(w)
    k.many(b"RETR 1")
    k.close()
    wait_for("it is marked", lambda: [n for n in w.files() if n.endswith(":2,S")])


# ---- removing ----

def test_removal(w):
    names = fill(w, ONE, TWO, ONE)
    k = enter(w)
    k.ok(b"DELE 1")
    k.ok(b"DELE 3")
    same(len(w.files()), 3, "nothing is removed yet")
    same(k.quit(), b"+OK mail.example.test closing, 2 removed", "QUIT")
    left(w, 1)
    check(names[1] in w.files()[0], "the second is left: %r" % w.files())
    k = enter(w)
    same(k.any(b"STAT"), b"+OK 1 %d" % len(wire_of(TWO)), "the next session")
    check(re.fullmatch(rb"\+OK 1 UID2-[0-9]+", k.ok(b"UIDL 1")), "it keeps its unique id")
    k.close()


def test_no_quit(w):
    fill(w, ONE, TWO)
    k = enter(w)
    k.ok(b"DELE 1")
    k.close()
    wait_for("it has ended", lambda: w.log("INFO: DISCONNECTED"))
    same(len(w.files()), 2, "nothing was removed")
    k = enter(w)
    check(k.ok(b"STAT").startswith(b"+OK 2 "), "both are there")
    k.close()


def test_two_sessions(w):
    """Both may remove; what is gone is an error, or was read before."""
    fill(w, ONE, TWO, ONE)
    a, b = enter(w), enter(w)
    a.ok(b"DELE 1")
    check(a.quit().startswith(b"+OK"), "the first one ends")
    w.deliver(TWO)
    check(b.ok(b"STAT").startswith(b"+OK 3 "), "the view stays as it was")
    b.err(b"RETR 1")
    same(b.many(b"RETR 2"), wire_of(TWO), "the others are there")
    b.ok(b"DELE 1")
    b.ok(b"DELE 2")
    check(b.quit().startswith(b"+OK"), "removing what is gone is no mistake")
    left(w, 2)


def test_foreign(w):
    """Another program renames and removes while the session goes on."""
    first, second = fill(w, ONE, TWO)
    k = enter(w)
    os.rename(w.maildir("new", first), w.maildir("cur", first + ":2,FR"))
    same(k.many(b"RETR 1"), wire_of(ONE), "a renamed message")
    os.unlink(w.maildir("new", second))
    check(b"gone" in k.err(b"RETR 2"), "a removed message")
    k.ok(b"DELE 1")
    k.ok(b"DELE 2")
    check(k.quit().startswith(b"+OK"), "QUIT")
    left(w, 0)


# ---- unique ids, sizes ----

def test_unique_ids_stay(w):
    fill(w, ONE, TWO)
    k = enter(w)
    before = k.many(b"UIDL")
    k.quit()
    w.deliver(ONE)
    k = enter(w)
    check(k.many(b"UIDL").startswith(before), "the same in the next session")
    k.close()


def test_unique_ids_are_not_used_again(w):
    """R1939-7-i: also the last one is not, when its message is gone."""
    fill(w, ONE, TWO)
    k = enter(w)
    old = k.ok(b"UIDL 2").split()[2]
    k.ok(b"DELE 2")
    k.quit()
    left(w, 1)
    w.deliver(TWO)
    k = enter(w)
    new = k.ok(b"UIDL 2").split()[2]
    check(new != old, "a new message has another unique id: %r" % new)
    k.close()


def test_imported_unique_ids(w):
    """R1939-7-h: a message keeps the unique id that Courier gave it, in every later session and beside new ones."""
    names = fill(w, ONE, TWO, ONE)
    with open(w.maildir("courierpop3dsizelist"), "w", encoding="ascii") as f:
        f.write("/3 42 1234567\n%s %d 17:1234567:0\n%s %d 41:1234567:0\n" % (names[0], len(wire_of(ONE)), names[2], len(wire_of(ONE))))
    k = enter(w)
    before = [line.split()[1] for line in k.many(b"UIDL").split(b"\r\n")[:3]]
    same(before[:2], [b"UID17-1234567", b"UID41-1234567"], "what Courier called them")
    check(re.fullmatch(rb"UID[0-9]+-[0-9]+", before[2]) and before[2] not in before[:2], "the one it did not know: %r" % before)
    same(k.many(b"RETR 3"), wire_of(TWO), "which is the other message")
    k.quit()
    os.unlink(w.maildir("courierpop3dsizelist"))
    w.deliver(TWO)
    k = enter(w)
    same([line.split()[1] for line in k.many(b"UIDL").split(b"\r\n")[:3]], before, "in the next session")
    k.close()


def test_sizes_of_names(w):
    """A name that tells the size is believed, the file is not read for it."""
    w.deliver(TWO, name="1700000001.M1P1.h,S=%d,W=%d" % (len(TWO), len(wire_of(TWO))))
    w.deliver(TWO, name="1700000002.M2P1.h,S=%d" % len(TWO))
    k = enter(w)
    same(k.many(b"LIST"), b"1 %d\r\n2 %d\r\n" % (len(wire_of(TWO)), len(wire_of(TWO))), "LIST")
    k.close()


def test_many_messages(w):
    """A large folder whose sizes nobody knows; other sessions go on meanwhile."""
    for number in range(5000):
        with open(w.maildir("new", "17%08d.M%dP1.h" % (number, number)), "wb") as f:
            f.write(ONE)
    k = enter(w)
    same(k.ok(b"STAT"), b"+OK 5000 %d" % (5000 * len(wire_of(ONE))), "STAT")
    same(k.many(b"LIST").count(b"\r\n"), 5000, "LIST")
    same(k.many(b"UIDL").count(b"\r\n"), 5000, "UIDL")
    k.send(*[b"RETR %d" % n for n in range(1, 5001)])
    began = time.monotonic()
    for _ in range(5000):
        check(k.line().startswith(b"+OK"), "RETR")
        check(len(k.rest()) == len(wire_of(ONE)), "RETR")
    print("5,000 RETR: %.0f a second" % (5000 / (time.monotonic() - began)))
    k.send(*[b"DELE %d" % n for n in range(1, 5001)])
    for _ in range(5000):
        check(k.line().startswith(b"+OK"), "DELE")
    check(k.quit().startswith(b"+OK"), "QUIT")
    left(w, 0)


# ---- the worker ----

def test_log(w):
    fill(w, ONE)
    k = enter(w)
    k.many(b"RETR 1")
    k.many(b"TOP 1 0")
    k.quit()
    line = wait_for("LOGOUT is logged", lambda: w.log("INFO: LOGOUT"))[0]
    for word in ("user=u", "ip=[127.0.0.1]", "top=%d" % len(wire_of(ONE.split(b"\n\n")[0] + b"\n\n")), "retr=%d" % len(wire_of(ONE)),
                 "rcvd=", "sent=", "time="):
        check(word in line, "%r has %r" % (line, word))
    check(w.log("INFO: LOGIN", "protocol=POP3"), "LOGIN is logged")


def test_drain(w):
    fill(w, ONE)
    k = enter(w)
    k.ok(b"DELE 1")
    idle = enter(w)
    w.order("drain 5000")
    check(idle.line().startswith(b"-ERR [SYS/TEMP]"), "a session without marks ends")
    check(k.quit().startswith(b"+OK"), "one with marks goes on to its QUIT")
    left(w, 0)


def test_revoke(w):
    fill(w, ONE)
    k = enter(w)
    k.ok(b"DELE 1")
    w.order("revoke u")
    check(k.line().startswith(b"-ERR [SYS/TEMP]"), "the session is thrown out")
    k.close()
    same(len(w.files()), 1, "nothing was removed")


def test_sessions(w):
    """Ten thousand sessions leave nothing behind."""
    fill(w, ONE, TWO)
    for _ in range(100):
        k = enter(w)
        k.many(b"RETR 1")
        k.quit()
    wait_for("all have ended", lambda: not w.status(1))
    fds, memory = w.descriptors(), w.memory_kib()
    for number in range(10000):
        k = Pop3(w.session(unread=b"STAT\r\nRETR 2\r\n" + (b"QUIT\r\n" if number % 3 else b"")))
        k.line()
        if number % 3:
            k.file.read()
        k.close()
    wait_for("all have ended", lambda: not w.status(1))
    check(w.descriptors() <= fds, "descriptors: %d, then %d" % (fds, w.descriptors()))
    check(w.memory_kib() <= memory + 2048, "memory: %d KiB, then %d" % (memory, w.memory_kib()))


def test_idle_memory(w):
    fill(w, ONE, TWO)
    sessions = [enter(w) for _ in range(20)]
    memory = w.memory_kib()
    sessions += [enter(w) for _ in range(400)]
    each = (w.memory_kib() - memory) / 400
    print("memory of an idle session: %.1f KiB" % each)
    check(each <= 16, "an idle session takes %.1f KiB" % each)
    for k in sessions:
        k.close()


TESTS = [
    (test_lists, {}), (test_unread_input, {}), (test_messages, {}), (test_seen, {}), (test_seen_without_quit, {}),
    (test_removal, {}), (test_no_quit, {}), (test_two_sessions, {}), (test_foreign, {}), (test_unique_ids_stay, {}), (test_unique_ids_are_not_used_again, {}), (test_imported_unique_ids, {}),
    (test_sizes_of_names, {}), (test_many_messages, {}), (test_log, {}), (test_drain, {}), (test_revoke, {}),
    (test_sessions, {}), (test_idle_memory, {}),
]

if not os.path.isdir("/proc/self/fd"):
    print("needs /proc")
    sys.exit(77)
sys.exit(run("pop3d_test", TESTS, sys.argv, make))
