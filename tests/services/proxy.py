"""A TCP proxy that fails on demand, for the way between the application and one of its servers."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.services.processes import free_port


class Proxy:
    """Forwards `port` to `target` until told otherwise.

    `cut()` resets every open connection; `refuse()` also takes no new ones; `drop_replies()` forwards
    what the client says and throws away what the server answers, then closes; `heal()` ends all that.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.refusing = False
        self.dropping = False
        self.lines: set[socket.socket] = set()
        self.listener: socket.socket | None = None
        self.listen()

    def listen(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        threading.Thread(target=self.serve, args=(self.listener,), daemon=True).start()

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.join, args=(client,), daemon=True).start()

    def join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target), 5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        self.lines |= {client, server}
        threading.Thread(target=self.pump, args=(client, server, False), daemon=True).start()
        self.pump(server, client, True)

    def pump(self, source: socket.socket, sink: socket.socket, is_reply: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_reply and self.dropping:
                    break
                sink.sendall(data)
        for line in (source, sink):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
            self.lines.discard(line)

    def cut(self) -> None:
        for line in list(self.lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def refuse(self) -> None:
        if self.listener:
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        self.cut()

    def drop_replies(self) -> None:
        self.dropping = True

    def heal(self) -> None:
        self.dropping = False
        if self.listener is None:
            self.listen()

    def close(self) -> None:
        self.refuse()
