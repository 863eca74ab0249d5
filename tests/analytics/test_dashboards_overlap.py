"""People who answered in both periods: their covariance is in the interval of the change."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime

import numpy as np
import pytest
from django.core.cache import cache
from django.http import QueryDict
from scipy import stats

from analytics.dashboards.overlap import kept as overlap_kept
from analytics.dashboards.overlap import pairing
from analytics.dashboards.overlap import read as overlap
from analytics.dashboards.overview.read import read_overview
from analytics.dashboards.selection import parse_selection
from analytics.dashboards.verdicts import ComparisonFamily
from analytics.methods.change import welch_difference
from analytics.methods.intervals import Estimate, Interval
from analytics.methods.net_promoter import adjusted_score
from analytics.scoring import keeping, periods
from analytics.scoring.comparing import compare
from analytics.scoring.recompute_requests import note_changed_rows
from analytics.scoring.results import Change, Verdict
from analytics.scoring.selectors import get_latest_run
from surveys.answering.models import Response
from surveys.contacts.models import Contact
from tests.analytics.builders import AFTERWARDS, answer_many
from tests.analytics.dashboard_builders import Shop, fill_waves, make_shop, read_change
from tests.cast import Cast, api_client, client_of, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
YEARS = (2017, 2018)
QUERY = "period=2018&before=2017"


def people(cast: Cast, count: int) -> list[Contact]:
    return Contact.objects.bulk_create([
        Contact(team=cast.team, email=f"p{number}@people.example", email_key=f"p{number}@people.example", name=f"P{number}") for number in range(count)
    ])


def codes_of(seed: int, count: int, base: np.ndarray | None = None) -> np.ndarray:
    """Answers 1-5 that hang together with `base` where it is given."""
    drawn = np.random.default_rng(seed).integers(1, 6, count)
    return drawn if base is None else np.where(np.arange(count) % 3 == 0, drawn, np.clip(base + (drawn > 4), 1, 5))


def sheet_of(code: int) -> dict[str, int]:
    return {**dict.fromkeys(("quality", "design", "attitude", "speed", "overall"), int(code)), "nps": int(2 * code)}


def give(shop: Shop, year: int, codes, contacts, **fields) -> None:
    for code, contact in zip(codes, contacts, strict=True):
        answer_many(shop.version, [sheet_of(code)], at=datetime(year, 5, 1, tzinfo=UTC), contact=contact, notes=False, **fields)
    answer_many(shop.version, [], at=datetime(year, 5, 1, tzinfo=UTC))


def panel(cast: Cast, *, both: int, before: int, after: int, **questionnaire) -> tuple[Shop, np.ndarray, np.ndarray]:
    """So many in both years and in one alone; returns the codes of 2017 and 2018, those in both first."""
    shop, known = make_shop(cast.team, **questionnaire), people(cast, both)
    shared = codes_of(1, both)
    earlier = np.concatenate([shared, codes_of(2, before)])
    later = np.concatenate([codes_of(3, both, shared), codes_of(4, after)])
    for year, codes in zip(YEARS, (earlier, later), strict=True):
        give(shop, year, codes, [*known, *[None] * (len(codes) - both)])
    shop.compute()
    return shop, earlier, later


def row_of(shop: Shop, key: str, family: ComparisonFamily, query: str = QUERY):
    return next(row for row in read_change(shop.tree, query).family(family) if row.key == key)


class TestTheInterval:
    def test_of_partly_the_same_people_is_the_formula_by_hand(self, cast):
        shop, earlier, later = panel(cast, both=20, before=15, after=25)
        row = row_of(shop, "quality", ComparisonFamily.ITEMS)
        n1, n2, n12 = 35, 45, 20
        v1, v2 = earlier.var(ddof=1) / n1, later.var(ddof=1) / n2
        s12 = np.cov(earlier[:20], later[:20])[0, 1]
        assert s12 > 0.5
        error = np.sqrt(v1 + v2 - 2 * n12 * s12 / (n1 * n2))
        welch = (v1 + v2) ** 2 / (v1**2 / (n1 - 1) + v2**2 / (n2 - 1))
        df = (n12 - 1) + (welch - n12 + 1) * (n1 + n2 - 2 * n12) / (n1 + n2)
        margin = stats.t.ppf(0.975, df) * error
        assert row.difference == pytest.approx(later.mean() - earlier.mean())
        assert [row.low, row.high] == pytest.approx([row.difference - margin, row.difference + margin], rel=1e-9)
        assert row.n_both == 20 and row.detectable == pytest.approx(2.8015852 * error, rel=1e-6)

    def test_of_the_same_people_is_the_paired_one(self, cast):
        shop, earlier, later = panel(cast, both=30, before=0, after=0)
        row = row_of(shop, "quality", ComparisonFamily.ITEMS)
        paired = stats.ttest_rel(later, earlier)
        interval = paired.confidence_interval(0.95)
        assert [row.low, row.high] == pytest.approx([interval.low, interval.high], rel=1e-9)
        assert row.p == pytest.approx(paired.pvalue, rel=1e-9)

    def test_of_the_index_is_the_paired_one_too(self, cast):
        shop, earlier, later = panel(cast, both=30, before=0, after=0)
        row = row_of(shop, "csi", ComparisonFamily.HEADLINE)
        interval = stats.ttest_rel(25.0 * (later - 1), 25.0 * (earlier - 1)).confidence_interval(0.95)
        assert [row.low, row.high] == pytest.approx([interval.low, interval.high], rel=1e-6)

    def test_of_the_nps_is_the_adjusted_one_at_the_correlation_of_the_pairs(self, cast):
        shop, earlier, later = panel(cast, both=30, before=0, after=0)
        row = row_of(shop, "nps", ComparisonFamily.HEADLINE)
        distances = [np.where(2 * codes >= 9, 100, np.where(2 * codes <= 6, -100, 0)) for codes in (earlier, later)]
        rho = np.corrcoef(*distances)[0, 1]
        one, two = (adjusted_score(d.mean(), d.std() / np.sqrt(30), 30)[1] for d in distances)
        error = np.sqrt(one**2 + two**2 - 2 * rho * one * two)
        assert row.high - row.low == pytest.approx(2 * 1.959964 * error, rel=1e-6)
        assert error == pytest.approx((distances[1] - distances[0]).std() / np.sqrt(30), rel=0.1)
        assert row.n_both == 30

    def test_under_weights_of_one_is_the_unweighted_by_the_normal(self, cast):
        shop, known = make_shop(cast.team), people(cast, 30)
        earlier, later = codes_of(1, 30), codes_of(3, 30, codes_of(1, 30))
        for year, codes in zip(YEARS, (earlier, later), strict=True):
            give(shop, year, codes, known, respondent_weight=2)
        shop.compute()
        row = row_of(shop, "quality", ComparisonFamily.ITEMS, f"{QUERY}&weighting=imported")
        error = (later - earlier).std(ddof=1) / np.sqrt(30)
        assert row.high - row.low == pytest.approx(2 * 1.959964 * error, rel=1e-6)

    def test_of_the_very_same_answers_says_that_nothing_varies(self, cast):
        shop, _, _ = panel(cast, both=30, before=0, after=0)
        row = row_of(shop, "quality", ComparisonFamily.ITEMS, "period=2018&before=2018-Q2")
        assert row.difference == 0 and row.p is None and row.reason == "no_variation" and row.verdict == Verdict.UNKNOWN

    def test_is_that_of_independent_periods_where_fewer_than_ten_are_in_both(self, cast):
        shop, earlier, later = panel(cast, both=9, before=30, after=30)
        row = row_of(shop, "quality", ComparisonFamily.ITEMS)
        welch = stats.ttest_ind(later, earlier, equal_var=False)
        assert row.p == pytest.approx(welch.pvalue, rel=1e-9) and row.n_both == 0

    def test_from_a_sample_of_the_people_is_near_that_from_all(self, cast, monkeypatch):
        shop, _, _ = panel(cast, both=200, before=20, after=20)
        whole = row_of(shop, "quality", ComparisonFamily.ITEMS)
        monkeypatch.setattr(overlap, "MOST", 100)
        cache.clear()
        part = row_of(shop, "quality", ComparisonFamily.ITEMS)
        assert whole.n_both == 200 and 140 <= part.n_both <= 220
        assert part.high - part.low == pytest.approx(whole.high - whole.low, rel=0.25)
        assert part.high != whole.high

    def test_counts_everybody_with_the_last_answers(self, cast):
        shop, _, later = panel(cast, both=20, before=0, after=0)
        again = list(Contact.objects.filter(team=cast.team).order_by("id"))
        for code, contact in zip(later, again, strict=True):
            answer_many(shop.version, [sheet_of(code)], at=datetime(2018, 9, 1, tzinfo=UTC), contact=contact)
        shop.compute()
        changes = read_change(shop.tree, QUERY)
        assert changes.overlap == 20 and max(row.n_both for row in changes.rows) == 20


class TestThePage:
    @pytest.mark.parametrize(("both", "said"), [
        (0, "No respondent could be recognised in both periods; they are compared as independent samples."),
        (3, "3 people answered in both periods: too few to tell"),
        (12, "12 people answered in both periods; the intervals take into account"),
    ])
    def test_says_how_many_answered_in_both(self, cast, both, said):
        panel(cast, both=both, before=30 - both, after=30 - both)
        assert said in words(client_of(cast.bob).get(f"/overview/change/?{QUERY}"))

    def test_looks_for_nobody_where_anonymity_was_promised(self, cast):
        shop, _, _ = panel(cast, both=30, before=0, after=0, is_anonymous=True)
        changes = read_change(shop.tree, QUERY)
        assert changes.overlap is None and not changes.is_overlap_used
        assert "in both periods" not in words(client_of(cast.bob).get(f"/overview/change/?{QUERY}"))

    def test_counts_within_the_scope_alone(self, cast):
        shop, known = make_shop(cast.team), people(cast, 24)
        for year in YEARS:
            give(shop, year, codes_of(year, 12), known[:12], attributes={"region": "East"})
            give(shop, year, codes_of(year + 9, 12), known[12:], attributes={"region": "West"})
        shop.compute()
        assert "12 people answered in both" in words(client_of(cast.eve).get(f"/overview/change/?{QUERY}"))
        assert "24 people answered in both" in words(client_of(cast.bob).get(f"/overview/change/?{QUERY}"))

    def test_is_what_the_api_says(self, cast):
        panel(cast, both=15, before=10, after=10)
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/changes/?{QUERY}").json()
        assert reply["overlap"] == 15 and reply["is_overlap_used"] is True
        assert {row["n_both"] for row in reply["rows"]} == {15}


def select(shop: Shop, query: str = QUERY):
    run = get_latest_run(tree=shop.tree)
    return parse_selection(tree=shop.tree, run=run, query=QueryDict(query), scope={}, today=datetime(2026, 11, 22, tzinfo=UTC).date(), at=AFTERWARDS)


def overlap_of(shop: Shop, query: str = QUERY):
    return overlap_kept.read_overlap(selection=select(shop, query), before=periods.parse_period("2017"))


def steady(cast: Cast) -> Shop:
    """Sixty customers in two waves, a quarter of whom fall by a step: beyond chance only as the same people."""
    shop, known = make_shop(cast.team), people(cast, 60)
    drawn = np.random.default_rng(3).integers(2, 6, 60)
    for number, contact in enumerate(known):
        region = {"region": "East" if number < 40 else "West"}
        for wave, fell in (("2017", 0), ("2018", number % 4 == 0)):
            code = int(drawn[number]) - int(fell)
            answer_many(shop.version, [sheet_of(code)], at=datetime(int(wave), 5, 1, tzinfo=UTC), contact=contact,
                        wave=wave, attributes=region, notes=number == 59)
    shop.compute()
    return shop


class TestTheVerdict:
    """That of the overview, of its alerts and of the change page, on every surface."""

    def test_on_the_overview_is_that_of_the_change_page(self, cast):
        shop = steady(cast)
        page, changes = read_overview(selection=select(shop, "")), read_change(shop.tree, "")
        told = {row.key: row for row in changes.rows if row.family in (ComparisonFamily.HEADLINE, ComparisonFamily.INDICATORS)}
        index = page.index.change
        assert (index.difference, index.low, index.high, index.verdict) == tuple(
            getattr(told["csi"], name) for name in ("difference", "low", "high", "verdict"))
        assert index.verdict == Verdict.BEYOND and told["csi"].n_both == 60
        assert compare(page.index.previous, page.index.figure).verdict == Verdict.WITHIN
        assert page.nps.headline.change.low == told["nps"].low
        shown = {row.key: row.headline.change for row in page.nodes}
        assert shown == {key: Change("index", one.difference, one.low, one.high, one.verdict, one.detectable)
                         for key, one in told.items() if one.family == ComparisonFamily.INDICATORS}
        assert {one.verdict for one in shown.values()} == {Verdict.BEYOND}
        assert page.trend.last_change == index

    def test_in_a_segment_is_that_under_its_filter(self, cast):
        shop = steady(cast)
        heat = read_overview(selection=select(shop, "by=region")).heat
        for row in heat.rows:
            filtered = read_overview(selection=select(shop, f"region={row.level}"))
            expected = {"csi": filtered.index.change} | {one.key: one.headline.change for one in filtered.nodes}
            assert [cell.change for cell in row.cells] == [expected[cell.node] for cell in row.cells]
            assert overlap_of(shop, f"{QUERY}&region={row.level}").people in (20, 40)

    def test_of_an_alert_is_that_of_the_row_it_is_about(self, cast):
        shop = steady(cast)
        page = read_overview(selection=select(shop, ""))
        assert page.alerts and page.alerts[0].change.verdict == Verdict.BEYOND
        rows = {"csi": page.index.change} | {row.key: row.headline.change for row in page.nodes}
        whole = [alert for alert in page.alerts if not alert.dimension]
        assert whole and all(alert.change == rows[alert.node] for alert in whole)
        for alert in page.alerts:
            if alert.dimension:
                there = read_overview(selection=select(shop, f"region={alert.level}"))
                found = {"csi": there.index.change} | {row.key: row.headline.change for row in there.nodes}
                assert alert.change == found[alert.node]

    def test_of_independent_periods_keeps_its_digits(self, cast):
        shop = make_shop(cast.team)
        fill_waves(shop)
        shop.compute()
        page = read_overview(selection=select(shop, ""))
        figures = page.index.previous, page.index.figure
        found = welch_difference(*(Estimate(one.value, one.standard_error, one.n, one.n_eff, Interval(one.low, one.high, 0.95))
                                   for one in reversed(figures)))
        assert [page.index.change.low, page.index.change.high] == [found.interval.low, found.interval.high]

    def test_of_the_satisfied_share_takes_the_same_people_into_account(self, cast):
        shop = steady(cast)
        change = read_overview(selection=select(shop, "")).satisfied.headline
        alone = compare(change.previous, change.figure)
        assert change.change.difference == alone.difference
        assert change.change.high - change.change.low < 0.8 * (alone.high - alone.low)


class TestTheKeptOverlap:
    @pytest.fixture
    def shop(self, cast) -> Shop:
        return panel(cast, both=30, before=5, after=5)[0]

    def later(self, shop: Shop, codes, contacts) -> None:
        for number, (code, contact) in enumerate(zip(codes, contacts, strict=True)):
            answer_many(shop.version, [sheet_of(code)], at=datetime(2018, 8, 1, 0, number, tzinfo=UTC), contact=contact)
        shop.compute()

    def test_is_read_once_for_a_run(self, shop, monkeypatch):
        first = overlap_of(shop)
        monkeypatch.setattr(overlap_kept, "read_both", None)
        assert overlap_of(shop) == first and first.people == 30

    def test_of_a_newer_run_is_brought_up_to_date_to_the_digit(self, cast, shop, monkeypatch):
        known = list(Contact.objects.filter(team=cast.team).order_by("id"))
        before = overlap_of(shop)
        self.later(shop, [1, 5, 3, 2], [known[0], known[1], None, known[0]])
        with monkeypatch.context() as patch:
            patch.setattr(overlap_kept, "count_people", None)
            added = overlap_of(shop)
        cache.clear()
        whole = overlap_of(shop)
        assert added == whole != before and added.people == 30

    def test_counts_somebody_who_comes_into_both(self, cast, shop, monkeypatch):
        lone = Contact.objects.create(team=cast.team, email="new@people.example", email_key="new@people.example")
        answer_many(shop.version, [sheet_of(2)], at=datetime(2017, 9, 1, tzinfo=UTC), contact=lone)
        shop.compute()
        assert overlap_of(shop).people == 30
        self.later(shop, [4], [lone])
        monkeypatch.setattr(overlap_kept, "count_people", None)
        assert overlap_of(shop).people == 31

    def test_is_read_anew_after_an_edit_and_after_older_answers(self, cast, shop):
        overlap_of(shop)
        row = Response.objects.filter(contact__isnull=False, completed_at__year=2018).first()
        Response.objects.filter(pk=row.pk).update(answers=sheet_of(1), revision=2)
        note_changed_rows(questionnaire_id=row.questionnaire_id, block_ids=[row.block_id], at=row.completed_at)
        answer_many(shop.version, [sheet_of(1)], at=datetime(2017, 2, 1, tzinfo=UTC), contact=row.contact)
        self.later(shop, [3], [None])
        found = overlap_of(shop)
        cache.clear()
        assert found == overlap_of(shop)

    def test_draws_the_same_people_in_the_database_and_here_whatever_the_order_of_their_numbers(self, shop):
        selection = select(shop)
        sides = [pairing.chosen_rows(selection, period, until=overlap.moment_of(selection), is_shared=False)
                 for period in (selection.previous, selection.period)]
        everybody = set(pairing.people_in_both(*sides))
        assert len(everybody) == 30
        for step in (2, 4):
            assert set(pairing.people_in_both(*sides, step=step)) == {who for who in everybody if pairing.drawn(who, step)}
        found = [who for who in range(1, 8001) if pairing.drawn(who, 8)]
        assert 900 < len(found) < 1100 and all(200 < sum(who % 4 == rest for who in found) < 300 for rest in range(4))

    def test_names_nobody(self, shop, monkeypatch):
        kept = []
        monkeypatch.setattr(keeping, "keep", lambda key, value, seconds: kept.append(zlib.decompress(value).decode()))
        overlap_of(shop)
        assert len(kept) == 1 and "people.example" not in kept[0] and set(json.loads(kept[0])) == {
            "people", "step", "responses", "fingerprint", "newest", "read_at", "sums"}
