"""The indicator tree that a ready-made questionnaire proposes."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from analytics.indicators.models import IndicatorTree
from analytics.indicators.planning import plan_from_template
from analytics.indicators.services import create_tree
from surveys.design.gallery import Template
from surveys.design.models import Questionnaire


def create_proposed_tree(
    questionnaire: Questionnaire, template: Template, user: User | None, at: datetime
) -> IndicatorTree:
    """Create the template's tree, fed by the questionnaire made from it, with equal provisional weights."""
    root, roles = plan_from_template(template.tree)
    return create_tree(
        team=questionnaire.team, names=dict.fromkeys(template.names, questionnaire.name), root=root, roles=roles,
        questionnaire=questionnaire, user=user, at=at,
    )
