"""The list of questionnaires, and the ways to begin one."""

from __future__ import annotations

import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.punctuation import bracketed
from accounts.roles import Permission
from surveys.design import hooks
from surveys.design.access import every_questionnaire_for, get_questionnaire, questionnaires_for
from surveys.design.checks import estimate_seconds
from surveys.design.document import DocumentError, parse_document
from surveys.design.document_json import hash_document
from surveys.design.forms import ImportForm, NewQuestionnaireForm
from surveys.design.gallery import TEMPLATES, Template
from surveys.design.models import Questionnaire
from surveys.design.selectors import list_with_live_version
from surveys.design.sentences import describe
from surveys.design.services import (
    NameInvalidError,
    NameTakenError,
    create_from_document,
    create_questionnaire,
)


@team_view(Permission.DESIGN)
@require_GET
def show_list(request: TeamRequest) -> HttpResponseBase:
    """List the team's questionnaires with their state, the archived ones apart."""
    found = list_with_live_version(questionnaires_for(request.actor))
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    received = {pk: said for count in hooks.received_counts for pk, said in count(request.actor, [one.pk for one in page]).items()}
    rows = [(one, _state(one) | {"received": received.get(one.pk)}) for one in page]
    archived = list_with_live_version(every_questionnaire_for(request.actor).filter(archived_at__isnull=False))
    context = {"page": page, "rows": rows, "archived": archived.order_by("-archived_at"), "nav": "questionnaires"}
    return render(request, "design/list.html", context)


def _state(questionnaire: Questionnaire) -> dict[str, object]:
    live = getattr(questionnaire, "live_number", None)
    changed = hash_document(questionnaire.draft) != getattr(questionnaire, "live_hash", None)
    questions = sum(len(page["questions"]) for page in questionnaire.draft["pages"])
    return {"live": live, "next": (live or 0) + 1 if changed else None, "questions": questions}


@team_view(Permission.DESIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: TeamRequest) -> HttpResponseBase:
    """Show the ready-made questionnaires; POST makes a draft from one."""
    form = NewQuestionnaireForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_questionnaire(
                team=request.actor.team, template=TEMPLATES[form.cleaned_data["template"]],
                name=form.cleaned_data["name"], user=request.actor.user, at=timezone.now(),
            )
            return _welcome(request, made)
        except (NameTakenError, NameInvalidError) as error:
            form.add_error("name", name_error(error))
    cards = [_card(template, form) for template in TEMPLATES.values()]
    return render(request, "design/new.html", {"cards": cards, "form": form, "nav": "questionnaires"},
                  status=422 if form.errors else 200)


def _card(template: Template, form: NewQuestionnaireForm) -> dict[str, object]:
    document, language = parse_document(template.document), translation.get_language()
    chosen = form.data.get("template") == template.key
    return {
        "key": template.key, "name": template.names[language], "purpose": template.purposes[language],
        "questions": sum(1 for _q in document.questions()), "items": len(document.items()),
        "minutes": max(1, round(estimate_seconds(document) / 60)),
        "indicators": [node.names[language] for node in template.tree.root.children],
        "typed": form.data.get("name", "") if chosen else template.names[language],
        "errors": form.errors.get("name", []) if chosen else [],
    }


@team_view(Permission.DESIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def read_in(request: TeamRequest) -> HttpResponseBase:
    """Make a draft from an exported document."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_from_document(
                team=request.actor.team, document=form.cleaned_data["file"], name=form.cleaned_data["name"],
                user=request.actor.user, at=timezone.now(),
            )
            return _welcome(request, made)
        except (NameTakenError, NameInvalidError) as error:
            form.add_error("name", name_error(error))
        except DocumentError as error:
            form.add_error("file", [describe(one) + bracketed(one.path) for one in error.problems[:10]])
    return render(request, "design/import.html", {"form": form, "nav": "questionnaires"},
                  status=422 if form.errors else 200)


def _welcome(request: TeamRequest, made: Questionnaire) -> HttpResponseBase:
    record_event(actor=request.actor, action="questionnaire.created", target=f"questionnaire {made.pk}",
                 name=made.name, at=timezone.now())
    messages.success(request, _("“%(name)s” was created as a draft.") % {"name": made.name})
    return redirect("design:builder", made.pk)


def name_error(error: Exception) -> str:
    """Return the sentence for a refused name."""
    if isinstance(error, NameTakenError):
        return _("Another questionnaire has this name. Choose a different one.")
    return _("Enter a name of at most 160 characters.")


@team_view(Permission.DESIGN)
@require_GET
def write_out(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Download the draft as JSON."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    text = json.dumps(questionnaire.draft, ensure_ascii=False, indent=2)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="questionnaire-{questionnaire.pk}.json"'
    return response
