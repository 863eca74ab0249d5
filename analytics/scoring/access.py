"""Reach runs through the actor's team only."""

from __future__ import annotations

from accounts.access import Actor, get_or_404
from analytics.scoring.models import Run


def get_run(actor: Actor, run_id: int) -> Run:
    """Return the team's run or raise Http404."""
    runs = Run.objects.filter(team=actor.team).select_related("base", "weight_set", "tree__team").defer("tail")
    return get_or_404(runs, pk=run_id)
