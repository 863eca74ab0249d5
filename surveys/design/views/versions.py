"""The checks before publishing, and what was published."""

from __future__ import annotations

from itertools import zip_longest

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_GET

from accounts.access import TeamRequest, team_view
from accounts.roles import Permission
from surveys.design.access import get_questionnaire
from surveys.design.differences import describe_differences
from surveys.design.models import Questionnaire, QuestionnaireVersion
from surveys.design.selectors import get_document, get_draft, list_versions
from surveys.design.views.builder import builder_context


@team_view(Permission.DESIGN)
@require_GET
def show_checks(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """List everything that stands in the way of publishing, and what is only a hint."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    context = builder_context(questionnaire, str(translation.get_language()))
    return render(request, "design/checks.html", context | {"tab": "checks"})


@team_view(Permission.DESIGN)
@require_GET
def show_versions(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """List the published versions, each with its difference from the one before."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    language = str(translation.get_language())
    versions = list(list_versions(questionnaire=questionnaire)[:100])
    context = builder_context(questionnaire, language) | {
        "tab": "versions", "rows": _with_differences(versions, language),
        "draft_differences": _since_live(questionnaire, versions, language),
    }
    return render(request, "design/versions.html", context)


def _with_differences(
    versions: list[QuestionnaireVersion], language: str
) -> list[tuple[QuestionnaireVersion, list[str]]]:
    return [
        (new, describe_differences(get_document(version=old), get_document(version=new), language) if old else [])
        for new, old in zip_longest(versions, versions[1:])
    ]


def _since_live(questionnaire: Questionnaire, versions: list[QuestionnaireVersion], language: str) -> list[str]:
    if not versions:
        return []
    return describe_differences(get_document(version=versions[0]), get_draft(questionnaire=questionnaire), language)
