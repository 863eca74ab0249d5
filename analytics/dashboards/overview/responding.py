"""From invitation to completed response: the funnel and the response rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from accounts.models import Team
from analytics.dashboards.narrowing import in_period, in_segments
from analytics.dashboards.overview.numbers import Funnel, Headline
from analytics.dashboards.selection import Selection
from analytics.indicators.models import QuestionSource
from analytics.scoring.results import Change, Figure, Period, Status, Verdict
from surveys.sending.models import DeliveryState, Invitation

METRIC = "response_rate"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose invitations, in which periods, are counted."""

    team: Team
    tree_id: int
    period: Period
    previous: Period | None
    filters: Mapping[str, Sequence[str]]
    scope: Mapping[str, Sequence[str]]


def asked_by(selection: Selection) -> Asked:
    """What a selection asks of the invitations."""
    return Asked(
        selection.tree.team, selection.tree.pk, selection.period, selection.previous, selection.filters, selection.scope
    )


def get_funnel(*, asked: Asked) -> Funnel | None:
    """Count the invitations mailed in the period by step; None when the tree's surveys were never mailed.

    Test invitations never count. Compared with the earlier period where there is one.
    """
    counts = _count(asked, asked.period)
    if not any(counts.values()):
        return None
    rate = _rate(counts["completed"], counts["delivered"], asked.team)
    previous = None
    if asked.previous is not None:
        before = _count(asked, asked.previous)
        previous = _rate(before["completed"], before["delivered"], asked.team)
    headline = Headline(rate, previous, _change(previous, rate)) if rate else None
    return Funnel(**counts, headline=headline)


def _count(asked: Asked, period: Period) -> dict[str, int]:
    # By subquery, not by join: a questionnaire feeds the tree through many sources.
    fed = QuestionSource.objects.filter(tree=asked.tree_id).values("questionnaire_id")
    rows = Invitation.objects.filter(
        campaign__team=asked.team, campaign__questionnaire__in=fed, is_test=False, sent_at__isnull=False
    )
    rows = in_period(rows, period, moment="sent_at", wave="campaign__wave", zone=asked.team.time_zone)
    rows = in_segments(rows, asked.filters, asked.scope, questionnaire="campaign__questionnaire_id")
    delivered = Q(state=DeliveryState.SENT)
    return rows.aggregate(
        invited=Count("id"),
        delivered=Count("id", filter=delivered),
        started=Count("id", filter=delivered & (Q(started_at__isnull=False) | Q(completed_at__isnull=False))),
        completed=Count("id", filter=delivered & Q(completed_at__isnull=False)),
    )


def _rate(completed: int, delivered: int, team: Team) -> Figure | None:
    if not delivered:
        return None
    if delivered < team.show_from_n:
        return Figure(METRIC, delivered, float(delivered), None, None, None, Status.TOO_FEW, "too_few", team.show_from_n)
    status = Status.FEW if delivered < team.sure_from_n else Status.SHOWN
    # No interval: everybody invited is counted, so chance has no part in it.
    return Figure(METRIC, delivered, float(delivered), completed / delivered, None, None, status, needed=team.show_from_n)


def _change(previous: Figure | None, rate: Figure | None) -> Change | None:
    if previous is None or rate is None or previous.value is None or rate.value is None:
        return None
    return Change(METRIC, rate.value - previous.value, None, None, Verdict.UNKNOWN)
