"""From invitation to completed response: the funnel and the response rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Count, Q

from analytics.dashboards.narrowing import in_period, in_segments
from analytics.dashboards.page import Funnel, Headline
from analytics.dashboards.selection import Selection
from analytics.methods.proportions import proportion
from analytics.scoring import selectors
from analytics.scoring.results import Figure, Period, Status
from surveys.sending.models import DeliveryState, Invitation

METRIC = "response_rate"


def get_funnel(*, selection: Selection, scope: Mapping[str, Sequence[str]]) -> Funnel | None:
    """Count the invitations mailed in the period by step; None when the tree's surveys were never mailed.

    Test invitations never count. Compared with the earlier period where there is one.
    """
    counts = _count(selection, scope, selection.period)
    if not any(counts.values()):
        return None
    rate = _rate(counts["completed"], counts["delivered"], selection)
    previous = None
    if selection.previous is not None:
        before = _count(selection, scope, selection.previous)
        previous = _rate(before["completed"], before["delivered"], selection)
    change = selectors.compare(previous, rate) if previous and rate else None
    return Funnel(**counts, headline=Headline(rate, previous, change) if rate else None)


def _count(selection: Selection, scope: Mapping[str, Sequence[str]], period: Period) -> dict[str, int]:
    tree = selection.tree
    # By subquery, not by join: a questionnaire feeds the tree through many sources.
    fed = tree.sources.values("questionnaire_id")
    rows = Invitation.objects.filter(
        campaign__team=tree.team_id, campaign__questionnaire__in=fed, is_test=False, sent_at__isnull=False
    )
    rows = in_period(rows, period, moment="sent_at", wave="campaign__wave", zone=tree.team.time_zone)
    rows = in_segments(rows, selection.filters, scope, questionnaire="campaign__questionnaire_id")
    delivered = Q(state=DeliveryState.SENT)
    return rows.aggregate(
        invited=Count("id"),
        delivered=Count("id", filter=delivered),
        started=Count("id", filter=delivered & (Q(started_at__isnull=False) | Q(completed_at__isnull=False))),
        completed=Count("id", filter=delivered & Q(completed_at__isnull=False)),
    )


def _rate(completed: int, delivered: int, selection: Selection) -> Figure | None:
    if not delivered:
        return None
    team = selection.tree.team
    status = (
        Status.TOO_FEW if delivered < team.show_from_n
        else Status.FEW if delivered < team.sure_from_n else Status.SHOWN
    )
    if status == Status.TOO_FEW:
        return Figure(METRIC, delivered, float(delivered), None, None, None, status, "too_few", team.show_from_n)
    share = proportion(completed, delivered)
    return Figure(
        METRIC, delivered, float(delivered), share.value, share.interval.low, share.interval.high, status,
        needed=team.show_from_n, standard_error=(share.value * (1 - share.value) / delivered) ** 0.5,
    )
