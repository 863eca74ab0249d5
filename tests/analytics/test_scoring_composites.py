"""Anonymous answers: what is shown of an indicator and its parts never leaves a sum over fewer than k respondents."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.scoring.codes import BLANK, ItemKey
from analytics.scoring.columns import Cells, Columns
from analytics.scoring.composites import QUESTIONS, added, composites_of, hidden_parts, is_safe, patterns_of
from analytics.scoring.definition import Definition, NodeRule, SourceRule
from analytics.scoring.disclosure import Rules
from analytics.scoring.estimators import read_estimators
from analytics.scoring.figures import Reader
from analytics.scoring.periods import EVERYTHING, parse_period
from analytics.scoring.provenance import describe_value
from analytics.scoring.reading import Reading
from analytics.scoring.results import Missing, PeriodResult, Status
from analytics.scoring.selectors import read_period, read_segments
from analytics.scoring.services import recompute
from analytics.scoring.summaries import totals
from analytics.scoring.weighted_reader import WeightedReader, WeightedVector
from tests.analytics.builders import (
    AFTERWARDS,
    AT,
    answer_many,
    make_dimension,
    make_team,
    make_tree,
    publish,
    sheet,
    standard_document,
)

K = 5
LEAVES = {"a": ("a1", "a2"), "b": ("b1", "b2", "b3"), "c": ("c1",)}
QUESTIONS_OF = {"a1": ("a1",), "a2": ("a2x", "a2y"), "b1": ("b1",), "b2": ("b2",), "b3": ("b3",), "c1": ("c1",)}
KEYS = tuple(key for keys in QUESTIONS_OF.values() for key in keys)
SHEETS = st.lists(
    st.tuples(st.lists(st.booleans(), min_size=len(KEYS), max_size=len(KEYS)), st.integers(1, 14)), min_size=1, max_size=7
)
"""Which questions were answered, and by how many people alike."""


def definition(weights: tuple[float, float, float] = (0.5, 0.3, 0.2), coverage: int = 50) -> Definition:
    nodes = [NodeRule("root", None, 1.0)]
    for branch, weight in zip(LEAVES, weights, strict=True):
        nodes.append(NodeRule(branch, "root", weight))
        nodes += [NodeRule(leaf, branch, 1 / len(LEAVES[branch])) for leaf in LEAVES[branch]]
    sources = [SourceRule(1, key, 1, 5, "leaf", leaf) for leaf, keys in QUESTIONS_OF.items() for key in keys]
    return Definition(tuple(nodes), tuple(sources), (), "linear", coverage, "UTC")


def columns_of(rows: np.ndarray) -> Columns:
    """Answers, shape (rows, questions), as columns."""
    cells = Cells.without_labels([len(rows)])
    codes = np.where(rows, 4, BLANK).astype(np.int8).T
    return Columns(tuple(ItemKey(key, 1, 5) for key in KEYS), np.ascontiguousarray(codes), cells, None, {1: len(rows)}, 0, None)


def look(rows: np.ndarray, about: Definition) -> PeriodResult:
    columns = columns_of(rows)
    codes = patterns_of(columns, about, 1)
    hidden = frozenset[str]().union(*(
        hidden_parts(family, {0: Counter(code for code in of.tolist() if code)}, K).get(0, frozenset())
        for family, of in zip(composites_of(about), codes, strict=True)
    ))
    return Reader(about, Rules(1, 1, K), {}).result(EVERYTHING, totals(columns, about, 1), hidden=hidden)


class TestTheWeightedReader:
    @pytest.mark.parametrize("told", [{"hidden": frozenset({"a1", "b"})}, {"is_withheld": True}, {}])
    def test_withholds_what_the_unweighted_one_withholds(self, told: dict[str, Any]) -> None:
        about, rules = definition(), Rules(1, 1, K)
        columns = columns_of(np.ones((40, len(KEYS)), dtype=np.bool_))
        vector = totals(columns, about, 1)
        weighted = WeightedReader(about, rules, {}, WeightedVector(vector, vector * 2.0, vector * 4.0)).result(EVERYTHING, vector, **told)
        plain = Reader(about, rules, {}).result(EVERYTHING, vector, **told)
        assert [one.index.status for one in weighted.nodes] == [one.index.status for one in plain.nodes]
        assert (weighted.is_withheld, weighted.responses) == (plain.is_withheld, plain.responses)
        hidden = [one for one in weighted.nodes if one.index.status == Status.WITHHELD]
        assert len(hidden) == {"hidden": 2, "is_withheld": len(about.nodes)}.get(next(iter(told), ""), 0)
        assert all(one.index.value is None and not one.distribution and one.satisfied.value is None for one in hidden)


def parts_of(about: Definition) -> dict[str, list[tuple[str, float]]]:
    parts = {key: [(child.key, child.weight) for child in family] for key, family in about.children.items() if family}
    return parts | {leaf: [(f"?{key}", 1.0) for key in keys] for leaf, keys in QUESTIONS_OF.items() if len(keys) > 1}


class Person:
    """How one sheet rolls up the tree, worked out again by hand."""

    def __init__(self, answered: Any, about: Definition) -> None:
        self.has = {f"?{key}": bool(given) for key, given in zip(KEYS, answered, strict=True)}
        self.cover = {name: float(given) for name, given in self.has.items()}
        self.counts = dict(self.has)
        for node in reversed(about.nodes):
            parts = parts_of(about).get(node.key) or [(f"?{key}", 1.0) for key in QUESTIONS_OF[node.key]]
            total = sum(weight for _, weight in parts)
            self.has[node.key] = any(self.has[part] for part, weight in parts if weight)
            self.cover[node.key] = sum(weight / total * self.cover[part] for part, weight in parts)
            self.counts[node.key] = self.has[node.key] and self.cover[node.key] >= about.coverage / 100 - 1e-9

    def share(self, whole: str, part: str, about: Definition) -> float:
        """How much of the part's value is in the whole's."""
        parts = dict(parts_of(about)[whole])
        if not self.counts[whole] or not self.has[part]:
            return 0.0
        return parts[part] / sum(weight for key, weight in parts.items() if self.has[key])


def shown_parts(result: PeriodResult, whole: str, about: Definition) -> list[str]:
    found = []
    for part, _ in parts_of(about)[whole]:
        if part.startswith("?"):
            items = {item.key: item for item in result.node(whole).items}
            found += [part] if items[part[1:]].mean.is_shown else []
        elif result.node(part).index.is_shown:
            found.append(part)
    return found


def smallest_leftover(people: list[tuple[Person, int]], whole: str, shown: list[str], about: Definition) -> int:
    """The fewest respondents on whom any difference of the whole and its shown parts rests, 0 aside."""
    everything = [part for part, _ in parts_of(about)[whole]]
    shares = np.array([[person.share(whole, part, about) for part in everything] for person, _ in people])
    counts = np.array([[person.counts[part] for part in everything] for person, _ in people], dtype=float)
    sizes = np.array([size for _, size in people])
    options = [
        [0.0, *(sorted(set(np.round(shares[:, place], 12)) - {0.0}) if part in shown else ())]
        for place, part in enumerate(everything)
    ]
    left = [
        int(sizes[(np.abs(shares - np.array(taken) * counts) > 1e-9).any(axis=1)].sum()) for taken in product(*options)
    ]
    return min((n for n in left if n), default=K)


class TestOneLook:
    @given(SHEETS, st.sampled_from([(0.5, 0.3, 0.2), (1 / 3, 1 / 3, 1 / 3), (0.6, 0.4, 0.0)]), st.sampled_from([0, 50, 80]))
    @settings(max_examples=300, deadline=None)
    def test_leaves_no_sum_over_fewer_than_k(self, sheets, weights, coverage):
        about = definition(weights, coverage)
        rows = np.array([answered for answered, size in sheets for _ in range(size)])
        result = look(rows, about)
        people = [(Person(answered, about), size) for answered, size in sheets]
        for node in about.nodes:
            of_node = sum(size for person, size in people if person.counts[node.key])
            assert not 0 < of_node < K or not result.node(node.key).index.is_shown
            if result.node(node.key).index.is_shown and node.key in parts_of(about):
                shown = shown_parts(result, node.key, about)
                assert smallest_leftover(people, node.key, shown, about) >= K, (node.key, shown)

    @given(SHEETS)
    @settings(max_examples=100, deadline=None)
    def test_of_an_indicator_that_is_hidden_hides_all_below(self, sheets):
        about = definition()
        result = look(np.array([answered for answered, size in sheets for _ in range(size)]), about)
        for node in about.nodes:
            if node.parent and result.node(node.parent).index.status == Status.WITHHELD:
                assert result.node(node.key).index.status in (Status.WITHHELD, Status.NONE)

    @pytest.mark.parametrize("code", [1, 5])
    def test_goes_by_who_answered_and_not_by_what(self, code):
        about = replace(definition(), sources=(*definition().sources, SourceRule(1, "nps", 0, 10, "nps", None)))
        rows = np.ones((3, len(KEYS)), dtype=bool)
        rows[0, 3] = False
        block = columns_of(rows)
        items = (*block.items, ItemKey("nps", 0, 10))
        nps = np.array([[0, 10, BLANK]], dtype=np.int8)
        one, other = (
            patterns_of(replace(block, items=items, codes=np.vstack([codes, nps])), about, 1)
            for codes in (block.codes, np.where(block.codes == BLANK, BLANK, code).astype(np.int8))
        )
        assert [of.tolist() for of in one] == [of.tolist() for of in other]
        assert one[1].tolist() == [0b111, 0b111, 0]

    def test_shows_everything_where_all_answer_all_or_enough_do_not(self):
        rows = np.ones((60, len(KEYS)), dtype=bool)
        assert all(node.index.is_shown for node in look(rows, definition()).nodes)
        rows[:5, 3], rows[5:10, 0] = False, False
        assert all(node.index.is_shown for node in look(rows, definition()).nodes)

    def test_keeps_the_heavier_parts_where_hiding_two_is_enough(self):
        rows = np.ones((60, len(KEYS)), dtype=bool)
        rows[0, [0, 1, 2]] = False
        result = look(rows, definition())
        assert {node.key for node in result.nodes if not node.index.is_shown} == {"b", "b1", "b2", "b3", "c", "c1"}

    def test_of_too_many_parts_to_look_at_shows_the_whole_alone(self):
        nodes = (NodeRule("root", None, 1.0), *(NodeRule(f"n{n}", "root", 1 / 40) for n in range(40)))
        about = Definition(nodes, tuple(SourceRule(1, f"n{n}", 1, 5, "leaf", f"n{n}") for n in range(40)), (), "linear", 50, "UTC")
        family = composites_of(about)[3]
        assert not is_safe(family, {1: 100}, K)
        assert len(hidden_parts(family, {0: {1: 100}}, K)[0]) == 80


COUNTS = st.dictionaries(st.integers(1, 2**5 - 1), st.integers(1, 12), max_size=5)


class TestGroupsOfAWhole:
    @given(st.lists(COUNTS, min_size=1, max_size=5), COUNTS)
    @settings(max_examples=300)
    def test_that_are_shown_leave_of_the_whole_what_is_safe_too(self, groups, rest):
        family = next(one for one in composites_of(definition()) if one.key == "a")
        hidden = hidden_parts(family, dict(enumerate(groups)), K, rest=rest)
        shown = [group for number, group in enumerate(groups) if group and number not in hidden]
        assert all(is_safe(family, group, K) for group in shown)
        if shown:
            assert is_safe(family, added([*(groups[number] for number in hidden), rest]), K)


@pytest.mark.django_db
class TestAnAnonymousSurvey:
    def run_of(self, rows: list[dict[str, Any]], regions: list[str] | None = None):
        team = make_team()
        make_dimension(team, "region", "East", "West", "North")
        version = publish(team, standard_document(), is_anonymous=True)
        tree = make_tree(version)
        for number, row in enumerate(rows):
            region = regions[number] if regions else "East"
            answer_many(version, [row], at=datetime(2026, 10, 1 + number // 20, 10, tzinfo=UTC),
                        attributes={"region": region}, notes=number == 0)
        return recompute(tree=tree, at=AT).run

    def test_never_gives_away_the_one_who_answered_another_question(self):
        rows = [sheet(4, 4, 2 + n % 4, "NA", 9, 4) for n in range(99)]
        result = read_period(self.run_of([sheet(4, 4, "NA", 1, 9, 4), *rows]), period=EVERYTHING, at=AFTERWARDS)
        of = {node.key: node for node in result.nodes}
        assert of["service"].index.n == 100
        assert of["attitude"].index.status == of["speed"].index.status == Status.WITHHELD
        assert of["speed"].items[0].missing == of["attitude"].items[0].missing == Missing()

    def test_never_gives_away_the_one_who_left_a_question_out(self):
        rows = [sheet(4, 4, 4, 3, 9, 4)] * 59 + [sheet(4, 4, None, 1, 9, 4)]
        result = read_period(self.run_of(rows), period=EVERYTHING, at=AFTERWARDS)
        assert {node.key for node in result.nodes if not node.index.is_shown} == {"attitude", "speed"}

    def test_has_no_item_means_of_what_is_hidden(self):
        run = self.run_of([sheet(4, 4, 4, 3, 9, 4)] * 59 + [sheet(4, 4, None, 1, 9, 4)])
        assert read_estimators(run, node="service", period=EVERYTHING, at=AFTERWARDS).item_means.status == Status.WITHHELD
        assert read_estimators(run, node="csi", period=EVERYTHING, at=AFTERWARDS).item_means.status == Status.WITHHELD
        assert read_estimators(run, node="product", period=EVERYTHING, at=AFTERWARDS).item_means.is_shown

    def test_does_not_count_out_fewer_than_k(self):
        run = self.run_of([sheet(4, 4, 4, 3, 9, 4)] * 59 + [sheet(None, None, 4, 1, 9, 4)])
        assert describe_value(run, node="product", period=EVERYTHING, at=AFTERWARDS).left_out is None
        many = self.run_of([sheet(4, 4, 4, 3, 9, 4)] * 59 + [sheet(None, None, 4, 1, 9, 4)] * 12)
        assert describe_value(many, node="product", period=EVERYTHING, at=AFTERWARDS).left_out == 12

    def test_hides_an_indicator_in_another_level_too_where_one_gives_it_away(self):
        rows = [sheet(4, 4, 4, 3 if n % 40 < (3 if n < 40 else 40) else None, 9, 4) for n in range(120)]
        run = self.run_of(rows, ["East"] * 40 + ["West"] * 40 + ["North"] * 40)
        assert read_period(run, period=EVERYTHING, at=AFTERWARDS).node("speed").index.n == 83
        shown = {one.level: one.result.node("speed").index.is_shown for one in
                 read_segments(run, period=EVERYTHING, dimension="region", at=AFTERWARDS)}
        assert not shown["East"] and sum(shown.values()) == 1
        for level, is_shown in shown.items():
            under = read_period(run, period=EVERYTHING, filters={"region": [level]}, at=AFTERWARDS)
            assert under.node("speed").index.is_shown is is_shown and under.root.index.is_shown

    def test_hides_an_indicator_in_another_month_too(self):
        team = make_team()
        version = publish(team, standard_document(), is_anonymous=True)
        tree = make_tree(version)
        for month, answered in ((7, 3), (8, 40), (9, 40)):
            rows = [sheet(4, 4, 4, 3 if n < answered else None, 9, 4) for n in range(40)]
            answer_many(version, rows, at=datetime(2026, month, 5, tzinfo=UTC))
        run = recompute(tree=tree, at=AT).run
        months = [read_period(run, period=parse_period(f"2026-{month:02}"), at=AFTERWARDS) for month in (7, 8, 9)]
        assert [one.node("speed").index.is_shown for one in months] == [False, False, True]
        assert read_period(run, period=EVERYTHING, at=AFTERWARDS).node("speed").index.n == 83

    def test_looks_the_same_from_the_cache(self):
        run = self.run_of([sheet(4, 4, 4, 3, 9, 4)] * 59 + [sheet(4, 4, None, 1, 9, 4)])
        at = AT + timedelta(days=2)
        first, again = (Reading(run, at=at).hiding.parts(EVERYTHING) for _ in range(2))
        assert first == again == {"attitude", "speed", "attitude" + QUESTIONS, "speed" + QUESTIONS}
