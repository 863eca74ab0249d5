"""Clocks: processor time of processes and their children, wall time, and interleaved pairs."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """Seconds of processor time that a process and everything it started has used so far."""
    return sum(_own_seconds(one) for one in [pid, *_descendants(pid)])


def _own_seconds(pid: int) -> float:
    """A process's own time and that of its children which have ended (see proc(5), /proc/pid/stat)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / TICKS


def _descendants(pid: int) -> list[int]:
    try:
        children = [
            int(child) for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []
    return [one for child in children for one in (child, *_descendants(child))]


@dataclass(frozen=True)
class Spent:
    """What a piece of work took: seconds on the wall, and of processors (its own and the servers')."""

    wall: float
    processor: float


def timed(work: Callable[[], object], *, servers: Iterable[int] = (), times: int = 1) -> Spent:
    """Do the work some times and return what it took on average; `servers` are pids that work along."""
    pids = list(servers)
    before = time.process_time() + sum(processor_seconds(pid) for pid in pids)
    begun = time.perf_counter()
    for _ in range(times):
        work()
    wall = time.perf_counter() - begun
    processor = time.process_time() + sum(processor_seconds(pid) for pid in pids) - before
    return Spent(wall / times, processor / times)


def in_pairs(
    first: Callable[[], Spent], second: Callable[[], Spent], *, pairs: int = 5
) -> tuple[list[Spent], list[Spent]]:
    """Measure two things in turns, so that what disturbs the machine disturbs both."""
    one, other = [], []
    for _ in range(pairs):
        one.append(first())
        other.append(second())
    return one, other


def middle_pair(ours: Sequence[float], yardsticks: Sequence[float]) -> tuple[float, float]:
    """Return the pair whose ratio is the median of the pairs' ratios."""
    ratios = [a / b if b else float("inf") for a, b in zip(ours, yardsticks, strict=True)]
    nearest = min(range(len(ratios)), key=lambda place: abs(ratios[place] - median(ratios)))
    return ours[nearest], yardsticks[nearest]


@dataclass(frozen=True)
class Ended:
    """What a child process took and said; `peak` is its largest resident memory in MB."""

    wall: float
    peak: float
    output: str


def run_child(command: Sequence[str]) -> Ended:
    """Run a program to its end.

    Raises RuntimeError with its output when it fails.
    """
    begun, peak = time.perf_counter(), 0.0
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(list(command), stdout=said, stderr=subprocess.STDOUT, text=True) as child,
    ):
        while child.poll() is None:
            peak = max(peak, peak_memory(child.pid))
            time.sleep(0.02)
        wall = time.perf_counter() - begun
        said.seek(0)
        output = said.read()
    if child.returncode:
        raise RuntimeError(f"{command} failed:\n{output[-4000:]}")
    return Ended(wall, peak, output)


def peak_memory(pid: int) -> float:
    """The most megabytes a program has held; what the one that started it held is not counted."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
