"""The player against scripted servers: each check passes on a right server and fails on a wrong one."""

import pytest

from harness import replies, scn, targets, wire

HEAD = "title: a thing\nreq: R5321-4.1.1.3-c\ntimeout: 1s\n"


def right(line):
    verb = line[:4].upper()
    if verb == b"QUIT":
        return None
    return {b"EHLO": b"250-host\r\n250-SIZE 1000\r\n250 ENHANCEDSTATUSCODES\r\n", b"MAIL": b"250 2.1.0 ok\r\n",
            b"RCPT": b"550 5.7.1 no\r\n", b"MANY": b"250-2.1.0 a\r\n250 2.1.0 b\r\n"}.get(verb, b"500 5.5.2 what\r\n")


def play(tmp_path, server, steps, values=None, head=HEAD):
    path = tmp_path / "x.scn"
    path.write_text(head + steps)
    target = targets.Target(dict({"SMTP_PORT": str(server.port), "USERS": "user1", "PASS": "pw"}, **(values or {})))
    player = wire.Player(scn.parse(path), target)
    player.play()
    return player


def fails(tmp_path, server, steps, expected, found, **more):
    with pytest.raises(wire.Failed) as caught:
        play(tmp_path, server, steps, **more)
    assert expected in caught.value.expected
    assert found in caught.value.found
    return caught.value


START = "S: 220\nC: EHLO ${CLIENT}\nS: 250\n"


def test_dialogue_passes(tmp_path, scripted):
    player = play(tmp_path, scripted(right), START + "S+: /^SIZE ([0-9]+)$/ -> size\nS-: /^STARTTLS/\nC: MAIL\nC: RCPT\n"
                  "S: 250 2.1.0\nS: 5xx 5.7.x | 250\nC: MANY\nS: 250 2.1.0 /b$/\nC: WHAT${size}\nS: 500 | eof\nC: QUIT\neof\n")
    assert player.variables["size"] == b"1000"
    assert ("a", "C", b"MAIL\r\nRCPT\r\n") in player.transcript


def test_wrong_code(tmp_path, scripted):
    failed = fails(tmp_path, scripted(right), START + "C: RCPT\nS: 250\n", "250", "550 5.7.1 no")
    assert failed.line == 8


def test_no_status_is_none():
    """A request to go on is no NO: the else of an if is played behind it."""
    assert replies.code_fits("NO", "NO") and replies.code_fits("5xx", "550")
    assert not replies.code_fits("NO", "") and not replies.code_fits("NO", "BAD")


def test_wrong_enhanced_code(tmp_path, scripted):
    fails(tmp_path, scripted(right), START + "C: RCPT\nS: 550 5.1.1\n", "5.1.1", "5.7.1")
    fails(tmp_path, scripted(lambda l: right(l).replace(b"5.7.1", b"4.7.1")), START + "C: RCPT\nS: 550 x.7.1\n", "x.7.1", "4.7.1")
    fails(tmp_path, scripted(lambda l: right(l).replace(b"2.1.0 b", b"b")), START + "C: MANY\nS: 250 2.1.0\n", "2.1.0", "/ 250 b")


def test_enhanced_code_is_ignored_when_not_offered(tmp_path, scripted):
    play(tmp_path, scripted(lambda l: right(l).replace(b"ENHANCEDSTATUSCODES", b"HELP")), START + "C: RCPT\nS: 550 5.1.1\n")


def test_missing_and_forbidden_line(tmp_path, scripted):
    fails(tmp_path, scripted(right), START + "S+: /^PIPELINING$/\n", "PIPELINING", "250")
    fails(tmp_path, scripted(right), START + "S-: /^size/i\n", "no line", "SIZE")


@pytest.mark.parametrize("raw, found", [
    (b"250 ok\n", "bare LF"),
    (b"250 o\rk\r\n", "bare CR or NUL"),
    (b"250 o\0k\r\n", "bare CR or NUL"),
    (b"250-a\r\n251 b\r\n", "code 251"),
    (b"25 a\r\n", "no reply line"),
    (b"650 a\r\n", "no reply line"),
    (b"250+a\r\n", "no reply line"),
    (b"250 " + b"a" * 507 + b"\r\n", "reply line of 513"),
    (b"250-a\r\n", "no complete reply"),
])
def test_bad_form_fails_whatever_is_expected(tmp_path, scripted, raw, found):
    fails(tmp_path, scripted(lambda line: raw), "S: 220\nC: NOOP\nS: xxx\n", "xxx", found)


def test_reply_line_of_512_is_well_formed(tmp_path, scripted):
    play(tmp_path, scripted(lambda line: b"250 " + b"a" * 506 + b"\r\n"), "S: 220\nC: NOOP\nS: 250\n")


def test_unexpected_reply_at_the_end(tmp_path, scripted):
    fails(tmp_path, scripted(lambda line: b"250 a\r\n250 b\r\n"), "S: 220\nC: NOOP\nS: 250\n", "nothing more", "250 b")


