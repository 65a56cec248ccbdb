#!/usr/bin/env python3
"""A small DNS server for tests, on UDP and TCP of 127.0.0.1.

    fakedns.py --zone FILE [--zone FILE]... [--extra FILE] [--port N] [--port-file FILE] [--log FILE]

It prints `listening on 127.0.0.1:PORT` (and writes the port to --port-file) once it answers.  A zone file that changes is read
again before the next answer; SIGHUP does the same at once.  A mistake in a file at the start is `file:line: found, expected` and
exit 2; later the mistake is printed and the old content stays.  --extra names a file that may be missing; it is where the
conformance runner puts the `zone:` lines of its scenarios.

Zone file: one record a line, words separated by blanks, `#` or `;` begins a comment.

    NAME TYPE VALUE...       A, AAAA, MX (preference host), TXT ("..." "..."), PTR, CNAME, NS, TLSA (usage selector type hex),
                             SRV (priority weight port host)
    NAME TYPE|* BEHAVIOUR    NXDOMAIN, SERVFAIL, REFUSED, DROP (no answer: the asker runs into its timeout),
                             DELAY ms, TRUNCATE (UDP answers have TC and no records; TCP answers fully); `*` is every type
    NAME * SECURE            names at and below NAME are signed: answers have the AD bit when the question has AD or DO
    $TTL seconds             for the records that follow

NAME is absolute, the dot at its end may be left out.  `*.name` is a wildcard.  An IPv4 or IPv6 address in place of the NAME of a
PTR record is turned round into its in-addr.arpa or ip6.arpa name.  A behaviour holds for exactly its NAME (or what its
wildcard matches).  A name without records does not exist (NXDOMAIN), unless names below it do (then: no data).
"""

import argparse
import ipaddress
import os
import re
import signal
import socket
import struct
import sys
import threading
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "TLSA": 52}
ANY_TYPE = 255
OPT_TYPE = 41
RCODES = {"NXDOMAIN": 3, "SERVFAIL": 2, "REFUSED": 5}
MAX_CNAMES = 8


class ZoneError(Exception):
    """A mistake in a zone file; str() is `file:line: found, expected`."""

    def __init__(self, path, line, found, expected):
        super().__init__(f"{path}:{line}: found '{found}', expected {expected}")


def name_key(text):
    """The lookup form of a name: lower case, no dot at the end."""
    return text.lower().rstrip(".")


def name_wire(text):
    """Encode a name; labels of 1 to 63 bytes, 255 in all."""
    out = b""
    key = text.rstrip(".")
    for label in key.split(".") if key else []:
        raw = label.encode("latin-1")
        if not 1 <= len(raw) <= 63:
            raise ValueError("a label of 1 to 63 bytes")
        out += bytes([len(raw)]) + raw
    if len(out) > 254:
        raise ValueError("a name of at most 255 bytes")
    return out + b"\0"


def number(text, top):
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > top:
        raise ValueError(f"a number up to {top}")
    return int(text)


def rdata(kind, words, rest):
    """The wire form of a record's value; ValueError says what was expected."""
    counts = {"MX": 2, "SRV": 4, "TLSA": 4, "TXT": None}
    want = counts.get(kind, 1)
    if want is not None and len(words) != want:
        raise ValueError(f"{want} word(s) for {kind}")
    if kind in ("A", "AAAA"):
        version = 4 if kind == "A" else 6
        address = ipaddress.ip_address(words[0])
        if address.version != version:
            raise ValueError(f"an IPv{version} address")
        return address.packed
    if kind in ("CNAME", "PTR", "NS"):
        return name_wire(words[0])
    if kind == "MX":
        return struct.pack("!H", number(words[0], 65535)) + name_wire(words[1])
    if kind == "SRV":
        return struct.pack("!HHH", *(number(w, 65535) for w in words[:3])) + name_wire(words[3])
    if kind == "TLSA":
        if not re.fullmatch(r"([0-9a-fA-F]{2})+", words[3]):
            raise ValueError("usage selector type HEX")
        return bytes(number(w, 255) for w in words[:3]) + bytes.fromhex(words[3])
    strings = re.findall(r'"([^"]*)"', rest)
    if not strings or re.sub(r'"[^"]*"', "", rest).strip():
        raise ValueError('strings in "..."')
    raw = [s.encode("utf-8") for s in strings]
    if any(len(r) > 255 for r in raw):
        raise ValueError("strings of at most 255 bytes")
    return b"".join(bytes([len(r)]) + r for r in raw)


