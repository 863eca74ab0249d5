"""How PostgreSQL is told to clean up after responses: see docs/decisions/vacuumed-early.md."""

from __future__ import annotations

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


class TestTheTableOfResponses:
    def test_is_vacuumed_with_its_indexes_long_before_a_fifth_of_it_is_dead(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'surveys_response'")
            [options] = cursor.fetchone()
        settings = dict(option.split("=") for option in options)
        assert settings["vacuum_index_cleanup"] == "on"
        assert float(settings["autovacuum_vacuum_scale_factor"]) <= 0.01
        assert int(settings["autovacuum_vacuum_threshold"]) <= 50_000
