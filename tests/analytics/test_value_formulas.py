"""The sum that is printed for a value comes out as the value that is printed beside it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import pytest

from analytics.dashboards.value.formulas import (
    add_parts,
    effort_formulas,
    promoter_formula,
    satisfied_formula,
    value_formulas,
)
from analytics.indicators.services import PlannedNode, PlannedRoles, create_tree, map_question
from analytics.scoring.definition import Definition
from analytics.scoring.effort import effort_of
from analytics.scoring.periods import EVERYTHING
from analytics.scoring.selectors import read_period
from analytics.scoring.services import recompute
from analytics.scoring.weighted import read_weighted
from analytics.scoring.weighting import Imported
from tests.analytics.builders import AFTERWARDS, AT, answer_many, document, make_team, publish, rating, text
from tests.cast import client_of, make_cast
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
SCALES = {"quality": 5, "design": 7, "speed": 4, "easy": 7, "kind": 5, "price": 3}
TOLERANCE = 1e-9


def is_settled(formula: str) -> bool:
    """Whether what stands before the equals sign comes out as what stands behind it, to its last digit."""
    left, _, right = formula.replace("−", "-").replace(",", "").rpartition(" = ")
    printed = right.rstrip("%")
    reckoned = eval(re.sub(r"([\d.]+)%", r"(\1/100)", left.replace("×", "*").replace("÷", "/")))
    scale = 100 if right.endswith("%") else 1
    half = 0.5 * 10.0 ** -len(printed.partition(".")[2])
    return abs(reckoned * scale - float(printed)) <= half + TOLERANCE


def generated(seed: int):
    """A run over answers with gaps, weights and scales of every length."""
    rng = np.random.default_rng(seed)
    cast = make_cast()
    nps = {"key": "nps", "type": "nps", "text": text("Recommend?")}
    version = publish(cast.team, document(rating("overall"), *(rating(key, high) for key, high in SCALES.items()), nps))

    def leaf(*keys: str) -> PlannedNode:
        return PlannedNode(keys[0], text(keys[0].title()), questions=keys)

    tree = create_tree(
        team=cast.team, names=text("Tree"), at=AT, questionnaire=version.questionnaire,
        root=PlannedNode("csi", text("Satisfaction index"), children=(
            PlannedNode("product", text("Product"), children=(leaf("quality"), leaf("design"), leaf("speed"))),
            PlannedNode("service", text("Service"), children=(leaf("easy"), leaf("kind", "price"))),
        )), roles=PlannedRoles(nps=("nps",), overall=("overall",)),
    )
    map_question(tree=tree, role="effort", questionnaire=version.questionnaire, question_key="easy", at=AT)
    for _ in range(60):
        answers = {key: int(rng.integers(1, high + 1)) for key, high in SCALES.items() if rng.random() > 0.25}
        answers |= {"overall": int(rng.integers(1, 6)), "nps": int(rng.integers(0, 11))}
        answer_many(version, [answers], at=datetime(2026, 5, 1, tzinfo=UTC), respondent_weight=round(float(rng.uniform(0.2, 3)), 4))
    return cast, recompute(tree=tree, at=AT).run


def formulas_of(result, run):
    definition = Definition.from_json(run.definition)
    found = []
    for node in result.nodes:
        children = [one for one in result.nodes if one.parent == node.key]
        own = value_formulas(node, children, definition)
        assert own[-1].text.endswith(f" = {node.index.value:.2f}"), node.key
        found += [one.text for one in own]
        found += [line for item in node.items if (effort := effort_of(item)) for line in effort_formulas(item, effort)]
    return [*found, promoter_formula(result.nps), satisfied_formula(result.overall)]


@pytest.mark.parametrize("seed", [1, 2, 3])
class TestAFormula:
    def test_comes_out_as_the_value_that_is_printed(self, seed):
        _, run = generated(seed)
        found = formulas_of(read_period(run, period=EVERYTHING, at=AFTERWARDS), run)
        assert len(found) == 16 and [one for one in found if not is_settled(one)] == []

    def test_does_so_under_respondent_weights(self, seed):
        _, run = generated(seed)
        found = formulas_of(read_weighted(run, period=EVERYTHING, weighting=Imported()), run)
        assert len(found) == 16 and [one for one in found if not is_settled(one)] == []


class TestTheSum:
    def test_of_a_question_has_the_numbers_of_answers_and_the_scores_in_it(self):
        version = publish(make_team(), document(rating("quality")))
        tree = create_tree(
            team=version.questionnaire.team, names=text("Tree"), at=AT, questionnaire=version.questionnaire,
            root=PlannedNode("csi", text("Index"), children=(PlannedNode("quality", text("Quality"), questions=("quality",)),)),
        )
        counts = (3, 5, 7, 20, 11)
        answer_many(version, [{"quality": code} for code, n in enumerate(counts, 1) for _ in range(n)], at=AT)
        run = recompute(tree=tree, at=AT).run
        node = read_period(run, period=EVERYTHING, at=AFTERWARDS).node("quality")
        (found,) = value_formulas(node, (), Definition.from_json(run.definition))
        assert found.text == "(3×0 + 5×25 + 7×50 + 20×75 + 11×100) ÷ 46 = 66.85"

    def test_of_the_parts_is_told_apart_from_the_value_they_make(self):
        cast, run = generated(4)
        result = read_period(run, period=EVERYTHING, at=AFTERWARDS)
        children = [one for one in result.nodes if one.parent == "product"]
        parts = add_parts(children, Definition.from_json(run.definition))
        assert parts.value == pytest.approx(sum(one.weight * one.index.value for one in children))
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?node=product"))
        value = result.node("product").index.value
        assert f"Sum {parts.value:.2f}; averaged per respondent {value:.1f}" in page
        assert "because answers are missing" in page
        printed = [round(parts.of(one), parts.digits) for one in children]
        assert all(f"{one:.{parts.digits}f}" in page for one in printed) and f"{sum(printed):.2f}" == f"{parts.value:.2f}"

    def test_is_not_written_where_a_part_has_too_few_answers(self):
        version = publish(make_team(), document(rating("quality"), rating("speed")))
        leaves = tuple(PlannedNode(key, text(key), questions=(key,)) for key in ("quality", "speed"))
        tree = create_tree(team=version.questionnaire.team, names=text("Tree"), at=AT, questionnaire=version.questionnaire,
                           root=PlannedNode("csi", text("Index"), children=leaves))
        answer_many(version, [{"quality": 4}] * 40 + [{"quality": 4, "speed": 2}] * 3, at=AT)
        run = recompute(tree=tree, at=AT).run
        result, definition = read_period(run, period=EVERYTHING, at=AFTERWARDS), Definition.from_json(run.definition)
        assert add_parts(result.nodes[1:], definition).value is None
        assert len(value_formulas(result.root, result.nodes[1:], definition)) == 1
