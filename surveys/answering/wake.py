"""Where those hear of it who make results from responses; answering knows nothing of them.

Both lists are filled at start-up. The database is the record (`RecomputeNote`, and what a listener of
`on_rows_changed` writes): a listener that is not heard costs time, never an answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

log = logging.getLogger(__name__)

on_results_changed: list[Callable[[int], None]] = []
"""Called with the questionnaire's id after the commit that completed, changed or erased a response.
A listener returns at once: a person waits for it."""

on_rows_changed: list[Callable[[int, Sequence[int | None], datetime], None]] = []
"""Called inside the transaction that edits or erases completed responses, before it ends, with the
questionnaire's id, the `block_id` of the rows (which stays as it is on an edit) and the moment."""


def wake(questionnaire_id: int) -> None:
    """Tell everybody who listens that results are out of date; one that fails is logged and forgotten."""
    for listener in on_results_changed:
        try:
            listener(questionnaire_id)
        except Exception as error:  # whatever a listener raises, the answer is stored
            log.warning("results not woken", extra={"kind": type(error).__name__})


def wake_on_commit(questionnaire_id: int) -> None:
    """Tell them after the commit; a failure there never reaches the one who answered."""
    transaction.on_commit(lambda: wake(questionnaire_id), robust=True)


def rows_changed(questionnaire_id: int, block_ids: Sequence[int | None], at: datetime) -> None:
    """Tell everybody who listens that rows which may be sealed are edited or erased."""
    for listener in on_rows_changed:
        listener(questionnaire_id, block_ids, at)
