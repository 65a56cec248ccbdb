"""Reports, targets with names, known deviations."""

import base64
import json
import os
import subprocess
import sys
import types
import zlib
import xml.etree.ElementTree as ET

import pytest

from harness import catalogue, report, scn

HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEAD = "title: it <b>answers</b>\nreq: R1939-5-o\nservice: pop3\n"


def run(*words):
    done = subprocess.run([sys.executable, os.path.join(HERE, "run"), *words], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def played(tmp_path, scripted):
    """A run with one scenario that passes, one that fails, one that is not offered; the folder of its report."""
    texts = {"good": "S: +OK ready\nC: NOOP\nS: +OK\n", "bad": "S: +OK ready\nC: NOOP\nS: -ERR </script>\n",
             "absent": "event drain\n"}
    words = []
    for name, text in texts.items():
        (tmp_path / f"{name}.scn").write_text(HEAD + text)
        words += ["--only", str(tmp_path / f"{name}.scn")]
    server = scripted(lambda line: b"-ERR\r\n" if line.startswith(b"CAPA") else b"+OK\r\n", greeting=b"+OK ready\r\n")
    code, out, _ = run("--target", f"127.0.0.1:{server.port}", "--service", "pop3", "--user", "a", *words, "--report", str(tmp_path / "r"))
    assert code == 1
    assert "1 passed, 1 failed, 1 not offered" in out
    return tmp_path / "r"


def test_json(played):
    data = json.loads((played / "report.json").read_text())
    assert data["targets"][0]["counts"] == {"passed": 1, "failed": 1, "known": 0, "not offered": 1}
    states = {os.path.basename(r["name"]): r for r in data["targets"][0]["results"]}
    assert states["bad"]["line"] == 6 and states["bad"]["lines"][-1].startswith(" >> S: +OK")
    assert states["absent"]["why"] == "in process only"
    assert data["requirements"]["R1939-5-o"]["level"] == "MUST"


def test_junit(played):
    suite = ET.parse(played / "junit.xml").getroot().find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert "expected this line" in suite.find("testcase/failure").get("message")


def test_html_needs_nothing_else(played):
    page = (played / "index.html").read_text()
    assert "http" not in page and "src=" not in page and "%" not in page.split("</style>")[1].split("<div")[0]
    data = json.loads(page.split('type="application/json">')[1].split("</script>")[0])
    names = {os.path.basename(row[0]): (row[1], data["targets"][0]["results"][k]) for k, row in enumerate(data["scenarios"])}
    assert names["bad"][0] == "it <b>answers</b>" and names["bad"][1][1] == report.STATES.index("failed") and names["bad"][1][3] == 6
    assert data["whys"][names["absent"][1][2]] == "in process only"
    packed = page.split('<script id="dialogs" type="text/plain">')[1].split("</script>")[0]
    dialogs = json.loads(zlib.decompress(base64.b64decode(packed)))
    assert dialogs[names["bad"][1][6]].splitlines()[-1].startswith(" >> S: +OK")
    assert page.count("</script>") == 3


def test_card_of_figures():
    one = report.Run("x", "<X>")
    for state in (report.PASSED, report.PASSED, report.KNOWN, report.NOT_OFFERED):
        one.results.append(report.Result(scn.Scenario("a.scn"), "a", state))
    text = report.card(one)
    assert "&lt;X&gt;" in text and "66.6 %" in text and "2 passed" in text and "1 known" in text and "1 not offered" in text
    assert "nothing played" in report.card(report.Run("y", "Y"))


def test_errors_are_one_line(tmp_path):
    for words, found in ((("--target", "nowhere"), "expected HOST:PORT or one of"), ((), "expected one of --env FILE"),
                         (("--target", "127.0.0.1:1", "--rfc", "x"), "expected the number of an RFC"),
                         (("--target", "127.0.0.1:1", "--rfc", "99999"), "found '99999', expected the number of an RFC"),
                         (("--target", "127.0.0.1:1", "--service", "pop3", "--only", "pop3/session/quit"), "Connection refused")):
        code, _, err = run(*words)
        assert code == 2 and found in err and err.count("\n") == 1, err


def test_a_login_that_is_refused_is_one_line(scripted):
    server = scripted(lambda line: b"-ERR [AUTH] No\r\n" if line.startswith(b"PASS") else b"-ERR\r\n" if line.startswith(b"CAPA") else b"+OK\r\n",
                      greeting=b"+OK ready\r\n")
    code, _, err = run("--target", f"127.0.0.1:{server.port}", "--service", "pop3", "--user", "a", "--pass", "x", "--only", "pop3/session/quit")
    assert code == 2 and err.endswith(": the login of a@example.test is refused: -ERR [AUTH] No\n") and err.count("\n") == 1


def test_every_target_is_well_formed():
    assert {"courier", "cyrus", "dovecot", "exim", "opensmtpd", "postfix", "sandbox"} <= set(catalogue.names())
    for name in catalogue.names():
        assert catalogue.place(name).title
        catalogue.deviations(name)


def test_deviation_of_no_scenario(monkeypatch, tmp_path):
    monkeypatch.setattr(catalogue, "HERE", str(tmp_path))
    (tmp_path / "deviations").mkdir()
    (tmp_path / "deviations" / "x.toml").write_text('# head\n"a/b" = {verdict = "peer", text = "t"}\n')
    with pytest.raises(catalogue.CatalogueError, match=r"x.toml:2: found 'a/b', expected a scenario below conformance"):
        catalogue.deviations("x")
    (tmp_path / "deviations" / "x.toml").write_text('"a/b" = {verdict = "bug", text = "t"}\n')
    with pytest.raises(catalogue.CatalogueError, match=r"x.toml:1: found 'a/b', expected .* verdicts are peer, ambiguous"):
        catalogue.deviations("x")


def test_a_known_deviation_is_no_failure():
    one = report.Run("x", "X")
    one.results.append(report.Result(scn.Scenario("a.scn"), "a", report.KNOWN, "peer: why", types.SimpleNamespace(line=1, expected="e", found="f")))
    assert one.closing() == "0 passed, 0 failed, 1 known, 0 not offered"
    assert ET.fromstring(report.junit_text([one]).split("?>")[1]).find("testsuite/testcase/skipped").get("message") == "known: peer: why"


def test_a_server_that_will_not_start_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(catalogue, "ROOT", "/")
    monkeypatch.setattr(catalogue.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(catalogue.CatalogueError, match="ended with 1: it says nothing"):
        catalogue.Instance("x", {"start": ["bin/false"], "stop": ["bin/true"]}).start()
    assert not list(tmp_path.iterdir())


def test_ctrl_c_while_a_server_starts_leaves_nothing(monkeypatch, tmp_path):
    def interrupted(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr(catalogue, "ROOT", "/")
    monkeypatch.setattr(catalogue, "start", interrupted)
    monkeypatch.setattr(catalogue.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        catalogue.Instance("x", {"start": ["bin/false"], "stop": ["bin/touch", f"{tmp_path}/stopped"]}).start()
    assert [path.name for path in tmp_path.iterdir()] == ["stopped"]
