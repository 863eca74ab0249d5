"""All models of the app, so that Django finds them."""

from analytics.indicators.models import (
    Indicator,
    IndicatorTree,
    QuestionSource,
    SourceRole,
    WeightOrigin,
    WeightSet,
)

__all__ = ["Indicator", "IndicatorTree", "QuestionSource", "SourceRole", "WeightOrigin", "WeightSet"]
