"""The reference figures on their whole way, from the demo's published file to the values of a run."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from analytics.scoring.periods import wave
from analytics.scoring.selectors import read_period
from surveys.answering.importing import ImportReport
from surveys.answering.models import Response
from tests.analytics.builders import AFTERWARDS
from tests.methods.checks import page, service
from tests.methods.checks.airport import SFO
from tests.methods.checks.check import Check, failing
from tests.methods.checks.every import pure_checks
from tests.methods.test_reference_checks import assert_current

ROWS = {2014: 2818, 2015: 2958, 2016: 3087, 2017: 2831, 2018: 2809}


@dataclass(frozen=True)
class Imported:
    """What the import and the run said; nothing of it is left in the database."""

    report: ImportReport
    stored: int
    blank: int
    covered: int
    rows: dict[int, int]
    checks: list[Check]
    others: list[Check]


@pytest.fixture(scope="session")
def imported(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Imported:
    """All rows of the file, read by the demo's own mapping into its own questionnaire."""
    with django_db_blocker.unblock(), transaction.atomic():
        run, report = service.import_airport()
        result = Imported(
            report=report, stored=Response.objects.filter(state="complete").count(),
            blank=Response.objects.filter(answers={}).count(), covered=run.responses,
            rows={year: read_period(run, period=wave(str(year)), at=AFTERWARDS).responses for year in ROWS},
            checks=list(service.airport_checks(run)), others=[*service.panel_checks(), *service.raking_checks()],
        )
        transaction.set_rollback(True)
    return result


class TestTheFile:
    def test_comes_in_whole_with_its_fifteen_blank_forms(self, imported: Imported) -> None:
        report = imported.report
        assert (report.read, report.created, report.known, report.wrong) == (14_503, 14_503, 0, 0)
        assert report.blank == imported.blank == 15 and imported.stored == imported.covered == 14_503

    def test_has_every_row_of_each_wave(self, imported: Imported) -> None:
        assert imported.rows == ROWS


class TestTheFigures:
    def test_of_the_waves_equal_those_of_r_plain_and_weighted(self, imported: Imported) -> None:
        assert failing(imported.checks) == []

    def test_cover_five_waves_of_two_items_the_nps_and_the_change_of_22(self, imported: Imported) -> None:
        names = [one.figure for one in imported.checks]
        for year in ROWS:
            assert all(any(name.startswith(f"airport {year} {item}") for name in names) for item in ("Q7ALL", "Q9ALL"))
        changes = {name.split(":")[0].split()[-1] for name in names if "Holm" in name}
        assert changes == {one["item"] for one in SFO["change_2017_2018"]} and len(changes) == 22

    def test_of_a_panel_and_of_raking_equal_those_of_r(self, imported: Imported) -> None:
        assert imported.others and failing(imported.others) == []

    @pytest.mark.parametrize("language", page.PAGES)
    def test_are_on_the_page_in_their_order(self, imported: Imported, language: str) -> None:
        assert_current(page.stored_rows(language)[len(list(pure_checks())) :], [*imported.checks, *imported.others])