class Zone:
    """Records and behaviours of all files together."""

    def __init__(self):
        self.records = {}       # (name, type) -> [(ttl, rdata)]
        self.behaviours = {}    # (name, type or "*") -> (word, ms)
        self.secure = set()
        self.names = set()

    def read(self, path):
        ttl = 60
        with open(path, encoding="utf-8") as file:
            for lineno, line in enumerate(file, 1):
                ttl = self.line(path, lineno, line, ttl)

    def line(self, path, lineno, line, ttl):
        body = re.sub(r'("[^"]*")|[#;].*', lambda m: m.group(1) or "", line).strip()
        words = body.split()
        if not words:
            return ttl
        if words[0] == "$TTL" and len(words) == 2 and words[1].isdigit():
            return int(words[1])
        if len(words) < 3:
            raise ZoneError(path, lineno, body, "NAME TYPE VALUE")
        kind = words[1].upper()
        if kind != "*" and kind not in TYPES or kind == "SOA":
            raise ZoneError(path, lineno, words[1], "one of * " + " ".join(sorted(set(TYPES) - {"SOA"})))
        if self.behaviour(words, kind):
            return ttl
        if kind == "*":
            raise ZoneError(path, lineno, " ".join(words[2:]),
                            "NXDOMAIN, SERVFAIL, REFUSED, DROP, TRUNCATE, SECURE or DELAY ms")
        try:
            name = owner(words[0], kind)
            rest = body.split(None, 2)[2]
            value = rdata(kind, words[2:], rest)
            name_wire(name)
        except ValueError as error:
            raise ZoneError(path, lineno, " ".join(words[2:]), str(error)) from None
        self.records.setdefault((name, kind), []).append((ttl, value))
        self.names.add(name)
        return ttl

    def behaviour(self, words, kind):
        name, what = name_key(words[0]), words[2].upper()
        if what == "SECURE" and kind == "*" and len(words) == 3:
            self.secure.add(name)
        elif what in ("NXDOMAIN", "SERVFAIL", "REFUSED", "DROP", "TRUNCATE") and len(words) == 3:
            self.behaviours[name, kind] = (what, 0)
        elif what == "DELAY" and len(words) == 4 and words[3].isdigit():
            self.behaviours[name, kind] = (what, int(words[3]))
        else:
            return False
        return True

    def find(self, table, name, kinds):
        """The entry for a name, or for the nearest wildcard above it when the name itself has nothing at all."""
        for kind in kinds:
            if (name, kind) in table:
                return table[name, kind]
        if name in self.names:
            return None
        parent = name
        while "." in parent:
            parent = parent.split(".", 1)[1]
            for kind in kinds:
                if ("*." + parent, kind) in table:
                    return table["*." + parent, kind]
            if parent in self.names:
                return None
        return None

    def exists(self, name):
        if any(n == name or n.endswith("." + name) for n in self.names):
            return True
        return any(self.find(self.records, name, [kind]) for kind in TYPES)

    def is_secure(self, name):
        return any(name == s or name.endswith("." + s) or s == "" for s in self.secure)


def owner(text, kind):
    if kind == "PTR":
        try:
            return ipaddress.ip_address(text).reverse_pointer
        except ValueError:
            pass
    return name_key(text)


