"""The fake DNS: every record type and behaviour, asked by raw packets."""

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time

import pytest

from harness import fakedns

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fakedns.py")
ZONE = """
$TTL 300
example.test. MX 10 mail.example.test.      ; comment
example.test TXT "v=spf1; -all" "two # parts"
mail.example.test A 127.0.0.1
mail.example.test A 127.0.0.2
mail.example.test AAAA ::1
alias.example.test CNAME mail.example.test
hollow.example.test CNAME nothing.example.test
127.0.0.1 PTR client.example
_25._tcp.mail.example.test TLSA 3 1 1 00ff
_imap._tcp.example.test SRV 0 1 143 mail.example.test
*.wild.test A 127.0.0.9
broken.test * SERVFAIL
partly.test MX SERVFAIL
partly.test A 127.0.0.1
gone.test * NXDOMAIN
lost.test * DROP
slow.test A 127.0.0.1
slow.test A DELAY 1
cut.test A 127.0.0.1
cut.test * TRUNCATE
signed.test A 127.0.0.1
signed.test * SECURE
""" + "".join(f'big.test TXT "{"x" * 200}{i}"\n' for i in range(6))


@pytest.fixture
def dns(tmp_path):
    path = tmp_path / "zone"
    path.write_text(ZONE)
    server = fakedns.Server(fakedns.Answerer([str(path)], str(tmp_path / "extra"), str(tmp_path / "log")))
    server.start()
    return server, tmp_path


def query(name, kind, flags=0x0100, edns=None):
    opt = b"\0" + struct.pack("!HHIH", 41, edns[0], edns[1], 0) if edns else b""
    return struct.pack("!HHHHHH", 77, flags, 1, 0, 0, 1 if edns else 0) + fakedns.name_wire(name) + struct.pack(
        "!HH", fakedns.TYPES[kind], 1) + opt


def udp(server, packet, timeout=5):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        sock.sendto(packet, ("127.0.0.1", server.port))
        return sock.recv(65535)


def tcp(server, packet):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock, sock.makefile("rb") as file:
        sock.sendall(struct.pack("!H", len(packet)) + packet)
        return file.read(struct.unpack("!H", file.read(2))[0])


def facts(packet):
    """(rcode, AA TC AD flags, [(type, ttl, rdata)])"""
    ident, flags, qd, an, ns, ar = struct.unpack("!HHHHHH", packet[:12])
    assert ident == 77 and qd == 1 and flags & 0x8000
    at = packet.index(b"\0", 12) + 5
    records = []
    for _ in range(an):
        at = packet.index(b"\0", at) + 1
        kind, _, ttl, size = struct.unpack("!HHIH", packet[at:at + 10])
        records.append((kind, ttl, packet[at + 10:at + 10 + size]))
        at += 10 + size
    return flags & 15, {n for n, bit in (("TC", 0x200), ("AD", 0x20)) if flags & bit}, records


@pytest.mark.parametrize("name, kind, values", [
    ("example.test", "MX", [b"\0\x0a" + fakedns.name_wire("mail.example.test")]),
    ("EXAMPLE.test", "TXT", [b"\x0cv=spf1; -all\x0btwo # parts"]),
    ("mail.example.test", "A", [b"\x7f\0\0\1", b"\x7f\0\0\2"]),
    ("mail.example.test", "AAAA", [b"\0" * 15 + b"\1"]),
    ("alias.example.test", "A", [fakedns.name_wire("mail.example.test"), b"\x7f\0\0\1", b"\x7f\0\0\2"]),
    ("1.0.0.127.in-addr.arpa", "PTR", [fakedns.name_wire("client.example")]),
    ("_25._tcp.mail.example.test", "TLSA", [b"\3\1\1\0\xff"]),
    ("_imap._tcp.example.test", "SRV", [struct.pack("!HHH", 0, 1, 143) + fakedns.name_wire("mail.example.test")]),
    ("a.b.wild.test", "A", [b"\x7f\0\0\x09"]),
    ("partly.test", "A", [b"\x7f\0\0\1"]),
    ("slow.test", "A", [b"\x7f\0\0\1"]),
])
def test_records(dns, name, kind, values):
    for ask in (udp, tcp):
        rcode, flags, records = facts(ask(dns[0], query(name, kind)))
        assert (rcode, flags) == (0, set())
        assert [r[2] for r in records] == values
        assert {r[1] for r in records} == {300}


