"""The airport's published answers with their weights, for tests against figures computed with R."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from accounts.models import Team
from analytics.indicators.models import IndicatorTree
from analytics.indicators.services import PlannedNode
from surveys.answering.models import RecomputeNote, Response, ResponseState
from tests.analytics.builders import AT, document, make_dimension, make_tree, publish, rating, text

ANSWERS = Path(__file__).parents[2] / "csat/demo/data/sfo_2014_2018.csv.gz"
REFERENCE = json.loads((Path(__file__).parents[1] / "methods/reference/sfo_waves.json").read_text())
ITEMS = tuple(one["item"] for one in REFERENCE["change_2017_2018"])
AGES = {str(code): f"age{code}" for code in range(1, 8)}


def read_answers(years: Sequence[str]) -> Iterator[dict[str, str]]:
    with gzip.open(ANSWERS, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["year"] in years:
                yield row


def make_airport(team: Team, years: Sequence[str] = ("2017", "2018")) -> IndicatorTree:
    """A tree with one leaf for each of the 22 items compared in the reference, over the waves wanted."""
    make_dimension(team, "age", *AGES.values())
    make_dimension(team, "gender", "g1", "g2")
    keys = [item.lower() for item in ITEMS]
    version = publish(team, document(
        *(rating(key) for key in keys), {"key": "nps", "type": "nps", "text": text("Recommend?")}
    ))
    leaves = tuple(PlannedNode(key, text(key), questions=(key,)) for key in keys)
    tree = make_tree(version, PlannedNode("csi", text("Index"), children=leaves))
    Response.objects.bulk_create([
        Response(
            team=team, questionnaire=version.questionnaire, version=version, language="en", answers=_answers(row),
            attributes=_attributes(row), state=ResponseState.COMPLETE, wave=row["year"], source="import",
            completed_at=datetime(int(row["year"]), 5, 15, tzinfo=UTC), respondent_weight=Decimal(row["WEIGHT"]),
        )
        for row in read_answers(years)
    ])
    RecomputeNote.objects.create(questionnaire=version.questionnaire, at=AT)
    return tree


def _answers(row: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in ITEMS:
        if row[item] in {"1", "2", "3", "4", "5"}:
            found[item.lower()] = int(row[item])
        elif row[item] == "6":
            found[item.lower()] = "NA"
    if row["NETPRO"].isdecimal() and int(row["NETPRO"]) <= 10:
        found["nps"] = int(row["NETPRO"])
    return found


def _attributes(row: dict[str, str]) -> dict[str, str]:
    found = {"age": AGES.get(row["Q19AGE"], ""), "gender": f"g{row['Q20GENDER']}" if row["Q20GENDER"] in "12" else ""}
    return {key: level for key, level in found.items() if level and level != "g"}