def test_eof_and_its_absence(tmp_path, scripted):
    fails(tmp_path, scripted(right), START + "eof\n", "end of connection", "stays open")
    fails(tmp_path, scripted(right), START + "C: MAIL\neof\n", "end of connection", "250 2.1.0")
    fails(tmp_path, scripted(right), START + "C: QUIT\nS: 221\n", "221", "end of connection")


def test_quiet(tmp_path, scripted):
    play(tmp_path, scripted(right), START + "C-: NOO\nquiet 50ms\n")
    fails(tmp_path, scripted(right), START + "C: NOOP\nquiet 500ms\n", "nothing for 500 ms", "500")
    fails(tmp_path, scripted(right), START + "C: QUIT\nquiet 500ms\n", "nothing for 500 ms", "end of connection")


def test_silence_is_a_failure(tmp_path, scripted):
    fails(tmp_path, scripted(lambda line: b""), "S: 220\nC: NOOP\nS: 250\n", "250", "no complete reply within 1 s")


def test_if_takes_the_branch(tmp_path, scripted):
    steps = START + "C: RCPT\nS: 250 | 550\nif 2xx\nC: QUIT\nelse\nC: MAIL\nS: 250\nend\nC: MAIL\nS: 250\n"
    play(tmp_path, scripted(right), steps)
    fails(tmp_path, scripted(right), steps.replace("if 2xx", "if 5xx"), "250", "end of connection")


def test_repeat_counts(tmp_path, scripted):
    player = play(tmp_path, scripted(right), START + "repeat 3\nC: MAIL ${n}\nend\nrepeat 3\nS: 250\nend\n")
    assert ("a", "C", b"MAIL 1\r\nMAIL 2\r\nMAIL 3\r\n") in player.transcript


def test_fill_is_exact_and_flush_cuts(tmp_path, scripted):
    player = play(tmp_path, scripted(right), "S: 220\nC-: MAIL\nflush\nfill 5 ab\nC:\nS: 250\n")
    assert [d for _, way, d in player.transcript if way == "C"] == [b"MAIL", b"ababa\r\n"]


def test_connections_are_apart(tmp_path, scripted):
    class Once:
        """The second MAIL of one connection is refused."""
        seen = 0

        def __call__(self, line):
            self.seen += line.startswith(b"MAIL")
            return b"250 2.1.0 ok\r\n" if self.seen < 2 else b"503 5.5.1 no\r\n"

    play(tmp_path, scripted(Once), "S: 220\nC: MAIL\nS: 250\nconn b\nS: 220\nC: MAIL\nS: 250\nconn a\nC: MAIL\nS: 503\n"
         "close\nS: 220\nC: MAIL\nS: 250\nconn b\nabort\n")


def test_large_data_does_not_deadlock(tmp_path, scripted):
    player = play(tmp_path, scripted(lambda line: b"250 " + b"x" * 100 + b"\r\n"),
                  "S: 220\nrepeat 100000\nC: NOOP\nend\nrepeat 100000\nS: 250\nend\n", head=HEAD.replace("1s", "20s"))
    assert player.current.data == b""


def test_unset_variable(tmp_path, scripted):
    fails(tmp_path, scripted(right), "S: 220\nC: ${nothing}\n", "variable nothing", "not set")


def test_mailbox_checks(tmp_path, scripted):
    new = tmp_path / "user1" / "Maildir" / "new"
    new.mkdir(parents=True)
    (new / "old").write_text("Subject: other\n\nodd\n")

    def deliver(line):
        if line.startswith(b"PUT "):
            (new / "m1").write_bytes(b"Received: one\nReceived: two\nSubject: " + line[4:-2] + b"\n\n.text\n")
        return b"250 ok\r\n"

    steps = "S: 220\nC: PUT ${ID}\nS: 250\nmailbox user1 count 1\nmailbox user1 has .text\nmailbox user1 hasnt odd\n" \
            "mailbox user1 match /^Subject: ${ID}$/\nmailbox user1 nomatch /other/\n" \
            "mailbox user1 received /one$/\n"
    values = {"MAILDIR_ROOT": str(tmp_path)}
    play(tmp_path, scripted(deliver), steps, values)
    server = scripted(deliver)
    for step, found in (("count 2", "1"), ("count 0", "1"), ("has odd", "none does"), ("hasnt .text", "one does"),
                        ("match /^odd$/", "none does"), ("nomatch /^.text$/", "one does"), ("received /two/", "none does")):
        fails(tmp_path, server, f"S: 220\nC: PUT ${{ID}}\nS: 250\nmailbox user1 {step}\n", step.split()[0], found, values=values)


def test_line_protocol(tmp_path, scripted):
    head = HEAD + "service: pop3\n"
    server = scripted(lambda line: b"+OK 3 " + line, greeting=b"+OK\r\n")
    values = {"POP3_PORT": str(server.port)}
    play(tmp_path, server, "S: +OK\nC: STAT\nS: /^\\+OK ([0-9]) STAT$/ -> n3\nC: ${n3}\nS: +OK 3 3\n", values, head)
    fails(tmp_path, server, "S: +OK\nC: STAT\nS: +OK 4 STAT\n", "this line", "+OK 3 STAT", values=values, head=head)
