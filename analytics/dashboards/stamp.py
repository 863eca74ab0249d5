"""How new the numbers are, and why they are not newer, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from analytics.dashboards import wording
from analytics.indicators.models import IndicatorTree
from analytics.scoring.reading import NOTHING
from analytics.scoring.refusals import FAILING, WEIGHT_CODES, reason_of, refusal_sentence
from analytics.scoring.results import Freshness, Refusal
from analytics.scoring.sources import Filter
from surveys.answering.days import stands_for_a_day

STALE_AFTER: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Stamp:
    """How new the numbers are, in words."""

    text: str
    is_stale: bool
    refusal: Refusal | None = None

    @property
    def run_suffix(self) -> str:
        """What makes a page look again when a run is refused, or no more refused, though the run stays."""
        return f"-{self.refusal.code}" if self.refusal else ""


@dataclass(frozen=True, slots=True)
class RefusalNotice:
    """Why there is no newer run, what to do, and the page to do it on; without `url` nothing can be done here."""

    text: str
    url: str
    link: str


def present_stamp(freshness: Freshness, *, at: datetime, scope: Filter = NOTHING) -> Stamp:
    """Say up to when answers are in, and when something newer has waited for too long.

    A reader with a scope reads when the results were counted: the newest answer may be one from outside it.
    """
    freshness = freshness.limited() if scope else freshness
    if freshness.refusal is not None:
        return _stamp_of_refusal(freshness, freshness.refusal)
    since = freshness.waiting_since_at
    if freshness.is_pending and since is not None and at - since > STALE_AFTER and freshness.finished_at:
        return Stamp(_("Not refreshed since %(moment)s") % {"moment": wording.moment_text(freshness.finished_at)}, True)
    if freshness.is_anonymous:
        return Stamp(_("Anonymous answers are counted together with others, once their day is over"), False)
    if freshness.is_limited and freshness.finished_at is not None:
        return Stamp(_("Results counted at %(moment)s") % {"moment": wording.moment_text(freshness.finished_at)}, False)
    if freshness.newest_response_at is None:
        return Stamp(_("No answers yet"), False)
    newest = freshness.newest_response_at
    written = wording.local_day_text(newest) if stands_for_a_day(newest) else wording.moment_text(newest)
    text = _("Answers up to %(moment)s") % {"moment": written}
    return Stamp(f"{text} · {_('new answers are being counted')}" if freshness.is_pending else text, False)


def _stamp_of_refusal(freshness: Freshness, refusal: Refusal) -> Stamp:
    reason = reason_of(refusal)
    if freshness.finished_at is None:
        return Stamp(_("No results: %(reason)s") % {"reason": reason}, True, refusal)
    moment = wording.moment_text(freshness.finished_at)
    text = _("Not refreshed since %(moment)s: %(reason)s") % {"moment": moment, "reason": reason}
    return Stamp(text, True, refusal)


def present_refusal(refusal: Refusal | None, tree: IndicatorTree) -> RefusalNotice | None:
    """Say why there is no newer run and where to mend it; None where nothing is amiss."""
    if refusal is None:
        return None
    is_about_weights = refusal.code in WEIGHT_CODES
    page = "indicators:weights" if is_about_weights else "indicators:tree"
    return RefusalNotice(
        text=refusal_sentence(refusal), url="" if refusal.code == FAILING else reverse(page, args=[tree.pk]),
        link=_("Open the weights") if is_about_weights else _("Open the indicators"),
    )
