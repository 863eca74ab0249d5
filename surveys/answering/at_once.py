"""Store a whole response in one statement, for somebody who sends it with the first press.

The three writes that belong together (invitation spent, response stored, wish for a recompute noted)
are one statement of PostgreSQL and so one transaction without a begin and a commit of their own: a third of
the time of three statements. Other databases get the three statements.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Value
from django.db.models.functions import Coalesce

from surveys.answering.models import RecomputeNote, Response
from surveys.contacts.prepared import Prepared
from surveys.sending.models import Invitation


def store_first(*, response: Response, at: datetime) -> bool:
    """Spend the response's invitation, store the response and note the recompute; all of it or nothing.

    Returns False, and does nothing, when somebody has begun to answer before. A response exists only once its
    invitation is marked as started, in the same transaction: whoever marks it first is alone and needs
    neither look for a row nor lock one. A test response leaves no note.
    """
    if connection.vendor == "postgresql":
        return store_by_one_statement(response, at)
    return store_by_three_statements(response, at)


@transaction.atomic
def store_by_three_statements(response: Response, at: datetime) -> bool:
    """Do it in any database."""
    assert response.invitation_id is not None
    is_first = Invitation.objects.filter(
        pk=response.invitation_id, started_at__isnull=True, completed_at__isnull=True
    ).update(started_at=at, completed_at=at, opened_at=Coalesce("opened_at", Value(at)))
    if not is_first:
        return False
    response.save(force_insert=True)
    if not response.is_test:
        RecomputeNote.objects.create(questionnaire_id=response.questionnaire_id, at=at)
    return True


def store_by_one_statement(response: Response, at: datetime) -> bool:
    """Do it in PostgreSQL."""
    values = {
        column: field.get_db_prep_save(getattr(response, field.attname), connection)
        for column, field in _fields().items()
    }
    with connection.cursor() as cursor:
        _statement().execute(cursor, values | {"at": at})
        stored = cursor.fetchone()
    if stored is None:
        return False
    response.pk, response._state.adding = stored[0], False
    return True


@cache
def _fields() -> dict[str, models.Field[Any, Any]]:
    return {str(field.column): field for field in Response._meta.concrete_fields if not field.primary_key}


@cache
def _statement() -> Prepared:
    columns = list(_fields())
    invitations, responses, notes = (model._meta.db_table for model in (Invitation, Response, RecomputeNote))
    types = {column: str(field.db_type(connection)) for column, field in _fields().items()}
    return Prepared(  # names come from the models only
        f"WITH spent AS (UPDATE {invitations}"  # noqa: S608
        "  SET started_at = {at}, completed_at = {at}, opened_at = COALESCE(opened_at, {at})"
        "  WHERE id = {invitation_id} AND started_at IS NULL AND completed_at IS NULL RETURNING id),"
        f" stored AS (INSERT INTO {responses} ({', '.join(columns)})"
        f"  SELECT {', '.join(f'{{{column}}}' for column in columns)} FROM spent RETURNING id),"
        f" noted AS (INSERT INTO {notes} (questionnaire_id, at)"
        "  SELECT {questionnaire_id}, {at} FROM spent WHERE NOT {is_test})"
        " SELECT id FROM stored",
        types | {"at": "timestamptz"},
    )
