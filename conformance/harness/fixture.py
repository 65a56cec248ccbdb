"""Filling a mailbox before a scenario: the Maildir of one user holds the messages given, and no other."""

import contextlib
import imaplib
import os
import time


def fill_maildir(maildir, messages):
    """messages are octets as on the wire; files get LF, and names and times in the order of the list."""
    owner = os.stat(maildir)
    while left := [os.path.join(maildir, folder, name) for folder in ("new", "cur") for name in os.listdir(os.path.join(maildir, folder))]:
        for path in left:
            with contextlib.suppress(FileNotFoundError):    # the server may still be marking what a session read
                os.unlink(path)
    start = int(time.time()) - len(messages) - 60
    for number, message in enumerate(messages, 1):
        name = f"{start + number}.F{number:06}P{os.getpid()}N{time.monotonic_ns()}.fixture"
        path = os.path.join(maildir, "tmp", name)
        with open(path, "xb") as file:
            file.write(message.replace(b"\r\n", b"\n"))
        os.utime(path, (start + number, start + number))
        if os.geteuid() == 0:
            os.chown(path, owner.st_uid, owner.st_gid)
        os.rename(path, os.path.join(maildir, "new", name))


class FillError(Exception):
    """The server would not take the messages."""


def fill_imap(target, user, messages):
    """The same by IMAP, for servers elsewhere: INBOX is emptied, then gets the messages."""
    connection = imaplib.IMAP4(target.host, target.ports["imap"], timeout=30)
    try:
        if "STARTTLS" in connection.capabilities:
            connection.starttls(target.tls_context())
        connection.login(user, target.password)
        if int(done(connection.select("INBOX"))[0] or 0):
            done(connection.store("1:*", "+FLAGS.SILENT", "(\\Deleted)"))
            done(connection.expunge())
        for message in messages:
            done(connection.append("INBOX", None, None, message))
        connection.logout()
    except imaplib.IMAP4.error as error:
        raise FillError(str(error)) from None


def done(answer):
    if answer[0] != "OK":
        raise FillError(f"found {answer}, expected OK")
    return answer[1]