class Question:
    """The one question of a query, and what the asker can take."""

    def __init__(self, packet):
        self.id, self.flags, qd, an, ns, ar = struct.unpack("!HHHHHH", packet[:12])
        if qd != 1 or self.flags & 0xF800:
            raise ValueError("not a standard query with one question")
        labels, at = [], 12
        while packet[at]:
            size = packet[at]
            if size > 63:
                raise ValueError("compressed question")
            labels.append(packet[at + 1:at + 1 + size].decode("latin-1"))
            at += 1 + size
        self.kind, _ = struct.unpack("!HH", packet[at + 1:at + 5])
        self.raw = packet[12:at + 5]
        self.name = name_key(".".join(labels))
        self.edns = ar == 1 and packet[at + 5:at + 8] == b"\0" + struct.pack("!H", OPT_TYPE)
        self.room, self.dnssec_ok = 512, False
        if self.edns:
            size, ttl = struct.unpack("!HI", packet[at + 8:at + 14])
            self.room, self.dnssec_ok = max(512, size), bool(ttl & 0x8000)


class Answerer:
    """Turns query packets into (answer or None, delay in ms)."""

    def __init__(self, files, extra, log=None):
        self.files, self.extra, self.log = files, extra, log
        self.lock = threading.Lock()
        self.stamp = None
        self.zone = self.load()

    def load(self):
        zone = Zone()
        self.stamp = self.stamps()
        for path in self.files:
            zone.read(path)
        if self.extra and os.path.exists(self.extra):
            zone.read(self.extra)
        return zone

    def stamps(self):
        out = []
        for path in self.files + ([self.extra] if self.extra else []):
            try:
                info = os.stat(path)
                out.append((info.st_mtime_ns, info.st_size, info.st_ino))
            except OSError:
                out.append(None)
        return out

    def refresh(self, force=False):
        with self.lock:
            if not force and self.stamps() == self.stamp:
                return
            try:
                self.zone = self.load()
            except (ZoneError, OSError) as error:
                print(f"{error} (old zone kept)", file=sys.stderr, flush=True)

    def answer(self, packet, tcp):
        try:
            question = Question(packet)
        except (ValueError, IndexError, struct.error, UnicodeError):
            return (packet[:2] + struct.pack("!HHHHH", 0x8001, 0, 0, 0, 0) if len(packet) >= 12 else None), 0
        self.refresh()
        zone = self.zone
        kinds = {v: k for k, v in TYPES.items()}
        kind = kinds.get(question.kind, str(question.kind))
        word, delay = zone.find(zone.behaviours, question.name, [kind, "*"]) or ("", 0)
        if self.log:
            with self.lock, open(self.log, "a", encoding="utf-8") as file:
                file.write(f"{question.name} {kind} {'tcp' if tcp else 'udp'} {word or 'answered'}\n")
        if word == "DROP":
            return None, 0
        if word in RCODES:
            return self.packet(question, RCODES[word], [], False), 0
        rcode, records, secure = self.lookup(zone, question, kind)
        packet = self.packet(question, rcode, records, secure)
        if not tcp and (word == "TRUNCATE" or len(packet) > question.room):
            packet = self.packet(question, 0, [], secure, truncated=True)
        return packet, delay

    def lookup(self, zone, question, kind):
        name, records, secure = question.name, [], zone.is_secure(question.name)
        for _ in range(MAX_CNAMES):
            cname = zone.find(zone.records, name, ["CNAME"])
            if not cname or kind == "CNAME":
                break
            records.append((name, "CNAME", *cname[0]))
            name = decode_name(cname[0][1])
            secure = secure and zone.is_secure(name)
        wanted = [k for k in TYPES] if question.kind == ANY_TYPE else [kind]
        for one in wanted:
            records += [(name, one, ttl, value) for ttl, value in zone.find(zone.records, name, [one]) or []]
        word, _ = zone.find(zone.behaviours, name, [kind, "*"]) or ("", 0)
        if records and word in RCODES:
            return RCODES[word], records, False
        return (0 if zone.exists(name) else 3), records, secure

    def packet(self, question, rcode, records, secure, truncated=False):
        flags = 0x8400 | (question.flags & 0x0100) | 0x0080 | rcode | (0x0200 if truncated else 0)
        if secure and (question.dnssec_ok or question.flags & 0x0020):
            flags |= 0x0020
        body = b""
        for name, kind, ttl, value in records:
            body += name_wire(name) + struct.pack("!HHIH", TYPES[kind], 1, ttl, len(value)) + value
        authority = b""
        if not records and not truncated and rcode in (0, 3):
            soa = name_wire("ns.invalid") + name_wire("host.invalid") + struct.pack("!IIIII", 1, 60, 60, 60, 60)
            authority = name_wire("") + struct.pack("!HHIH", TYPES["SOA"], 1, 60, len(soa)) + soa
        opt = b"\0" + struct.pack("!HHIH", OPT_TYPE, 1232, 0x8000 if question.dnssec_ok else 0, 0) if question.edns else b""
        header = struct.pack("!HHHHHH", question.id, flags, 1, len(records), 1 if authority else 0, 1 if opt else 0)
        return header + question.raw + body + authority + opt


