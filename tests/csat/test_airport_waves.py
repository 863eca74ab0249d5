"""The demo's airport waves on their whole way, from the published file to the figures of a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from analytics.indicators.services import PlannedNode, PlannedRoles, create_tree
from analytics.scoring.models import Run
from analytics.scoring.periods import wave
from analytics.scoring.results import PeriodResult
from analytics.scoring.selectors import read_period
from analytics.scoring.services import recompute
from csat.demo import airport
from csat.demo.seed import AIRPORT_ANSWERS, read_answers
from surveys.answering.importing import ImportReport, import_responses
from surveys.answering.mapping import parse_map
from surveys.answering.models import Response
from surveys.design.services import create_from_document, publish
from tests.cast import NOW, make_cast

EXPECTED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "methods/reference/sfo_waves.json").read_text())
ITEM_OF_COLUMN = {column: item for item, column in airport.COLUMN_OF_ITEM.items()}
ROWS = {2014: 2818, 2015: 2958, 2016: 3087, 2017: 2831, 2018: 2809}


@dataclass(frozen=True)
class Imported:
    """What the import and the run said; nothing of it is left in the database."""

    report: ImportReport
    stored: int
    blank: int
    covered: int
    waves: dict[int, PeriodResult]


@pytest.fixture(scope="session")
def imported(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Imported:
    """All rows of the file, read by the demo's own mapping into its own questionnaire."""
    with django_db_blocker.unblock(), transaction.atomic():
        run, report = import_all()
        result = Imported(
            report=report, stored=Response.objects.filter(state="complete").count(),
            blank=Response.objects.filter(answers={}).count(), covered=run.responses,
            waves={year: read_period(run, period=wave(str(year))) for year in ROWS},
        )
        transaction.set_rollback(True)
    return result


def import_all() -> tuple[Run, ImportReport]:
    cast = make_cast()
    questionnaire = create_from_document(
        team=cast.team, document=airport.document(), name="Airport", user=cast.alice, at=NOW)
    publish(questionnaire=questionnaire, user=cast.alice, at=NOW)
    leaves = tuple(
        PlannedNode(f"leaf_{item}", {"en": item, "zh-hans": item}, questions=(item,))
        for item in map(ITEM_OF_COLUMN.__getitem__, ("Q7ALL", "Q9ALL"))
    )
    tree = create_tree(
        team=cast.team, names=airport.TREE_NAMES, root=PlannedNode("root", airport.ROOT_NAMES, children=leaves),
        questionnaire=questionnaire, roles=PlannedRoles(nps=["nps"]), user=cast.alice, at=NOW,
    )
    report = import_responses(
        questionnaire=questionnaire, table=read_answers(AIRPORT_ANSWERS), mapping=parse_map(airport.import_map()), at=NOW)
    return recompute(tree=tree, at=NOW).run, report


class TestTheFile:
    def test_comes_in_whole_with_its_fifteen_blank_forms(self, imported: Imported) -> None:
        report = imported.report
        assert (report.read, report.created, report.known, report.wrong) == (14_503, 14_503, 0, 0)
        assert report.blank == imported.blank == 15 and imported.stored == imported.covered == 14_503

    @pytest.mark.parametrize("year", ROWS)
    def test_has_every_row_of_each_wave(self, imported: Imported, year: int) -> None:
        assert imported.waves[year].responses == ROWS[year]


class TestTheFigures:
    @pytest.mark.parametrize("expected", EXPECTED["waves"], ids=lambda one: f"{one['year']}-{one['item']}")
    def test_of_each_item_and_wave_equal_those_of_r(self, imported: Imported, expected: dict[str, Any]) -> None:
        leaf = f"leaf_{ITEM_OF_COLUMN[expected['item']]}"
        node = imported.waves[expected["year"]].node(leaf)
        [item] = node.items
        assert item.mean.n == expected["mean"]["n"]
        assert item.mean.value == pytest.approx(expected["mean"]["unweighted_mean"], rel=1e-12)
        assert item.satisfied.value == pytest.approx(expected["top2"]["unweighted_mean"], rel=1e-12)
        assert node.index.value == pytest.approx(expected["score100"]["unweighted_mean"], rel=1e-12)
        assert [level.count for level in node.distribution] == expected["hist"]

    @pytest.mark.parametrize("expected", EXPECTED["nps"], ids=lambda one: str(one["year"]))
    def test_of_the_nps_equal_those_of_r(self, imported: Imported, expected: dict[str, Any]) -> None:
        nps = imported.waves[expected["year"]].nps
        assert nps is not None and nps.score is not None
        assert nps.score.n == sum(expected["hist"])
        assert nps.score.value == pytest.approx(expected["unweighted"]["nps"], rel=1e-12)

    def test_cover_all_five_waves_of_both_items(self) -> None:
        assert {(one["year"], one["item"]) for one in EXPECTED["waves"]} == {
            (year, item) for year in ROWS for item in ("Q7ALL", "Q9ALL")}
