"""The parser: what it takes, and the line it gives for each mistake."""

import pytest

from harness import imap, scn

HEAD = "title: a thing\nreq: R5321-4.1.1.3-c\n"


def parse(tmp_path, text):
    path = tmp_path / "x.scn"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return scn.parse(path)


def mistakes(tmp_path, text):
    with pytest.raises(scn.Malformed) as caught:
        parse(tmp_path, text)
    return [m.split(":", 1)[1] for m in caught.value.mistakes]


def test_header_and_steps(tmp_path):
    scenario = parse(tmp_path, HEAD + "req: R1870-3-a R1870-3-b\nservice: lmtp\nneeds: SIZE !CHUNKING mailbox\nusers: 3\n"
                     "policy: yes\ntimeout: 2m\nzone: a.test A 127.0.0.1\nanswer: rcpt * after 30s 4.3.0 Later\nS: 220\n")
    assert scenario.req == ["R5321-4.1.1.3-c", "R1870-3-a", "R1870-3-b"]
    assert (scenario.service, scenario.users, scenario.policy, scenario.timeout_ms) == ("lmtp", 3, True, 120000)
    assert scenario.needs == ["SIZE", "!CHUNKING", "mailbox"]
    assert scenario.zone == ["a.test A 127.0.0.1"]
    assert scenario.answers == [scn.Answer("rcpt", "*", 30000, "4.3.0 Later")]
    assert scenario.steps[0].alternatives == [scn.Alternative("220")]


def test_escapes_and_variables(tmp_path):
    steps = parse(tmp_path, HEAD + "C: a\\r\\n\\0\\x7f\\\\\\$$x${ID}\nC: ${b64:\\0${user1}\\0p}\nC:\nC:  two\n").steps
    assert steps[0].text == [b"a\r\n\0\x7f\\$$x", scn.Var("ID")]
    assert steps[1].text == [scn.B64([b"\0", scn.Var("user1"), b"\0p"])]
    assert steps[2].text == []
    assert parse(tmp_path, HEAD + "C: ${scram:SHA-1 ${PASS} x y}\n").steps[0].text == [
        scn.Scram([b"SHA-1 ", scn.Var("PASS"), b" x y"])]
    assert steps[3].text == [b" two"]


def test_alternatives(tmp_path):
    one, two, three = parse(tmp_path, HEAD + "S: 250 2.1.x /^a|b ([0-9]+)$/i -> size | 5xx 5.7.1 | eof\n").steps[0].alternatives
    assert (one.code, one.enhanced, one.pattern.source, one.names) == ("250", "2.1.x", "/^a|b ([0-9]+)$/i", ["size"])
    assert one.pattern.ignore_case
    assert (two.code, two.enhanced, two.pattern) == ("5xx", "5.7.1", None)
    assert three.code == "eof"


def test_repeats_are_those_every_libc_takes(tmp_path):
    parse(tmp_path, HEAD + "S: 250 /x{255}\\{989\\}/\n")
    for wrong in ("x{256}", "x{1,300}", "(a|b){1000,}"):
        assert "255 times" in mistakes(tmp_path, HEAD + "S: 250 /%s/\n" % wrong)[0]


def test_blocks_nest(tmp_path):
    steps = parse(tmp_path, HEAD + "S: 220\nif 220\nrepeat 2\nC: x\nend\nelse\nC: y\nC: z\nend\nC: w\n").steps
    assert [s.kind for s in steps] == ["S", "if", "C"]
    assert steps[1].steps[0].steps[0].text == [b"x"]
    assert len(steps[1].otherwise) == 2


def test_line_services_take_lines(tmp_path):
    steps = parse(tmp_path, HEAD + "service: pop3\nS: +OK ready\nS: /^\\+OK ([a-z]+)$/ -> word\n").steps
    assert steps[0].text == [b"+OK ready"]
    assert (steps[1].kind, steps[1].names) == ("S", ["word"])


