"""The command: counts, exit statuses, its one-line errors, and TLS."""

import os
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


def test_zone_lines_are_given_to_the_dns(write, scripted, tmp_path):
    server = scripted(smtp)
    env = write("env", f"SMTP_PORT={server.port}\nUSERS=user1\nDNS_EXTRA={tmp_path}/extra\n")
    assert run("--env", env, "--only", write("a.scn", GOOD.replace("S:", "zone: x.test A 127.0.0.1\nS:")))[0] == 0
    assert (tmp_path / "extra").read_text() == "x.test A 127.0.0.1\n"


def test_one_line_errors(write, scripted, tmp_path):
    good = write("a.scn", GOOD)
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    cases = [
        (["--only", good], "expected one of --env FILE and --target"),
        (["--target", "nowhere", "--only", good], "found 'nowhere', expected HOST:PORT"),
        (["--target", f"127.0.0.1:{port}", "--only", good], f"127.0.0.1:{port} (smtp): Connection refused"),
        (["--env", tmp_path / "none", "--only", good], "none: No such file"),
        (["--env", write("env", "SMTP PORT\n"), "--only", good], "env:1: found 'SMTP PORT', expected NAME=value"),
        (["--env", write("env2", "SMTP_PORT=x\n"), "--only", good], "SMTP_PORT: found 'x', expected a port number"),
        (["--check", "--only", "no/such"], "found 'no/such', expected a folder or file"),
        (["--check", "--only", write("bad.scn", GOOD + "S: 2\n")], "bad.scn:4: found '2', expected a reply code"),
        (["--check", "--max-wait", "long"], "found 'long', expected a time"),
        (["--target", f"127.0.0.1:{scripted(smtp, b'554 no' + bytes([13, 10])).port}", "--only", good], "expected greeting 220"),
    ]
    for words, expected in cases:
        status, _, err = run(*words)
        assert status == 2 and expected in err and len(err.splitlines()) == 1, (words, err)


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
