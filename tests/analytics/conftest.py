"""What most tests of results begin with; a test that needs something else makes its own of the same name."""

from __future__ import annotations

import pytest

from analytics.indicators.models import IndicatorTree
from surveys.design.models import QuestionnaireVersion
from tests.analytics.builders import make_team, make_tree, publish, standard_document
from tests.analytics.dashboard_builders import Shop, fill_waves, make_shop
from tests.cast import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def shop(cast: Cast) -> Shop:
    """Two waves with a run of them."""
    shop = make_shop(cast.team)
    fill_waves(shop)
    shop.compute()
    return shop


@pytest.fixture
def version(db: None) -> QuestionnaireVersion:
    """The standard document, published by a team of its own."""
    return publish(make_team(), standard_document())


@pytest.fixture
def tree(version: QuestionnaireVersion) -> IndicatorTree:
    return make_tree(version)