@pytest.mark.parametrize("name, kind, rcode, count", [
    ("example.test", "A", 0, 0), ("none.example.test", "A", 3, 0), ("_tcp.mail.example.test", "A", 0, 0), ("elsewhere", "MX", 3, 0),
    ("broken.test", "A", 2, 0), ("partly.test", "MX", 2, 0), ("gone.test", "A", 3, 0), ("hollow.example.test", "A", 3, 1),
    ("wild.test", "A", 0, 0), ("x.wild.test", "MX", 0, 0),
])
def test_absence_and_errors(dns, name, kind, rcode, count):
    found = facts(udp(dns[0], query(name, kind)))
    assert (found[0], len(found[2])) == (rcode, count)


def test_drop_gives_no_answer(dns):
    with pytest.raises(TimeoutError):
        udp(dns[0], query("lost.test", "A"), timeout=0.2)


def test_truncation_sends_the_asker_to_tcp(dns):
    for name, kind, count in (("cut.test", "A", 1), ("big.test", "TXT", 6)):
        assert facts(udp(dns[0], query(name, kind)))[1:] == ({"TC"}, [])
        assert len(facts(tcp(dns[0], query(name, kind)))[2]) == count
    assert len(facts(udp(dns[0], query("big.test", "TXT", edns=(4096, 0))))[2]) == 6


def test_ad_bit(dns):
    assert facts(udp(dns[0], query("signed.test", "A")))[1] == set()
    assert facts(udp(dns[0], query("signed.test", "A", flags=0x0120)))[1] == {"AD"}
    assert facts(udp(dns[0], query("signed.test", "A", edns=(1232, 0x8000))))[1] == {"AD"}
    assert facts(udp(dns[0], query("none.signed.test", "A", flags=0x0120)))[:2] == (3, {"AD"})
    assert facts(udp(dns[0], query("slow.test", "A", flags=0x0120)))[1] == set()


def test_bad_packets_do_not_stop_it(dns):
    for packet in (b"", b"x" * 11, b"\0" * 12, query("a.test", "A")[:-3], struct.pack("!HHHHHH", 77, 0x0100, 1, 0, 0, 0) + b"\xc0\x0c"):
        try:
            udp(dns[0], packet, timeout=0.1)
        except TimeoutError:
            pass
    assert facts(udp(dns[0], query("mail.example.test", "A")))[0] == 0


def test_files_are_read_again(dns):
    server, folder = dns
    assert facts(udp(server, query("late.test", "A")))[0] == 3
    (folder / "extra").write_text("late.test A 127.0.0.1\n")
    assert len(facts(udp(server, query("late.test", "A")))[2]) == 1
    (folder / "extra").write_text("late.test A wrong.\n")
    assert len(facts(udp(server, query("late.test", "A")))[2]) == 1
    (folder / "extra").unlink()
    assert facts(udp(server, query("late.test", "A")))[0] == 3
    assert "late.test A udp answered" in (folder / "log").read_text()


def test_program(tmp_path):
    zone, port_file = tmp_path / "zone", tmp_path / "port"
    zone.write_text("a.test A 127.0.0.1\n")
    with subprocess.Popen([sys.executable, PROGRAM, "--zone", zone, "--port-file", port_file], stdout=subprocess.PIPE, text=True) as process:
        try:
            port = int(re.fullmatch(r"listening on 127\.0\.0\.1:([0-9]+)\n", process.stdout.readline())[1])
            server = type("At", (), {"port": port})
            assert len(facts(udp(server, query("a.test", "A")))[2]) == 1
            process.send_signal(signal.SIGHUP)
            assert len(facts(udp(server, query("a.test", "A")))[2]) == 1
            deadline = time.monotonic() + 5
            while not port_file.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            assert port_file.read_text() == f"{port}\n"
        finally:
            process.terminate()
        assert process.wait(10) == 0


@pytest.mark.parametrize("line, expected", [
    ("a.test", "expected NAME TYPE VALUE"),
    ("a.test HINFO x", "found 'HINFO', expected one of"),
    ("a.test A ::1", "found '::1', expected an IPv4 address"),
    ("a.test A 1 2", "expected 1 word(s) for A"),
    ("a.test MX ten b.test", "expected a number up to 65535"),
    ("a.test TXT word", 'expected strings in "..."'),
    ("a.test * WHAT", "expected NXDOMAIN, SERVFAIL"),
    ("a..test A 127.0.0.1", "expected a label of 1 to 63 bytes"),
    ("a.test TLSA 3 1 1 0", "found '3 1 1 0', expected usage selector type HEX"),
])
def test_mistakes_in_a_zone(tmp_path, line, expected):
    zone = tmp_path / "zone"
    zone.write_text("ok.test A 127.0.0.1\n" + line + "\n")
    done = subprocess.run([sys.executable, PROGRAM, "--zone", zone], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert re.search(r"zone:2: found '.*', expected ", done.stderr) and expected in done.stderr
