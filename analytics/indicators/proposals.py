"""The indicator tree that a ready-made questionnaire proposes."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from analytics.indicators.models import IndicatorTree
from analytics.indicators.services import PlannedNode, PlannedRoles, create_tree
from surveys.design.gallery import Template, TemplateNode, TemplateTree
from surveys.design.models import Questionnaire


def create_proposed_tree(
    questionnaire: Questionnaire, template: Template, user: User | None, at: datetime
) -> IndicatorTree:
    """Create the template's tree, fed by the questionnaire made from it, with equal provisional weights."""
    return create_tree(
        team=questionnaire.team, names=dict.fromkeys(template.names, questionnaire.name),
        root=_planned(template.tree.root), questionnaire=questionnaire, roles=_roles(template.tree),
        user=user, at=at,
    )


def _planned(node: TemplateNode) -> PlannedNode:
    return PlannedNode(
        key=node.key, names=node.names, questions=node.question_keys,
        children=tuple(_planned(child) for child in node.children),
    )


def _roles(tree: TemplateTree) -> PlannedRoles:
    return PlannedRoles(
        nps=[tree.nps] if tree.nps else [], overall=[tree.overall] if tree.overall else [], comment=tree.comments
    )
