"""The builder: outline, editor, preview and checks of one draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import TeamRequest, team_view
from accounts.roles import Permission
from surveys.design.access import get_questionnaire
from surveys.design.checks import check_for_publishing, estimate_seconds
from surveys.design.document import Problem, parse_document, text_in
from surveys.design.editing import (
    ADDABLE,
    Json,
    answer_keys,
    find_question,
    list_dependents,
    page_of,
    position_of,
)
from surveys.design.editor import build_cells, build_editor, build_outline, first_key, rated_before
from surveys.design.forms import PublishForm
from surveys.design.hooks import row_panels
from surveys.design.models import Questionnaire
from surveys.design.selectors import get_latest_version, get_undo_step, is_draft_published
from surveys.design.sentences import TYPE_NAMES, find_in
from surveys.design.translating import count_missing

TEXTS = "_texts"
"""Stands for the title, introduction and thanks where otherwise a question's key stands."""
PARTS: Final = {
    "outline": "design/_outline_rows.html", "heading": "design/_editor_heading.html", "filled": "design/_filled.html",
    "labels": "design/_editor_labels.html", "publishing": "design/_publishing.html", "state": "design/_state.html",
    "actions": "design/_actions.html",
}
"""What autosave writes anew, by the name that `data-part` gives it on the page."""


@team_view(Permission.DESIGN)
@require_GET
def show_builder(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Show the draft with one question open (`?q=`)."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    return render_builder(request, questionnaire, request.GET.get("q", ""))


def render_builder(
    request: TeamRequest, questionnaire: Questionnaire, selected: str, typed: Json | None = None,
    refused: Sequence[Problem] = (),
) -> HttpResponse:
    """Render the builder; `typed` is what was posted when `refused` says why it could not be saved."""
    raw, language = questionnaire.draft, str(translation.get_language())
    context = _page_context(request, questionnaire, selected, typed) | {
        "refused": [find_in(problem, raw, language) for problem in refused],
        "kinds": [(kind, TYPE_NAMES[kind]) for kind in ADDABLE],
        "preview_url": address_of("answering:preview", questionnaire), "preview_language": preview_language(request, language),
    }
    context["preview_page"] = page_of(raw, context["selected"])
    return render(request, "design/builder.html", context, status=422 if refused else 200)


def write_parts(request: TeamRequest, questionnaire: Questionnaire, selected: str) -> dict[str, str]:
    """Write, by name, those parts of the page that read otherwise once what is typed has been saved."""
    context = _page_context(request, questionnaire, selected, None) | {
        "page_path": reverse("design:builder", args=[questionnaire.pk]),
    }
    editor = context.get("editor")
    has_labels = editor and editor.scale and editor.type != "nps"
    names = [name for name in PARTS if name != "labels" or has_labels]
    return {name: render_to_string(PARTS[name], context, request) for name in names}


def _page_context(
    request: TeamRequest, questionnaire: Questionnaire, selected: str, typed: Json | None
) -> dict[str, Any]:
    """Return what the outline, the editor and the headings show."""
    raw, language = questionnaire.draft, str(translation.get_language())
    if selected != TEXTS and find_question(raw, selected) is None:
        selected = first_key(parse_document(raw)) or TEXTS
    context = builder_context(questionnaire, language) | {
        "selected": selected, "TEXTS": TEXTS, "focus": request.GET.get("focus", ""),
    }
    context["outline"] = build_outline(raw, selected, context["findings"], language, words_of(request, language))
    return context | (
        _texts_part(typed or raw) if selected == TEXTS else _question_part(request, questionnaire, selected, typed)
    )


def builder_context(questionnaire: Questionnaire, language: str) -> dict[str, Any]:
    """Return what every page of the builder shows: name, state, findings."""
    document = parse_document(questionnaire.draft)
    findings = [find_in(problem, questionnaire.draft, language) for problem in check_for_publishing(document)]
    live = get_latest_version(questionnaire=questionnaire)
    blocking = sum(1 for finding in findings if finding.is_blocking)
    return {
        "questionnaire": questionnaire, "findings": findings, "blocking": blocking, "live": live,
        "missing": count_missing(questionnaire.draft),
        "draft_test_url": address_of("sending:draft-test", questionnaire),
        "next_number": live.number + 1 if live else 1, "seconds": estimate_seconds(document),
        "minutes": divmod(estimate_seconds(document), 60), "nav": "questionnaires",
        "is_unchanged": is_draft_published(questionnaire=questionnaire, version=live),
        "undo": get_undo_step(questionnaire=questionnaire),
        "publish_form": PublishForm(initial={"revision": questionnaire.draft_revision}),
    }


def address_of(name: str, questionnaire: Questionnaire) -> str:
    """Return the address of a page that a room above offers for a questionnaire, empty while there is none."""
    try:
        return reverse(name, args=[questionnaire.pk])
    except NoReverseMatch:
        return ""


def preview_language(request: HttpRequest, language: str) -> str:
    """Return the language of the preview: the one asked for, else the reader's."""
    asked = request.GET.get("lang", "")
    return asked if asked in ("zh-hans", "en") else language


def _texts_part(texts: Json) -> dict[str, Any]:
    names = [("title", _("Title")), ("intro", _("Introduction")), ("thanks", _("Thank-you text"))]
    return {"texts": [(label, build_cells(name, texts[name], label)) for name, label in names]}


def _question_part(
    request: TeamRequest, questionnaire: Questionnaire, key: str, typed: Json | None
) -> dict[str, Any]:
    raw, language = questionnaire.draft, str(translation.get_language())
    stored = find_question(raw, key) or {}
    question = typed or stored
    panels = {
        item: [panel.render(request.actor, questionnaire, item) for panel in row_panels]
        for item in answer_keys(question)
    } if question["type"] in ("nps", "rating", "matrix") else {}
    has_panels = any(html for shown in panels.values() for html in shown)
    return {
        "editor": build_editor(raw, question, position_of(raw, key), language, words_of(request, language)),
        "panel_titles": [panel.title() for panel in row_panels] if has_panels else [],
        "panels": panels if has_panels else {},
        "dependents": [position_of(raw, one["key"]) for one in list_dependents(raw, key)],
        "rated_items": rated_before(raw, key, language, words_of(request, language)),
    }


def words_of(request: TeamRequest, language: str) -> dict[str, str]:
    """Return what stands for the placeholders in the team's own texts."""
    team = request.actor.team
    return {"company": text_in(team.company_names, language) or team.name}


