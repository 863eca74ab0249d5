"""What is erased in the background."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from surveys.answering.uploads import delete_old_imports
from surveys.contacts.importing import delete_unfinished_imports

UPLOADS_KEPT = timedelta(days=1)


@shared_task(acks_late=True, ignore_result=True)
def sweep_imports(**_later: Any) -> None:
    """Erase uploaded files that nobody has imported within a day."""
    before = timezone.now() - UPLOADS_KEPT
    delete_old_imports(before=before)
    delete_unfinished_imports(before=before)
