"""The airport's waves of real answers against figures computed with R (the source is in the file)."""

from __future__ import annotations

import json
from itertools import zip_longest
from pathlib import Path

import pytest

from analytics.indicators.services import PlannedNode
from analytics.scoring.periods import wave
from analytics.scoring.results import Grain, Verdict
from analytics.scoring.selectors import compare, read_period, read_trend
from analytics.scoring.services import recompute
from tests.analytics.builders import AFTERWARDS, AT, answer_many, document, make_team, make_tree, publish, rating, text

EXPECTED = json.loads((Path(__file__).parents[1] / "methods/reference/sfo_waves.json").read_text())
HISTOGRAMS = {(one["year"], one["item"]): one["hist"] for one in EXPECTED["waves"]}
NPS = {one["year"]: one for one in EXPECTED["nps"]}


def codes_of(histogram, lowest):
    return [lowest + place for place, count in enumerate(histogram) for _ in range(count)]


def answers_of(year):
    columns = {
        "q7all": codes_of(HISTOGRAMS[year, "Q7ALL"], 1),
        "q9all": codes_of(HISTOGRAMS[year, "Q9ALL"], 1),
        "nps": codes_of(NPS[year]["hist"], 0) if year in NPS else [],
    }
    for row in zip_longest(*columns.values()):
        yield {key: code for key, code in zip(columns, row, strict=True) if code is not None}


@pytest.fixture(scope="module")
def run(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        from django.db import transaction

        with transaction.atomic():
            version = publish(make_team(), document(
                rating("q7all"), rating("q9all"), rating("overall"), {"key": "nps", "type": "nps", "text": text("?")}
            ))
            leaves = tuple(PlannedNode(key, text(key), questions=(key,)) for key in ("q7all", "q9all"))
            tree = make_tree(version, PlannedNode("csi", text("Index"), children=leaves))
            for year in (2014, 2015, 2016, 2017, 2018):
                answer_many(version, list(answers_of(year)), wave=str(year))
            yield recompute(tree=tree, at=AT).run
            transaction.set_rollback(True)


class TestTheWaves:
    @pytest.mark.parametrize("expected", EXPECTED["waves"], ids=lambda one: f"{one['year']}-{one['item']}")
    def test_item_means_and_top_two_shares_equal_the_reference(self, run, expected):
        node = read_period(run, period=wave(str(expected["year"])), at=AFTERWARDS).node(expected["item"].lower())
        (item,) = node.items
        assert item.mean.n == expected["mean"]["n"]
        assert item.mean.value == pytest.approx(expected["mean"]["unweighted_mean"], rel=1e-12)
        assert item.satisfied.value == pytest.approx(expected["top2"]["unweighted_mean"], rel=1e-12)
        assert node.index.value == pytest.approx(expected["score100"]["unweighted_mean"], rel=1e-12)
        assert [level.count for level in node.distribution] == expected["hist"]

    @pytest.mark.parametrize("year", sorted(NPS))
    def test_unweighted_nps_equals_the_reference(self, run, year):
        score = read_period(run, period=wave(str(year)), at=AFTERWARDS).nps.score
        assert score.value == pytest.approx(NPS[year]["unweighted"]["nps"], rel=1e-12)
        assert score.standard_error == pytest.approx(NPS[year]["unweighted"]["se"], rel=1e-9)

    def test_the_fall_of_the_nps_from_2017_to_2018_is_beyond_chance(self, run):
        *_, before, after = read_trend(run, grain=Grain.WAVE, at=AFTERWARDS)
        change = compare(before.nps.score, after.nps.score)
        fall = NPS[2018]["unweighted"]["nps"] - NPS[2017]["unweighted"]["nps"]
        assert change.verdict == Verdict.BEYOND and change.difference == pytest.approx(fall, rel=1e-12)
