"""Anonymous answers in batches: no two looks at any shown group differ by one to k - 1 answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.scoring.batches import close_batches
from analytics.scoring.disclosure import hidden_groups
from analytics.scoring.periods import EVERYTHING
from analytics.scoring.reading import Reading
from analytics.scoring.results import Grain, PeriodResult, Status
from analytics.scoring.selectors import read_period, read_segments, read_trend
from analytics.scoring.services import recompute
from analytics.scoring.weight_lab import compare_weights, is_outdated
from tests.analytics.builders import AFTERWARDS, AT, answer_many, make_dimension, make_team, make_tree, publish, sheet
from tests.analytics.dashboard_builders import codes, make_shop, shop_document
from tests.cast import api_client, client_of, make_cast, make_key
from tests.cast import words_of as words

K = 10
FIRST = datetime(2026, 1, 20, 9, tzinfo=UTC)
LEVELS = ("East", "West", "North")
ARRIVALS = st.lists(
    st.dictionaries(st.sampled_from(LEVELS), st.integers(0, 14), max_size=3), min_size=1, max_size=18
)


def stream_of(arrivals) -> dict[int, dict[tuple[str, ...], int]]:
    return {day: {(level,): n for level, n in counts.items() if n} for day, counts in enumerate(arrivals, 1)
            if any(counts.values())}


def whole_of(stream) -> dict[int, dict[tuple[str, ...], int]]:
    return {day: {(): sum(counts.values())} for day, counts in stream.items()}


def counted(stream, closing, until: int) -> dict[tuple[str, ...], int]:
    """What is counted of each group when days before `until` are over."""
    found: dict[tuple[str, ...], int] = {group: 0 for counts in stream.values() for group in counts}
    for day, counts in stream.items():
        if closing.get(day, until) < until:
            for group, n in counts.items():
                found[group] += n
    return found


class TestBatches:
    @given(ARRIVALS)
    @settings(deadline=None)
    def test_of_the_whole_have_at_least_k(self, arrivals):
        stream = whole_of(stream_of(arrivals))
        closing = close_batches(stream, k=K)
        looks = [counted(stream, closing, until).get((), 0) for until in range(1, 21)]
        assert all(later == earlier or later - earlier >= K for earlier, later in combinations(looks, 2))
        assert sum(n[()] for n in stream.values()) - max(looks) < K

    @given(ARRIVALS)
    @settings(deadline=None)
    def test_never_tell_two_looks_at_a_shown_level_apart_by_fewer_than_k(self, arrivals):
        stream = stream_of(arrivals)
        whole = close_batches(whole_of(stream), k=K)
        closing = close_batches(stream, k=K, may_close=set(whole.values()))
        for one, other in combinations(range(1, 21), 2):
            before, after = counted(stream, closing, one), counted(stream, closing, other)
            hidden = hidden_groups(before, K) | hidden_groups(after, K)
            grown = {group: after[group] - before[group] for group in after}
            shown = {group for group in grown if group not in hidden and before[group]}
            assert all(grown[group] == 0 or grown[group] >= K for group in shown)
            rest = sum(n for group, n in grown.items() if group not in shown)
            assert rest == 0 or rest >= K or not any(before.values())

    @given(ARRIVALS)
    @settings(deadline=None)
    def test_stay_the_same_whatever_comes_later(self, arrivals):
        stream = stream_of(arrivals)
        closing = close_batches(stream, k=K)
        for until in range(1, 20):
            early = close_batches({day: n for day, n in stream.items() if day < until}, k=K)
            assert early == {day: on for day, on in closing.items() if on < until}

    @given(ARRIVALS)
    @settings(deadline=None)
    def test_of_levels_are_unions_of_those_of_the_whole(self, arrivals):
        stream = stream_of(arrivals)
        whole = close_batches(whole_of(stream), k=K)
        closing = close_batches(stream, k=K, may_close=set(whole.values()))
        assert set(closing.values()) <= set(whole.values()) and all(whole[day] <= on for day, on in closing.items())


class Survey:
    """An anonymous survey that goes on from day to day, with a run after every arrival."""

    def __init__(self) -> None:
        team = make_team()
        make_dimension(team, "region", *LEVELS)
        self.version = publish(team, shop_document(), is_anonymous=True)
        self.tree = make_tree(self.version)

    def arrive(self, day: int, region: str, count: int, level: int = 4) -> None:
        given_answers = [sheet(level, level, level, level, 2 * level, level)] * count
        answer_many(self.version, given_answers, at=FIRST + timedelta(days=day), attributes={"region": region})

    def run(self, day: int, hour: int = 12):
        return recompute(tree=self.tree, at=FIRST + timedelta(days=day, hours=hour - 9)).run


def looked(run) -> Iterator[tuple[str, PeriodResult]]:
    """Everything an attacker can read of a run when it is made, by a name that is the same in every run."""
    def reading(**filters) -> Reading:
        return Reading(run, at=run.started_at, **filters)

    for grain in (Grain.ALL, Grain.MONTH, Grain.QUARTER, Grain.YEAR):
        for one in reading().trend(grain, None, None):
            yield one.period.key, one
            for segment in reading().segments(one.period, "region", None):
                yield f"{one.period.key}/{segment.level}", segment.result
            for level in LEVELS:
                yield f"filter/{one.period.key}/{level}", reading(filters={"region": [level]}).period(one.period)


def index_then(run):
    """The index as it was read when the run was made."""
    return Reading(run, at=run.started_at).period(EVERYTHING).root.index


@pytest.mark.django_db
class TestSuccessiveRuns:
    def test_cannot_be_subtracted_to_a_group_of_fewer_than_k(self):
        survey, looks = Survey(), []
        plan = [(0, "East", 7), (1, "West", 6), (2, "East", 1), (3, "North", 2), (4, "West", 12), (5, "East", 11), (9, "West", 3),
                (11, "North", 13), (12, "East", 1), (13, "East", 25), (14, "West", 9), (20, "West", 11), (21, "North", 1)]
        for day, region, count in plan:
            survey.arrive(day, region, count)
            looks.append(dict(looked(survey.run(day))))
            looks.append(dict(looked(survey.run(day + 1, hour=2))))
        moved = set()
        for before, after in combinations(looks, 2):
            for name in before.keys() & after.keys():
                if before[name].root.index.is_shown and after[name].root.index.is_shown:
                    grown = after[name].responses - before[name].responses
                    assert grown == 0 or grown >= K, (name, grown)
                    moved |= {name} if grown else set()
        assert {"all", "2026-01", "all/West", "filter/all/West"} <= moved

    def test_show_the_same_until_k_more_have_come_and_their_day_is_over(self):
        survey = Survey()
        survey.arrive(0, "East", 30)
        first = index_then(survey.run(1))
        survey.arrive(1, "East", 1, level=1)
        survey.arrive(2, "East", 8, level=1)
        assert index_then(survey.run(3)) == first
        survey.arrive(3, "East", 1, level=1)
        assert index_then(survey.run(3, hour=14)) == first
        later = Reading(survey.run(4), at=FIRST + timedelta(days=4)).period(EVERYTHING).root.index
        assert (first.n, later.n) == (30, 40) and later.value < first.value

    def test_count_a_batch_in_the_month_that_closed_it(self):
        survey = Survey()
        survey.arrive(0, "East", 20)
        survey.arrive(10, "East", 4)
        survey.arrive(14, "East", 8)
        run = survey.run(16)
        months = {one.period.key: one.responses for one in read_trend(run, grain=Grain.MONTH, at=AFTERWARDS)}
        assert months == {"2026-01": 20, "2026-02": 12} and read_period(run, period=EVERYTHING, at=AFTERWARDS).responses == 32

    def test_keep_what_was_shown_when_the_day_of_an_old_run_is_over(self):
        survey = Survey()
        survey.arrive(0, "East", 20)
        survey.arrive(1, "East", 12)
        old = survey.run(1)
        survey.arrive(1, "East", 1)
        survey.run(1, hour=13)
        later = Reading(old, at=FIRST + timedelta(days=9)).period(EVERYTHING)
        assert later.responses == 20

    def test_show_a_day_that_is_over_without_another_run(self):
        survey = Survey()
        survey.arrive(0, "East", 20)
        run = survey.run(0)
        assert Reading(run, at=FIRST + timedelta(hours=5)).period(EVERYTHING).responses == 0
        assert Reading(run, at=FIRST + timedelta(days=1)).period(EVERYTHING).responses == 20

    def test_tell_nothing_of_a_level_under_a_filter(self):
        survey = Survey()
        make_dimension(survey.tree.team, "tier", "gold", "basic")
        for tier in ("gold", "basic"):
            answer_many(survey.version, [sheet(4, 4, 4, 4)] * 40, at=FIRST, attributes={"region": "East", "tier": tier})
            answer_many(survey.version, [sheet(4, 4, 4, 4)] * 40, at=FIRST, attributes={"region": "West", "tier": tier})
        levels = read_segments(survey.run(2), period=EVERYTHING, dimension="tier", filters={"region": ["East"]}, at=AFTERWARDS)
        assert levels and {one.result.root.index.status for one in levels} == {Status.WITHHELD}
        assert not any(one.result.is_withheld for one in read_segments(survey.run(2), period=EVERYTHING, dimension="tier", at=AFTERWARDS))

    def test_of_named_answers_show_every_answer_at_once(self):
        version = publish(make_team(), shop_document())
        tree = make_tree(version)
        answer_many(version, codes(4, 11), at=AT)
        assert read_period(recompute(tree=tree, at=AT).run, period=EVERYTHING, at=AFTERWARDS).responses == 11


@pytest.mark.django_db
class TestWhatIsSaid:
    @pytest.fixture
    def shop(self):
        cast = make_cast()
        shop = make_shop(cast.team, is_anonymous=True)
        answer_many(shop.version, codes(4, 40), at=datetime(2018, 5, 1, tzinfo=UTC))
        answer_many(shop.version, codes(2, 3), at=datetime(2018, 5, 3, tzinfo=UTC))
        shop.compute()
        return cast, shop

    @pytest.mark.parametrize("page", ["/overview/?period=all", "/overview/change/", "/weighting/"])
    def test_how_many_answers_wait(self, shop, page):
        cast, _ = shop
        assert "3 anonymous answers wait" in words(client_of(cast.bob).get(page))

    def test_is_in_chinese_too(self, shop):
        cast, _ = shop
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        assert "3 份匿名答卷正在等待" in words(client_of(cast.bob).get("/overview/?period=all"))

    def test_is_in_the_api_with_the_values(self, shop):
        cast, one = shop
        run = one.tree.runs.first()
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{run.pk}/values/").json()
        assert reply["waiting"] == 3 and reply["results"][0]["responses"] == 40

    def test_is_why_there_are_no_weights(self, shop):
        cast, _ = shop
        assert "promised anonymity, so they are not weighted" in words(client_of(cast.bob).get("/weighting/"))


@pytest.mark.django_db
class TestWhatLooksPastTheBatches:
    """Before its day is over a newcomer must not be seen anywhere, also not by comparing with what was said before."""

    @pytest.fixture
    def survey(self):
        survey = Survey()
        for day in range(12):
            survey.arrive(day, "East", 10)
        survey.run(13)
        return survey

    def compared(self, survey: Survey):
        return compare_weights(tree=survey.tree, at=FIRST + timedelta(days=13, hours=4)).result

    def test_the_comparison_of_weights_is_the_same_with_one_answer_more(self, survey):
        before = self.compared(survey)
        survey.arrive(13, "East", 1, level=1)
        survey.run(13, hour=13)
        assert self.compared(survey) == before
        assert before["candidates"][0]["nodes"]["csi"]["n"] == 120

    def test_the_comparison_counts_what_the_pages_count(self, survey):
        survey.arrive(13, "East", 1, level=1)
        survey.run(13, hour=13)
        row = compare_weights(tree=survey.tree, at=FIRST + timedelta(days=13, hours=4))
        assert row.responses == 120

    def test_a_comparison_is_made_anew_when_a_day_is_over_and_not_before(self, survey):
        self.compared(survey)
        survey.arrive(13, "East", 15, level=1)
        survey.run(13, hour=13)
        assert not is_outdated(tree=survey.tree, at=FIRST + timedelta(days=13, hours=5))
        assert is_outdated(tree=survey.tree, at=FIRST + timedelta(days=14, hours=5))

    def test_other_weights_are_not_compared_where_a_few_left_a_part_out(self, survey):
        rows = [sheet(4, 4, None, 4, 8, 4)] * 3 + [sheet(4, 4, 4, 4, 8, 4)] * 9
        answer_many(survey.version, rows, at=FIRST + timedelta(days=13), attributes={"region": "East"})
        survey.run(15)
        result = compare_weights(tree=survey.tree, at=FIRST + timedelta(days=15, hours=4)).result
        of = {one["code"]: one["nodes"] for one in result["candidates"] if "nodes" in one}
        assert of["in_force"]["csi"]["value"] is not None and of["in_force"]["speed"]["value"] is None
        assert of["equal"]["csi"]["status"] == of["equal"]["service"]["status"] == "withheld"
        assert of["equal"]["product"]["value"] is not None

    def test_the_stamp_and_the_api_tell_no_moment_and_no_count(self, shop_of_cast):
        cast, shop = shop_of_cast
        page = words(client_of(cast.bob).get("/overview/?period=all"))
        assert "Anonymous answers are counted together with others" in page and "Answers up to" not in page
        client = api_client(make_key(cast.team)[1])
        fresh = client.get("/api/v1/overview/").json()["freshness"]
        assert (fresh["responses"], fresh["newest_response_at"]) == (None, None)
        run = shop.tree.runs.first()
        for told in (client.get("/api/v1/runs/").json()["results"][0], client.get(f"/api/v1/runs/{run.pk}/").json()):
            assert (told["responses"], told["fingerprint"], told["newest_response_at"]) == (None, "", None)
            assert not {"versions", "in_blocks"} & set(told["provenance"])

    @pytest.mark.parametrize("page", ["/overview/method/", "/runs/{}/value/", "/runs/{}/compare/{}/"])
    def test_no_page_tells_how_many_answers_a_run_covers(self, shop_of_cast, page):
        cast, shop = shop_of_cast
        later, earlier = shop.tree.runs.order_by("-pk")[:2]
        client = client_of(cast.bob)
        text = client.get(page.format(later.pk, earlier.pk)).content.decode()
        assert later.fingerprint not in text and not re.search(r">\s*43\s*<|: 43 responses|· 4[13] responses", text)

    @pytest.fixture
    def shop_of_cast(self):
        cast = make_cast()
        shop = make_shop(cast.team, is_anonymous=True)
        answer_many(shop.version, codes(4, 41), at=datetime(2018, 5, 1, tzinfo=UTC))
        shop.compute()
        answer_many(shop.version, codes(4, 2), at=datetime(2018, 5, 2, tzinfo=UTC))
        shop.compute()
        return cast, shop
