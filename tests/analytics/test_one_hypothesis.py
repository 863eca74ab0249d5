"""One thing is tested once: an indicator of one question is that question, on every page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from analytics.dashboards.overview.read import read_overview
from analytics.dashboards.selection import parse_selection
from analytics.dashboards.verdicts import ComparisonFamily, Verdicts
from analytics.dashboards.wording import verdict_text
from analytics.indicators.models import IndicatorTree
from analytics.indicators.services import PlannedNode, create_tree
from analytics.methods.multiplicity import holm
from analytics.scoring.comparing import FAMILY_LEVEL
from analytics.scoring.periods import wave
from analytics.scoring.results import Change, Verdict
from analytics.scoring.selectors import get_latest_run
from analytics.scoring.services import recompute
from tests.analytics.builders import AFTERWARDS, AT, ITEMS, answer_many, document, publish, rating, text
from tests.analytics.dashboard_builders import Shop, codes, make_shop, read_change
from tests.cast import Cast, api_client, client_of, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
QUERY = "period=wave:2018&before=wave:2017"
HUNDRED = 100
FALLEN: Mapping[str, int] = {"quality": 15, "design": 4, "attitude": 30, "speed": 0, "overall": 2}
"""How many in a hundred fall from 4 to 3: attitude surely, quality only where it is looked at alone."""


def fill(shop: Shop, fallen: Mapping[str, int] = FALLEN, *, regions: tuple[str, ...] = ("East",)) -> Shop:
    for region in regions:
        for year, counts in ((2017, {}), (2018, fallen)):
            rows = [
                {key: 3 if (number * 37) % HUNDRED < 30 + counts.get(key, 0) else 4 for key in (*ITEMS, "overall")} | {"nps": 8}
                for number in range(HUNDRED)
            ]
            answer_many(shop.version, rows, at=datetime(year, 5, 1, tzinfo=UTC), attributes={"region": region}, wave=str(year))
    shop.compute()
    return shop


def rows_of(tree: IndicatorTree, family: ComparisonFamily, query: str = QUERY):
    return {row.key: row for row in read_change(tree, query).family(family)}


def tree_of(cast: Cast, plan: PlannedNode, *keys: str, vector: str = "linear") -> IndicatorTree:
    version = publish(cast.team, document(*(rating(key) for key in keys)))
    tree = create_tree(team=cast.team, names=text("Tree"), root=plan, at=AT, questionnaire=version.questionnaire)
    IndicatorTree.objects.filter(pk=tree.pk).update(score_vector=vector)
    tree.refresh_from_db()
    for year, fell in ((2017, 0), (2018, 20)):
        rows = [
            {key: 2 if (number * 37 + place) % HUNDRED < 30 + fell else 4 + number % 2 for place, key in enumerate(keys)}
            for number in range(HUNDRED)
        ]
        answer_many(version, rows, at=datetime(year, 5, 1, tzinfo=UTC), wave=str(year))
    recompute(tree=tree, at=AT)
    return tree


def leaf(key: str) -> PlannedNode:
    return PlannedNode(f"of_{key}", text(key), questions=(key,))


class TestAnIndicatorOfOneQuestion:
    def test_has_the_verdict_of_the_question(self, cast):
        tree = fill(make_shop(cast.team)).tree
        indicators, items = rows_of(tree, ComparisonFamily.INDICATORS), rows_of(tree, ComparisonFamily.ITEMS)
        for key in ITEMS:
            assert indicators[key].p == pytest.approx(items[key].p, rel=1e-6)
            assert [getattr(indicators[key], name) for name in ("p_holm", "p_bh", "verdict", "judged_in")] == [
                getattr(items[key], name) for name in ("p_holm", "p_bh", "verdict", "judged_in")]
        assert items["attitude"].verdict == Verdict.BEYOND
        assert items["quality"].p < FAMILY_LEVEL and items["quality"].verdict == Verdict.WITHIN

    def test_is_no_member_of_the_family_of_those_that_combine_several(self, cast):
        tree = fill(make_shop(cast.team)).tree
        indicators, items = (rows_of(tree, family).values() for family in (ComparisonFamily.INDICATORS, ComparisonFamily.ITEMS))
        own = [row for row in indicators if row.judged_in == ComparisonFamily.INDICATORS]
        assert {row.key for row in own} == {"product", "service"}
        assert [row.p_holm for row in own] == pytest.approx(holm([row.p for row in own]).tolist())
        assert [row.p_holm for row in items] == pytest.approx(holm([row.p for row in items]).tolist())

    def test_has_it_on_the_overview_and_in_a_segment_too(self, cast):
        shop = fill(make_shop(cast.team), regions=("East", "West"))
        for query in (QUERY, f"{QUERY}&region=West"):
            selection = parse_selection(
                tree=shop.tree, run=get_latest_run(tree=shop.tree), query=QueryDict(query), scope={},
                today=AFTERWARDS.date(), at=AFTERWARDS,
            )
            shown = {row.key: row.headline.change for row in read_overview(selection=selection).nodes}
            told = rows_of(shop.tree, ComparisonFamily.INDICATORS, query)
            items = rows_of(shop.tree, ComparisonFamily.ITEMS, query)
            assert {key: one.verdict for key, one in shown.items()} == {key: row.verdict for key, row in told.items()}
            assert all(told[key].verdict == items[key].verdict for key in ITEMS)

    def test_is_judged_in_the_levels_that_both_periods_have(self, cast):
        shop = make_shop(cast.team)
        answer_many(shop.version, codes(4, 40), at=AT, attributes={"region": "West"}, wave="2018")
        fill(shop)
        selection = parse_selection(
            tree=shop.tree, run=get_latest_run(tree=shop.tree), query=QueryDict(QUERY), scope={},
            today=AFTERWARDS.date(), at=AFTERWARDS,
        )
        levels = Verdicts.between(selection, wave("2017")).of_levels("region")
        assert {level: set(found) for level, found in levels.items()} == {"East": {"csi", "product", "service", *ITEMS}}

    def test_says_in_the_api_and_on_the_page_where_it_is_judged(self, cast):
        fill(make_shop(cast.team))
        rows = api_client(make_key(cast.team)[1]).get(f"/api/v1/changes/?{QUERY}").json()["rows"]
        assert {row["key"]: row["judged_in"] for row in rows if row["family"] == "indicators"} == {
            "product": "indicators", "service": "indicators", **dict.fromkeys(ITEMS, "items")}
        page = words(client_of(cast.bob).get(f"/overview/change/?{QUERY}"))
        assert "4 are one question each and have its verdict." in page

    def test_that_scores_in_uneven_steps_is_another_measure_and_tested_itself(self, cast):
        plan = PlannedNode("csi", text("Index"), children=(leaf("one"), leaf("two")))
        tree = tree_of(cast, plan, "one", "two", vector="cn_practice")
        assert {row.judged_in for row in rows_of(tree, ComparisonFamily.INDICATORS).values()} == {ComparisonFamily.INDICATORS}


class TestAnIndicatorOfOnePart:
    def test_has_the_verdict_of_the_part(self, cast):
        inner = PlannedNode("inner", text("Inner"), children=(leaf("one"),))
        tree = tree_of(cast, PlannedNode("csi", text("Index"), children=(inner, leaf("two"), leaf("three"))), "one", "two", "three")
        rows = rows_of(tree, ComparisonFamily.INDICATORS)
        assert {row.judged_in for row in rows.values()} == {ComparisonFamily.ITEMS}
        assert rows["inner"].p_holm == rows["of_one"].p_holm == rows_of(tree, ComparisonFamily.ITEMS)["one"].p_holm

    def test_is_the_index_where_that_has_no_other(self, cast):
        tree = tree_of(cast, PlannedNode("csi", text("Index"), children=(leaf("one"),)), "one")
        rows = [row for row in read_change(tree, QUERY).rows if row.family != ComparisonFamily.SHARES][:1]
        rows += [*rows_of(tree, ComparisonFamily.INDICATORS).values(), *rows_of(tree, ComparisonFamily.ITEMS).values()]
        assert [row.key for row in rows] == ["csi", "of_one", "one"]
        assert {(row.judged_in, row.verdict, row.p_holm) for row in rows} == {(ComparisonFamily.HEADLINE, rows[0].verdict, None)}


class TestAnIntervalWithoutZero:
    """A verdict that the correction took back says so, instead of contradicting the interval beside it."""

    def test_says_that_alone_it_would_be_beyond_chance(self, cast):
        fill(make_shop(cast.team))
        page = words(client_of(cast.bob).get(f"/overview/change/?{QUERY}"))
        assert "beyond chance alone, within chance after correction" in page
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        assert "单看超出，多重比较后属随机波动" in words(client_of(cast.bob).get(f"/overview/change/?{QUERY}"))

    @pytest.mark.parametrize(("low", "high", "verdict", "said"), [
        (-3.2, -0.3, Verdict.WITHIN, "beyond chance alone, within chance after correction"),
        (0.3, 3.2, Verdict.WITHIN, "beyond chance alone, within chance after correction"),
        (-3.2, 0.3, Verdict.WITHIN, "within chance"), (-3.2, -0.3, Verdict.BEYOND, "beyond chance"),
        (None, None, Verdict.UNKNOWN, ""),
    ])
    def test_has_wordings_for_each_case(self, low, high, verdict, said):
        assert verdict_text(Change("index", -1.0, low, high, verdict)) == said
