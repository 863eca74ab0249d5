"""The queue refuses code; the folder that stands in for Redis loses and doubles nothing."""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import pickle
import uuid
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from csat import fsbroker
from tests.services.processes import wait_for
from tests.services.redis_server import RedisServer
from tests.services.site import Worker


class Payload:
    """Touches a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.system, (f"touch {self.marker}",)


def envelope(body: bytes, content_type: str) -> bytes:
    """A message as Celery's Redis transport keeps it."""
    tag = str(uuid.uuid4())
    return json.dumps({
        "body": base64.b64encode(body).decode(),
        "content-encoding": "binary",
        "content-type": content_type,
        "headers": {"lang": "py", "task": "celery.accumulate", "id": tag, "argsrepr": "()"},
        "properties": {
            "correlation_id": tag, "delivery_mode": 2, "delivery_tag": tag, "body_encoding": "base64", "priority": 0,
            "delivery_info": {"exchange": "", "routing_key": "default"},
        },
    }).encode()


class TestPickleOnTheQueue:
    def test_is_refused_and_the_worker_works_on(self, redis_server: RedisServer, worker: Worker, tmp_path: Path) -> None:
        marker = tmp_path / "pickled"
        poison = pickle.dumps([[Payload(marker)], {}, {}])
        redis_server.client.lpush("default", envelope(poison, "application/x-python-serialize"))
        wait_for(lambda: "ContentDisallowed" in worker.output, what="the worker refuses the message", seconds=30)
        redis_server.client.lpush("default", envelope(b"[[], {}, {}]", "application/json"))
        wait_for(lambda: redis_server.client.llen("default") == 0, what="the worker takes the next message")
        assert worker.is_running()
        assert not marker.exists()

    def test_would_be_seen_by_the_marker(self, tmp_path: Path) -> None:
        pickle.loads(pickle.dumps(Payload(tmp_path / "pickled")))
        assert (tmp_path / "pickled").exists()


def drain(folder: str, results: Any) -> None:
    """Take messages until there are none for a while."""
    with open_folder(Path(folder)) as connection:
        queue = connection.SimpleQueue("work")
        while True:
            try:
                message = queue.get(timeout=1)
            except Empty:
                return
            results.put(message.payload["number"])
            message.ack()


def open_folder(folder: Path) -> Connection:
    fsbroker.register()
    return Connection("csat-folder://localhost//", transport_options={"folder": str(folder)})


class TestTheFolder:
    def test_gives_messages_in_the_order_they_came(self, tmp_path: Path) -> None:
        with open_folder(tmp_path) as connection:
            queue = connection.SimpleQueue("work")
            for number in range(20):
                queue.put({"number": number})
            assert [queue.get(timeout=30).payload["number"] for _ in range(20)] == list(range(20))

    def test_gives_every_message_to_one_of_three_readers(self, tmp_path: Path) -> None:
        with open_folder(tmp_path) as connection:
            queue = connection.SimpleQueue("work")
            for number in range(300):
                queue.put({"number": number})
        context = multiprocessing.get_context("spawn")
        results: Any = context.Queue()
        readers = [context.Process(target=drain, args=(str(tmp_path), results)) for _ in range(3)]
        for reader in readers:
            reader.start()
        taken = sorted(results.get(timeout=240) for _ in range(300))
        for reader in readers:
            reader.join(120)
        assert taken == list(range(300))
        assert results.empty()

    def test_shows_no_message_that_is_still_being_written(self, tmp_path: Path) -> None:
        with open_folder(tmp_path) as connection:
            queue = connection.SimpleQueue("work")
            (tmp_path / "work").mkdir(exist_ok=True)
            (tmp_path / "work" / "00000000000000000001-x.draft").write_text('{"half')
            with pytest.raises(Empty):
                queue.get(timeout=0.5)

    def test_keeps_a_queue_inside_its_folder(self, tmp_path: Path) -> None:
        with open_folder(tmp_path / "queue") as connection:
            connection.SimpleQueue("../../outside").put({"number": 1})
        assert [path.name for path in tmp_path.iterdir()] == ["queue"]
