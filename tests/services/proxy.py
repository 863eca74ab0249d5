"""A proxy that fails on demand, for the way between the application and one of its servers."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.services.processes import free_port

Address = tuple[str, int] | str
"""Host and port, or the path of a Unix socket."""


class Proxy:
    """Forwards `port` to `target`, a port of this machine or an address, until told otherwise.

    `cut()` ends every open connection; `refuse()` also takes no new ones; `freeze()` takes them and what they
    say, and passes nothing on until `thaw()`; `drop_replies()` forwards what the client says and throws away
    what the server answers, then closes; `heal()` ends all that.
    """

    def __init__(self, target: int | Address) -> None:
        self.target: Address = ("127.0.0.1", target) if isinstance(target, int) else target
        self.port = free_port()
        self.dropping = False
        self.flowing = threading.Event()
        self.flowing.set()
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
            server = connect(self.target)
        except OSError:
            client.close()
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines |= {client, server}
        if self.listener is None:
            # Refused while it was being put through.
            self.cut()
        threading.Thread(target=self.pump, args=(client, server, False), daemon=True).start()
        self.pump(server, client, True)

    def pump(self, source: socket.socket, sink: socket.socket, is_reply: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.flowing.wait()
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
        listener, self.listener = self.listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut()

    def freeze(self) -> None:
        self.flowing.clear()

    def thaw(self) -> None:
        self.flowing.set()

    def drop_replies(self) -> None:
        self.dropping = True

    def heal(self) -> None:
        self.dropping = False
        self.thaw()
        if self.listener is None:
            self.listen()

    def close(self) -> None:
        self.refuse()
        self.thaw()


def connect(target: Address) -> socket.socket:
    """Open a line to a server. Raises OSError where nobody listens."""
    if isinstance(target, str):
        line = socket.socket(socket.AF_UNIX)
        line.connect(target)
        return line
    line = socket.create_connection(target, 5)
    line.settimeout(None)
    # A reply in two parts would otherwise wait for an acknowledgement between them.
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line
