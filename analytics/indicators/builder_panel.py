"""A column of the questionnaire editor: which indicator a question counts towards, in each tree that it feeds."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.access import Actor
from accounts.audit import record_event
from analytics.indicators import selectors, services
from analytics.indicators.changing import TreeError
from analytics.indicators.models import Indicator, IndicatorTree, QuestionSource, SourceRole
from analytics.indicators.sentences import sentence
from surveys.design.document import text_in
from surveys.design.hooks import RowPanel
from surveys.design.models import Questionnaire

FIELD = "indicator."
SHOWN = "indicator_shown."
"""Beside each choice: what the page showed, so that only what somebody has chosen is changed."""


@dataclass(frozen=True)
class Choice:
    """One question in one tree; `chosen` and `shown` are numbers of leaves as text, empty for none."""

    key: str
    chosen: str
    shown: str


def title() -> str:
    """The column's heading."""
    return _("Counts towards")


def render(actor: Actor, questionnaire: Questionnaire, item_key: str) -> str:
    """One select per tree; nothing where the questionnaire feeds none."""
    trees = _trees(actor, questionnaire)
    language = get_language() or "en"
    return format_html_join("", "{}", (
        (render_to_string("indicators/_builder_choice.html", {
            "name": f"{FIELD}{tree.pk}.{item_key}", "shown": f"{SHOWN}{tree.pk}.{item_key}",
            "leaves": [(str(leaf.pk), label) for leaf, label in _leaves(tree)],
            "chosen": _held(tree, questionnaire).get(item_key, ""),
            "tree": text_in(tree.names, language) if len(trees) > 1 else "",
        }),)
        for tree in trees
    ))


def save(actor: Actor, questionnaire: Questionnaire, post: QueryDict) -> list[str]:
    """Do what was chosen since the page was shown; return a sentence for each choice that could not be taken."""
    return [
        _("“Counts towards” was left as it is. %(why)s") % {"why": sentence(error.code, error.details)}
        for tree in _trees(actor, questionnaire)
        for error in _saved(actor, tree, questionnaire, _choices(post, tree))
    ]


def _saved(
    actor: Actor, tree: IndicatorTree, questionnaire: Questionnaire, choices: list[Choice]
) -> list[TreeError]:
    if not choices:
        return []
    held, leaves = _held(tree, questionnaire), {str(leaf.pk): leaf for leaf, _label in _leaves(tree)}
    errors = []
    for choice in choices:
        now = held.get(choice.key, "")
        try:
            if now == choice.chosen:
                continue
            if now != choice.shown or (choice.chosen and choice.chosen not in leaves):
                raise TreeError("question_moved_meanwhile")
            _save_one(actor, tree, questionnaire, choice.key, leaves.get(choice.chosen))
        except TreeError as error:
            errors.append(error)
    return errors


def _save_one(
    actor: Actor, tree: IndicatorTree, questionnaire: Questionnaire, key: str, leaf: Indicator | None
) -> None:
    at = timezone.now()
    if leaf is None:
        services.unmap_question(source=_sources(tree, questionnaire).get(question_key=key), at=at)
    else:
        services.map_question(
            tree=tree, indicator=leaf, role=SourceRole.LEAF, questionnaire=questionnaire, question_key=key, at=at,
        )
    record_event(
        actor=actor, action="question.mapped" if leaf else "question.unmapped", target=f"tree {tree.pk}",
        name=tree.names, detail={"key": key}, at=at,
    )


def _choices(post: QueryDict, tree: IndicatorTree) -> list[Choice]:
    """Return what differs from what the page showed; a page that does not say what it showed chooses nothing."""
    start = f"{FIELD}{tree.pk}."
    keys = [field.removeprefix(start) for field in post if field.startswith(start)]
    found = [Choice(key, str(post[start + key]), str(post.get(f"{SHOWN}{tree.pk}.{key}", post[start + key]))) for key in keys]
    return [choice for choice in found if choice.chosen != choice.shown]


def _trees(actor: Actor, questionnaire: Questionnaire) -> list[IndicatorTree]:
    if questionnaire.team_id != actor.team.pk:
        return []
    return list(selectors.list_trees_fed_by(questionnaire_id=questionnaire.pk))


def _held(tree: IndicatorTree, questionnaire: Questionnaire) -> dict[str, str]:
    return {source.question_key: str(source.indicator_id) for source in _sources(tree, questionnaire)}


def _sources(tree: IndicatorTree, questionnaire: Questionnaire) -> models.QuerySet[QuestionSource]:
    return tree.sources.filter(questionnaire=questionnaire, role=SourceRole.LEAF)


def _leaves(tree: IndicatorTree) -> list[tuple[Indicator, str]]:
    language = get_language() or "en"
    return [
        (branch.indicator, text_in(branch.indicator.names, language) or branch.indicator.key)
        for branch in selectors.list_branches(tree=tree)
        if branch.is_leaf
    ]


panel = RowPanel(title=title, render=render, save=save)
