"""The Celery application: which work is swept how often, and who may start it."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging

from csat import fsbroker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "csat.settings.production")

fsbroker.register()
app = Celery("csat")
# Threads of the web server publish through this application, not through Celery's own default.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    ["accounts", "surveys.sending", "surveys.contacts", "surveys.answering", "analytics.indicators",
     "analytics.scoring", "analytics.dashboards"]
)


@app.on_after_configure.connect
def set_schedule(sender: Celery, **_: Any) -> None:
    """Sweep for undone work by age: the queue is only a doorbell."""
    from django.conf import settings  # read once Celery asks, never while settings load

    sender.conf.beat_schedule = sweeps(every=settings.SWEEP_SECONDS)


def sweeps(*, every: float) -> dict[str, dict[str, Any]]:
    """Celery's schedule; a sweep that nobody took within its interval is dropped."""
    # Each has its backlog in the settings, by which /readyz judges.
    names = ["accounts.tasks.sweep_accounts", "surveys.sending.tasks.sweep_due", "surveys.answering.tasks.sweep_imports",
             "analytics.indicators.tasks.sweep_experts", "analytics.scoring.tasks.sweep_stale"]
    return {name: {"task": name, "schedule": every, "options": {"expires": max(every, 10)}} for name in names}


@setup_logging.connect
def use_our_logging(**_: Any) -> None:
    """Keep Celery from replacing the handlers that Django has set up."""


@celeryd_init.connect
@beat_init.connect
def refuse_unsafe_start(**_: Any) -> None:
    """Stop worker and beat where production is configured unsafely."""
    from csat.startup import stop_if_refused  # needs settings, which need this package

    stop_if_refused()
