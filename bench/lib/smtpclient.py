"""A minimal SMTP client over a raw socket, for tests that must see every octet and every reply."""
import socket


class Client:
    """A minimal SMTP client over a raw socket."""

    def __init__(self, port, timeout_s=60):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self.file = self.sock.makefile("rb")
        self.reply()
        self.extensions = {line.split()[0].upper() for line in self.ask(b"EHLO corpus.test") if line}

    def reply(self):
        """Lines of one reply without their codes; .code is set."""
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise ConnectionError("the server closed the connection")
            lines.append(line[4:].strip().decode("latin-1"))
            if line[3:4] != b"-":
                self.code = int(line[:3])
                self.last = line.strip().decode("latin-1")
                return lines

    def close(self):
        self.file.close()
        self.sock.close()

    def ask(self, command):
        self.sock.sendall(command + b"\r\n")
        return self.reply()

    def message(self, sender, recipients, data):
        """Sends one message; returns the last reply."""
        mail = b"MAIL FROM:<%s>" % sender
        if "8BITMIME" in self.extensions and max(data, default=0) > 127:
            mail += b" BODY=8BITMIME"
        if "SIZE" in self.extensions:
            mail += b" SIZE=%d" % len(data)
        self.ask(mail)
        if self.code >= 300:
            return self.last
        for rcpt in recipients:
            self.ask(b"RCPT TO:<%s>" % rcpt)
            if self.code >= 300:
                return self.last
        self.ask(b"DATA")
        if self.code != 354:
            return self.last
        if not data.endswith(b"\r\n"):
            data += b"\r\n"
        if data.startswith(b"."):
            data = b"." + data
        self.sock.sendall(data.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        self.reply()
        return self.last
