"""Places where rooms above may add to the editor without being imported here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict

from accounts.access import Actor
from accounts.models import User
from surveys.design.gallery import Template
from surveys.design.models import Questionnaire


@dataclass(frozen=True)
class RowPanel:
    """A column of the editor, one field per rated item.

    `render(actor, questionnaire, item_key)` returns safe HTML for one item (no inline style or script);
    `save(actor, questionnaire, post)` stores what the fields posted, after the draft has been saved, and returns a
    sentence for each thing that it could not store.
    """

    title: Callable[[], str]
    render: Callable[[Actor, Questionnaire, str], str]
    save: Callable[[Actor, Questionnaire, QueryDict], list[str]]


row_panels: list[RowPanel] = []


@dataclass(frozen=True)
class Received:
    """How many responses a questionnaire has, at least so many where `is_more`, and when the latest was completed."""

    responses: int
    is_more: bool
    latest_at: datetime | None


received_counts: list[Callable[[Actor, Collection[int]], Mapping[int, Received]]] = []
"""Called with ids of questionnaires for their list; one that the actor is not to be told of is missing."""

on_archived: list[Callable[[Actor, Questionnaire, datetime], None]] = []
"""Called inside the transaction that archives a questionnaire, to stop what would use it."""

archiving_consequences: list[Callable[[Questionnaire, datetime], list[str]]] = []
"""Called before it is archived: sentences that say what would stop, in the active language."""

on_created_from_template: list[Callable[[Questionnaire, Template, User | None, datetime], None]] = []
"""Called inside the transaction that creates a questionnaire from a template, to take up what it proposes."""
