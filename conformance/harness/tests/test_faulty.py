"""The faulty proxy: it changes nothing without a fault, makes each kind of fault, and the tables and records are sound."""

import os
import socket
import subprocess
import sys

import pytest

from harness import catalogue, scn, targets, wire
from harness.faulty import dialog, judge, record, rule, tables
from harness.faulty.proxy import Proxy

MUTANTS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "mutants")


def fault(**hooks):
    return rule.Fault("a-fault", "smtp", "something is wrong", "R5321-4.2-a", **hooks)


def talk(kind, given, turns):
    """A dialog after turns of ("C", octets) and ("S", octets)."""
    made = kind(given, {}, 1)
    for who, data in turns:
        (made.from_client if who == "C" else made.from_server)(data)
    return made


SMTP = [("S", b"220 hello\r\n"), ("C", b"EHLO x\r\nMAIL FROM:<>\r\nDA"), ("S", b"250-x\r\n250 SIZE\r\n250 ok\r\n"),
("C", b"TA\r\n.\r\n"), ("S", b"354 go\r\n"),
        ("C", b"NOOP\r\n"), ("S", b"250 taken\r\n250 noop\r\n")]


def seen_by(kind, turns):
    """(verb, reply) in the order of the replies."""
    seen = []
    talk(kind, fault(reply=lambda s, c, d: seen.append((c.verb if c else None, d)) or d), turns)
    return seen


def test_smtp_replies_find_their_commands():
    assert seen_by(dialog.Smtp, SMTP) == [
        ("greeting", b"220 hello\r\n"), ("EHLO", b"250-x\r\n250 SIZE\r\n"), ("MAIL", b"250 ok\r\n"), ("DATA", b"354 go\r\n"),
        (".", b"250 taken\r\n"), ("NOOP", b"250 noop\r\n")]


def test_smtp_refused_data_is_followed_by_commands():
    seen = seen_by(dialog.Smtp, [("S", b"220 x\r\n"), ("C", b"DATA\r\nNOOP\r\n"), ("S", b"503 no\r\n250 ok\r\n")])
    assert seen[1:] == [("DATA", b"503 no\r\n"), ("NOOP", b"250 ok\r\n")]


def test_smtp_exchange_and_chunk():
    seen = seen_by(dialog.Smtp,
    [("S", b"220 x\r\n"), ("C", b"AUTH PLAIN\r\n"), ("S", b"334 \r\n"), ("C", b"AAAA\r\n"), ("S", b"535 no\r\n"),
    ("C", b"BDAT 5 LAST\r\nNO\r\nXNOOP\r\n"),
                                 ("S", b"250 ok\r\n250 noop\r\n")])
    assert [verb for verb, _ in seen] == ["greeting", "AUTH", "AUTH+", "BDAT", "NOOP"]


def test_pop3_reply_of_several_lines_is_one():
    seen = seen_by(dialog.Pop3,
    [("S", b"+OK hi\r\n"), ("C", b"LIST\r\nLIST 1\r\nRETR 1\r\nRETR 9\r\n"),
    ("S", b"+OK\r\n1 2\r\n.\r\n+OK 1 2\r\n+OK\r\n..\r\n"), ("S", b".\r\n-ERR\r\n")])
    assert seen[1:] == [("LIST", b"+OK\r\n1 2\r\n.\r\n"), ("LIST", b"+OK 1 2\r\n"), ("RETR", b"+OK\r\n..\r\n.\r\n"),
    ("RETR", b"-ERR\r\n")]


def test_imap_responses_literals_and_idle():
    seen = seen_by(dialog.Imap,
    [("S", b"* OK hi\r\n"), ("C", b"a APPEND x {3}\r\n"), ("S", b"+ go\r\n"), ("C", b"b X\r\nb uid fetch 1 FLAGS\r\n"),
    ("S", b"a OK\r\n* 1 FETCH (BODY[] {4}\r\nb OK)\r\n"),
                                 ("S", b"b OK\r\n"), ("C", b"c IDLE\r\n"), ("S", b"+ idling\r\n* 2 EXISTS\r\n"),
                                 ("C", b"DONE\r\nd NOOP\r\n"), ("S", b"c OK\r\nd OK\r\n")])
    assert [verb for verb, _ in seen] == ["greeting", "APPEND", "APPEND", "UID FETCH", "UID FETCH", "IDLE", "IDLE", "IDLE",
    "NOOP"]
    assert seen[3][1] == b"* 1 FETCH (BODY[] {4}\r\nb OK)\r\n"


