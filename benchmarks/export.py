"""All responses of a questionnaire as a file, beside Python's csv writer on the same rows."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import psycopg2
from django.test import Client

from accounts.models import User
from benchmarks.answers import ITEMS, insert_answers, make_version
from benchmarks.clocks import in_pairs, middle_pair, timed
from benchmarks.figures import Row
from benchmarks.scoring import added_memory
from surveys.design.models import QuestionnaireVersion

GROUP: Final = "export"
MOST: Final = 100_000
PAIRS: Final = 5
KEYS: Final = (*ITEMS, "nps", "why")
QUERY: Final = """
SELECT id, completed_at, language, answers, attributes FROM surveys_response
WHERE questionnaire_id = %s AND state = 'complete' ORDER BY id
"""


def measure(sizes: Sequence[int]) -> Iterator[Row]:
    """Time, growth and memory of the file."""
    count = min(MOST, max(sizes))
    version, tenth = world(count), world(count // 10)
    whole, part = downloads(version, count), downloads(tenth, count // 10)
    ours, plain = in_pairs(lambda: timed(whole), lambda: timed(lambda: write_plainly(version)), pairs=PAIRS)
    pair = middle_pair([s.wall for s in ours], [s.wall for s in plain])
    yield Row(GROUP, f"CSV of {count:,} answers", *pair, "s", "Python csv writer", 2)
    ours, small = in_pairs(lambda: timed(whole), lambda: timed(part, times=3))
    pair = middle_pair([s.wall / count * 1e6 for s in ours], [s.wall / (count // 10) * 1e6 for s in small])
    yield Row(GROUP, "one answer in it", *pair, "us", f"in a file of {count // 10:,}", 1.3)
    yield Row(GROUP, "memory while it streams", added_memory(whole), 32, "MB", "32 MB", 1)


def world(count: int) -> QuestionnaireVersion:
    """A questionnaire with this many answers."""
    version = make_version(f"export-{count}")
    insert_answers(version, count)
    return version


def downloads(version: QuestionnaireVersion, count: int) -> Callable[[], None]:
    """Return what fetches the file once and throws it away piece by piece."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(email=f"{version.questionnaire.name}@bench.example"))

    def fetch() -> None:
        reply = client.get(f"/questionnaires/{version.questionnaire_id}/responses.csv")
        pieces: Iterator[bytes] = getattr(reply, "streaming_content")  # noqa: B009  # unknown to the client's types
        lines = sum(piece.count(b"\r\n") for piece in pieces)
        assert lines == count + 1, lines

    fetch()
    return fetch


def write_plainly(version: QuestionnaireVersion) -> None:
    """Read the rows through a server-side cursor and write them with the standard library."""
    with (
        psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor("plain") as cursor,
        Path(os.devnull).open("w", newline="") as nowhere,
    ):
        cursor.itersize = 2000
        cursor.execute(QUERY, [version.questionnaire_id])
        writer = csv.writer(nowhere)
        for number, at, language, answers, attributes in cursor:
            writer.writerow(
                [number, at.isoformat(), language, attributes.get("region"), attributes.get("tier"),
                 *[answers.get(key) for key in KEYS]]
            )
