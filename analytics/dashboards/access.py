"""The one door to what dashboards show: the actor's own trees, by id or by the word `example`."""

from __future__ import annotations

from django.db.models import Case, Exists, IntegerField, OuterRef, QuerySet, Value, When
from django.http import Http404

from accounts.access import Actor, get_or_404
from analytics.dashboards.overview.marks import FIRST, Mark, read_mark
from analytics.indicators.models import IndicatorTree, QuestionSource
from surveys.design.models import Questionnaire
from surveys.sending.models import Campaign

EXAMPLE = "example"


def trees_for(actor: Actor) -> QuerySet[IndicatorTree]:
    """List the trees of the actor's team, in the team's order."""
    return IndicatorTree.objects.filter(team=actor.team).select_related("team").order_by("position", "id")


def get_tree(actor: Actor, word: str) -> IndicatorTree | None:
    """Return the tree that `word` names (an id, `example`, or "" for the first); None when a team has none.

    Raises Http404 for anything else, whether it is missing or another team's.
    """
    trees = trees_for(actor)
    if not word:
        return trees.first()
    if word == EXAMPLE:
        return _example(trees)
    if not _is_id(word):
        raise Http404
    return get_or_404(trees, pk=int(word))


def mark_of(actor: Actor, word: str) -> Mark | None:
    """Return the mark of the tree that `word` names; None where there is none, or no run of it."""
    if word == EXAMPLE:
        return read_mark(team_id=actor.team.pk, tree_id=_example(trees_for(actor)).pk)
    if word and not _is_id(word):
        return None
    return read_mark(team_id=actor.team.pk, tree_id=int(word or FIRST))


def _is_id(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 18


def _example(trees: QuerySet[IndicatorTree]) -> IndicatorTree:
    """The marked example whose questionnaire is itself marked, and of those the one that was sent."""
    fed_by = QuestionSource.objects.filter(tree=OuterRef("pk"))
    marked = Exists(fed_by.filter(questionnaire__is_example=True))
    sent = Exists(Campaign.objects.filter(questionnaire__sources__tree=OuterRef("pk")))
    rank = Case(When(marked & sent, then=Value(0)), When(marked, then=Value(1)), default=Value(2),
                output_field=IntegerField())
    found = trees.filter(is_example=True).annotate(rank=rank).order_by("rank", "position", "id").first()
    if found is None:
        raise Http404
    return found


def questionnaires_of(tree: IndicatorTree) -> QuerySet[Questionnaire]:
    """List the questionnaires whose questions feed the tree."""
    return Questionnaire.objects.filter(team=tree.team_id, sources__tree=tree).distinct().order_by("id")
