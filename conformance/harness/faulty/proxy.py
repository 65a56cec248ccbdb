"""The faulty proxy: listens for every service of a server, makes a fault between the two sides, and speaks TLS with both."""

import contextlib
import select
import socket
import ssl
import struct
import threading
import traceback

from .. import targets
from .dialog import DIALOGS

PIECE = 65536
FULL = 1 << 20                  # no more is read while so much waits to be sent
PATIENCE_SECONDS = 10           # for a handshake, and for the other side to end


class Proxy:
    """A context manager.  `ports` says where each service of `server` is found with the fault in it."""

    def __init__(self, server, certificate, fault):
        self.server, self.fault = server, fault
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.listeners, self.ports, self.errors, self.shared = {}, {}, [], {}
        self.count = 0
        self.ended = threading.Event()
        self.lock = threading.Lock()

    def __enter__(self):
        for service in self.server.ports:
            listener = socket.create_server(("127.0.0.1", 0), backlog=64)
            self.listeners[listener.fileno()] = (service, listener)
            self.ports[service] = listener.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended.set()

    def listen(self):
        poll = select.poll()
        for number in self.listeners:
            poll.register(number, select.POLLIN)
        while not self.ended.is_set():
            for number, _ in poll.poll(200):
                service, listener = self.listeners[number]
                sock, _ = listener.accept()
                self.count += 1
                threading.Thread(target=self.serve, args=(service, sock, self.count), daemon=True).start()
        for _, listener in self.listeners.values():
            listener.close()

    def serve(self, service, client, number):
        try:
            with Link(self, service, client, number) as link:
                link.run()
        except (OSError, ssl.SSLError):
            pass                        # both sides see the connection end
        except Exception:               # pylint: disable=broad-exception-caught
            self.errors.append(f"fault {self.fault.name}: {traceback.format_exc()}")


class Link:
    """One connection: a socket on each side."""

    def __init__(self, proxy, service, client, number):
        self.proxy, self.service, self.client = proxy, service, client
        self.server = None
        self.cut = False                # the server ended without a word of TLS
        self.dialog = DIALOGS[service](proxy.fault, proxy.shared, number)

    def __enter__(self):
        self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.server = socket.create_connection((self.proxy.server.host, self.proxy.server.ports[self.service]),
            timeout=PATIENCE_SECONDS)
            self.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.service in targets.IMPLICIT_TLS:
                self.begin_tls()
        except OSError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for sock in (self.client, self.server):
            if sock:
                with contextlib.suppress(OSError):
                    sock.close()

    def begin_tls(self):
        for sock in (self.client, self.server):
            sock.settimeout(PATIENCE_SECONDS)
        self.client = self.proxy.context.wrap_socket(self.client, server_side=True)
        self.server = self.proxy.server.start_tls(self.server)

    def run(self):
        """Until one side has ended and the other has all that was said."""
        dialog = self.dialog
        while True:
            for sock in (self.client, self.server):
                sock.settimeout(0)
            self.wait()
            if not self.carry(self.server, dialog.to_client, dialog.from_server):
                dialog.server_ends()
                self.finish(self.client, dialog.to_client)
                return
            if not self.carry(self.client, dialog.to_server, dialog.from_client):
                dialog.client_ends()
                self.finish(self.server, dialog.to_server)
                return
            self.send(self.server, dialog.to_server)
            self.send(self.client, dialog.to_client)
            if dialog.close:
                self.finish(self.client, dialog.to_client)
                return
            if dialog.tls_next:
                self.flush(self.client, dialog.to_client)
                self.begin_tls()
                dialog.tls_started()

    def wait(self):
        """Until something can be done."""
        poll = select.poll()
        if any(isinstance(sock, ssl.SSLSocket) and sock.pending() for sock in (self.client, self.server)):
            return
        for sock, outgoing, incoming in ((self.client, self.dialog.to_client, self.dialog.to_server),
                                         (self.server, self.dialog.to_server, self.dialog.to_client)):
            poll.register(sock, (select.POLLIN if len(incoming) < FULL else 0) | (select.POLLOUT if outgoing else 0))
        while not poll.poll(1000):
            if self.proxy.ended.is_set():
                raise OSError("the proxy ends")

    def carry(self, sock, outgoing, take):
        """Read what is there; False at the end.  A reset is passed on as such."""
        while len(outgoing) < FULL:
            try:
                data = sock.recv(PIECE)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return True
            except OSError:
                if sock is self.server:
                    self.cut = True
                    return False
                self.reset()
                raise
            if not data:
                return False
            take(data)
            if self.dialog.tls_next:
                return True
        return True

    @staticmethod
    def send(sock, data):
        while data:
            try:
                del data[:sock.send(data[:PIECE])]
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return

    @staticmethod
    def flush(sock, data):
        sock.settimeout(PATIENCE_SECONDS)
        sock.sendall(data)
        data.clear()

    def finish(self, sock, data):
        """One side has ended: the other gets the rest, sees the end, and says what it has to say to nobody."""
        self.flush(sock, data)
        if isinstance(sock, ssl.SSLSocket) and not self.cut:
            sock.settimeout(0)
            with contextlib.suppress(OSError):
                sock.unwrap()           # says that it ends, and waits for nothing
            sock.settimeout(PATIENCE_SECONDS)
        sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while sock.recv(PIECE):
                pass

    def reset(self):
        for sock in (self.client, self.server):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
