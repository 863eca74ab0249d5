"""Start, watch and kill the real processes that the suite runs against."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
PATIENCE = 4
"""How much slower than the machine that the seconds of a wait were chosen on another one may be."""


class NotInstalledError(RuntimeError):
    """A server that is to be started is not on this machine; the message says what to do."""


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now.

    It lies in a range of this lane, below the ports that systems give to outgoing lines: nobody takes it before its server does.
    """
    lane = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = random.SystemRandom().randrange(10_000 + 5_000 * lane, 15_000 + 5_000 * lane)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(condition: Callable[[], object], *, what: str, seconds: float = 30, every: float = 0.05) -> None:
    """Wait until the condition holds; say what did not happen where it never does.

    `seconds` are those of a usual machine; a slow one is given several times as long before the test fails.
    """
    end = time.monotonic() + PATIENCE * seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"Waited {PATIENCE * seconds:g} s, and still not: {what}")
        time.sleep(every)


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
        return True
    return False


def begin_as_a_child() -> None:
    """Ask Linux to end this child when the suite itself is killed, and let Ctrl-C reach it.

    A suite that a script has started in the background ignores Ctrl-C, and would hand that down.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Service:
    """A child in a process group of its own, its output in a file."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        user: int | None = None,
    ) -> None:
        self.log = log
        self.file: IO[bytes] = log.open("ab")
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdout=self.file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            start_new_session=True,
            preexec_fn=begin_as_a_child,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def is_running(self) -> bool:
        return self.process.poll() is None

    def send(self, number: int) -> None:
        """Signal the whole group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """kill -9 for the process and all its children."""
        self.send(signal.SIGKILL)
        self.process.wait(60)

    def stop(self, number: int = signal.SIGTERM, seconds: float = 30) -> int:
        """Ask it to end, then insist; return the exit code."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = -9
        self.send(signal.SIGKILL)
        self.process.wait(60)
        self.file.close()
        return code

    def wait_until(self, condition: Callable[[], object], *, what: str, seconds: float = 30) -> None:
        """Like wait_for, and end at once with its output where the process has died."""
        def holds() -> object:
            if not self.is_running():
                raise RuntimeError(f"{what}: the process ended ({self.process.returncode}):\n{self.output[-4000:]}")
            return condition()

        try:
            wait_for(holds, what=what, seconds=seconds)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.output[-4000:]}") from None
