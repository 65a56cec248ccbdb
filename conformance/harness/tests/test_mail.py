"""Mailboxes that a scenario fills, replies of several lines, users that scenarios share."""

import os
import threading

import pytest

from harness import fixture, scn, targets, wire

HEAD = "title: a thing\nreq: R1939-3-a\nservice: pop3\n"


@pytest.fixture
def target(tmp_path, scripted):
    for user in ("user1", "user2"):
        for folder in ("new", "cur", "tmp"):
            os.makedirs(tmp_path / user / "Maildir" / folder)

    def make(answer):
        server = scripted(answer, greeting=b"+OK ready\r\n")
        return targets.Target({"POP3_PORT": str(server.port), "USERS": "user1 user2", "PASS": "secret",
                               "MAILDIR_ROOT": str(tmp_path)})
    return make


def play(tmp_path, target, text):
    path = tmp_path / "x.scn"
    path.write_text(HEAD + text)
    player = wire.Player(scn.parse(path), target)
    player.play()
    return player


def reply(text):
    return lambda line: text


def test_mail_is_put_in_order_and_alone(tmp_path, target):
    old = tmp_path / "user2" / "Maildir" / "cur" / "1.old:2,S"
    old.write_bytes(b"old\n")
    play(tmp_path, target(reply(b"")), "mail: user1 A: ${ID}\\r\\n\\r\\nx\\r\\n\nmail: user1 x2 B: ${n}\\r\\n\nS: +OK ready\nmailbox user1 count 1\n")
    new = tmp_path / "user2" / "Maildir" / "new"
    texts = [(new / name).read_bytes() for name in sorted(os.listdir(new))]
    assert not old.exists()
    assert texts[0].startswith(b"A: ") and texts[0].endswith(b"\n\nx\n")
    assert texts[1:] == [b"B: 1\n", b"B: 2\n"]


def test_rest_octets_lines(tmp_path, target):
    answer = reply(b"+OK\r\n..\r\nab\r\n..c\r\n.\r\n")
    play(tmp_path, target(answer), "S: +OK ready\nC: LIST\nS: +OK\nrest\noctets 11\nlines 3\nS+: /^\\.$/\nS+: /^\\.c$/\nS-: /^\\.\\./\n")
    for wrong in ("octets 12", "octets 1x", "lines 2", "S+: /^\\.\\.c$/"):
        with pytest.raises(wire.Failed):
            play(tmp_path, target(answer), f"S: +OK ready\nC: LIST\nS: +OK\nrest\n{wrong}\n")


def test_octets_need_rest(tmp_path, target):
    with pytest.raises(wire.Failed, match="rest before this"):
        play(tmp_path, target(reply(b"+OK\r\n")), "S: +OK ready\nC: LIST\nS: +OK\noctets 1\n")


def test_repeated_text(tmp_path, target):
    heard = []
    play(tmp_path, target(lambda line: heard.append(line) or b"+OK\r\n"), "S: +OK ready\nC: ${rep:3:a${ID}}\nS: +OK\n")
    assert len(heard[0].strip()) == 3 * 17


@pytest.mark.parametrize("line, found", [
    ("mail: user1", "userK TEXT"), ("mail: user2 x", "at most users: 1"), ("mail: user1 x0 a", "a number from 1"),
    ("mail: bob x", "userK TEXT"), ("mail: user1 ${rep:2:${rep:3:x}}", "no b64: inside"), ("mail: user1 ${rep:2:x", "} behind")])
def test_mistakes(tmp_path, line, found):
    path = tmp_path / "x.scn"
    path.write_text(HEAD + line + "\nS: +OK\n")
    with pytest.raises(scn.Malformed, match=found):
        scn.parse(path)


def test_rest_is_for_pop3(tmp_path):
    path = tmp_path / "x.scn"
    path.write_text(HEAD.replace("service: pop3\n", "") + "S: 220\nrest\n")
    with pytest.raises(scn.Malformed, match="service: pop3"):
        scn.parse(path)


def scenario(tmp_path, mail):
    path = tmp_path / "y.scn"
    path.write_text(HEAD + mail + "S: +OK\n")
    return scn.parse(path)


def test_a_filled_mailbox_is_nobody_elses(tmp_path, target):
    place = target(reply(b""))
    alone, shared = scenario(tmp_path, "mail: user1 none\n"), scenario(tmp_path, "")
    with place.lease(alone) as first, place.lease(shared) as second:
        assert (first, second) == ({1: 2}, {1: 1, 2: 2})
        entered = threading.Event()

        def third():
            with place.lease(alone):
                entered.set()
        waiting = threading.Thread(target=third)
        waiting.start()
        assert not entered.wait(0.2)
    assert entered.wait(10)
    waiting.join()


def test_fill_needs_a_maildir(tmp_path):
    with pytest.raises(OSError):
        fixture.fill_maildir(str(tmp_path / "none"), [b"x"])
