"""Expert panels with sheets, and answers from which weights can be derived."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from analytics.indicators import experts
from analytics.indicators.models import Indicator, IndicatorTree
from analytics.indicators.panel_models import Expert, Panel
from analytics.indicators.services import PlannedNode, create_tree
from surveys.design.models import QuestionnaireVersion
from tests.analytics.builders import AT, ITEMS, answer_many, sheet, text

LATER = AT + timedelta(hours=1)


def make_panel_tree(team: Any, *keys: str) -> IndicatorTree:
    children = tuple(PlannedNode(key, text(key.capitalize())) for key in keys)
    return create_tree(team=team, names=text("Tree"), root=PlannedNode(
        "csi", text("Service"), children=children), at=AT)


def open_on(tree: IndicatorTree, table: str = "alonso_lamata_2006") -> Panel:
    root = Indicator.objects.get(tree=tree, parent=None)
    return experts.open_panel(node=root, random_index=table, user=None, at=AT)


def invite_expert(panel: Panel, email: str = "ann@experts.example") -> Expert:
    return experts.invite_experts(panel=panel, emails=[email], language="en", at=AT)[0]


def fill_sheet(expert: Expert, judgements: dict[str, int], *, send: bool = True) -> Expert:
    given = {(pair.split("|")[0], pair.split("|")[1]): value for pair, value in judgements.items()}
    experts.save_judgements(expert=expert, given=given, page=0, language="en", at=AT)
    return experts.submit_sheet(expert=expert, at=LATER) if send else Expert.objects.get(pk=expert.pk)


def drawn_codes(count: int = 400) -> np.ndarray[Any, Any]:
    """Answers whose overall item leans on quality most; always the same ones. Columns: items, overall."""
    chance = np.random.default_rng(20261122)
    halo = chance.normal(size=count)
    parts = [halo + chance.normal(size=count) * 1.2 for _ in ITEMS]
    overall = parts[0] * 1.0 + parts[1] * 0.3 + parts[2] * 0.5 + chance.normal(size=count) * 0.8
    columns = [np.clip(np.round(3.4 + value * 0.8), 1, 5) for value in (*parts, overall)]
    return np.array(columns, dtype=np.int64).T


def answer_from(version: QuestionnaireVersion, codes: np.ndarray[Any, Any]) -> None:
    answer_many(version, [sheet(*row[:4].tolist(), None, int(row[4])) for row in codes])
