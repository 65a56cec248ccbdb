"""Puts the harness on the path and gives the tests a scripted server."""

import os
import socket
import sys
import threading

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


class Scripted:
    """A server that greets, and answers each line by a function line -> bytes, or None to close."""

    def __init__(self, greeting, answer):
        self.greeting, self.answer = greeting, answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.session, args=(conn,), daemon=True).start()

    def session(self, conn):
        answer = self.answer() if isinstance(self.answer, type) else self.answer
        try:
            with conn, conn.makefile("rb") as file:
                conn.sendall(self.greeting)
                for line in file:
                    reply = answer(line)
                    if reply is None:
                        return
                    conn.sendall(reply)
        except OSError:
            return

    def close(self):
        self.listener.close()


@pytest.fixture
def scripted():
    """scripted(answer, greeting=...) -> Scripted, closed at the end."""
    made = []

    def make(answer, greeting=b"220 ready\r\n"):
        made.append(Scripted(greeting, answer))
        return made[-1]

    yield make
    for server in made:
        server.close()
