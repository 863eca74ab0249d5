"""A Celery queue in a folder, for an installation without Redis.

Every message is one file. It is written under another name and renamed into place, so that
a worker never reads half a message; it is taken by renaming it away, so that two workers
never read the same one. A worker that is killed loses what it had in its hands: the
database holds the truth about undone work and a periodic sweep finds it again.
"""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, virtual
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import dumps, loads

SCHEME = "csat-folder"


class Channel(virtual.Channel):
    """Messages of one queue are the files of one directory, oldest name first."""

    supports_fanout = False

    def _folder(self, queue: str) -> Path:
        name = "".join(c if c.isalnum() or c in "-_" else "_" for c in queue)
        folder = Path(self.connection.client.transport_options["folder"]) / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:
        folder = self._folder(queue)
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
        draft = folder / f"{name}.draft"
        draft.write_text(dumps(message), encoding="utf-8")
        draft.replace(folder / f"{name}.msg")

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for path in self._waiting(queue):
            taken = path.with_suffix(f".{os.getpid()}.taken")
            try:
                path.rename(taken)
            except FileNotFoundError:
                continue  # another worker was quicker
            body = taken.read_bytes()
            taken.unlink()
            return loads(bytes_to_str(body))
        raise Empty

    def _waiting(self, queue: str) -> list[Path]:
        return sorted(self._folder(queue).glob("*.msg"))

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))

    def _purge(self, queue: str) -> int:
        waiting = self._waiting(queue)
        for path in waiting:
            path.unlink(missing_ok=True)
        return len(waiting)

    def _has_queue(self, queue: str, **_: Any) -> bool:
        return True


class Transport(virtual.Transport):
    """The transport behind `csat-folder://`."""

    Channel = Channel
    implements = virtual.Transport.implements.extend(
        asynchronous=False, exchange_type=frozenset(["direct", "topic"])
    )
    global_state = virtual.BrokerState()
    driver_type = "folder"
    driver_name = "folder"
    polling_interval = 0.2

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(client, **options)
        self.state = self.global_state

    def driver_version(self) -> str:
        return "1"


def register() -> None:
    """Teach kombu the scheme."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
