"""One look at an answer link: its invitation with all that the page needs, and the note that it was opened.

Every view of an answer page begins here, so that on PostgreSQL it is one planned statement over few
columns; what a page seldom needs stays in the database until it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db import connection, models

from accounts.models import Team
from surveys.contacts.prepared import Prepared
from surveys.design.models import Questionnaire, QuestionnaireVersion
from surveys.sending.models import Campaign, Invitation

COLUMNS: Final[dict[type[models.Model], tuple[str, ...]]] = {
    Invitation: (
        "id", "campaign_id", "contact_id", "nonce", "language", "attributes", "opened_at", "started_at",
        "completed_at", "revoked_at", "is_test",
    ),
    Campaign: ("id", "team_id", "questionnaire_id", "version_id", "reply_to", "wave", "state", "closes_at"),
    Questionnaire: ("id", "is_anonymous", "archived_at"),
    Team: ("id", "name", "company_names", "time_zone", "reply_to", "privacy_url"),
    QuestionnaireVersion: ("id", "content_hash"),
}
RELATED: Final = ("campaign__questionnaire", "campaign__team", "campaign__version")


def find_by_hash(token_hash: str) -> Invitation | None:
    """Return the invitation with its campaign, questionnaire, team and version, None for an unknown hash."""
    return find_planned(token_hash) if connection.vendor == "postgresql" else find_anywhere(token_hash)


def find_planned(token_hash: str) -> Invitation | None:
    """Find it in PostgreSQL."""
    with connection.cursor() as cursor:
        _statement().execute(cursor, {"token_hash": token_hash})
        row = cursor.fetchone()
    return _assembled(row) if row else None


def find_anywhere(token_hash: str) -> Invitation | None:
    """Find it in any database."""
    paths = dict(zip((Campaign, Questionnaire, Team, QuestionnaireVersion), ("campaign", *RELATED), strict=True))
    related = [f"{paths[model]}__{name}" for model, names in COLUMNS.items() if model in paths for name in names]
    lean = Invitation.objects.select_related(*RELATED).only(*COLUMNS[Invitation], *related)
    return lean.filter(token_hash=token_hash).first()


@cache
def _statement() -> Prepared:
    columns = ", ".join(
        f'{model._meta.db_table}.{field.column}' for model in COLUMNS for field in _fields(model)
    )
    invitation, campaign, questionnaire, team, version = (model._meta.db_table for model in COLUMNS)
    return Prepared(  # names come from the models only
        f"SELECT {columns} FROM {invitation}"  # noqa: S608
        f" JOIN {campaign} ON {campaign}.id = {invitation}.campaign_id"
        f" JOIN {questionnaire} ON {questionnaire}.id = {campaign}.questionnaire_id"
        f" JOIN {team} ON {team}.id = {campaign}.team_id"
        f" LEFT JOIN {version} ON {version}.id = {campaign}.version_id"
        f" WHERE {invitation}.token_hash = {{token_hash}}",
        {"token_hash": "varchar"},
    )


def _fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    return [by_name[name] for name in COLUMNS[model]]


def _assembled(row: Sequence[Any]) -> Invitation:
    made: dict[type[models.Model], Any] = {}
    begin = 0
    for model, names in COLUMNS.items():
        values = list(row[begin : begin + len(names)])
        for place, decode in _decoders(model):
            values[place] = decode(values[place], None, connection)
        made[model] = model.from_db(connection.alias, names, values) if values[0] is not None else None
        begin += len(names)
    invitation: Invitation = made[Invitation]
    invitation.campaign = made[Campaign]
    invitation.campaign.questionnaire, invitation.campaign.team = made[Questionnaire], made[Team]
    if made[QuestionnaireVersion]:
        invitation.campaign.version = made[QuestionnaireVersion]
    return invitation


@cache
def _decoders(model: type[models.Model]) -> tuple[tuple[int, Callable[[Any, None, Any], Any]], ...]:
    """Return place and decoder of the columns that come as text, which are those of JSON."""
    return tuple(
        (place, decode) for place, field in enumerate(_fields(model)) for decode in field.get_db_converters(connection)
    )


def note_first_opening(*, invitation_id: int, at: datetime) -> None:
    """Note the first time a page was fetched.

    Nobody waits for the disk: the count of opened mails is a lower bound anyway, and a person wants to read.
    """
    table = Invitation._meta.db_table
    # True for this one statement's transaction, and evaluated for the row that is found.
    unhurried = " AND set_config('synchronous_commit', 'off', true) = 'off'" if connection.vendor == "postgresql" else ""
    moment = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET opened_at = %s WHERE id = %s AND opened_at IS NULL{unhurried}",  # noqa: S608
            [moment, invitation_id],
        )