def test_imap_runner_is_left_alone():
    made = talk(dialog.Imap, fault(reply=rule.anywhere("OK", "NO")),
    [("S", b"* OK\r\n"), ("C", b"p1 NOOP\r\n"), ("S", b"p1 OK\r\n"), ("C", b"a NOOP\r\n"), ("S", b"a OK\r\n")])
    assert made.to_client == b"* NO\r\np1 OK\r\na NO\r\n"


def test_octets_go_on_as_they_come():
    made = dialog.Smtp(fault(reply=lambda s, c, d: d), {}, 1)
    made.from_client(b"NO")
    assert made.to_server == b"NO"
    held = dialog.Smtp(fault(command=rule.rewrite("NOOP", "NOOP", "RSET")), {}, 1)
    held.from_client(b"NO")
    assert held.to_server == b""
    held.from_client(b"OP\r\n")
    assert held.to_server == b"RSET\r\n"


def test_own_answers_keep_their_place():
    made = talk(dialog.Smtp, fault(command=rule.answer("RSET", "250 mine\r\n")),
    [("S", b"220 x\r\n"), ("C", b"NOOP\r\nRSET\r\nNOOP\r\n"), ("S", b"250 one\r\n250 two\r\n")])
    assert made.to_server == b"NOOP\r\nNOOP\r\n"
    assert made.to_client == b"220 x\r\n250 one\r\n250 mine\r\n250 two\r\n"


def test_tls_forgets_what_came_before():
    for keeps, left in ((False, b""), (True, b"NOOP\r\n")):
        made = talk(dialog.Smtp, fault(command=lambda s, c: c.line, keeps=keeps),
        [("S", b"220 x\r\n"), ("C", b"STARTTLS\r\nNOOP\r\n"), ("S", b"220 go\r\n")])
        assert made.tls_next and made.to_server == b"STARTTLS\r\n"
        made.to_server.clear()
        made.tls_started()
        assert made.to_server == left


def test_rules():
    data = b"* 3 EXISTS\r\n"
    assert rule.anywhere(r"\* (\d+) EXISTS", rule.plus(1))(None, None, data) == b"* 4 EXISTS\r\n"
    noop = rule.Command("NOOP", b"a NOOP\r\n")
    assert rule.sub("NOOP", "EXISTS", "RECENT")(None, noop, data) == b"* 3 RECENT\r\n"
    assert rule.sub("CHECK", "EXISTS", "RECENT")(None, noop, data) == data
    assert rule.sub("NOOP", "EXISTS", "RECENT", "^b ")(None, noop, data) == data
    assert rule.drop("NOOP", "EXISTS")(None, noop, data) == b""
    assert rule.before("NOOP", "EXISTS", "* 1 RECENT\r\n")(None, noop, data) == b"* 1 RECENT\r\n" + data
    assert rule.both(rule.anywhere("3", "5"), rule.anywhere("5", "6"))(None, noop, data) == b"* 6 EXISTS\r\n"


# --- through sockets ------------------------------------------------------------------------------------------

def smtp(line):
    return {b"EHLO": b"250-x\r\n250 PIPELINING\r\n", b"QUIT": None}.get(line[:4], b"250 2.0.0 ok\r\n")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    path = tmp_path_factory.mktemp("faulty") / "cert.pem"
    done = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "1", "-keyout",
    path, "-out", str(path) + ".crt"],
                          capture_output=True, check=False)
    if done.returncode:
        pytest.skip("openssl makes no certificate")
    with open(path, "a", encoding="ascii") as file, open(str(path) + ".crt", encoding="ascii") as crt:
        file.write(crt.read())
    return str(path)


def scenario(tmp_path, steps):
    path = tmp_path / "x.scn"
    path.write_text("title: a thing\nreq: R5321-4.2-a\ntimeout: 1s\n" + steps)
    return scn.parse(path)


STEPS = "S: 220\nC: EHLO ${CLIENT}\nS: 250\nC: NOOP\nC: NOOP\nS: 250\nS: 250\n"


def judged(tmp_path, scripted, certificate, made):
    server = scripted(smtp)
    court = judge.Court({"SMTP_PORT": str(server.port), "PASS": "x"}, ["user1"], certificate)
    return court.play(made, {"x": scenario(tmp_path, STEPS)}, 1, {})["x"]


def test_no_fault_is_not_noticed(tmp_path, scripted, certificate):
    assert judged(tmp_path, scripted, certificate, rule.NONE)[0] is False


