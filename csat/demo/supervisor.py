"""Start several programs, notice the first that ends, stop them all."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

GRACE_SECONDS = 8


def is_port_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Children:
    """Programs in process groups of their own: Ctrl-C reaches the supervisor alone, which ends them in order."""

    def __init__(self) -> None:
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str], folder: Path) -> None:
        """Start a program in a folder, under a name that a reader understands."""
        self.processes[name] = subprocess.Popen(
            command, env={**os.environ, **env}, cwd=folder, start_new_session=True
        )

    def ended(self) -> str | None:
        """The name of one that has ended, or None."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), None)

    def wait_for_an_end(self) -> str:
        """Sleep until one has ended; return its name."""
        while not (name := self.ended()):
            time.sleep(0.3)
        return name

    def stop(self) -> None:
        """Ask all to end, wait together, then insist, also on their children."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + GRACE_SECONDS
        for process in self.processes.values():
            self.end(process, max(0.1, end - time.monotonic()))

    def end(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        """Wait a while for the program itself, then kill what is left of its group."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
