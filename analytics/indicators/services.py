"""Changing trees: every change leaves a tree whose siblings' weights sum to 1."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.models import Team, User
from analytics.indicators import hooks
from analytics.indicators.changing import TreeError, check_reason, locked, locked_as_seen, reworded, touched
from analytics.indicators.models import (
    Indicator,
    IndicatorTree,
    QuestionSource,
    SourceRole,
    WeightOrigin,
    WeightSet,
)
from analytics.indicators.scales import check_vector
from analytics.indicators.selectors import get_weight_set_in_force, siblings_problem, weight_problem
from analytics.indicators.undoing import about, put_below, undo_of
from analytics.indicators.weights import lasting, put_in_force, with_equal_siblings, without
from analytics.methods.distributions import SCORE_VECTORS
from surveys.design.models import Questionnaire

KEY = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
RulesChange = Mapping[str, tuple[str | int, str | int]]
"""What a rule was and what it is now, by its name."""

DEPTH = 4
"""The most levels below the root: deeper trees cannot be read on a page."""


@dataclass(frozen=True)
class PlannedNode:
    """A node of a tree to be created: what it is called and which questions feed it if it is a leaf."""

    key: str
    names: Mapping[str, str]
    children: tuple[PlannedNode, ...] = ()
    questions: tuple[str, ...] = ()
    target: Decimal | None = None


@dataclass(frozen=True)
class PlannedRoles:
    """Which questions of the questionnaire are no leaf but have a role."""

    nps: Sequence[str] = ()
    overall: Sequence[str] = ()
    comment: Sequence[str] = field(default=())
    effort: Sequence[str] = ()

    def items(self) -> list[tuple[str, str]]:
        """Pairs of role and question key."""
        named = (
            (SourceRole.NPS, self.nps), (SourceRole.OVERALL, self.overall), (SourceRole.COMMENT, self.comment),
            (SourceRole.EFFORT, self.effort),
        )
        return [(role, key) for role, keys in named for key in keys]


@transaction.atomic
def create_tree(
    *,
    team: Team,
    names: Mapping[str, str],
    root: PlannedNode,
    at: datetime,
    questionnaire: Questionnaire | None = None,
    roles: PlannedRoles | None = None,
    user: User | None = None,
    is_example: bool = False,
) -> IndicatorTree:
    """Create a tree with equal, provisional weights, fed by the questions of one questionnaire.

    Raises TreeError for a bad or repeated key, or questions without a questionnaire.
    """
    last = IndicatorTree.objects.filter(team=team).aggregate(last=Max("position"))["last"]
    tree = IndicatorTree.objects.create(
        team=team, names=dict(names), created_at=at, is_example=is_example, position=0 if last is None else last + 1
    )
    _plant(tree, None, root, 0, questionnaire)
    for role, key in (roles or PlannedRoles()).items():
        _map(tree, None, role, questionnaire, key)
    put_in_force(
        tree=tree, weights=with_equal_siblings(tree, {}), origin=WeightOrigin.EQUAL, is_provisional=True,
        user=user, reason="", at=at,
    )
    hooks.announce(tree.pk, at)
    return tree


@transaction.atomic
def add_indicator(
    *, parent: Indicator, key: str, names: Mapping[str, str], user: User | None, at: datetime,
    revision: int | None = None, reason: str = "",
) -> Indicator:
    """Add a node below another; the siblings make room for it in proportion.

    Raises TreeError when the key is bad or taken, the parent is fed by questions, the tree gets too deep, or
    somebody has changed it since `revision`.
    """
    tree = locked_as_seen(parent, revision)
    if parent.sources.exists():
        raise TreeError("parent_is_measured")
    if _depth(parent) + 1 > DEPTH:
        raise TreeError("too_deep", depth=DEPTH)
    siblings = list(parent.children.all())
    node = _create(tree, parent, key, names, None, max((one.position for one in siblings), default=-1) + 1)
    weights = _weights(tree)
    shares = {one.key: weights.get(one.key, 0.0) * len(siblings) / (len(siblings) + 1) for one in siblings}
    _reweight(
        tree, weights, shares | {node.key: 1 - sum(shares.values())}, user, at, origin=WeightOrigin.ADDED, reason=reason,
        evidence=about(node),
    )
    return node


@transaction.atomic
def remove_indicator(
    *, indicator: Indicator, reason: str, user: User | None, at: datetime, revision: int | None = None
) -> None:
    """Remove a node with all below it; its siblings take over its weight in proportion.

    Raises TreeError for the root, when nobody says why, and when somebody has changed the tree since `revision`.
    """
    tree = locked_as_seen(indicator, revision)
    # Where it hangs now: its weight goes to the siblings it has, not to those it had when it was read.
    indicator = tree.indicators.select_related("parent").get(pk=indicator.pk)
    if indicator.parent is None:
        raise TreeError("root_stays")
    check_reason(reason)
    weights = without(_weights(tree), _branch_keys(indicator))
    siblings = [one.key for one in indicator.parent.children.exclude(pk=indicator.pk)]
    indicator.delete()
    _reweight(
        tree, weights, _rescaled(weights, siblings), user, at, origin=WeightOrigin.REMOVED, reason=reason,
        evidence=about(indicator),
    )


@transaction.atomic
def move_indicator(
    *, indicator: Indicator, parent: Indicator, position: int, user: User | None, at: datetime,
    revision: int | None = None, reason: str = "",
) -> Indicator:
    """Put a node below `parent` as its child number `position` (from 0).

    Under a new parent, which needs a reason, it gets an equal share and the others make room; those it left take
    over its weight. Raises TreeError for the root, for a move below itself, below a measured node, or too deep,
    when nobody says why the weights are to change, and when somebody has changed the tree since `revision`.
    """
    tree = locked_as_seen(indicator, revision)
    _check_move(indicator, parent)
    before = indicator.parent
    if before is None or before.pk == parent.pk:
        put_below(indicator, parent, position)
        touched(tree, at)
        return indicator
    check_reason(reason)
    evidence = about(indicator) | undo_of(tree, indicator)
    siblings = put_below(indicator, parent, position)
    weights = _weights(tree)
    left = _rescaled(weights, [one.key for one in before.children.all()])
    joined = _rescaled(weights, [one.key for one in siblings if one.pk != indicator.pk], 1 - 1 / len(siblings))
    _reweight(
        tree, weights, left | joined | {indicator.key: 1 - sum(joined.values())}, user, at, origin=WeightOrigin.MOVED,
        reason=reason, evidence=evidence,
    )
    return indicator


@transaction.atomic
def edit_indicator(
    *, indicator: Indicator, names: Mapping[str, str], target: Decimal | None, revision: int | None
) -> Indicator:
    """Give a node new names and a new target.

    Raises TreeError when no language has a name, the target is out of range, or somebody has changed the tree
    since `revision`.
    """
    tree = locked_as_seen(indicator, revision)
    rename_indicator(indicator=indicator, names=names)
    set_target(indicator=indicator, target=target)
    reworded(tree)
    return indicator


def rename_indicator(*, indicator: Indicator, names: Mapping[str, str]) -> Indicator:
    """Give a node new names; its key, and so its history, stays.

    Raises TreeError when no language has a name.
    """
    indicator.names = _checked_names(names)
    indicator.save(update_fields=["names"])
    return indicator


def set_target(*, indicator: Indicator, target: Decimal | None) -> Indicator:
    """Set what a node's index should reach, 0-100, or nothing.

    Raises TreeError when it is out of range.
    """
    if target is not None and not (target.is_finite() and 0 <= target <= 100):
        raise TreeError("target_out_of_range")
    indicator.target = target
    indicator.save(update_fields=["target"])
    return indicator


@transaction.atomic
def map_question(
    *,
    tree: IndicatorTree,
    role: str,
    questionnaire: Questionnaire,
    question_key: str,
    at: datetime,
    indicator: Indicator | None = None,
) -> QuestionSource:
    """Let a question feed a leaf, or be the NPS, the overall satisfaction, the comment or the effort question.

    A question that fed another leaf of the tree is moved. Raises TreeError when the node has children or is
    gone, the questionnaire is another team's, or the overall question would be inside the index it validates.
    """
    tree = locked_as_seen(indicator, None) if indicator is not None and indicator.tree_id == tree.pk else locked(tree.pk)
    source = _map(tree, indicator, role, questionnaire, question_key)
    touched(tree, at)
    return source


@transaction.atomic
def unmap_question(*, source: QuestionSource, at: datetime) -> None:
    """Stop a question from feeding the tree."""
    tree = locked(source.tree_id)
    source.delete()
    touched(tree, at)


@transaction.atomic
def set_weights(
    *, parent: Indicator, weights: Mapping[str, float], user: User | None, reason: str, at: datetime,
    revision: int | None = None,
) -> WeightSet:
    """Set the weights of a node's children by hand and put the new weight set in force.

    `weights` maps the key of every child to its share. Raises TreeError naming the child (`key`) whose weight is
    missing, negative, not finite or nobody's, or when they are all 0, do not sum to 1, nobody says why, or
    somebody has changed the tree since `revision`.
    """
    tree = locked_as_seen(parent, revision)
    check_reason(reason)
    _check_children([child.key for child in parent.children.all()], weights)
    return _reweight(tree, _weights(tree), dict(weights), user, at, origin=WeightOrigin.MANUAL, reason=reason)


@transaction.atomic
def equalise_weights(*, tree: IndicatorTree, user: User | None, reason: str, at: datetime) -> WeightSet:
    """Give all siblings everywhere the same weight and put that in force.

    Raises TreeError when nobody says why.
    """
    tree = locked(tree.pk)
    check_reason(reason)
    made = put_in_force(
        tree=tree, weights=with_equal_siblings(tree, {}), origin=WeightOrigin.EQUAL, is_provisional=False,
        user=user, reason=reason, at=at,
    )
    touched(tree, at)
    return made


@transaction.atomic
def set_rules(
    *, tree: IndicatorTree, score_vector: str, coverage: int, user: User | None, reason: str, at: datetime
) -> RulesChange:
    """Set the score vector and how much of a node (percent of its weight) must be answered to count.

    Every figure changes with them, so a new series begins, as with other weights: the same weights in a new set.
    Returns what was changed, nothing where the rules are these already. Raises TreeError for a vector that is
    unknown or does not fit the scale of a question, a coverage outside 0-100, or when nobody says why.
    """
    tree = locked(tree.pk)
    if score_vector not in SCORE_VECTORS:
        raise TreeError("unknown_vector")
    if not 0 <= coverage <= 100:
        raise TreeError("coverage_out_of_range")
    pairs: RulesChange = {"score_vector": (tree.score_vector, score_vector), "coverage": (tree.coverage, coverage)}
    changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if not changed:
        return {}
    check_reason(reason)
    check_vector(tree=tree, vector=score_vector)
    tree.score_vector, tree.coverage = score_vector, coverage
    tree.save(update_fields=["score_vector", "coverage"])
    _begin_series(tree, changed, user, reason, at)
    touched(tree, at)
    return changed


def _begin_series(
    tree: IndicatorTree, rules: RulesChange, user: User | None, reason: str, at: datetime
) -> None:
    """Put the weights in force once more as a set of its own, which says by what rules it goes."""
    before = get_weight_set_in_force(tree=tree)
    if before is not None:
        put_in_force(
            tree=tree, weights=before.weights, origin=before.origin, is_provisional=before.is_provisional, user=user,
            reason=reason, at=at, name=before.name,
            evidence=lasting(before.evidence) | {"rules": {name: list(pair) for name, pair in rules.items()}},
        )


def rename_tree(*, tree: IndicatorTree, names: Mapping[str, str]) -> bool:
    """Give a tree new names; return False where it has them already.

    Raises TreeError when no language has a name.
    """
    wanted = _checked_names(names)
    if wanted == tree.names:
        return False
    tree.names = wanted
    tree.save(update_fields=["names"])
    return True


def _plant(
    tree: IndicatorTree, parent: Indicator | None, plan: PlannedNode, position: int,
    questionnaire: Questionnaire | None,
) -> None:
    node = _create(tree, parent, plan.key, plan.names, plan.target, position)
    if plan.children and plan.questions:
        raise TreeError("parent_is_measured")
    for key in plan.questions:
        _map(tree, node, SourceRole.LEAF, questionnaire, key)
    for number, child in enumerate(plan.children):
        _plant(tree, node, child, number, questionnaire)


def _create(
    tree: IndicatorTree, parent: Indicator | None, key: str, names: Mapping[str, str],
    target: Decimal | None, position: int,
) -> Indicator:
    if not KEY.match(key):
        raise TreeError("bad_key", key=key)
    if tree.indicators.filter(key=key).exists():
        raise TreeError("key_taken", key=key)
    return Indicator.objects.create(
        tree=tree, parent=parent, key=key, names=_checked_names(names), target=target, position=position
    )


def _map(
    tree: IndicatorTree, indicator: Indicator | None, role: str, questionnaire: Questionnaire | None, key: str
) -> QuestionSource:
    if questionnaire is None or questionnaire.team_id != tree.team_id:
        raise TreeError("unknown_questionnaire")
    if (role == SourceRole.LEAF) != (indicator is not None) or role not in SourceRole.values:
        raise TreeError("leaf_without_indicator")
    if indicator is not None and (indicator.tree_id != tree.pk or indicator.children.exists()):
        raise TreeError("not_a_leaf")
    if role in (SourceRole.LEAF, SourceRole.OVERALL):
        other = SourceRole.OVERALL if role == SourceRole.LEAF else SourceRole.LEAF
        if tree.sources.filter(role=other, questionnaire=questionnaire, question_key=key).exists():
            raise TreeError("overall_inside_index", key=key)
    source, _ = QuestionSource.objects.update_or_create(
        tree=tree, role=role, questionnaire=questionnaire, question_key=key, defaults={"indicator": indicator}
    )
    return source


def _check_move(indicator: Indicator, parent: Indicator) -> None:
    if indicator.parent_id is None:
        raise TreeError("root_stays")
    if parent.tree_id != indicator.tree_id:
        raise TreeError("other_tree")
    if parent.key in _branch_keys(indicator):
        raise TreeError("below_itself")
    if parent.sources.exists():
        raise TreeError("parent_is_measured")
    if _depth(parent) + _height(indicator) > DEPTH:
        raise TreeError("too_deep", depth=DEPTH)


def _check_children(keys: Sequence[str], weights: Mapping[str, float]) -> None:
    for key in [*keys, *weights]:
        problem = weight_problem(weights.get(key)) if key in keys else "weight_of_nobody"
        if problem:
            raise TreeError(problem, key=key)
    problem = siblings_problem(list(weights.values()))
    if problem:
        raise TreeError(problem)


def _reweight(
    tree: IndicatorTree, weights: Mapping[str, float], siblings: Mapping[str, float], user: User | None,
    at: datetime, *, origin: str, reason: str, evidence: Mapping[str, Any] | None = None,
) -> WeightSet:
    """Put a weight set in force that differs in some siblings; equal weights set by hand are called equal.

    Those that only follow from another form of the tree are provisional: nobody has chosen them.
    """
    changed, is_by_hand = dict(weights) | dict(siblings), origin == WeightOrigin.MANUAL
    is_equal = is_by_hand and changed == with_equal_siblings(tree, {})
    made = put_in_force(
        tree=tree, weights=changed, is_provisional=not is_by_hand, user=user, reason=reason, at=at,
        origin=WeightOrigin.EQUAL if is_equal else origin, evidence=evidence,
    )
    touched(tree, at)
    return made


def _weights(tree: IndicatorTree) -> dict[str, float]:
    in_force = tree.weight_sets.filter(valid_from_at__isnull=False, valid_to_at__isnull=True).first()
    return dict(in_force.weights) if in_force else {}


def _rescaled(weights: Mapping[str, float], keys: Sequence[str], to: float = 1.0) -> dict[str, float]:
    """The weights of some siblings scaled to a sum; alike where they sum to nothing."""
    given = {key: weights.get(key, 0.0) for key in keys}
    total = sum(given.values())
    if len(set(given.values())) == 1 or total <= 0:
        return {key: to / len(given) for key in given}
    return {key: weight / total * to for key, weight in given.items()}


def _branch_keys(indicator: Indicator) -> set[str]:
    found, waiting = set(), [indicator]
    while waiting:
        node = waiting.pop()
        found.add(node.key)
        waiting.extend(node.children.all())
    return found


def _depth(indicator: Indicator) -> int:
    return 0 if indicator.parent is None else 1 + _depth(indicator.parent)


def _height(indicator: Indicator) -> int:
    return 1 + max((_height(child) for child in indicator.children.all()), default=0)


def _checked_names(names: Mapping[str, str]) -> dict[str, str]:
    kept = {language: name.strip() for language, name in names.items() if name.strip()}
    if not kept:
        raise TreeError("name_missing")
    return kept
