"""All texts side by side in both languages, saved like every other edit."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import TeamRequest, team_view
from accounts.roles import Permission
from surveys.design.access import get_questionnaire
from surveys.design.differences import describe_differences
from surveys.design.document import DocumentError, parse_document
from surveys.design.models import Questionnaire
from surveys.design.selectors import get_draft_at
from surveys.design.sentences import describe
from surveys.design.services import StaleDraftError, save_draft
from surveys.design.translating import PREFIX, keep_changed, list_groups, read_typed, replace_many
from surveys.design.views.builder import builder_context
from surveys.design.views.saving import is_fetch, posted_revision, saved_reply

Typed = dict[str, dict[str, str]]


@team_view(Permission.DESIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_translations(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Show every text in both languages; a POST saves what was typed at the revision that was shown."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    return _save(request, questionnaire) if request.method == "POST" else _show(request, questionnaire)


def _show(request: TeamRequest, questionnaire: Questionnaire, raw: dict[str, Any] | None = None, refused: str = "") -> HttpResponse:
    groups = list_groups(raw or questionnaire.draft)
    only_missing = request.GET.get("show") == "missing"
    context = builder_context(questionnaire, str(translation.get_language())) | {
        "tab": "translations", "refused": refused, "only_missing": only_missing,
        "focus": request.GET.get("focus", ""),
        "groups": [group.only_missing() for group in groups if group.missing] if only_missing else groups,
    }
    return render(request, "design/translations.html", context, status=422 if refused else 200)


def _save(request: TeamRequest, questionnaire: Questionnaire) -> HttpResponseBase:
    typed = read_typed(request.POST, questionnaire.draft)
    document = replace_many(questionnaire.draft, typed)
    try:
        saved = save_draft(
            questionnaire=questionnaire, document=document, revision=posted_revision(request.POST), at=timezone.now()
        )
    except DocumentError as error:
        refused = describe(error.problems[0])
        return JsonResponse({"message": refused}, status=422) if is_fetch(request) else _show(request, questionnaire, document, refused)
    except StaleDraftError as stale:
        return _compare(request, stale.questionnaire, typed)
    if is_fetch(request):
        return saved_reply(saved)
    messages.success(request, _("Saved."))
    query = "?show=missing&focus=save" if request.GET.get("show") == "missing" else "?focus=save"
    return redirect(reverse("design:translations", args=[saved.pk]) + query)


def _compare(request: TeamRequest, current: Questionnaire, typed: Typed) -> HttpResponse:
    """Show what was typed since the page was loaded beside the newer draft; other people's texts stay theirs."""
    if is_fetch(request):
        return JsonResponse({"message": _("Somebody else changed this draft. Press Save to compare.")}, status=409)
    base = get_draft_at(questionnaire=current, revision=posted_revision(request.POST))
    mine = keep_changed(typed, base) if base else typed
    kept = [(f"{PREFIX}.{path}.{one}", words) for path, text in mine.items() for one, words in text.items()]
    return render(request, "design/compare.html", {
        "questionnaire": current, "kept": kept, "typed": [words for _name, words in kept if words], "nav": "questionnaires",
        "action": reverse("design:translations", args=[current.pk]),
        "back": reverse("design:translations", args=[current.pk]),
        "differences": _differences(current, mine),
    }, status=409)


def _differences(current: Questionnaire, mine: Typed) -> list[str] | None:
    try:
        after = parse_document(replace_many(current.draft, mine))
    except DocumentError:
        return None
    return describe_differences(parse_document(current.draft), after, str(translation.get_language()))
