"""Tell those who keep results that answers changed. Who they are is registered by themselves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

log = logging.getLogger(__name__)

on_results_changed: list[Callable[[int], None]] = []
"""Called with a questionnaire's id after the commit. A listener returns at once: a person waits for it."""

on_rows_changed: list[Callable[[int, Sequence[int | None], datetime], None]] = []
"""Called inside the transaction that edits responses: questionnaire id, their block ids, the moment."""


def wake_on_commit(questionnaire_id: int) -> None:
    """Ring after the commit. A bell that fails costs nothing: the note in the database is found by a sweep."""
    transaction.on_commit(lambda: _wake(questionnaire_id), robust=True)


def tell_rows_changed(questionnaire_id: int, block_ids: Sequence[int | None], at: datetime) -> None:
    """Have what was made of these rows made again; a failure here undoes the edit."""
    for listener in on_rows_changed:
        listener(questionnaire_id, block_ids, at)


def _wake(questionnaire_id: int) -> None:
    for listener in on_results_changed:
        try:
            listener(questionnaire_id)
        except Exception as error:  # whatever a listener raises, the answer is stored
            log.warning("results not woken", extra={"kind": type(error).__name__})
