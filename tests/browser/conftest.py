"""The people of the browser tests, in the database that the site of the tests reads."""

from __future__ import annotations

import pytest

from tests.cast import Cast, make_cast
from tests.services.site import WebServer


@pytest.fixture
def cast(site: WebServer) -> Cast:
    return make_cast()
