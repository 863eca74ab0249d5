"""Places where rooms above may add to the editor without being imported here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import QueryDict

from accounts.access import Actor
from surveys.design.models import Questionnaire


@dataclass(frozen=True)
class RowPanel:
    """A column of the editor, one field per rated item.

    `render(actor, questionnaire, item_key)` returns safe HTML for one item (no inline style or script);
    `save(actor, questionnaire, post)` stores what the fields posted, after the draft has been saved.
    """

    title: Callable[[], str]
    render: Callable[[Actor, Questionnaire, str], str]
    save: Callable[[Actor, Questionnaire, QueryDict], None]


row_panels: list[RowPanel] = []
