"""What is erased in the background: each task may run any number of times, in any number of copies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from surveys.answering.models import ResponseImport
from surveys.answering.take_back import erase_waiting, wake_eraser
from surveys.answering.uploads import delete_old_imports
from surveys.contacts.importing import delete_unfinished_imports

UPLOADS_KEPT = timedelta(days=1)
SECONDS_PER_TASK = 100


@shared_task(acks_late=True, ignore_result=True)
def sweep_imports(**_later: Any) -> None:
    """Erase uploaded files that nobody has imported within a day; find imports that no message takes back."""
    for number in ResponseImport.objects.filter(state=ResponseImport.State.TAKING_BACK).values_list("id", flat=True):
        wake_eraser(number)
    before = timezone.now() - UPLOADS_KEPT
    delete_old_imports(before=before)
    delete_unfinished_imports(before=before)


@shared_task(acks_late=True, ignore_result=True)
def take_back_import(*, import_id: int, **_later: Any) -> None:
    """Erase the responses of an import that is being taken back; ring again where more are left."""
    if not erase_waiting(import_id=import_id, clock=timezone.now, seconds=SECONDS_PER_TASK):
        wake_eraser(import_id)
