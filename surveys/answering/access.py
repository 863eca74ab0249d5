"""Which responses an actor may see: the team's, within the actor's scope."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.access import Actor, get_or_404
from surveys.answering.models import Response, ResponseImport, ResponseState
from surveys.design.models import Questionnaire
from surveys.json_text import text_under


def responses_for(actor: Actor) -> QuerySet[Response]:
    """Return the responses that count, of the actor's team and scope (every attribute named must match)."""
    rows = Response.objects.filter(team=actor.team, state=ResponseState.COMPLETE, is_test=False)
    for number, (attribute, levels) in enumerate(actor.scope.items()):
        alias = f"scope_{number}"
        rows = rows.alias(**{alias: text_under(attribute, "attributes")}).filter(**{f"{alias}__in": list(levels)})
    return rows


def listed_responses_for(actor: Actor) -> QuerySet[Response]:
    """Return the responses that may be shown one by one: none of a questionnaire that promises anonymity."""
    return responses_for(actor).filter(questionnaire__is_anonymous=False)


def get_questionnaire(actor: Actor, pk: int) -> Questionnaire:
    """Return the team's questionnaire or raise Http404."""
    return get_or_404(Questionnaire.objects.filter(team=actor.team), pk=pk)


def get_import(actor: Actor, import_id: int) -> ResponseImport:
    """Return an import into one of the team's questionnaires or raise Http404."""
    rows = ResponseImport.objects.filter(questionnaire__team=actor.team).select_related("questionnaire__team", "taken_back_by")
    return get_or_404(rows, pk=import_id)
