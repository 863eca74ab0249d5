"""How many responses each questionnaire has, without counting them: the sealed ones stand in the blocks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from django.db.models import F, Func, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Abs, Coalesce

from accounts.access import Actor
from analytics.scoring.models import Block
from surveys.answering.models import Response, ResponseState
from surveys.design.hooks import Received
from surveys.design.models import Questionnaire

MOST_WAITING: Final = 10_000
"""Responses outside the blocks are counted up to here: many wait only where no tree has asked for results yet."""


class Rows(Func):
    """The number of rows of a subquery."""

    template = "(SELECT COUNT(*) FROM %(expressions)s AS counted)"
    output_field = IntegerField()


def list_received(actor: Actor, questionnaires: Collection[int]) -> Mapping[int, Received]:
    """Return responses and the latest moment by questionnaire (registered with `surveys.design.hooks`).

    A reader of a part is not told how many answers there are in all, and of an anonymous questionnaire nobody is: the
    number would tell when somebody has answered.
    """
    if actor.scope:
        return {}
    told = Questionnaire.objects.filter(team=actor.team, pk__in=questionnaires, is_anonymous=False)
    rows = told.annotate(sealed=Coalesce(Subquery(_sealed()), 0), waiting=Rows(Subquery(_waiting())), latest=Subquery(_latest()))
    return {
        pk: Received(sealed + min(waiting, MOST_WAITING), waiting > MOST_WAITING, latest)
        for pk, sealed, waiting, latest in rows.values_list("pk", "sealed", "waiting", "latest")
    }


def _sealed() -> QuerySet[Block, object]:
    current = Block.objects.filter(questionnaire=OuterRef("pk"), merged_into__isnull=True).order_by()
    return current.values("questionnaire").annotate(held=Sum("rows")).values("held")


def _waiting() -> QuerySet[Response, object]:
    """Through the index of what is not sealed, by the expression that only this index has."""
    waiting = Response.objects.filter(state=ResponseState.COMPLETE, block_id__isnull=True, is_test=False)
    return waiting.alias(waiting_in=Abs(F("questionnaire_id"))).filter(waiting_in=OuterRef("pk")).values("id")[: MOST_WAITING + 1]


def _latest() -> QuerySet[Response, object]:
    """Through the index of the newest; those still being answered stand before it and are stepped over."""
    done = Response.objects.filter(
        questionnaire=OuterRef("pk"), state=ResponseState.COMPLETE, is_test=False, completed_at__isnull=False,
    )
    return done.order_by("-completed_at").values("completed_at")[:1]