@pytest.mark.parametrize("line, expected", [
    ("SS: 250", "found 'SS: 250', expected a header key or a step"),
    ("S: 25", "found '25', expected a reply code of three digits or x, or eof"),
    ("S: 250 5.7 x", "found '5.7', expected an enhanced code as 5.7.1 or 5.x.x"),
    ("S: 250 hello", "found 'hello', expected an enhanced code, a pattern, | or the end of the line"),
    ("S: 250 /(a)/ -> b c", "found 'b c', expected 1 name(s), one for each group"),
    ("S: 250 /a", "found '/a', expected a pattern as /ERE/ or /ERE/i"),
    ("S: 250 |", "found '', expected a reply code of three digits or x, or eof"),
    ("S+: /[[:digit:]]/", "found '[[:digit:]]', expected a pattern without classes"),
    ("S+: /a(/", "found 'a(', expected a regular expression"),
    ("S-: /(a)/ -> b", "found '-> b', expected the end of the line"),
    ("C: \\q", "found '\\q', expected an escape"),
    ("C: ${", "found '${', expected a variable as ${NAME}"),
    ("C: ${b64:x", "found '${b64:x', expected } behind b64:"),
    ("C: ${b64:${b64:x}}", "found '${b64:x}}', expected no b64: inside b64:"),
    ("C: a ", "expected no blank at the beginning or end of a line"),
    (" C: a", "expected no blank at the beginning or end of a line"),
    ("C-:", "found 'C-:', expected a text"),
    ("C: a\tb", "expected no control characters"),
    ("fill x y", "found 'x', expected a number from 1 to 100000000"),
    ("fill 5", "expected N TEXT"),
    ("quiet 5x", "found '5x', expected a time as 250ms, 5s or 10m"),
    ("end", "found 'end', expected repeat or if before it"),
    ("else", "found 'else', expected repeat or if before it"),
    ("flush now", "found 'now', expected the end of the line"),
    ("event boom", "found 'boom', expected one of drain kick revoke"),
    ("conn 1", "found '1', expected a connection name"),
    ("if 2", "found '2', expected a reply code of three digits or x, or eof"),
    ("mailbox user9 count 1", "found 'user9', expected at most users: 1"),
    ("mailbox bob count 1", "expected userK count N"),
    ("mailbox user1 count 1", "found 'mailbox', expected ${ID} in what the client sends"),
    ("title: again", "found 'title:', expected a step (the header has ended)"),
])
def test_mistake_in_a_step(tmp_path, line, expected):
    found = mistakes(tmp_path, HEAD + "S: 220\n" + line + "\n")
    assert len(found) == 1
    assert found[0].startswith("4: ")
    assert expected in found[0]


@pytest.mark.parametrize("line, expected", [
    ("service: http", "found 'http', expected one of smtp"),
    ("req: 5321", "found '5321', expected a requirement id"),
    ("users: 0", "found '0', expected a number from 1 to 99"),
    ("needs: size", "found 'size', expected an upper-case capability"),
    ("policy: no", "found 'no', expected yes"),
    ("zone: a A", "found 'a A', expected NAME TYPE VALUE"),
    ("answer: what * ok", "found 'what', expected one of connect"),
    ("answer: rcpt * 550 no", "found '550 no', expected ok, or an enhanced code"),
    ("title: twice", "found 'title:', expected this key only once"),
    ("zone:", "found 'zone:', expected a value"),
    ("colour: red", "found 'colour: red', expected a header key or a step"),
])
def test_mistake_in_the_header(tmp_path, line, expected):
    found = mistakes(tmp_path, HEAD + line + "\nS: 220\n")
    assert len(found) == 1 and found[0].startswith("3: ") and expected in found[0]


def test_all_mistakes_in_order(tmp_path):
    assert [m.split(":")[0] for m in mistakes(tmp_path, "S: 2\nrepeat 3\nS: 3\n")] == ["1", "3", "4", "4", "4"]


