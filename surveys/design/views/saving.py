"""What the builder's buttons do: each is one POST, one saved revision, and back to the builder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from surveys.design import editing
from surveys.design.access import get_questionnaire
from surveys.design.differences import describe_differences
from surveys.design.document import DocumentError, Problem, parse_document
from surveys.design.editing import Json, NoSuchPartError
from surveys.design.forms import PublishForm
from surveys.design.hooks import row_panels
from surveys.design.models import Questionnaire
from surveys.design.question_form import read_question, read_texts
from surveys.design.sentences import describe
from surveys.design.services import (
    NameInvalidError,
    NameTakenError,
    NothingToUndoError,
    NotPublishableError,
    StaleDraftError,
    UnchangedError,
    publish,
    rename_questionnaire,
    save_draft,
    undo_draft,
)
from surveys.design.views.builder import TEXTS, builder_context, render_builder
from surveys.design.views.listing import name_error


@dataclass(frozen=True)
class Step:
    """An operation's outcome: the new document, the question to show, the field to focus, what to announce."""

    raw: Json
    selected: str
    focus: str = ""
    said: str = ""


@team_view(Permission.DESIGN)
@require_POST
def edit(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Save what was typed and do what the pressed button says (`op`)."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    selected = request.POST.get("q", "")
    typed: Json | None = None
    try:
        typed, problems = _read(request.POST, questionnaire.draft, selected)
        if problems:
            raise DocumentError(problems)
        step = _operate(request.POST, _with_typed(questionnaire.draft, selected, typed), selected)
        saved = save_draft(
            questionnaire=questionnaire, document=step.raw, revision=_revision(request.POST), at=timezone.now()
        )
    except DocumentError as error:
        if _is_fetch(request):
            return JsonResponse({"message": describe(error.problems[0])}, status=422)
        return render_builder(request, questionnaire, selected, typed, error.problems)
    except StaleDraftError as stale:
        return _compare(request, stale.questionnaire, selected)
    except NoSuchPartError:
        messages.warning(request, _("That part is no longer in the draft. Nothing was changed."))
        return redirect("design:builder", questionnaire.pk)
    for panel in row_panels:
        panel.save(request.actor, saved, request.POST)
    return _saved_reply(saved) if _is_fetch(request) else _back(request, saved, step)


def _read(post: QueryDict, raw: Json, selected: str) -> tuple[Json | None, list[Problem]]:
    """Return the typed question or texts; None when the form held no fields (outline buttons)."""
    if "has.fields" not in post:
        return None, []
    if selected == TEXTS:
        return read_texts(post, raw), []
    stored = editing.find_question(raw, selected)
    if stored is None:
        raise NoSuchPartError(selected)
    return read_question(post, stored)


def _with_typed(raw: Json, selected: str, typed: Json | None) -> Json:
    if typed is None:
        return raw
    return editing.replace_texts(raw, typed) if selected == TEXTS else editing.replace_question(raw, selected, typed)


def _operate(post: QueryDict, raw: Json, selected: str) -> Step:
    op, _colon, argument = post.get("op", "save").partition(":")
    if op in ("add_part", "remove_part", "move_part"):
        return _operate_part(op, argument, raw, selected)
    if op == "add":
        changed, key = editing.add_question(raw, post.get("kind", ""), selected)
        number = editing.position_of(changed, key)
        return Step(changed, key, "text-zh-hans", _("Question %(number)s was added.") % {"number": number})
    if op == "join":
        return Step(editing.join_page(raw, argument), selected, said=_("The page break was removed."))
    operations = {"up": _move, "down": _move, "duplicate": _duplicate, "remove": _remove, "break": _break}
    return operations[op](op, raw, argument or selected) if op in operations else Step(raw, selected, said=_("Saved."))


def _operate_part(op: str, argument: str, raw: Json, selected: str) -> Step:
    name, _dot, index = argument.partition(".")
    if op == "add_part":
        changed = editing.add_part(raw, selected, name)
        return Step(changed, selected, f"last-{name}", _("A line was added."))
    if not index.isascii() or not index.isdigit():
        raise NoSuchPartError(argument)
    change = editing.remove_part if op == "remove_part" else editing.move_part
    said = _("The line was removed.") if op == "remove_part" else _("The line moved up.")
    return Step(change(raw, selected, name, int(index[:4])), selected, f"last-{name}", said)


def _move(op: str, raw: Json, key: str) -> Step:
    before = editing.position_of(raw, key)
    changed = editing.move_question(raw, key, -1 if op == "up" else 1)
    words = {"old": before, "new": editing.position_of(changed, key)}
    return Step(changed, key, op, _("Question %(old)s moved to position %(new)s.") % words)


def _duplicate(_op: str, raw: Json, key: str) -> Step:
    changed, copy = editing.duplicate_question(raw, key)
    return Step(changed, copy, "duplicate", _("Question %(number)s was duplicated.") % {"number": editing.position_of(raw, key)})


def _remove(_op: str, raw: Json, key: str) -> Step:
    number = editing.position_of(raw, key)
    return Step(editing.remove_question(raw, key), "", said=_("Question %(number)s was removed. Undo brings it back.") % {"number": number})


def _break(_op: str, raw: Json, key: str) -> Step:
    return Step(editing.break_page_before(raw, key), key, "break", _("A new page begins here."))


def _revision(post: QueryDict) -> int:
    text = post.get("revision", "")
    return int(text[:9]) if text.isascii() and text.isdigit() else 0


def _is_fetch(request: TeamRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _saved_reply(saved: Questionnaire) -> JsonResponse:
    context = builder_context(saved, str(translation.get_language()))
    return JsonResponse({
        "revision": saved.draft_revision, "message": saved_words(saved), "blocking": context["blocking"],
    })


def saved_words(questionnaire: Questionnaire) -> str:
    """Say when the draft was last saved."""
    return _("All changes saved %(time)s") % {"time": date_format(timezone.localtime(questionnaire.updated_at), "H:i")}


def _back(request: TeamRequest, saved: Questionnaire, step: Step) -> HttpResponseBase:
    if step.said:
        messages.success(request, step.said)
    query = {"q": step.selected, "focus": step.focus, "lang": request.POST.get("lang", "")}
    address = reverse("design:builder", args=[saved.pk])
    return redirect(f"{address}?{urlencode({k: v for k, v in query.items() if v})}")


def _compare(request: TeamRequest, current: Questionnaire, selected: str) -> HttpResponse:
    """Show what the second saver typed beside what is stored now; nothing of either is lost."""
    if _is_fetch(request):
        return JsonResponse({"message": _("Somebody else changed this draft. Press Save to compare.")}, status=409)
    kept = [(name, value) for name, values in request.POST.lists() for value in values
            if name not in ("revision", "csrfmiddlewaretoken")]
    context = {
        "questionnaire": current, "kept": kept, "selected": selected, "nav": "questionnaires",
        "typed": [value for name, value in kept if value and {"text", "help", "title"} & set(name.split("."))],
        "differences": _differences(request.POST, current, selected),
    }
    return render(request, "design/compare.html", context, status=409)


def _differences(post: QueryDict, current: Questionnaire, selected: str) -> list[str] | None:
    """Say what saving now would change; None when it cannot be applied to the newer draft."""
    try:
        typed, _problems = _read(post, current.draft, selected)
        mine = _operate(post, _with_typed(current.draft, selected, typed), selected).raw
        language = str(translation.get_language())
        return describe_differences(parse_document(current.draft), parse_document(mine), language)
    except (DocumentError, NoSuchPartError):
        return None


@team_view(Permission.DESIGN)
@require_GET
def confirm_removal(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Ask before a question is removed, naming the questions whose rule depends on it."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    raw, key = questionnaire.draft, request.GET.get("q", "")
    if editing.find_question(raw, key) is None:
        return redirect("design:builder", questionnaire.pk)
    numbers = [editing.position_of(raw, one["key"]) for one in editing.list_dependents(raw, key)]
    context: dict[str, Any] = {
        "questionnaire": questionnaire, "selected": key, "dependents": numbers, "nav": "questionnaires",
        "number": editing.position_of(raw, key), "question": editing.find_question(raw, key),
    }
    return render(request, "design/remove.html", context)


@team_view(Permission.DESIGN)
@require_POST
def rename(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Give the questionnaire another name."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    try:
        rename_questionnaire(questionnaire=questionnaire, name=request.POST.get("name", ""), at=timezone.now())
        messages.success(request, _("The questionnaire was renamed."))
    except (NameTakenError, NameInvalidError) as error:
        messages.error(request, name_error(error))
    return redirect(f"{reverse('design:builder', args=[questionnaire.pk])}?q={TEXTS}")


@team_view(Permission.DESIGN)
@require_POST
def undo(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Bring the previous draft back."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    try:
        undo_draft(questionnaire=questionnaire, revision=_revision(request.POST), at=timezone.now())
        messages.success(request, _("The last change was undone."))
    except NothingToUndoError:
        messages.warning(request, _("There is nothing to undo."))
    except StaleDraftError:
        messages.warning(request, _("Somebody else changed this draft. Look at it and undo again."))
    return redirect(f"{reverse('design:builder', args=[questionnaire.pk])}?{urlencode({'q': request.POST.get('q', '')})}")


@team_view(Permission.DESIGN)
@require_POST
def make_version(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Publish the draft, or say what is in the way."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    form = PublishForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Publishing did not work: the form was incomplete. Try again."))
        return redirect("design:checks", questionnaire.pk)
    try:
        version = publish(
            questionnaire=questionnaire, user=request.actor.user, at=timezone.now(),
            note=form.cleaned_data["note"], revision=form.cleaned_data["revision"],
        )
    except NotPublishableError as error:
        count = len(error.problems)
        messages.error(request, ngettext("Publishing waits for %(n)s fix. Saving is always possible.",
                                         "Publishing waits for %(n)s fixes. Saving is always possible.", count) % {"n": count})
        return redirect("design:checks", questionnaire.pk)
    except UnchangedError:
        messages.warning(request, _("Nothing has changed since the live version, so there is nothing to publish."))
        return redirect("design:builder", questionnaire.pk)
    except StaleDraftError:
        messages.warning(request, _("Somebody else changed this draft. Look at it before you publish."))
        return redirect("design:builder", questionnaire.pk)
    record_event(actor=request.actor, action="questionnaire.published", target=str(questionnaire.pk),
                 detail={"version": version.number}, at=timezone.now())
    messages.success(request, _("Version %(number)s is live.") % {"number": version.number})
    return redirect("design:versions", questionnaire.pk)
