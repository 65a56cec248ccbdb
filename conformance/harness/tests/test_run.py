"""The command: counts, exit statuses, its one-line errors, and TLS."""

import os
import pty
import ssl
import socket
import subprocess
import sys
import threading

import pytest

RUN = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "run")
GOOD = "title: greets\nreq: R5321-3.1-a\nS: 220\n"


def run(*words):
    done = subprocess.run([sys.executable, RUN, *map(str, words)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def smtp(line):
    return b"250 PIPELINING\r\n" if line.startswith(b"EHLO") else b"250 ok\r\n"


@pytest.fixture
def write(tmp_path):
    def make(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path
    return make


def test_counts(write, scripted):
    server = scripted(smtp)
    files = [write("a.scn", GOOD), write("b.scn", GOOD.replace("220", "250")),
             write("c.scn", GOOD.replace("S:", "needs: SIZE\nS:")), write("d.scn", GOOD.replace("S:", "policy: yes\nS:")),
             write("e.scn", GOOD + "wait 5s\n"), write("f.scn", GOOD.replace("S:", "answer: rcpt * ok\nS:"))]
    only = [w for f in files for w in ("--only", f)]
    status, out, _ = run("--target", f"127.0.0.1:{server.port}", "--users", "user1", "-v", *only)
    assert status == 1
    assert out.splitlines()[-1] == "1 passed, 1 failed, 4 not offered"
    assert "FAILED" in out and "b.scn:3: greets" in out and " >> S: 220 ready" in out
    assert "c.scn: SIZE is not offered" in out and "d.scn: policy" in out and "e.scn: waits 5 s" in out
    status, out, _ = run("--target", f"127.0.0.1:{server.port}", "--users", "user1", "--only", files[0])
    assert (status, out.splitlines()[-1]) == (0, "1 passed, 0 failed, 0 not offered")


def test_env_file(write, scripted):
    server = scripted(smtp)
    env = write("env", f"SMTP_PORT={server.port}\nUSERS=\"user1 user2\"\nIMAP_PORT=\n# end\n")
    one, two = write("a.scn", GOOD.replace("S:", "policy: yes\nusers: 2\nS:")), write("b.scn", GOOD.replace("S:", "service: lmtp\nS:"))
    status, out, _ = run("--env", env, "--only", one, "--only", two)
    assert (status, out.splitlines()[-1]) == (0, "1 passed, 0 failed, 1 not offered")
    status, out, _ = run("--env", env, "--only", two)
    assert status == 0 and out.splitlines()[-2] == "nothing was played: lmtp is not served (1)"


def test_zone_lines_are_given_to_the_dns(write, scripted, tmp_path):
    server = scripted(smtp)
    env = write("env", f"SMTP_PORT={server.port}\nUSERS=user1\nDNS_EXTRA={tmp_path}/extra\n")
    assert run("--env", env, "--only", write("a.scn", GOOD.replace("S:", "zone: x.test A 127.0.0.1\nS:")))[0] == 0
    assert (tmp_path / "extra").read_text() == "x.test A 127.0.0.1\n"


def one_line(words, expected):
    """The run ends with status 2, one line, and nothing was played."""
    status, out, err = run(*words)
    assert status == 2 and expected in err and len(err.splitlines()) == 1, (words, out, err)


def test_wrong_use(write):
    good = write("a.scn", GOOD)
    for words, expected in [
            (["--only", good], "expected one of --env FILE and --target"),
            (["--target", "nowhere", "--only", good], "found 'nowhere', expected HOST:PORT or one of "),
            (["--target", "sandbox", "--target", "nowhere", "--only", good], "found 'nowhere', expected HOST:PORT"),
            (["--check", "--only", "no/such"], "found 'no/such', expected a folder or file"),
            (["--check", "--max-wait", "long"], "--max-wait: found 'long', expected a time"),
            (["--check", "--rfc", "smtp"], "--rfc: found 'smtp', expected the number of an RFC"),
            (["--target", "127.0.0.1:25", "--rfc", "1", "--only", good], "--rfc: found '1', expected the number of an RFC"),
            (["--target", "127.0.0.1:25", "--rfc", "9051", "--only", good], "--rfc: no scenario names a requirement of 9051"),
            (["-j", "0", "--only", good], "-j: found '0', expected a number above 0"),
            (["-j", "many", "--only", good], "invalid int value: 'many'"),
            (["--nonsense"], "unrecognized arguments: --nonsense"),
            (["--target", "127.0.0.1:99999", "--only", good], "SMTP_PORT: found '99999', expected a port number"),
            (["--target", "127.0.0.1:0", "--only", good], "SMTP_PORT: found '0', expected a port number")]:
        one_line(words, expected)


def test_bad_scenarios(write, tmp_path):
    bad = write("bad.scn", GOOD + "S: 2\n")
    unknown = write("unknown.scn", "title: x\nreq: R5321-3.1-a\nreq: R5321-99-zz\nS: 220\n")
    one_line(["--check", "--only", bad], "bad.scn:4: found '2', expected a reply code")
    one_line(["--check", "--only", unknown], "unknown.scn:3: found 'R5321-99-zz', expected a requirement of rfc/*.toml")
    status, _, err = run("--target", "127.0.0.1:25", "--only", bad, "--only", unknown)
    assert status == 2 and len(err.splitlines()) == 2
    (tmp_path / "folder").mkdir()
    os.symlink("nowhere", tmp_path / "folder" / "link.scn")
    one_line(["--check", "--only", tmp_path / "folder"], "link.scn: No such file or directory")
    one_line(["--check", "--only", write("no-end.scn", GOOD[:-1])], "no-end.scn:3: found 'no line end at the end of the file', expected LF")


def test_bad_files(write, tmp_path):
    good = write("a.scn", GOOD)
    octets = tmp_path / "octets"
    octets.write_bytes(b"SMTP_PORT=\xff\n")
    for words, expected in [
            (["--env", tmp_path / "none", "--only", good], "none: No such file"),
            (["--env", tmp_path, "--only", good], f"{tmp_path}: Is a directory"),
            (["--env", write("env", "SMTP PORT\n"), "--only", good], "env:1: found 'SMTP PORT', expected NAME=value"),
            (["--env", write("env2", "SMTP_PORT=x\n"), "--only", good], "SMTP_PORT: found 'x', expected a port number"),
            (["--env", octets, "--only", good], "octets: found octets that are not UTF-8"),
            (["--target", "127.0.0.1:25", "--only", good, "--report", good], f"{good}: File exists"),
            (["--target", "127.0.0.1:25", "--only", good, "--report", good / "x"], "Not a directory")]:
        one_line(words, expected)


def closed_port():
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    return port


def test_unreachable_servers(write, scripted):
    good, pop3 = write("a.scn", GOOD), write("b.scn", GOOD.replace("S: 220", "service: pop3\nS: /OK/"))
    imap = write("c.scn", GOOD.replace("S: 220", "service: imap\nlogin: no\nS: * /OK/"))
    port, silent = closed_port(), scripted(smtp, b"").port
    greets = lambda octets: f"127.0.0.1:{scripted(smtp, octets).port}"
    for words, expected in [
            (["--target", f"127.0.0.1:{port}", "--only", good], f"127.0.0.1:{port} (smtp): Connection refused"),
            (["--target", f"127.0.0.1:{port}", "--service", "pop3", "--only", pop3], f"127.0.0.1:{port} (pop3): Connection refused"),
            (["--target", f"127.0.0.1:{port}", "--service", "imap", "--user", "a", "--only", imap], f"127.0.0.1:{port} (imap): Connection refused"),
            (["--target", f"no-such-host.invalid:{port}", "--only", good], f"no-such-host.invalid:{port} (smtp): "),
            (["--target", f"a..b:{port}", "--only", good], f"a..b:{port} (smtp): "),
            (["--target", greets(b"554 no\r\n"), "--only", good], "found '554 no', expected greeting 220"),
            (["--target", greets(b"hello\r\n"), "--only", good], "expected a reply"),
            (["--target", greets(b"hello\n"), "--service", "pop3", "--only", pop3], "expected a reply"),
            (["--target", greets(b"* BYE\r\n"), "--service", "imap", "--user", "a", "--only", imap], "found '* BYE', expected greeting * OK"),
            (["--target", f"127.0.0.1:{silent}", "--service", "imap", "--only", imap], "found no user, expected one (--user)")]:
        one_line(words, expected)


def test_refused_logins(write, scripted):
    def submission(line):
        return (b"250-x\r\n250 AUTH PLAIN\r\n" if line.startswith(b"EHLO") else b"535 5.7.8 No\r\n")

    def imap(line):
        tag = line.split()[0]
        return (b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK x\r\n") if b"CAPABILITY" in line else tag + b" NO not you\r\n"

    server = scripted(submission).port
    one_line(["--target", f"127.0.0.1:{server}", "--service", "submission", "--user", "a", "--pass", "secret", "--only",
              write("a.scn", GOOD.replace("S:", "service: submission\nS:"))],
             f"127.0.0.1:{server}: the login of a@example.test is refused: 535 5.7.8 No")
    server = scripted(imap, b"* OK x\r\n").port
    one_line(["--target", f"127.0.0.1:{server}", "--service", "imap", "--user", "a", "--pass", "secret", "--only",
              write("b.scn", GOOD.replace("S: 220", "service: imap\nlogin: no\nS: * /OK/"))],
             f"127.0.0.1:{server} (imap): the login of a@example.test is refused: ")


def test_progress_is_for_terminals(write, scripted):
    words = ["--target", f"127.0.0.1:{scripted(smtp).port}", "--users", "user1", "--only", write("a.scn", GOOD)]
    assert "\r" not in run(*words)[1]
    leader, follower = pty.openpty()
    child = subprocess.Popen([sys.executable, RUN, *map(str, words)], stdout=follower, stderr=follower)
    os.close(follower)
    said = b""
    try:
        while got := os.read(leader, 4096):
            said += got
    except OSError:                 # the end of a terminal
        pass
    os.close(leader)
    assert child.wait() == 0 and b"1 of 1 played, 0 not passed" in said


def test_terminated_run(write, scripted):
    """SIGTERM ends a run as Ctrl-C does, so that what it started is stopped."""
    server = scripted(lambda line: smtp(line) if line.startswith(b"EHLO") else b"")
    slow = write("a.scn", GOOD + "C: NOOP\nS: 250\n")
    child = subprocess.Popen([sys.executable, RUN, "--target", f"127.0.0.1:{server.port}", "--users", "user1", "--only", str(slow)],
                             stdout=subprocess.PIPE, text=True)
    child.stdout.readline()
    child.terminate()
    assert child.wait(timeout=30) == 130
    child.stdout.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    for name in ("", "other-"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                        "/CN=example.test", "-keyout", folder / (name + "key"), "-out", folder / (name + "cert"), "-days", "2"],
                       check=True, capture_output=True)
    return folder


def serve_tls(certificate):
    """An SMTP server with STARTTLS, which offers AUTH behind it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert", certificate / "key")
    listener = socket.create_server(("127.0.0.1", 0))

    def session(conn):
        try:
            conn.sendall(b"220 ready\r\n")
            secure = False
            while data := conn.recv(1000):
                if data.startswith(b"EHLO"):
                    conn.sendall(b"250-x\r\n250 AUTH PLAIN\r\n" if secure else b"250-x\r\n250 STARTTLS\r\n")
                elif data.startswith(b"STARTTLS"):
                    conn.sendall(b"220 go\r\n")
                    conn, secure = context.wrap_socket(conn, server_side=True), True
                elif data.startswith(b"QUIT"):
                    conn.sendall(b"221 bye\r\n")
                    conn.unwrap()           # close_notify, and the client's
                elif data.startswith(b"HELP"):
                    conn.sendall(b"214 gone\r\n")
                    conn.close()            # without close_notify
                else:
                    conn.sendall(b"250 ok\r\n")
        except OSError:
            return

    def serve():
        while True:
            try:
                conn, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=session, args=(conn,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener


def test_starttls(write, certificate):
    listener = serve_tls(certificate)
    port = listener.getsockname()[1]
    scenario = write("tls.scn", GOOD.replace("S:", "needs: AUTH=PLAIN STARTTLS\nS:") + "C: STARTTLS\nS: 220\nstarttls\n"
                     "C: EHLO x\nS: 250\nS+: /^AUTH PLAIN$/\nS-: /STARTTLS/\nC: NOOP\nS: 250\n")
    status, out, _ = run("--target", f"127.0.0.1:{port}", "--users", "user1", "--only", scenario)
    assert (status, out.splitlines()[-1]) == (0, "1 passed, 0 failed, 0 not offered")
    trusted = write("env", f"SMTP_PORT={port}\nUSERS=user1\nCA_FILE={certificate}/cert\n")
    assert run("--env", trusted, "--only", scenario)[0] == 0
    other = write("env2", f"SMTP_PORT={port}\nUSERS=user1\nCA_FILE={certificate}/other-cert\n")
    assert "certificate verify failed" in "".join(run("--env", other, "--only", scenario)[1:])
    listener.close()


def test_close_notify(write, certificate):
    listener = serve_tls(certificate)
    start = GOOD + "C: STARTTLS\nS: 220\nstarttls\n"
    words = ("--target", f"127.0.0.1:{listener.getsockname()[1]}", "--users", "user1", "--only")
    assert run(*words, write("said.scn", start + "C: QUIT\nS: 221\nclosenotify\n"))[0] == 0
    status, out, _ = run(*words, write("cut.scn", start + "C: HELP\nS: 214\nclosenotify\n"))
    assert status == 1 and "expected a TLS close_notify before the end" in out
    assert run(*words, write("eof.scn", start + "C: HELP\nS: 214\neof\n"))[0] == 0
    listener.close()


def test_failed_handshake_fails_the_scenario(write, scripted):
    server = scripted(lambda line: smtp(line) if line.startswith(b"EHLO") else b"220 go\r\n")
    status, out, _ = run("--target", f"127.0.0.1:{server.port}", "--users", "user1",
                         "--only", write("tls.scn", GOOD + "C: STARTTLS\nS: 220\nstarttls\n"))
    assert status == 1 and "expected a TLS handshake" in out