def decode_name(wire):
    labels, at = [], 0
    while wire[at]:
        labels.append(wire[at + 1:at + 1 + wire[at]].decode("latin-1"))
        at += 1 + wire[at]
    return name_key(".".join(labels))


class Server:
    """The two sockets; start() returns at once, the threads are daemons."""

    def __init__(self, answerer, port=0):
        self.answerer = answerer
        for _ in range(50):
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.udp.bind(("127.0.0.1", port))
            try:
                self.tcp.bind(self.udp.getsockname())
                break
            except OSError:
                self.udp.close()
                self.tcp.close()
                if port:
                    raise
        self.tcp.listen(64)
        self.port = self.udp.getsockname()[1]

    def start(self):
        threading.Thread(target=self.serve_udp, daemon=True).start()
        threading.Thread(target=self.serve_tcp, daemon=True).start()

    def serve_udp(self):
        while True:
            packet, peer = self.udp.recvfrom(65535)
            reply, delay = self.answerer.answer(packet, tcp=False)
            if reply is None:
                continue
            if delay:
                threading.Timer(delay / 1000, self.udp.sendto, (reply, peer)).start()
            else:
                self.udp.sendto(reply, peer)

    def serve_tcp(self):
        while True:
            conn, _ = self.tcp.accept()
            threading.Thread(target=self.serve_stream, args=(conn,), daemon=True).start()

    def serve_stream(self, conn):
        with conn, conn.makefile("rb") as file:
            conn.settimeout(30)
            try:
                while len(size := file.read(2)) == 2:
                    reply, delay = self.answerer.answer(file.read(struct.unpack("!H", size)[0]), tcp=True)
                    if reply is None:
                        continue
                    time.sleep(delay / 1000)
                    conn.sendall(struct.pack("!H", len(reply)) + reply)
            except OSError:
                return


def main():
    parser = argparse.ArgumentParser(description="DNS server for tests, on 127.0.0.1 only")
    parser.add_argument("--zone", action="append", required=True, metavar="FILE")
    parser.add_argument("--extra", metavar="FILE", help="a further zone file, which may be missing")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", metavar="FILE")
    parser.add_argument("--log", metavar="FILE", help="append one line for each question")
    options = parser.parse_args()
    try:
        answerer = Answerer(options.zone, options.extra, options.log)
        server = Server(answerer, options.port)
    except (ZoneError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    signals = {signal.SIGHUP, signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)       # before the threads, which inherit it
    server.start()
    print(f"listening on 127.0.0.1:{server.port}", flush=True)
    if options.port_file:
        with open(options.port_file + ".new", "w", encoding="ascii") as file:
            file.write(f"{server.port}\n")
        os.rename(options.port_file + ".new", options.port_file)
    while signal.sigwait(signals) == signal.SIGHUP:
        answerer.refresh(force=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