def test_faults_are_noticed(tmp_path, scripted, certificate):
    noticed, _, found = judged(tmp_path, scripted, certificate, fault(reply=rule.sub("NOOP", "250", "550")))
    assert noticed and "550" in found
    noticed, _, found = judged(tmp_path, scripted, certificate,
    fault(reply=lambda s, c, d: setattr(s, "close", s.queue == []) or d))
    assert noticed


def test_a_fault_that_breaks_the_engine_is_an_error(tmp_path, scripted, certificate):
    with pytest.raises(rule.FaultError, match="ZeroDivisionError"):
        judged(tmp_path, scripted, certificate, fault(reply=lambda s, c, d: d[:1 // 0]))


def test_the_proxy_passes_the_end_on(scripted, certificate):
    server = scripted(smtp)
    with Proxy(targets.Target({"SMTP_PORT": str(server.port)}), certificate, rule.NONE) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.ports["smtp"]), timeout=5) as sock:
            sock.sendall(b"QUIT\r\n")
            data = b""
            while got := sock.recv(100):
                data += got
    assert data == b"220 ready\r\n"


def test_stored_messages_pass_the_fault(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new/1").write_bytes(b"Received: x\nSubject: TOKEN\n\ntext\n")
    box = judge.SeenMailbox(str(tmp_path), b"TOKEN", lambda data: [data, data.replace(b"text", b"other")])
    assert len(box.messages()) == 2 and b"other" in box.lines()


# --- tables and records -----------------------------------------------------------------------------------------

def test_tables_are_sound():
    rows = tables.faults()
    assert len(rows) > 150 and {row.protocol for row in rows} == {"smtp", "mail", "dsn", "pop3", "imap"}


def test_table_mistakes(monkeypatch):
    table = rule.Table("smtp")
    monkeypatch.setattr(tables, "TABLES", (table,))
    for name, req, hooks, text in (("Bad Name", "R5321-4.2-a", {"raw": len}, "name of its own"),
    ("none", "R5321-4.2-a", {}, "function"), ("unknown", "R1-a", {"raw": len}, "id of rfc")):
        table.rows.clear()
        table.add(name, req, "It is wrong.", **hooks)
        with pytest.raises(rule.FaultError, match=text):
            tables.faults()


def test_records(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "NOTICED", str(tmp_path / "noticed.toml"))
    monkeypatch.setattr(record, "REASONS", str(tmp_path / "silent.toml"))
    rows = [fault(raw=len)]
    noticed = {"a-fault": {"smtp/a/slow": "", "smtp/a/one": "", "smtp/a/two": "", "smtp/b/three": "",
    "smtp/b/late": "no complete reply within 2 s"}}
    seconds = {name: 0.1 for name in noticed["a-fault"]} | {"smtp/a/slow": 5.0, "smtp/c/quiet": 0.1}
    record.write_noticed(rows, {}, noticed, seconds, 4)
    assert record.read_noticed(seconds) == {"a-fault": ["smtp/a/one", "smtp/b/three", "smtp/a/two", "smtp/a/slow"]}
    record.write_noticed(rows, record.read_noticed(seconds), {}, {}, 4)
    assert len(record.read_noticed(seconds)["a-fault"]) == 4
    assert record.silent(noticed, (), seconds) == ["smtp/c/quiet"]
    assert len(record.silent(noticed, {"a-fault"}, seconds)) == 6
    (tmp_path / "silent.toml").write_text('"smtp/c" = "it looks at crashes"\n')
    reasons = record.read_reasons(seconds)
    assert record.reason(reasons, "smtp/c/quiet") and not record.reason(reasons, "smtp/a/one")
    (tmp_path / "silent.toml").write_text('"smtp/gone" = "x"\n')
    with pytest.raises(rule.FaultError, match="smtp/gone"):
        record.read_reasons(seconds)


def run(*words):
    done = subprocess.run([sys.executable, MUTANTS, *words], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def test_command():
    status, out, _ = run("--list", "--only", "pop3-stat-*")
    assert status == 0 and "pop3-stat-sum (R1939-5-b): " in out and out.splitlines()[-1].endswith(" faults")
    status, _, err = run("--only", "nothing-*")
    assert status == 2 and "expected the name of a fault" in err


def test_recorded_names_exist():
    for names in catalogue.read_toml(record.NOTICED).values():
        for name in names:
            assert os.path.exists(os.path.join(catalogue.HERE, name + ".scn")), name
    assert wire.PAUSE_SECONDS
