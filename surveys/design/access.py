"""The door to questionnaires: only the actor's own team's, and archived ones only to bring them back."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.access import Actor, get_or_404
from surveys.design.models import Questionnaire, QuestionnaireVersion


def questionnaires_for(actor: Actor) -> QuerySet[Questionnaire]:
    """All questionnaires the actor may work with."""
    return every_questionnaire_for(actor).filter(archived_at__isnull=True)


def every_questionnaire_for(actor: Actor) -> QuerySet[Questionnaire]:
    """Those and the archived ones: for the list that shows them apart, to archive and to restore."""
    return Questionnaire.objects.filter(team=actor.team)


def get_questionnaire(actor: Actor, questionnaire_id: int) -> Questionnaire:
    """Return the actor's questionnaire; Http404 when it is missing or another team's."""
    return get_or_404(questionnaires_for(actor), pk=questionnaire_id)


def get_version(actor: Actor, questionnaire_id: int, number: int) -> QuestionnaireVersion:
    """Return one published version of the actor's questionnaire, or Http404."""
    questionnaire = get_questionnaire(actor, questionnaire_id)
    return get_or_404(questionnaire.versions.select_related("questionnaire", "published_by"), number=number)
