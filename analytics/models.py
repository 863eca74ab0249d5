"""All models of the app, so that Django finds them."""

from analytics.indicators.models import (
    Indicator,
    IndicatorTree,
    QuestionSource,
    SourceRole,
    WeightOrigin,
    WeightSet,
)
from analytics.scoring.models import (
    Base,
    Block,
    BlockChange,
    BlockSummary,
    Run,
    Slice,
    TreeState,
    WeightingMethod,
    WeightingScheme,
)

__all__ = [
    "Base",
    "Block",
    "BlockChange",
    "BlockSummary",
    "Indicator",
    "IndicatorTree",
    "QuestionSource",
    "Run",
    "Slice",
    "SourceRole",
    "TreeState",
    "WeightOrigin",
    "WeightSet",
    "WeightingMethod",
    "WeightingScheme",
]
