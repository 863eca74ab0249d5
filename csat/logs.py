"""Log lines as JSON, without keys to answers and without personal data."""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

from django.conf import settings

request_id: ContextVar[str] = ContextVar("request_id", default="")

EXTRA = ("method", "path", "status", "milliseconds", "task", "campaign", "run", "survey", "count")
EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")


def mask(line: str) -> str:
    """Replace answer keys and e-mail addresses in a line."""
    return EMAIL.sub("<e-mail>", token_pattern().sub(r"\1***", line))


def token_pattern() -> re.Pattern[str]:
    prefixes = "|".join(re.escape(prefix) for prefix in settings.TOKEN_PATHS)
    return re.compile(rf"((?:^|(?<=[\s\"'(])|(?<=[^\s/:]))(?:{prefixes}))[^/\s?\"'&)>]+")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request, and chosen extras."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask(record.getMessage()),
        }
        if request_id.get():
            line["request"] = request_id.get()
        for name in EXTRA:
            if hasattr(record, name):
                value = getattr(record, name)
                line[name] = mask(value) if isinstance(value, str) else value
        if record.exc_info:
            line["trace"] = mask(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)
