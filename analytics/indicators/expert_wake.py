"""Ring for a worker that mails; a dead broker costs time at most, the sweep finds who still waits."""

from __future__ import annotations

from accounts.wake import ring

MAIL_TASK = "analytics.indicators.tasks.mail_expert"
QUEUE = "mail"


def wake_expert_mail(expert_id: int) -> None:
    """Have an invitation mailed soon (registered with `analytics.indicators.hooks`)."""
    ring(MAIL_TASK, queue=QUEUE, expert_id=expert_id)