def test_limits(tmp_path):
    assert "blocks at most 4 deep" in mistakes(tmp_path, HEAD + "S: 220\n" + "repeat 2\n" * 5 + "C: x\n" + "end\n" * 4)[0]
    assert "at most 1000" in mistakes(tmp_path, HEAD + "C: x\n" * 1001)[0]
    assert "a line of at most 4096" in mistakes(tmp_path, HEAD + "C: " + "x" * 4096 + "\n")[0]
    assert "at most 8 connections" in mistakes(tmp_path, HEAD + "".join(f"conn c{i}\n" for i in range(8)))[0]
    assert "expected LF" in mistakes(tmp_path, HEAD + "C: x")[0]
    assert mistakes(tmp_path, b"") == ["1: found 'end of file', expected title: in the header",
                                       "1: found 'end of file', expected req: in the header"]


IMAP = HEAD + "service: imap\n"


def test_imap_replies_and_messages(tmp_path):
    scenario = parse(tmp_path, IMAP + 'message: (\\Seen $X) "21-Nov-2026 19:05:00 +0000" A: b\\r\\n\nmessage: () ${ID}\n'
                     "answer: append-end * 4.2.2 Full\nS: a1 OK /UID ([0-9]+)/ -> uid | a1 NO\nS: * /BYE/ | eof\nS: + /go/\n"
                     "if NO\nC: x\nend\n")
    assert [(m.flags, m.date, m.text) for m in scenario.messages] == [
        ("(\\Seen $X)", '"21-Nov-2026 19:05:00 +0000"', [b"A: b\r\n"]), ("()", "", [scn.Var("ID")])]
    assert scenario.login and scenario.answers[0].kind == "append-end"
    one, two = scenario.steps[0].alternatives
    assert (one.tag, one.code, one.names) == ("a1", "OK", ["uid"])
    assert (two.tag, two.code, two.pattern) == ("a1", "NO", None)
    assert [(a.tag, a.code) for a in scenario.steps[1].alternatives] == [("*", ""), ("", "eof")]
    assert scenario.steps[2].alternatives[0].pattern.source == "/go/"
    assert not parse(tmp_path, IMAP + "login: no\nS: * /OK/\n").login


def test_imap_mistakes(tmp_path):
    assert mistakes(tmp_path, IMAP + "message: \\Seen x\nS: a1 250\nS: a1 OK x\nif 250\nend\n") == [
        "4: found '\\Seen x', expected (FLAGS) [\"DATE\"] TEXT",
        "5: found '250', expected OK, NO or BAD behind a tag",
        "6: found 'x', expected a pattern, | or the end of the line",
        "7: found '250', expected a reply code of three digits or x, or eof",
        "8: found 'end', expected repeat or if before it"]


def test_imap_responses_have_literals():
    one, rest = imap.cut_response(b"* 1 FETCH (BODY[] {4}\r\na\r\nb FLAGS ())\r\n* 2")
    assert (one, rest) == (b"* 1 FETCH (BODY[] {4}\r\na\r\nb FLAGS ())", b"* 2")
    assert imap.cut_response(b"* 1 FETCH (BODY[] {4}\r\na\r\n") is None
    reply, rest = imap.cutter(False)(b"* 1 EXISTS\r\na1 OK [X] done\r\nz")
    assert (reply.tag, reply.code, len(reply.texts), rest) == ("a1", "OK", 2, b"z")
    assert imap.cutter(False)(b"* 1 EXISTS\r\n") is None
    assert imap.cutter(True)(b"* BYE x\r\n")[0].tag == "*"


def test_connections_of_other_users(tmp_path):
    scenario = parse(tmp_path, IMAP + "users: 2\nconn b user2\nconn c\ncompress\n")
    assert [(s.kind, s.word, s.user) for s in scenario.steps] == [("conn", "b", 2), ("conn", "c", 1), ("compress", "", 0)]
    assert mistakes(tmp_path, IMAP + "conn b user2\nconn c 1\nconn 2\ncompress x\n") == [
        "4: found 'user2', expected at most as many as users: says",
        "5: found '1', expected userK",
        "6: found '2', expected a connection name",
        "7: found 'x', expected the end of the line"]
