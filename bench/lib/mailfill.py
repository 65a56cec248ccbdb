"""Fills Maildirs with messages as another program would have left them there.

About 6.3 KB each: plain text, text with HTML beside it, text with an attachment.  Every third
contains the word "needle" in its text; each has a Subject and Message-ID of its own.  The same
number gives the same message.
"""
import base64
import os
import random

WORDS = ("the quick mail server reads every message once and writes it down in one place so that "
         "whoever asks again gets the same answer without looking twice at what has not changed").split()
SHAPES = 96
HEAD = """\
Return-Path: <sender{s}@sender.test>
Delivered-To: {user}@example.test
Received: from relay{s}.sender.test (relay{s}.sender.test [192.0.2.{s}])
\tby mx.example.test with ESMTPS id 0000{n:08d};
\tThu, 01 Jan 2026 {h:02d}:{m:02d}:00 +0000
Received: from desk{s}.sender.test ([198.51.100.{s}])
\tby relay{s}.sender.test with ESMTPSA id {n:08d};
\tThu, 01 Jan 2026 {h:02d}:{m:02d}:00 +0000
From: "Sender Number {s}" <sender{s}@sender.test>
To: {user}@example.test, "Somebody Else" <else{s}@other.test>
Cc: third{s}@other.test
Subject: Re: message {n} about token {s}
Date: Thu, 01 Jan 2026 {h:02d}:{m:02d}:00 +0000
Message-ID: <{n}.{s}@sender.test>
In-Reply-To: <{r}.{s}@sender.test>
References: <{r}.{s}@sender.test>
MIME-Version: 1.0
User-Agent: filler
"""


def paragraph(r, lines, needle):
    out = []
    for k in range(lines):
        words = [r.choice(WORDS) for _ in range(r.randint(8, 11))]
        if needle and k == lines // 2:
            words.append("needle")
        out.append(" ".join(words))
    return "\n".join(out) + "\n"


def shape(s):
    """Header with places to fill and the rest of one of the shapes."""
    r = random.Random(s)
    text = paragraph(r, r.randint(20, 60), s % 3 == 0)
    kind = s % 10
    if kind < 4:
        return "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + text
    part = "Content-Type: text/plain; charset=utf-8\n\n" + text
    if kind < 8:
        other = "Content-Type: text/html; charset=utf-8\n\n<html><body><p>" + text + "</p></body></html>\n"
        subtype = "alternative"
    else:
        data = base64.encodebytes(r.randbytes(r.choice((3000, 9000, 14000)))).decode()
        other = ("Content-Type: application/pdf; name=\"paper%d.pdf\"\nContent-Transfer-Encoding: base64\n"
                 "Content-Disposition: attachment; filename=\"paper%d.pdf\"\n\n%s" % (s, s, data))
        subtype = "mixed"
    return ("Content-Type: multipart/%s; boundary=\"=_b%d\"\n\n--=_b%d\n%s\n--=_b%d\n%s\n--=_b%d--\n"
            % (subtype, s, s, part, s, other, s))


class Filler:
    def __init__(self):
        self.rest = [shape(s).encode() for s in range(SHAPES)]
        self.lines = [rest.count(b"\n") + HEAD.count("\n") for rest in self.rest]

    def message(self, user, n):
        """Message number n with LF at the ends of lines."""
        s = n % SHAPES
        head = HEAD.format(user=user, s=s + 1, n=n, h=n // 60 % 24, m=n % 60, r=n - n % 5)
        return head.encode() + self.rest[s]

    def fill(self, maildir, user, count, first=1, sub="cur"):
        """Puts `count` messages into maildir/cur or /new; they belong to the owner of maildir."""
        owner = os.stat(maildir)
        folder = os.open(os.path.join(maildir, sub), os.O_RDONLY)
        try:
            for n in range(first, first + count):
                data = self.message(user, n)
                crlf = len(data) + self.lines[n % SHAPES]
                name = "%d.M%06dP99.fill,S=%d,W=%d%s" % (
                    1767225600 + n, n % 1000000, len(data), crlf, ":2," if sub == "cur" else "")
                fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
                os.write(fd, data)
                if os.geteuid() == 0:
                    os.fchown(fd, owner.st_uid, owner.st_gid)
                os.close(fd)
        finally:
            os.close(folder)
