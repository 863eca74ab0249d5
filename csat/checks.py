"""System checks: `manage.py check` says what would stop a production start."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from csat.startup import list_refusals


@register(Tags.security)
def check_production(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """One error for each reason to refuse."""
    return [Error(sentence, id=f"csat.E{number:03d}") for number, sentence in enumerate(list_refusals(), 1)]
