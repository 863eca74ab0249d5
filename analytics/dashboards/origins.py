"""What tells one exported file from another: the run, its rules, the weighting and the filters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Final

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from analytics.dashboards.exports import stream_csv
from analytics.dashboards.selection import Selection
from analytics.scoring.results import Period
from analytics.scoring.schemes import get_named

UNWEIGHTED: Final = "none"
LONGEST: Final = 120
"""Characters of a file name before its ending; file systems take 255 bytes, a Chinese character is three."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where every number of a file comes from; `weight_set` is a number within the tree.

    `filters` holds the reader's filters and scope together, as `region=East|West; tier=gold`. `definition_hash` names all
    that decides the digits beside the answers, the versions of the methods included, `weighting_hash` all that decides
    the respondent weights; both stand in the API. `coverage` is the percent of an indicator's weight that must be answered.
    """

    run: int
    weight_set: int
    score_vector: str
    weighting: str
    filters: str
    tree: int
    definition_hash: str
    coverage: int
    weighting_hash: str


HEADER: Final = tuple(one.name for one in fields(Origin))


def origin_of(selection: Selection, *, weighting: str) -> Origin:
    """Return the origin of a selection's numbers; `weighting` is its word, "" for unweighted."""
    chosen = selection.reading.choice
    record = get_named(tree=selection.tree, word=weighting).record if weighting else {"hash": ""}
    return Origin(
        run=selection.run.pk, weight_set=selection.run.weight_set.number,
        score_vector=selection.reading.definition.score_vector, weighting=weighting or UNWEIGHTED,
        filters="; ".join(f"{key}={'|'.join(sorted(levels))}" for key, levels in sorted(chosen.items())),
        tree=selection.tree.pk, definition_hash=selection.run.definition_hash, coverage=selection.reading.definition.coverage,
        weighting_hash=record["hash"],
    )


def with_origin(rows: Iterator[Sequence[Any]], origin: Origin) -> Iterator[Sequence[Any]]:
    """Put the origin's columns behind those of a table, whose first row is its header."""
    yield (*next(rows), *HEADER)
    for row in rows:
        yield (*row, *astuple(origin))


def file_reply(
    rows: Iterator[Sequence[Any]], origin: Origin, *, kind: str, tree: int, periods: Sequence[Period]
) -> StreamingHttpResponse:
    """Send a table as a CSV file whose name says what is in it."""
    response = StreamingHttpResponse(stream_csv(with_origin(rows, origin)), content_type="text/csv; charset=utf-8")
    name = file_name(origin, kind=kind, tree=tree, periods=periods)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{name}.csv")
    return response


def file_name(origin: Origin, *, kind: str, tree: int, periods: Sequence[Period]) -> str:
    """Name a file by tree, periods, weighting, filters and run; a name too long ends in a short hash of itself."""
    weighting = f"weighting {origin.weighting}" if origin.weighting != UNWEIGHTED else ""
    parts = (kind, str(tree), *(period.key for period in periods), weighting, origin.filters, f"run {origin.run}")
    name = "-".join("".join(c if c.isalnum() else "-" for c in part).strip("-") for part in parts if part)
    if len(name.encode()) <= LONGEST:
        return name
    short = name.encode()[: LONGEST - 9].decode(errors="ignore")
    return f"{short}-{hashlib.sha256(repr((origin, parts)).encode()).hexdigest()[:8]}"
