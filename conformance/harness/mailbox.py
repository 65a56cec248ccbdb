"""Looking at delivered mail: the messages of one user that contain a token.  Line ends are taken off, so CRLF and LF forms agree."""

import os
import time


class Mailbox:
    """The Maildir of one user.  A file is read once; its names are remembered for the life of the object."""

    def __init__(self, maildir, token):
        self.maildir, self.token = maildir, token
        self.known = {}                 # base name -> lines, or None for mail of others

    def messages(self):
        """A list of messages, each a list of lines."""
        for folder in ("new", "cur"):
            try:
                names = os.listdir(os.path.join(self.maildir, folder))
            except FileNotFoundError:
                continue
            for name in names:
                self.look(os.path.join(self.maildir, folder, name), name.split(":")[0])
        return [lines for lines in self.known.values() if lines is not None]

    def lines(self):
        """All lines of all these messages."""
        return [line for message in self.messages() for line in message]

    def received(self):
        """The first line of the topmost Received field of each of these messages."""
        return [next((line for line in message if line.lower().startswith(b"received:")), b"") for message in self.messages()]

    def look(self, path, base):
        if base in self.known:
            return
        try:
            with open(path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return                      # renamed from new to cur meanwhile; seen there
        lines = [line[:-1] if line.endswith(b"\r") else line for line in data.split(b"\n")]
        self.known[base] = lines if self.token in data else None

    def wait_count(self, count, timeout, settle=0.3):
        """How many there are: at once when more than `count`, else after the timeout; `settle` proves that no more come."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            found = len(self.messages())
            if found > count:
                return found
            if found == count:
                time.sleep(settle)
                return len(self.messages())
            time.sleep(0.05)
        return len(self.messages())
