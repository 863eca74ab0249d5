"""A mail server that takes everything at once: `python -m benchmarks.sink PORT`."""

from __future__ import annotations

import socket
import socketserver
import sys


class Conversation(socketserver.StreamRequestHandler):
    """Say yes to each command; forget each message."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Talk until the other side leaves."""
        self.say("220 sink")
        while line := self.rfile.readline():
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            word = line[:4].upper()
            if word == b"DATA":
                self.say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
            self.say("221 bye" if word == b"QUIT" else "250 ok")

    def say(self, words: str) -> None:
        """Send a reply."""
        self.wfile.write(f"{words}\r\n".encode())


class Sink(socketserver.ThreadingTCPServer):
    """Serves each connection in a thread."""

    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Sink(("127.0.0.1", int(sys.argv[1])), Conversation) as server:
        server.serve_forever()
