"""What the responses of an import hold, counted as they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from surveys.answering.models import Response
from surveys.design.document import NOT_APPLICABLE


@dataclass
class Contents:
    """Counts over the new responses: by item key, wave, (attribute, level) and language."""

    answered: Counter[str] = field(default_factory=Counter)
    not_applicable: Counter[str] = field(default_factory=Counter)
    waves: Counter[str] = field(default_factory=Counter)
    levels: Counter[tuple[str, str]] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    weighted: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, responses: Sequence[Response]) -> None:
        """Count some more responses."""
        for response in responses:
            self.answered.update(response.answers.keys())
            self.not_applicable.update(key for key, answer in response.answers.items() if answer == NOT_APPLICABLE)
            self.levels.update(response.attributes.items())
            self.weighted += response.respondent_weight is not None
        self.waves.update(response.wave for response in responses if response.wave)
        self.languages.update(response.language for response in responses)
        moments = [response.completed_at for response in responses if response.completed_at is not None]
        self.first = min([*moments, *([self.first] if self.first else [])], default=None)
        self.last = max([*moments, *([self.last] if self.last else [])], default=None)

    def levels_of(self, attribute: str) -> list[tuple[str, int]]:
        """Return an attribute's levels with their counts, the most frequent first."""
        return [(level, count) for (key, level), count in self.levels.most_common() if key == attribute]
