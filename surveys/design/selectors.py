"""Read questionnaires, their versions and their parsed documents."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from surveys.design.document import Document, parse_document
from surveys.design.document_json import hash_document
from surveys.design.models import DraftRevision, Questionnaire, QuestionnaireVersion


def get_latest_version(*, questionnaire: Questionnaire) -> QuestionnaireVersion | None:
    """Return the version that is live, or None when nothing has been published."""
    return questionnaire.versions.order_by("-number").first()


def list_versions(*, questionnaire: Questionnaire) -> QuerySet[QuestionnaireVersion]:
    """List the published versions, newest first."""
    return questionnaire.versions.select_related("published_by").order_by("-number")


def list_with_live_version(questionnaires: QuerySet[Questionnaire]) -> QuerySet[Questionnaire]:
    """Add `live_number` and `live_hash` of the latest version to each row, in the same query."""
    latest = QuestionnaireVersion.objects.filter(questionnaire=OuterRef("pk")).order_by("-number")
    return questionnaires.annotate(
        live_number=Subquery(latest.values("number")[:1]), live_hash=Subquery(latest.values("content_hash")[:1]),
    ).order_by(F("updated_at").desc(), "-pk")


def get_document(*, version: QuestionnaireVersion) -> Document:
    """Return the version's parsed document; versions never change, so each process parses one once."""
    return _parsed(version.pk, version.content_hash)


@lru_cache(maxsize=256)
def _parsed(version_id: int, _content_hash: str) -> Document:
    return parse_document(QuestionnaireVersion.objects.values_list("document", flat=True).get(pk=version_id))


def get_draft(*, questionnaire: Questionnaire) -> Document:
    """Return the draft, parsed."""
    return parse_document(questionnaire.draft)


def is_draft_published(*, questionnaire: Questionnaire, version: QuestionnaireVersion | None) -> bool:
    """Tell whether the draft is word for word what `version` froze."""
    return version is not None and version.content_hash == hash_document(questionnaire.draft)


def get_draft_at(*, questionnaire: Questionnaire, revision: int) -> dict[str, Any] | None:
    """Return the draft as it was at a revision, while undo still remembers it; else None."""
    step = questionnaire.draft_history.filter(number=revision).first()
    found = questionnaire.draft if revision == questionnaire.draft_revision else step.document if step else None
    return dict(found) if found is not None else None


def get_undo_step(*, questionnaire: Questionnaire) -> DraftRevision | None:
    """Return the draft that undo would bring back, or None."""
    return questionnaire.draft_history.order_by("-number").first()
