"""Comments of an anonymous survey: they come into the lists in the batches of the figures, and in no order of their own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from analytics.dashboards.comment_groups import list_stretches
from analytics.scoring.batches import Batches
from analytics.scoring.periods import parse_period
from tests.analytics.builders import answer_many
from tests.analytics.dashboard_builders import Shop, codes, make_shop, say
from tests.cast import Cast, api_client, client_of, make_cast, make_key, words_of

MAY, JUNE = datetime(2018, 5, 2, tzinfo=UTC), datetime(2018, 6, 2, tzinfo=UTC)
SINGLED = "Written by one of three"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def survey(cast: Cast, *, at: datetime, wave: str, region: str, others: int = 2) -> Shop:
    """Eighty answers in May, of two regions, and a few from elsewhere or later, one of them with a comment."""
    shop = make_shop(cast.team, is_anonymous=True)
    for name in ("East", "West"):
        answer_many(shop.version, codes(4, 39), at=MAY, wave="spring", attributes={"region": name})
        say(shop, f"Written in the {name}", at=MAY, wave="spring", region=name)
    answer_many(shop.version, codes(3, others), at=at, wave=wave, attributes={"region": region})
    say(shop, SINGLED, at=at, wave=wave, region=region)
    shop.compute()
    return shop


def pages(cast: Cast, query: str) -> list[str]:
    """What the page of comments, the overview and the API say of a selection."""
    program = api_client(make_key(cast.team)[1])
    return [
        words_of(client_of(cast.bob).get(f"/comments/?{query}")), words_of(client_of(cast.bob).get(f"/overview/?{query}")),
        program.get(f"/api/v1/overview/?{query}").content.decode(),
    ]


def stretches(period: str, counted_on: dict[tuple[str, date], date]) -> set[tuple[str, date, date, date]]:
    """The stretches of a period as days, from the day on which the answers of each day of a wave count."""
    batches = Batches({(wave, day.toordinal()): on.toordinal() for (wave, day), on in counted_on.items()})
    reading = SimpleNamespace(choice={}, released=SimpleNamespace(batches=lambda _choice: batches))
    selection: Any = SimpleNamespace(period=parse_period(period), reading=reading)
    return {(one.wave, date.fromordinal(one.first), date.fromordinal(one.last), one.month) for one in list_stretches(selection)}


class TestTheDaysWhoseCommentsMayBeRead:
    """A batch of spring that closes on the first of June, one of summer on the last of June, one on the first of July."""

    D = {number: date(2018, 5, number) for number in range(1, 10)}
    JUNE, END, JULY = date(2018, 6, 1), date(2018, 6, 30), date(2018, 7, 1)
    COUNTED = {
        ("spring", D[1]): JUNE, ("spring", D[2]): JUNE, ("spring", D[4]): JUNE, ("summer", D[5]): END, ("summer", D[7]): JULY,
    }

    @pytest.mark.parametrize(("period", "found"), [
        ("2018-05", set()),
        ("2018-06", {("spring", D[1], D[4], JUNE), ("summer", D[5], D[5], JUNE)}),
        ("2018-07", {("summer", D[7], D[7], JULY)}),
        ("wave:spring", {("spring", D[1], D[4], JUNE)}),
        ("wave:summer", {("summer", D[5], D[5], JUNE), ("summer", D[7], D[7], JULY)}),
        ("all", {("spring", D[1], D[4], JUNE), ("summer", D[5], D[5], JUNE), ("summer", D[7], D[7], JULY)}),
    ])
    def test_are_those_of_the_batches_that_close_in_the_period(
        self, period: str, found: set[tuple[str, date, date, date]]
    ) -> None:
        assert stretches(period, self.COUNTED) == found


@pytest.mark.django_db
class TestCommentsThatWereNotPromisedAnonymity:
    def test_are_listed_the_newest_first(self, cast):
        shop = make_shop(cast.team)
        for number, name in ((1, "The first"), (2, "The second"), (2, "The third"), (0, "The eldest")):
            say(shop, name, at=MAY + timedelta(days=number))
        shop.compute()
        page = pages(cast, "period=all")[0]
        assert sorted(("The first", "The second", "The third", "The eldest"), key=page.index) == [
            "The third", "The second", "The first", "The eldest"]


@pytest.mark.django_db
class TestCommentsOfAnAnonymousSurvey:
    @pytest.mark.parametrize("query", ["period=2018-06", "period=2018-06&region=East"])
    def test_are_not_listed_for_a_month_of_which_no_answer_is_counted_yet(self, cast, query):
        survey(cast, at=JUNE, wave="spring", region="East")
        assert not any(SINGLED in page for page in pages(cast, query))

    def test_are_not_listed_for_a_wave_of_which_no_answer_is_counted_yet(self, cast):
        survey(cast, at=JUNE, wave="summer", region="East")
        assert not any(SINGLED in page for page in pages(cast, "period=wave%3Asummer"))

    def test_are_not_listed_for_a_level_of_which_no_answer_is_counted_yet(self, cast):
        survey(cast, at=MAY, wave="spring", region="North")
        assert not any(SINGLED in page for page in pages(cast, "period=all&region=North"))

    @pytest.mark.parametrize(("query", "region"), [("period=2018-05", "East"), ("period=all&region=East", "North")])
    def test_are_not_listed_where_the_rest_of_a_whole_would_be_too_small_a_group(self, cast, query, region):
        survey(cast, at=JUNE if region == "East" else MAY, wave="spring", region=region)
        listed = [SINGLED in page for page in pages(cast, "period=all")]
        rest = [{word for word in ("Written in the East", "Written in the West") if word in page} for page in pages(cast, query)]
        # Only one of the two may be had: the list of the whole, or that of all but three.
        assert not any(listed) or rest[0] != {"Written in the East", "Written in the West"}

    def test_are_listed_where_enough_people_answered(self, cast):
        survey(cast, at=JUNE, wave="summer", region="North", others=20)
        for query in ("period=all", "period=2018-06", "period=wave%3Asummer", "period=all&region=North"):
            assert SINGLED in pages(cast, query)[0], query


@pytest.mark.django_db
class TestTheCommentOfOneDay:
    """Whoever sees in a campaign who has answered on a day would know whose comment came with it."""

    LONELY = "The only one of the second of May"

    def test_waits_with_its_answer(self, cast):
        shop = survey(cast, at=MAY, wave="spring", region="West", others=20)
        say(shop, self.LONELY, at=MAY + timedelta(days=1), wave="spring", region="West")
        shop.compute()
        assert not any(self.LONELY in page for query in ("period=all", "region=West", "q=second") for page in pages(cast, query))

    def test_comes_with_others_in_the_month_in_which_their_batch_counts(self, cast):
        shop = survey(cast, at=MAY, wave="spring", region="West", others=20)
        say(shop, self.LONELY, at=MAY + timedelta(days=1), wave="spring", region="West")
        answer_many(shop.version, codes(3, 12), at=JUNE, wave="spring", attributes={"region": "West"})
        shop.compute()
        assert self.LONELY in pages(cast, "period=2018-06")[0] and self.LONELY not in pages(cast, "period=2018-05")[0]
        everything = pages(cast, "period=all")[0]
        assert f"{self.LONELY} Jun 2018" in everything and "Written in the West May 2018" in everything

    def test_has_no_place_that_tells_when_it_came(self, cast):
        shop = make_shop(cast.team, is_anonymous=True)
        names = [f"Comment {letter}." for letter in "abcdefghijklmnop"]
        for number, name in enumerate(names):
            say(shop, name, at=MAY + timedelta(hours=number), region="East")
        shop.compute()
        page = pages(cast, "period=all")[0]
        listed = sorted(names, key=page.index)
        assert listed not in (names, names[::-1])

    def test_of_a_day_that_is_not_over_is_read_by_nobody(self, cast):
        shop = survey(cast, at=MAY, wave="spring", region="West", others=20)
        answer_many(shop.version, codes(3, 40), at=datetime.now(UTC), wave="spring", attributes={"region": "West"})
        say(shop, "Just sent", at=datetime.now(UTC), wave="spring", region="West")
        shop.compute()
        assert not any("Just sent" in page for page in pages(cast, "period=all"))
