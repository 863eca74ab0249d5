"""A column of the questionnaire editor: which indicator a question counts towards."""

from __future__ import annotations

from django.db import models
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.access import Actor
from analytics.indicators import selectors, services
from analytics.indicators.changing import TreeError
from analytics.indicators.models import Indicator, IndicatorTree, QuestionSource, SourceRole
from surveys.design.document import text_in
from surveys.design.hooks import RowPanel
from surveys.design.models import Questionnaire

FIELD = "indicator."


def title() -> str:
    """The column's heading."""
    return _("Counts towards")


def render(actor: Actor, questionnaire: Questionnaire, item_key: str) -> str:
    """One select per rated question; nothing where the questionnaire feeds no tree."""
    tree = _tree(actor, questionnaire)
    if tree is None:
        return ""
    source = _sources(tree, questionnaire).filter(question_key=item_key).first()
    context = {
        "name": FIELD + item_key, "leaves": _leaves(tree),
        "chosen": source.indicator_id if source else None,
    }
    return render_to_string("indicators/_builder_choice.html", context)


def save(actor: Actor, questionnaire: Questionnaire, post: QueryDict) -> None:
    """Map the questions whose choice has changed; what cannot be mapped stays as it was."""
    tree = _tree(actor, questionnaire)
    if tree is None:
        return
    mapped = {source.question_key: source for source in _sources(tree, questionnaire)}
    leaves = {str(leaf.pk): leaf for leaf, _name in _leaves(tree)}
    for field, value in post.items():
        if field.startswith(FIELD):
            key = field.removeprefix(FIELD)
            _save_one(tree, questionnaire, key, mapped.get(key), leaves.get(str(value)))


def _save_one(
    tree: IndicatorTree, questionnaire: Questionnaire, key: str, source: QuestionSource | None,
    leaf: Indicator | None,
) -> None:
    if leaf is None and source is not None:
        services.unmap_question(source=source, at=timezone.now())
    elif leaf is not None and (source is None or source.indicator_id != leaf.pk):
        try:
            services.map_question(
                tree=tree, indicator=leaf, role=SourceRole.LEAF, questionnaire=questionnaire, question_key=key,
                at=timezone.now(),
            )
        except TreeError:
            return


def _tree(actor: Actor, questionnaire: Questionnaire) -> IndicatorTree | None:
    if questionnaire.team_id != actor.team.pk:
        return None
    return selectors.get_tree_of_questionnaire(questionnaire_id=questionnaire.pk)


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
