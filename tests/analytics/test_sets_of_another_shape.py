"""Weight sets that were made while the tree hung otherwise: the same indicators, but other families."""

from __future__ import annotations

import pytest

from analytics.indicators.changing import TreeError
from analytics.indicators.models import IndicatorTree, WeightOrigin
from analytics.indicators.weight_choice import choose_weight_set
from analytics.indicators.weights import put_in_force, with_equal_siblings
from analytics.scoring.services import recompute
from analytics.scoring.weight_lab import compare_weights
from tests.analytics.builders import AT, make_tree, publish, standard_document
from tests.analytics.weight_builders import answer_from, drawn_codes
from tests.cast import Cast

pytestmark = pytest.mark.django_db
BY_HAND = {"product": 0.5, "service": 0.5, "quality": 0.7, "design": 0.3, "attitude": 0.6, "speed": 0.4}


@pytest.fixture
def tree(cast: Cast) -> IndicatorTree:
    version = publish(cast.team, standard_document())
    tree = make_tree(version)
    answer_from(version, drawn_codes(300))
    put_in_force(
        tree=tree, weights=BY_HAND, origin=WeightOrigin.MANUAL, is_provisional=False, user=None, reason="By hand", at=AT
    )
    recompute(tree=tree, at=AT)
    tree.indicators.filter(key="speed").update(parent=tree.indicators.get(key="product"))
    put_in_force(
        tree=tree, weights=with_equal_siblings(tree, {}), origin=WeightOrigin.EQUAL, is_provisional=False, user=None,
        reason="Moved", at=AT,
    )
    recompute(tree=tree, at=AT)
    return tree


def test_are_no_candidates_and_stop_no_comparison(tree: IndicatorTree) -> None:
    found = compare_weights(tree=tree, at=AT).result
    numbers = {one["facts"].get("number") for one in found["candidates"]}
    made_before = tree.weight_sets.get(weights=BY_HAND).number
    assert "problem" not in found and {"in_force", "equal", "johnson"} <= {one["code"] for one in found["candidates"]}
    assert made_before not in numbers


def test_cannot_be_chosen_again(tree: IndicatorTree) -> None:
    with pytest.raises(TreeError, match="weights_of_another_tree"):
        choose_weight_set(weight_set=tree.weight_sets.get(weights=BY_HAND), user=None, reason="Back", at=AT)
