"""Periods at the ends of the calendar: every page and address of the API answers them, and says what it cannot read."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from analytics.dashboards.narrowing import midnight
from analytics.scoring.periods import (
    UnknownPeriodError,
    following,
    parse_period,
    previous_period,
    same_period_last_year,
)
from analytics.scoring.selectors import get_latest_run
from tests.analytics.builders import answer_many
from tests.analytics.dashboard_builders import codes, make_shop
from tests.cast import api_client, client_of, make_cast, make_key

FIRST = ("0001", "0001-Q1", "0001-01", "0001-W01", "0001-01-01", "0001-01-01..0001-01-02")
LAST = ("9998", "9999-Q3", "9999-11", "9999-W51", "9999-12-30", "9999-01-01..9999-12-30")
BEYOND = (
    "0000", "9999", "9999-Q4", "9999-12", "9999-W52", "9999-W53", "9999-12-31", "0001-01-01..9999-12-31", "0000-W53",
    "0001-W53", "2025-W53", "2025-00", "2025-13", "2025-02-29", "2025-W00", "2025-01-02..2025-01-01", "0000-01-01",
)
SHOWN = (*FIRST, "9998", "9999-W51", "9999-01-01..9999-12-30", "9999", "9999-W52", "0000-W53", "2020-W53")
PAGES = (
    "/overview/?period={key}", "/overview/?period={key}&compare=year", "/overview/export/?period={key}",
    "/overview/method/?period={key}", "/overview/live/?period={key}", "/comments/?period={key}",
    "/overview/change/?period={key}", "/overview/change/?period={key}&compare=year",
    "/overview/change/?period=wave:2018&before={key}", "/overview/change/export/?period={key}&before={key}",
    "/weighting/?period={key}", "/runs/{run}/value/?period={key}", "/runs/{run}/compare/{run}/?period={key}",
    "/api/v1/overview/?period={key}", "/api/v1/changes/?period={key}", "/api/v1/changes/?period=wave:2018&before={key}",
    "/api/v1/weightings/?period={key}", "/api/v1/runs/{run}/values/?period={key}",
    "/api/v1/runs/{run}/values/?period={key}&dimension=region", "/api/v1/runs/{run}/value/?period={key}",
)


class TestNeighbours:
    @pytest.mark.parametrize("key", FIRST)
    def test_of_the_first_periods_has_none_before(self, key):
        assert previous_period(parse_period(key)) is None
        assert same_period_last_year(parse_period(key)) is None

    @pytest.mark.parametrize("key", ["9998", "9999-Q3", "9999-11", "9999-W51", "9999-12-30"])
    def test_of_the_last_periods_has_none_after(self, key):
        assert following(parse_period(key)) is None
        assert previous_period(parse_period(key)) is not None

    @pytest.mark.parametrize(("key", "before"), [("2020-W53", None), ("2021-W52", "2020-W52"), ("0002-W01", "0001-W01")])
    def test_of_a_week_a_year_earlier_is_the_week_of_that_number(self, key, before):
        found = same_period_last_year(parse_period(key))
        assert (found.key if found else None) == before

    @pytest.mark.parametrize("key", BEYOND)
    def test_beyond_the_calendar_is_no_period(self, key):
        with pytest.raises(UnknownPeriodError):
            parse_period(key)

    def test_of_the_first_day_begins_at_a_moment_utc_knows(self):
        assert midnight(date.min, "Asia/Shanghai").astimezone(UTC).year == 1


@pytest.mark.django_db
def test_every_page_answers_every_edge():
    cast = make_cast()
    shop = make_shop(cast.team)
    for year in (2017, 2018):
        answer_many(shop.version, codes(4, 12), wave=str(year), at=datetime(year, 5, 1, tzinfo=UTC),
                    attributes={"region": "East"})
    shop.compute()
    page, api = client_of(cast.dora), api_client(make_key(cast.team)[1])
    page.raise_request_exception = api.raise_request_exception = False
    run, failed = get_latest_run(tree=shop.tree).pk, []
    for key in SHOWN:
        for pattern in PAGES:
            address = pattern.format(key=key, run=run)
            reply = (api if address.startswith("/api/") else page).get(address, follow=True)
            is_refused = reply.status_code == 400 and (
                "no file was made" in reply.content.decode() if "/export/" in address else reply.json()["fields"])
            if reply.status_code != 200 and not is_refused:
                failed.append((reply.status_code, address))
    assert failed == []
