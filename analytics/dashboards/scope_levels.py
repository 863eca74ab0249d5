"""The levels that answers have, for those who choose which customers a manager sees."""

from __future__ import annotations

from datetime import datetime

from analytics.indicators.models import IndicatorTree
from analytics.scoring.selectors import get_latest_run, list_dimensions
from analytics.scoring.summaries import QUESTIONNAIRE


def list_scored_levels(team_id: int, at: datetime) -> dict[str, set[str]]:
    """Return the segment dimensions of the team's newest runs with their levels: imported answers have no contacts."""
    found: dict[str, set[str]] = {}
    for tree in IndicatorTree.objects.filter(team_id=team_id):
        run = get_latest_run(tree=tree)
        for dimension in list_dimensions(run, at=at) if run is not None else ():
            if dimension.key != QUESTIONNAIRE:
                found.setdefault(dimension.key, set()).update(dimension.levels)
    return found
