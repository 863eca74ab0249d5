"""Places where a test may kill the process; without the test settings' FAILPOINT they do nothing."""

from __future__ import annotations

import os
import signal

from django.conf import settings


def reach(name: str) -> None:
    """End this process as kill -9 would, where the test settings name this place.

    With FAILPOINT_GROUP the whole worker goes, its parent too: else the parent starts another child at
    once, which takes the same task and dies again, and how often is a matter of speed.
    """
    if getattr(settings, "FAILPOINT", "") != name:
        return
    if getattr(settings, "FAILPOINT_GROUP", False):
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
