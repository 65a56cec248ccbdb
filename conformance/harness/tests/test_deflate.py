"""Compression of a connection: what is written arrives whole, in any pieces, and what is no deflate is an error."""

import socket
import zlib

import pytest

from harness import deflate


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    yield deflate.DeflateSocket(ours), theirs
    ours.close()
    theirs.close()


def test_both_directions(pair):
    ours, theirs = pair
    assert ours.send(b"a NOOP\r\n") == 8 and ours.send(b"b NOOP\r\n") == 8
    assert zlib.decompressobj(wbits=-15).decompress(theirs.recv(1000)) == b"a NOOP\r\nb NOOP\r\n"
    packer = zlib.compressobj(wbits=-15)
    octets = packer.compress(b"a OK\r\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    theirs.sendall(octets[:2])
    theirs.sendall(octets[2:])
    assert ours.recv(1000) == b"a OK\r\n"
    theirs.close()
    assert ours.recv(1000) == b""


def test_clear_text_is_no_deflate(pair):
    ours, theirs = pair
    theirs.sendall(b"a OK NOOP completed\r\n" * 20)
    with pytest.raises(OSError, match="not deflate"):
        ours.recv(1000)
