"""What the builder's buttons do: each is one POST, one saved revision, and back to the builder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from surveys.design.document import DocumentError, Problem, parse_document, text_in
from surveys.design.editing import Json, NoSuchPartError
from surveys.design.forms import PublishForm
from surveys.design.hooks import row_panels
from surveys.design.models import Questionnaire
from surveys.design.placeholders import fill_placeholders
from surveys.design.question_form import read_question, read_texts
from surveys.design.sentences import describe
from surveys.design.services import (
    AlreadyPublishedError,
    NameInvalidError,
    NameTakenError,
    NothingToUndoError,
    NotPublishableError,
    StaleDraftError,
    UnchangedError,
    promise_anonymity,
    publish,
    rename_questionnaire,
    save_draft,
    undo_draft,
)
from surveys.design.views.builder import TEXTS, builder_context, render_builder, words_of, write_parts
from surveys.design.views.listing import name_error
from surveys.design.views.operations import Step, operate


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
        step = operate(request.POST, _with_typed(questionnaire.draft, selected, typed), selected)
        saved = save_draft(
            questionnaire=questionnaire, document=step.raw, revision=posted_revision(request.POST), at=timezone.now()
        )
    except DocumentError as error:
        if is_fetch(request):
            return JsonResponse({"message": describe(error.problems[0])}, status=422)
        return render_builder(request, questionnaire, selected, typed, error.problems)
    except StaleDraftError as stale:
        return _compare(request, stale.questionnaire, selected)
    except NoSuchPartError:
        messages.warning(request, _("That part is no longer in the draft. Nothing was changed."))
        return redirect("design:builder", questionnaire.pk)
    refused = [line for panel in row_panels for line in panel.save(request.actor, saved, request.POST)]
    if is_fetch(request):
        return saved_reply(saved, parts=write_parts(request, saved, selected), refused=refused)
    for line in refused:
        messages.error(request, line)
    return _back(request, saved, step)


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


def posted_revision(post: QueryDict) -> int:
    """Return the revision that the page had shown, 0 for anything else."""
    text = post.get("revision", "")
    return int(text[:9]) if text.isascii() and text.isdigit() else 0


def is_fetch(request: TeamRequest) -> bool:
    """Tell whether the page saves by itself while somebody types."""
    return request.headers.get("X-Requested-With") == "fetch"


def saved_reply(
    saved: Questionnaire, *, parts: Mapping[str, str] | None = None, refused: Sequence[str] = ()
) -> JsonResponse:
    """Tell the typing page its new revision, what the tabs count now, and the parts of it that read otherwise now.

    `refused` are sentences about what could not be stored; they stand where it otherwise says that all is saved.
    """
    context = builder_context(saved, str(translation.get_language()))
    return JsonResponse({
        "revision": saved.draft_revision, "message": " ".join(refused) or saved_words(saved),
        "is_refused": bool(refused), "blocking": context["blocking"],
        "missing": context["missing"], "parts": dict(parts or {}),
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
    if is_fetch(request):
        return JsonResponse({"message": _("Somebody else changed this draft. Press Save to compare.")}, status=409)
    kept = [(name, value) for name, values in request.POST.lists() for value in values
            if name not in ("revision", "csrfmiddlewaretoken")]
    context = {
        "questionnaire": current, "kept": kept, "selected": selected, "nav": "questionnaires",
        "typed": [value for name, value in kept if value and {"text", "help", "title"} & set(name.split("."))],
        "differences": _differences(request.POST, current, selected),
        "action": reverse("design:edit", args=[current.pk]),
        "back": f"{reverse('design:builder', args=[current.pk])}?{urlencode({'q': selected})}",
    }
    return render(request, "design/compare.html", context, status=409)


def _differences(post: QueryDict, current: Questionnaire, selected: str) -> list[str] | None:
    """Say what saving now would change; None when it cannot be applied to the newer draft."""
    try:
        typed, _problems = _read(post, current.draft, selected)
        mine = operate(post, _with_typed(current.draft, selected, typed), selected).raw
        language = str(translation.get_language())
        return describe_differences(parse_document(current.draft), parse_document(mine), language)
    except (DocumentError, NoSuchPartError):
        return None


@team_view(Permission.DESIGN)
@require_GET
def confirm_removal(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Ask before a question is removed, naming the questions whose rule depends on it."""
    questionnaire = get_questionnaire(request.actor, questionnaire_id)
    raw, key, language = questionnaire.draft, request.GET.get("q", ""), str(translation.get_language())
    question = editing.find_question(raw, key)
    if question is None:
        return redirect("design:builder", questionnaire.pk)
    numbers = [editing.position_of(raw, one["key"]) for one in editing.list_dependents(raw, key)]
    context: dict[str, Any] = {
        "questionnaire": questionnaire, "selected": key, "dependents": numbers, "nav": "questionnaires",
        "number": editing.position_of(raw, key),
        "text": fill_placeholders(text_in(question["text"], language), words_of(request, language)),
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
        undo_draft(questionnaire=questionnaire, revision=posted_revision(request.POST), at=timezone.now())
        messages.success(request, _("The last change was undone."))
    except NothingToUndoError:
        messages.warning(request, _("There is nothing to undo."))
    except StaleDraftError:
        messages.warning(request, _("Somebody else changed this draft. Look at it and undo again."))
    query = urlencode({"q": request.POST.get("q", ""), "focus": "undo"})
    return redirect(f"{reverse('design:builder', args=[questionnaire.pk])}?{query}")


@team_view(Permission.DESIGN)
@require_POST
def promise(request: TeamRequest, questionnaire_id: int) -> HttpResponseBase:
    """Make the questionnaire anonymous or not, while nobody has been asked yet."""
    questionnaire, at = get_questionnaire(request.actor, questionnaire_id), timezone.now()
    try:
        promised = promise_anonymity(questionnaire=questionnaire, is_anonymous="is_anonymous" in request.POST, at=at)
    except AlreadyPublishedError:
        messages.warning(request, _(
            "A version is published, so what was promised to customers stays."
            " Make another questionnaire to promise something else."
        ))
        return redirect("design:checks", questionnaire.pk)
    record_event(actor=request.actor, action="questionnaire.promised", target=f"questionnaire {questionnaire.pk}",
                 name=questionnaire.name, detail={"is_anonymous": promised.is_anonymous}, at=at)
    messages.success(request, _("Answers will be anonymous.") if promised.is_anonymous else _("Answers will be linked to the customer."))
    return redirect("design:checks", questionnaire.pk)


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
    record_event(actor=request.actor, action="questionnaire.published", target=f"questionnaire {questionnaire.pk}",
                 name=questionnaire.name, detail={"version": version.number}, at=timezone.now())
    messages.success(request, _("Version %(number)s is live.") % {"number": version.number})
    return redirect("design:versions", questionnaire.pk)
