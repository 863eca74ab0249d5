"""Comments of an anonymous survey: nobody's is listed in a group that its figures, counted in batches, say nothing of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.analytics.builders import answer_many
from tests.analytics.dashboard_builders import Shop, codes, make_shop, say
from tests.cast import Cast, api_client, client_of, make_cast, make_key, words_of

pytestmark = pytest.mark.django_db
MAY, JUNE = datetime(2018, 5, 2, tzinfo=UTC), datetime(2018, 6, 2, tzinfo=UTC)
SINGLED = "Written by one of three"
WITHHELD = "Comments are shown for groups of 10 answers or more."


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


class TestCommentsOfAnAnonymousSurvey:
    @pytest.mark.parametrize("query", ["period=2018-06", "period=2018-06&region=East"])
    def test_are_not_listed_for_a_month_of_which_no_answer_is_counted_yet(self, cast, query):
        survey(cast, at=JUNE, wave="spring", region="East")
        assert not any(SINGLED in page for page in pages(cast, query))
        assert WITHHELD in pages(cast, query)[0]

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
