"""What a reader may type into the comments page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from analytics.dashboards.comments import LONGEST_SEARCH, Mood

LAST_PAGE: Final = 400


@dataclass(frozen=True)
class Wanted:
    """A parsed comment filter."""

    search: str = ""
    mood: Mood | None = None
    page: int = 1

    @property
    def count(self) -> int:
        """How many of its fields narrow the comments."""
        return bool(self.search) + bool(self.mood)


class CommentFilters(forms.Form):
    """Search words, score band and page; what makes no sense is treated as not given."""

    q = forms.CharField(label=_("Search"), required=False, max_length=LONGEST_SEARCH)
    score = forms.ChoiceField(
        label=_("Score"), required=False,
        choices=[("", _("All scores")), (Mood.LOW, _("Low")), (Mood.MIDDLE, _("Middle")), (Mood.HIGH, _("High"))],
    )
    page = forms.IntegerField(required=False, min_value=1, max_value=LAST_PAGE)

    def wanted(self) -> Wanted:
        """Return what was asked for, as far as it is valid."""
        self.is_valid()
        given = self.cleaned_data
        score = given.get("score")
        return Wanted(given.get("q") or "", Mood(score) if score else None, given.get("page") or 1)
