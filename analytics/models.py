"""All models of the app, so that Django finds them."""

from analytics.indicators.models import (
    Indicator,
    IndicatorTree,
    QuestionSource,
    SourceRole,
    WeightOrigin,
    WeightSet,
)
from analytics.indicators.panel_models import Expert, Panel, WeightComparison
from analytics.scoring.models import (
    Base,
    Block,
    BlockChange,
    BlockSummary,
    Run,
    Slice,
    TreeState,
    WeightingChoice,
    WeightingMethod,
    WeightingScheme,
)

__all__ = [
    "Base",
    "Block",
    "BlockChange",
    "BlockSummary",
    "Expert",
    "Indicator",
    "IndicatorTree",
    "Panel",
    "QuestionSource",
    "Run",
    "Slice",
    "SourceRole",
    "TreeState",
    "WeightComparison",
    "WeightOrigin",
    "WeightSet",
    "WeightingChoice",
    "WeightingMethod",
    "WeightingScheme",
]
