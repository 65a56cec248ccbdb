"""A socket behind which both sides compress (IMAP COMPRESS=DEFLATE): raw deflate, each write flushed."""

import zlib


class DeflateSocket:
    """Has of a socket what the player uses.  What the server sends and is no deflate looks like a connection that was cut."""

    def __init__(self, sock):
        self.sock = sock
        self.packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        self.unpacker = zlib.decompressobj(wbits=-zlib.MAX_WBITS)

    def send(self, data):
        self.sock.sendall(self.packer.compress(data) + self.packer.flush(zlib.Z_SYNC_FLUSH))
        return len(data)

    def recv(self, size):
        """Waits for octets that mean something; none at the end."""
        text = b""
        while not text:
            data = self.sock.recv(size)
            if not data:
                return b""
            try:
                text = self.unpacker.decompress(data)
            except zlib.error as error:
                raise OSError(f"not deflate: {error}") from None
        return text

    def settimeout(self, seconds):
        self.sock.settimeout(seconds)

    def close(self):
        self.sock.close()

    def detach(self):
        return self.sock.detach()
