"""Write questionnaires: create, save the draft, undo, publish, archive, restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.access import Actor
from accounts.audit import record_event
from accounts.models import Team, User
from surveys.design import hooks
from surveys.design.checks import check_for_publishing
from surveys.design.document import Document, Problem, is_storable, parse_document
from surveys.design.document_json import document_to_json, hash_document
from surveys.design.gallery import Template
from surveys.design.models import DraftRevision, Questionnaire, QuestionnaireVersion
from surveys.design.selectors import get_latest_version, get_undo_step, is_draft_published

UNDO_STEPS = 20


class NameTakenError(Exception):
    """The team already has a questionnaire of this name."""


class NameInvalidError(Exception):
    """The name is empty, too long or holds characters that cannot be stored."""


class StaleDraftError(Exception):
    """Somebody saved the draft in the meantime; `questionnaire` is as it is now."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        super().__init__(f"draft is at revision {questionnaire.draft_revision}")
        self.questionnaire = questionnaire


class NotPublishableError(Exception):
    """Publishing waits for fixes; `problems` names them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = tuple(problems)


class UnchangedError(Exception):
    """The draft equals the live version, so there is nothing to publish."""


class AlreadyPublishedError(Exception):
    """The questionnaire has gone out, and so has what it promises."""


class NothingToUndoError(Exception):
    """No earlier draft is kept."""


def create_questionnaire(
    *, team: Team, template: Template, name: str, user: User | None, at: datetime
) -> Questionnaire:
    """Create a draft from a ready-made template, with whatever listens to it (its indicators).

    Raises NameTakenError, NameInvalidError.
    """
    with transaction.atomic():
        made = create_from_document(team=team, document=template.document, name=name, user=user, at=at)
        for listener in hooks.on_created_from_template:
            listener(made, template, user, at)
    return made


def create_from_document(
    *, team: Team, document: Mapping[str, Any], name: str, user: User | None, at: datetime
) -> Questionnaire:
    """Create a draft from a document. Raises DocumentError, NameTakenError, NameInvalidError."""
    draft = document_to_json(parse_document(document))
    try:
        with transaction.atomic():
            return Questionnaire.objects.create(
                team=team, name=_clean_name(name), draft=draft, created_by=user, created_at=at, updated_at=at,
            )
    except IntegrityError as error:
        raise NameTakenError from error


def rename_questionnaire(*, questionnaire: Questionnaire, name: str, at: datetime) -> Questionnaire:
    """Give the questionnaire another name (staff only see it). Raises NameTakenError, NameInvalidError."""
    clean = _clean_name(name)
    try:
        with transaction.atomic():
            Questionnaire.objects.filter(pk=questionnaire.pk).update(name=clean, updated_at=at)
    except IntegrityError as error:
        raise NameTakenError from error
    questionnaire.refresh_from_db()
    return questionnaire


def promise_anonymity(*, questionnaire: Questionnaire, is_anonymous: bool, at: datetime) -> Questionnaire:
    """Say whether answers are stored without names and small groups never shown.

    Raises AlreadyPublishedError once a version is published: a promise once given is neither taken back nor made later.
    """
    with transaction.atomic():
        current = _lock_at(questionnaire, None)
        if get_latest_version(questionnaire=current) is not None:
            raise AlreadyPublishedError
        current.is_anonymous, current.updated_at = is_anonymous, at
        current.save(update_fields=["is_anonymous", "updated_at"])
    return current


def save_draft(
    *, questionnaire: Questionnaire, document: Document | Mapping[str, Any], revision: int, at: datetime
) -> Questionnaire:
    """Replace the draft that had `revision`; the one before is kept for undo.

    Raises DocumentError when the document is malformed, StaleDraftError when another save came first.
    An equal document is no change: the revision stays.
    """
    parsed = document if isinstance(document, Document) else parse_document(document)
    draft = document_to_json(parse_document(document_to_json(parsed)))
    with transaction.atomic():
        current = _lock_at(questionnaire, revision)
        if draft == current.draft:
            return current
        _remember(current, at)
        return _replace_draft(current, draft, at)


def undo_draft(*, questionnaire: Questionnaire, revision: int, at: datetime) -> Questionnaire:
    """Bring the previous draft back. Raises NothingToUndoError, StaleDraftError."""
    with transaction.atomic():
        current = _lock_at(questionnaire, revision)
        step = get_undo_step(questionnaire=current)
        if step is None:
            raise NothingToUndoError
        step.delete()
        return _replace_draft(current, step.document, at)


def publish(
    *, questionnaire: Questionnaire, user: User | None, at: datetime, note: str = "", revision: int | None = None
) -> QuestionnaireVersion:
    """Freeze the draft as the next version; it is live from now on.

    Raises NotPublishableError, UnchangedError, and StaleDraftError when `revision` is given and no longer current.
    """
    with transaction.atomic():
        current = _lock_at(questionnaire, revision)
        latest = get_latest_version(questionnaire=current)
        if is_draft_published(questionnaire=current, version=latest):
            raise UnchangedError
        _require_publishable(parse_document(current.draft))
        return QuestionnaireVersion.objects.create(
            questionnaire=current, number=latest.number + 1 if latest else 1, document=current.draft,
            content_hash=hash_document(current.draft), published_by=user, published_at=at, note=note[:240],
        )


@transaction.atomic
def archive_questionnaire(*, actor: Actor, questionnaire: Questionnaire, at: datetime) -> bool:
    """Take the questionnaire out of use: its links shut and what sends it stops; versions, answers and results stay.

    Returns False, and does nothing, where it is archived already.
    """
    if not Questionnaire.objects.filter(pk=questionnaire.pk, archived_at=None).update(archived_at=at):
        return False
    for listener in hooks.on_archived:
        listener(actor, questionnaire, at)
    _note(actor, "questionnaire.archived", questionnaire, at)
    return True


@transaction.atomic
def restore_questionnaire(*, actor: Actor, questionnaire: Questionnaire, at: datetime) -> bool:
    """Take an archived questionnaire into use again; what has stopped is started again by people."""
    if not Questionnaire.objects.filter(pk=questionnaire.pk, archived_at__isnull=False).update(archived_at=None):
        return False
    _note(actor, "questionnaire.restored", questionnaire, at)
    return True


def _note(actor: Actor, action: str, questionnaire: Questionnaire, at: datetime) -> None:
    record_event(actor=actor, action=action, target=f"questionnaire {questionnaire.pk}", name=questionnaire.name, at=at)


def _clean_name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > 160 or not is_storable(clean):
        raise NameInvalidError
    return clean


def _require_publishable(document: Document) -> None:
    blocking = [problem for problem in check_for_publishing(document) if problem.is_blocking]
    if blocking:
        raise NotPublishableError(blocking)


def _lock_at(questionnaire: Questionnaire, revision: int | None) -> Questionnaire:
    current = Questionnaire.objects.select_for_update().get(pk=questionnaire.pk)
    if revision is not None and current.draft_revision != revision:
        raise StaleDraftError(current)
    return current


def _remember(current: Questionnaire, at: datetime) -> None:
    DraftRevision.objects.create(
        questionnaire=current, number=current.draft_revision, document=current.draft, replaced_at=at
    )
    kept = current.draft_history.order_by("-number").values_list("pk", flat=True)[:UNDO_STEPS]
    current.draft_history.exclude(pk__in=list(kept)).delete()


def _replace_draft(current: Questionnaire, draft: dict[str, Any], at: datetime) -> Questionnaire:
    current.draft, current.draft_revision, current.updated_at = draft, current.draft_revision + 1, at
    current.save(update_fields=["draft", "draft_revision", "updated_at"])
    return current
