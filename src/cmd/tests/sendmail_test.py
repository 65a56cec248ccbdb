"""sendmail against a server that does as it is told: what it says, what it sends, how it ends.

    sendmail_test.py PROGRAM
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM = os.path.abspath(sys.argv[1])
ALL = ["PIPELINING", "SIZE 1000000", "8BITMIME", "DSN"]


class Server(threading.Thread):
    """One connection. replies: {verb or 'RCPT <address>' or 'greeting' or '.': reply}; a reply of None closes."""

    def __init__(self, path, extensions=(), replies=None, cut_content_at=None):
        super().__init__(daemon=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.extensions, self.replies, self.cut = extensions, replies or {}, cut_content_at
        self.commands, self.content, self.accepted = [], None, False

    def reply(self, what, default):
        text = self.replies.get(what, default)
        if text is None:
            raise ConnectionError(what)
        self.file.write(text.encode() + b"\r\n")
        self.file.flush()
        return text[0] in "23"

    def read_content(self):
        lines, size = [], 0
        for line in self.file:
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)
            size += len(line)
            if self.cut and size > self.cut:
                self.reply("cut", "421 4.3.2 going down")
                raise ConnectionError("cut")
        raise ConnectionError("no end")

    def serve(self):
        if not self.reply("greeting", "220 server ESMTP"):
            return
        for line in self.file:
            text = line.decode().rstrip("\r\n")
            assert line.endswith(b"\r\n"), line
            self.commands.append(text)
            verb = text.split()[0].upper()
            if verb == "EHLO":
                hello = ["server"] + list(self.extensions)
                lines = ["250-" + e for e in hello[:-1]] + ["250 " + hello[-1]]
                self.reply("EHLO", "\r\n".join(lines))
            elif verb == "RCPT":
                self.reply("RCPT " + re.search(r"<(.*)>", text)[1], "250 2.1.5 Ok")
            elif verb == "DATA":
                if self.reply("DATA", "354 Go on"):
                    self.content = self.read_content()
                    self.accepted = self.reply(".", "250 2.0.0 Ok 1.2.3")
            elif verb == "QUIT":
                self.reply("QUIT", "221 2.0.0 Bye")
                return
            else:
                self.reply(verb, "250 2.0.0 Ok")

    def run(self):
        try:
            with self.listener.accept()[0] as s, s.makefile("rwb") as self.file:
                self.serve()
        except (ConnectionError, BrokenPipeError):
            pass
        finally:
            self.listener.close()


class Sendmail(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="sendmail")
        self.addCleanup(shutil.rmtree, self.dir)
        os.makedirs(self.dir + "/etc")
        os.makedirs(self.dir + "/var/run/smtp")
        for name, text in [("me", "mail.here.example"), ("defaultdomain", "here.example")]:
            with open(self.dir + "/etc/" + name, "w", encoding="ascii") as f:
                f.write(text + "\n")
        self.server = None

    def start(self, extensions=ALL, **more):
        path = self.dir + "/var/run/smtp/socket"
        if os.path.exists(path):
            os.unlink(path)
        self.server = Server(path, extensions, **more)
        self.server.start()

    def run_it(self, *args, stdin=b"", env=None, program=None):
        r = subprocess.run([program or PROGRAM, *args], input=stdin if isinstance(stdin, bytes) else None,
                           stdin=None if isinstance(stdin, bytes) else stdin, capture_output=True, timeout=60, check=False,
                           env={"COURIER_INSTANCE": self.dir, "LOGNAME": "sender", "NAME": "S. Ender", "PATH": os.environ["PATH"],
                                **{k: os.environ[k] for k in os.environ if k.endswith("SAN_OPTIONS")}, **(env or {})})
        self.out, self.err = r.stdout.decode(), r.stderr.decode()
        if self.server:
            self.server.join(30)
        return r.returncode

    def send(self, *args, stdin=b"From: a@x\n\nbody\n", extensions=ALL, env=None, status=0, **more):
        self.start(extensions, **more)
        self.assertEqual(self.run_it(*args, stdin=stdin, env=env), status, self.err)
        if status == 0:
            self.assertTrue(self.server.accepted)
            self.assertEqual(self.server.commands[-1], "QUIT")
            self.assertEqual(self.out + self.err, "")
        return self.server

    def rcpts(self):
        return [re.search("<(.*)>", c)[1] for c in self.server.commands if c.startswith("RCPT")]

    def mail(self):
        return [c for c in self.server.commands if c.startswith("MAIL")][0]

    def parts(self):
        header, _, body = self.server.content.partition(b"\r\n\r\n")
        fields = {}
        for line in re.sub(rb"\r\n[ \t]", b" ", header).decode("utf-8").split("\r\n"):
            name, _, value = line.partition(":")
            fields.setdefault(name.lower(), []).append(value.strip())
        return fields, body

    # ---- what is sent ----

    def test_plain(self):
        s = self.send("-oi", "user@far.example")
        self.assertTrue(s.commands[0].startswith("EHLO "))
        self.assertRegex(self.mail(), r"^MAIL FROM:<sender@here\.example> SIZE=%d$" % len(s.content))
        self.assertEqual(self.rcpts(), ["user@far.example"])
        fields, body = self.parts()
        self.assertEqual(body, b"body\r\n")
        self.assertEqual(fields["from"], ["a@x"])
        self.assertRegex(fields["date"][0], r"^\w{3}, \d+ \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}$")
        self.assertRegex(fields["message-id"][0], r"^<[0-9a-f.]+@mail\.here\.example>$")

    def test_no_extensions(self):
        self.send("-N", "never", "-R", "full", "-V", "x", "u@far.example", extensions=[])
        self.assertEqual(self.mail(), "MAIL FROM:<sender@here.example>")
        self.assertEqual(self.server.commands[2], "RCPT TO:<u@far.example>")

    def test_dsn(self):
        self.send("-N", "success,fail", "-R", "hdrs", "-V", "a+b =", "u@far.example")
        self.assertRegex(self.mail(), r" RET=HDRS ENVID=a\+2Bb\+20\+3D$")
        self.assertIn("RCPT TO:<u@far.example> NOTIFY=SUCCESS,FAILURE", self.server.commands)
        self.send("-n", "u@far.example")
        self.assertIn("RCPT TO:<u@far.example> NOTIFY=NEVER", self.server.commands)

    def test_8bit(self):
        self.send("u@far.example", stdin="From: a@x\n\nb\u00f6dy\n".encode())
        self.assertIn(" BODY=8BITMIME", self.mail())

    def test_sender(self):
        for args, env, want in [
                (("-f", "other@x.example"), {}, "other@x.example"), (("-fother",), {}, "other@here.example"),
                (("-f", ""), {}, ""), (("-f", "<>"), {}, ""), (("-r", "Name <n@x.example>"), {}, "n@x.example"),
                ((), {"MAILSUSER": "ms", "MAILUSER": "mu"}, "ms@here.example"),
                ((), {"MAILUSER": "mu", "MAILHOST": "h.example"}, "mu@h.example"),
                ((), {"MAILSHOST": "sh.example", "MAILHOST": "h.example"}, "sender@sh.example"),
                ((), {"LOGNAME": "", "USER": "u ser"}, '"u ser"@here.example')]:
            with self.subTest(args=args, env=env):
                self.send(*args, "u@far.example", env=env)
                self.assertIn("FROM:<%s>" % want, self.mail())

    def test_added_from(self):
        for args, env, want in [
                ((), {}, '"S. Ender" <sender@here.example>'), (("-F", "Jo"), {}, "Jo <sender@here.example>"),
                (("-F", "J\u00f6"), {}, "=?utf-8?b?SsO2?= <sender@here.example>"),
                (("-F", ""), {}, "sender@here.example"),
                (("-f", "o@x.example", "-F", "Jo"), {}, "Jo <o@x.example>"), (("-f", "o@x.example"), {}, "o@x.example"),
                (("-f", '"a b"@x.example'), {}, '"a b"@x.example'), ((), {"MAILNAME": "Mn"}, "Mn <sender@here.example>"),
                (("-F", "a\nBcc: b"), {}, "sender@here.example")]:
            with self.subTest(args=args, env=env):
                self.send(*args, "u@far.example", stdin=b"Subject: x\n\n", env=env)
                self.assertEqual(self.parts()[0]["from"], [want])

    def test_kept_fields(self):
        self.send("u@far.example", stdin=b"From: a@x\nDate: then\nMessage-Id: <m@x>\nX: 1\n 2\nReturn-Path: <r@x>\n\n")
        self.assertEqual(self.server.content, b"From: a@x\r\nDate: then\r\nMessage-Id: <m@x>\r\nX: 1\r\n 2\r\n\r\n")

    # ---- recipients ----

    def test_from_header(self):
        message = (b"To: A <a@x.example>, b,\n c@y.example\nCc: Group: d@x.example, e@x.example;\nBcc: hidden@x.example\n"
                   b"To: a@x.example\nReply-To: no@x.example\n\nTo: not@x.example\n")
        want = ["a@x.example", "b@here.example", "c@y.example", "d@x.example", "e@x.example", "hidden@x.example"]
        for args, rcpts in [(("-t",), want), ((), want), (("-t", "-oi", "-oem"), want), (("only@x.example",), ["only@x.example"]),
                            (("-bcc", "z@x.example"), want + ["z@x.example"])]:
            with self.subTest(args=args):
                self.send(*args, stdin=message)
                self.assertEqual(sorted(self.rcpts()), rcpts)
                self.assertNotIn(b"hidden", self.server.content)
                self.assertIn(b"Cc: Group: d@x.example, e@x.example;\r\n", self.server.content)

    def test_resent(self):
        self.send("-t", stdin=b"Resent-To: r@x.example\nResent-Bcc: h@x.example\nTo: a@x.example\n\n")
        self.assertEqual(self.rcpts(), ["h@x.example", "r@x.example"])
        self.assertNotIn(b"h@x.example", self.server.content)

    def test_arguments(self):
        self.send("--", "one", "two@x.example, Three <three@x.example>", '"o d"@x.example', "one@here.example")
        self.assertEqual(self.rcpts(), ['"o d"@x.example', "one@here.example", "three@x.example", "two@x.example"])

    def test_many(self):
        names = ["u%04d@x.example" % i for i in range(3000)]
        self.send("-t", stdin=b"To: " + ",\n ".join(names).encode() + b"\n\n")
        self.assertEqual(self.rcpts(), names)
        self.assertIn(b"u2999@x.example\r\n", self.server.content)

    def test_none(self):
        for message in [b"", b"Subject: x\n\n", b"To: undisclosed-recipients:;\n\n"]:
            self.assertEqual(self.run_it("-t", stdin=message), 64)
            self.assertIn("no recipients", self.err)

    def test_no_address(self):
        for address in ["@nowhere", "x@a..b", "x@", "two words", "a b@x.example", "Name [x] <a@x.example>", "<a@x.example", "a..b"]:
            with self.subTest(address=address):
                self.assertEqual(self.run_it(address), 67)
                self.assertIn("found no address", self.err)
                self.assertEqual(self.run_it("-f", address, "a@x.example"), 67)
                self.assertEqual(self.run_it("-t", stdin=b"To: good@x.example, " + address.encode() + b"\n\n"), 67)
        self.assertEqual(self.run_it("-f", ", ,", "a@x.example"), 67)

    # ---- content ----

    def test_line_ends(self):
        for message, body in [
                (b"A: b\r\n\r\none\r\ntwo", b"one\r\ntwo\r\n"), (b"A: b\n\n.\n..\n.x\n", b".\r\n..\r\n.x\r\n"),
                (b"A: b\n\na\rb\r\r\nc\r", b"a\r\nb\r\nc\r\n"), (b"A: b\n\nx\0y\0\0\n", b"x?y??\r\n"), (b"A: b\n\n", b""),
                (b"A: b\n\n\n\n", b"\r\n\r\n"), (b"A: b\n\n\r\r\rx", b"\r\n\r\n\r\nx\r\n"), (b"A: b\n", b""),
                (b"From me Sat Nov 21\nA: b\n\nx\n", b"x\r\n"), (b"just text\nmore\n", b"just text\r\nmore\r\n"),
                (b"text", b"text\r\n"), (b"A: b\nno field\n", b"no field\r\n"), (b"\n\nbody: x\n", b"\r\nbody: x\r\n"),
                (b"", b"")]:
            with self.subTest(message=message):
                self.send("u@far.example", stdin=message)
                self.assertEqual(self.parts()[1], body)
                self.assertNotIn("to", self.parts()[0])

    def test_hidden_field(self):
        self.send("-t", stdin=b"To: u@far.example\nSubject: x\rBcc: evil@x.example\n\n")
        self.assertEqual(self.rcpts(), ["u@far.example"])
        self.assertEqual(self.parts()[0]["subject"], ["x Bcc: evil@x.example"])

    def test_large(self):
        lines = b"".join(b".%d " % i + b"x" * (i % 200) + b"\n" for i in range(60000))
        self.send("u@far.example", stdin=b"From: a@x\n\n" + lines)
        self.assertEqual(self.parts()[1], lines.replace(b"\n", b"\r\n"))
        self.assertEqual(self.mail(), "MAIL FROM:<sender@here.example> BODY=8BITMIME")
        with open(self.dir + "/m", "wb") as f:
            f.write(b"From: a@x\n\n" + lines)
        with open(self.dir + "/m", "rb") as f:
            self.send("u@far.example", stdin=f)
        self.assertRegex(self.mail(), r" SIZE=\d{7} ")

    def test_header_too_large(self):
        self.assertEqual(self.run_it("u@far.example", stdin=b"X: y\n" * 400000), 65)
        self.assertIn("header is larger", self.err)

    # ---- what goes wrong ----

    def test_no_server(self):
        self.assertEqual(self.run_it("u@far.example", stdin=b"A: b\n\n" + b"x" * 1000000), 75)
        self.assertIn("not running", self.err)

    def test_replies(self):
        refused = {"a@x.example": "550 5.1.1 no a", "b@x.example": "450 4.2.0 not now"}
        for replies, status, words in [
                ({"greeting": "421 4.3.2 busy"}, 75, "421 4.3.2 busy"), ({"greeting": "554 5.3.2 no"}, 67, "554 5.3.2 no"),
                ({"greeting": "hello"}, 75, "cannot be understood"), ({"greeting": None}, 75, "closed the connection"),
                ({"EHLO": "550 no"}, 67, "550 no"), ({"MAIL": "501-5.1.7 bad\r\n501 5.1.7 sender"}, 67, "501 5.1.7 sender"),
                ({"MAIL": "452 4.3.1 full"}, 75, "sender@here.example: 452 4.3.1 full"), ({"MAIL": None}, 75, "closed"),
                ({"RCPT a@x.example": refused["a@x.example"]}, 67, "a@x.example: 550 5.1.1 no a"),
                ({"RCPT " + k: v for k, v in refused.items()}, 67, "b@x.example: 450 4.2.0 not now"),
                ({"RCPT b@x.example": refused["b@x.example"]}, 75, "b@x.example: 450 4.2.0 not now"),
                ({"RCPT a@x.example": "421 4.3.2 down"}, 75, "421 4.3.2 down"), ({"DATA": "451 4.3.0 later"}, 75, "451 4.3.0 later"),
                ({".": "552 5.3.4 too big"}, 67, "552 5.3.4 too big"), ({".": "451 4.3.0 no disk"}, 75, "451 4.3.0 no disk"),
                ({".": None}, 75, "closed the connection")]:
            for extensions in [], ALL:
                with self.subTest(replies=replies, extensions=extensions):
                    s = self.send("a@x.example", "b@x.example", extensions=extensions, replies=replies, status=status)
                    self.assertIn(words, self.err)
                    self.assertFalse(s.accepted)
                    if any(k.startswith("RCPT") for k in replies):
                        self.assertNotIn("DATA", s.commands)

    def test_broken_off(self):
        s = self.send("a@x.example", stdin=b"A: b\n\n" + b"line\n" * 2000000, cut_content_at=100000, status=75)
        self.assertIn("421 4.3.2 going down", self.err)
        self.assertFalse(s.accepted)

    def test_stdin_fails(self):
        folder = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, folder)
        self.assertEqual(self.run_it("a@x.example", stdin=folder), 74)
        self.assertIn("standard input", self.err)

    def test_configuration(self):
        with open(self.dir + "/etc/defaultdomain", "w", encoding="ascii") as f:
            f.write("no domain\n")
        self.assertEqual(self.run_it("a", stdin=b"A: b\n\n"), 78)
        self.assertIn("defaultdomain:1:", self.err)
        with open(self.dir + "/etc/defaultdomain", "w", encoding="ascii") as f:
            f.write("d.example\n")
        with open(self.dir + "/etc/courierd", "w", encoding="ascii") as f:
            f.write("a mistake that is not ours\n")
        self.send("a")
        self.assertEqual(self.rcpts(), ["a@d.example"])

    # ---- options ----

    def test_harmless(self):
        self.send("-oi", "-i", "-ti", "-oem", "-om", "-bm", "-B", "8BITMIME", "-B7BIT", "-O", "Timeout=3", "-OX=y", "-o7", "-d0.1", "-em",
                  "-h", "3", "-L", "tag", "-p", "smtp", "-G", "-U", "-v", "-S", "STARTTLS", "-verp", "-C", "/x", "-X", "/y", "-Ac",
                  "u@far.example")
        self.assertEqual(self.rcpts(), ["u@far.example"])

    def test_other_uses(self):
        for args, status in [(("-q",), 0), (("-q30m",), 0), (("-bd",), 64), (("-bt",), 64), (("-Z",), 64), (("-f",), 64),
                             (("-N", "often"), 64), (("-N", "never,fail"), 64), (("-R", "some"), 64)]:
            with self.subTest(args=args):
                self.assertEqual(self.run_it(*args), status)
                self.assertEqual(self.err == "", status == 0)

    def test_other_programs(self):
        shutil.copy(PROGRAM, self.dir + "/sendmail")
        for option, name in [("-bp", "mailq"), ("-bi", "newaliases"), ("-I", "newaliases")]:
            with open(self.dir + "/" + name, "w", encoding="ascii") as f:
                f.write("#!/bin/sh\necho this is %s $#\n" % name)
            os.chmod(self.dir + "/" + name, 0o755)
            self.assertEqual(self.run_it(option, program=self.dir + "/sendmail"), 0)
            self.assertEqual(self.out, "this is %s 0\n" % name)

    def test_smtp(self):
        self.start()
        dialogue = b"EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nA: b\r\n\r\n..\r\n.\r\nQUIT\r\n"
        self.assertEqual(self.run_it("-bs", stdin=dialogue), 0)
        self.assertTrue(self.server.accepted)
        self.assertEqual(self.server.content, b"A: b\r\n\r\n.\r\n")
        self.assertEqual([line[:3] for line in self.out.splitlines()], ["220", "250"] + ["250"] * (len(ALL) + 2) + ["354", "250", "221"])

    def test_smtp_no_server(self):
        self.assertEqual(self.run_it("-bs", stdin=b"QUIT\r\n"), 75)


result = unittest.main(argv=sys.argv[:1], exit=False, verbosity=0).result
bad = len(result.failures) + len(result.errors)
print("sendmail_test: %d passed, %d failed" % (result.testsRun - min(bad, result.testsRun), bad))
sys.exit(1 if bad else 0)
