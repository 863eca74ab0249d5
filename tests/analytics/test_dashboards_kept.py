"""The overview is written once and handed out again: never an old one, never another reader's."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory

from accounts.models import Membership, Team, User
from accounts.roles import Role
from analytics.dashboards.access import mark_of
from analytics.dashboards.overview import cards_cache, page_cache
from analytics.dashboards.overview.marks import FIRST, read_mark
from analytics.dashboards.overview.stencils import Placeholders
from analytics.indicators.models import Indicator, IndicatorTree
from analytics.indicators.services import rename_indicator, rename_tree, set_target
from analytics.scoring import keeping, selectors
from analytics.scoring.models import Run
from surveys.answering.models import RecomputeNote, Response
from surveys.contacts.models import ContactAttribute
from surveys.design.models import Questionnaire
from surveys.sending.models import DeliveryState, Invitation
from tests.analytics.builders import AFTERWARDS, answer_many, document, publish_again, rating, text
from tests.analytics.dashboard_builders import (
    Shop,
    codes,
    fill_waves,
    forget,
    invite,
    make_shop,
    queries_of,
    read_page,
    say,
)
from tests.cast import PASSWORD, Cast, client_of
from tests.services.redis_server import RedisServer

pytestmark = pytest.mark.django_db
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
QUERIES_OF_A_KEPT_PAGE = 4
"""The session, the person with the teams, the mark of the tree, the responses quoted."""


@pytest.fixture(autouse=True)
def empty_shelves() -> Iterator[None]:
    forget()
    yield
    forget()


@pytest.fixture
def shop(cast: Cast) -> Shop:
    shop = make_shop(cast.team)
    fill_waves(shop)
    say(shop, "The staff were kind", wave="2018")
    say(shop, "The queue was long", wave="2018", region="West")
    shop.compute()
    return shop


def keep_on() -> None:
    """The same process goes on."""


def without_tokens(page: str) -> str:
    return CSRF.sub("", page)


class TestAKeptPage:
    def test_is_handed_out_in_four_queries_and_says_the_same(self, cast, shop):
        client = client_of(cast.bob)
        first = read_page(client)
        assert len(queries_of(client)) == QUERIES_OF_A_KEPT_PAGE
        assert without_tokens(read_page(client)) == without_tokens(first) and "The staff were kind" in first

    def test_costs_as_many_queries_with_ten_times_the_answers(self, cast, shop):
        client = client_of(cast.bob)
        answer_many(shop.version, codes(4, 2000), wave="2018", attributes={"region": "East"}, source="import")
        shop.compute()
        read_page(client)
        assert len(queries_of(client)) == QUERIES_OF_A_KEPT_PAGE

    def test_has_a_new_token_each_time_that_is_taken(self, cast, shop):
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.bob)
        first, second = (CSRF.findall(read_page(client)) for _ in range(2))
        assert first and len(first) == len(second) and not set(first) & set(second)
        theme = {"theme": "dark", "next": "/overview/"}
        assert client.post("/account/theme/", theme | {"csrfmiddlewaretoken": second[-1]}).status_code == 302
        assert client.post("/account/theme/", theme | {"csrfmiddlewaretoken": "x" * 64}).status_code == 403

    def test_is_written_from_kept_figures_by_another_process(self, cast, shop):
        client = client_of(cast.bob)
        first = queries_of(client)
        forget()
        again = queries_of(client)
        wording = 'FROM "surveys_questionnaireversion"'
        assert any(wording in one for one in first) and not any(wording in one for one in again)
        forget()
        kept = read_page(client)
        cache.clear()
        forget()
        assert without_tokens(read_page(client)) == without_tokens(kept)

    def test_is_one_per_address(self, cast, shop):
        client = client_of(cast.bob)
        whole, east = read_page(client), read_page(client, "?region=East")
        assert whole != east and "The queue was long" not in east
        assert without_tokens(read_page(client)) == without_tokens(whole)

    def test_is_still_redirected_from_an_address_that_is_not_its_own(self, cast, shop):
        client = client_of(cast.bob)
        read_page(client)
        assert client.get("/overview/?compare=previous").headers["Location"] == "/overview/"
        assert client.get("/overview/?survey=0").status_code == 404 == client.get("/overview/live/?survey=0").status_code

    def test_shows_a_message_once(self, cast, shop):
        client = client_of(cast.bob)
        read_page(client)
        client.post("/account/", {"name": "Bob", "language": "en", "theme": "auto"})
        assert "Your profile is saved." in read_page(client)
        assert "Your profile is saved." not in read_page(client)


Change = Callable[[Cast, Shop], Any]
AFTER: dict[str, tuple[Change, str, str]] = {
    # what changes; what the page said before and not after; what it says after and not before
    "a new run": (lambda cast, shop: new_run(shop), "Answers up to 2 May 2018, 00:00", "Answers up to 3 May 2018, 09:30"),
    "a response that waits": (
        lambda cast, shop: RecomputeNote.objects.create(questionnaire=shop.version.questionnaire, at=datetime.now(UTC)),
        "", "new answers are being counted",
    ),
    "a response that has waited for long": (
        lambda cast, shop: RecomputeNote.objects.create(
            questionnaire=shop.version.questionnaire, at=datetime.now(UTC) - timedelta(minutes=5)
        ), "Answers up to", "Not refreshed since",
    ),
    "an erased response": (
        lambda cast, shop: Response.objects.filter(answers__said="The staff were kind").delete(), "The staff were kind", "",
    ),
    "an edited response": (lambda cast, shop: edit("The staff were kind", "All is well"), "The staff were kind", "All is well"),
    "a response set apart as a test": (
        lambda cast, shop: Response.objects.filter(answers__said="The staff were kind").update(is_test=True),
        "The staff were kind", "",
    ),
    "a comment that came in": (lambda cast, shop: say(shop, "Brand new words", wave="2018"), "", "Brand new words"),
    "a target": (lambda cast, shop: set_target(indicator=root_of(shop), target=Decimal(91)), "", "Target 91"),
    "the name of an indicator": (
        lambda cast, shop: rename_indicator(
            indicator=Indicator.objects.get(tree=shop.tree, key="product"), names={"en": "Goods", "zh-hans": "货物"}
        ), ">Product<", ">Goods<",
    ),
    "the name of a level": (
        lambda cast, shop: ContactAttribute.objects.filter(team=shop.team).update(
            level_names={"East": {"en": "Orient", "zh-hans": "东"}}
        ), ">East<", ">Orient<",
    ),
    "the name of another tree": (lambda cast, shop: second_tree_renamed(shop), "", ">Bazaar<"),
    "the threshold for showing": (lambda cast, shop: settle(shop, show_from_n=900), 'class="value-link"', "Scores are shown from 900."),
    "the threshold for being sure": (lambda cast, shop: settle(shop, sure_from_n=900), "", "Few answers"),
    "the promise of anonymity": (
        lambda cast, shop: Questionnaire.objects.update(is_anonymous=True), "East · 2 May 2018", "",
    ),
    "the time zone": (lambda cast, shop: settle(shop, time_zone="Asia/Shanghai"), "00:00 (UTC)", "08:00 (UTC+8)"),
    "the language": (lambda cast, shop: person(cast, language="zh-hans"), "Satisfaction index", "满意度指数"),
    "the colours": (lambda cast, shop: person(cast, theme="dark"), 'data-theme="auto"', 'data-theme="dark"'),
    "the name": (lambda cast, shop: person(cast, name="Robert Brown"), "<b>Bob</b>", "<b>Robert Brown</b>"),
    "the team's name": (lambda cast, shop: settle(shop, name="Green"), ">Blue<", ">Green<"),
    "the role": (lambda cast, shop: member(cast, role=Role.DESIGNER), "", "Questionnaires"),
    "the scope": (lambda cast, shop: member(cast, scope={"region": ["East"]}), "The queue was long", ""),
}


def new_run(shop: Shop) -> None:
    say(shop, "A later word", wave="2018", at=datetime(2018, 5, 3, 9, 30, tzinfo=UTC))
    shop.compute()


def edit(words: str, others: str) -> None:
    """What the customer's own edit does to the row."""
    row = Response.objects.get(answers__said=words)
    row.answers, row.revision = row.answers | {"said": others}, row.revision + 1
    row.save()


def root_of(shop: Shop) -> Indicator:
    return Indicator.objects.get(tree=shop.tree, parent=None)


def second_tree_renamed(shop: Shop) -> None:
    """The list of surveys names trees other than the one shown."""
    second = IndicatorTree.objects.filter(team=shop.team).exclude(pk=shop.tree.pk).get()
    rename_tree(tree=second, names={"en": "Bazaar", "zh-hans": "集市"})


def settle(shop: Shop, **fields: Any) -> None:
    Team.objects.filter(pk=shop.team.pk).update(**fields)


def person(cast: Cast, **fields: Any) -> None:
    User.objects.filter(pk=cast.bob.pk).update(**fields)


def member(cast: Cast, **fields: Any) -> None:
    Membership.objects.filter(user=cast.bob).update(**fields)


@pytest.mark.parametrize("process", [keep_on, forget], ids=["in the same process", "in another process"])
class TestAfterAChange:
    @pytest.mark.parametrize("what", AFTER)
    def test_the_old_page_is_never_shown(self, cast, shop, what, process):
        change, gone, come = AFTER[what]
        make_shop(cast.team, name="Second")
        client = client_of(cast.bob)
        before = read_page(client)
        assert not gone or gone in before
        assert not come or come not in before
        change(cast, shop)
        process()
        after = read_page(client)
        assert not gone or gone not in after
        assert not come or come in after

    def test_a_question_names_the_company_as_it_is_called_now(self, cast, shop, process):
        named = document(rating("overall") | {"text": text("How is {company}?")})
        publish_again(shop.version.questionnaire, named)
        client = client_of(cast.bob)
        assert "How is Blue Company?" in read_page(client)
        settle(shop, company_names={"en": "Green Ltd"})
        process()
        assert "How is Green Ltd?" in read_page(client)

    def test_a_member_who_was_removed_sees_nothing(self, cast, shop, process):
        client = client_of(cast.bob)
        read_page(client)
        Membership.objects.filter(user=cast.bob).delete()
        process()
        assert client.get("/overview/").status_code == 403

    def test_a_person_who_was_shut_out_signs_in_again(self, cast, shop, process):
        client = client_of(cast.bob)
        read_page(client)
        person(cast, is_active=False)
        process()
        assert client.get("/overview/").headers["Location"].startswith("/account/sign-in/")

    def test_a_person_whose_password_changed_signs_in_again(self, cast, shop, process):
        client = client_of(cast.bob)
        read_page(client)
        cast.bob.set_password(PASSWORD + " 2")
        cast.bob.save()
        process()
        assert client.get("/overview/").headers["Location"].startswith("/account/sign-in/")


class TestAnotherReader:
    @pytest.fixture(params=[keep_on, forget], ids=["in the same process", "in another process"])
    def process(self, request) -> Callable[[], None]:
        return request.param

    def test_of_the_same_team_gets_a_page_with_the_own_name(self, cast, shop, process):
        read_page(client_of(cast.bob))
        process()
        page = read_page(client_of(cast.alice))
        assert "<b>Alice</b>" in page and "<b>Bob</b>" not in page and "Questionnaires" in page

    def test_with_a_scope_never_sees_figures_or_words_from_outside(self, cast, shop, process):
        whole = read_page(client_of(cast.bob))
        process()
        east = read_page(client_of(cast.eve))
        assert "The queue was long" in whole and "The queue was long" not in east
        assert ">West<" in whole and ">West<" not in east
        process()
        assert ">West<" in read_page(client_of(cast.bob))

    def test_of_another_team_finds_nothing_there(self, cast, shop, process):
        address = f"?survey={shop.tree.pk}"
        read_page(client_of(cast.bob), address)
        process()
        assert client_of(cast.charlie).get(f"/overview/{address}").status_code == 404
        assert client_of(cast.charlie).get(f"/overview/live/{address}").status_code == 404
        assert "Four steps to the first result" in read_page(client_of(cast.charlie))

    def test_of_two_teams_sees_that_of_the_chosen_one(self, cast, shop, process):
        Membership.objects.create(user=cast.bob, team=cast.other_team, role=Role.MANAGER)
        client = client_of(cast.bob)
        assert "The staff were kind" in read_page(client)
        client.post("/account/team/", {"team": cast.other_team.pk})
        process()
        assert "The staff were kind" not in read_page(client)


class TestTheNextDay:
    def test_has_its_own_figures(self, cast, shop):
        """A period that was running yesterday may be over today."""
        actor, mark = cast.actor(cast.bob), read_mark(team_id=cast.team.pk, tree_id=shop.tree.pk)
        names = {
            cards_cache.name_of(mark, actor=actor, selection=selection_on(shop, day), language="en")
            for day in (datetime(2026, 11, 30), datetime(2026, 12, 1), datetime(2026, 12, 1))
        }
        assert len(names) == 2

    def test_has_its_own_page(self, cast, shop):
        request = request_of(cast)
        mark = mark_of(request.actor, "")
        one, other = (page_cache.name_of(request, mark, language="en", at=at) for at in (
            datetime(2026, 11, 30, 23, 59, tzinfo=UTC), datetime(2026, 12, 1, 0, 1, tzinfo=UTC),
        ))
        assert one and other and one != other


def selection_on(shop: Shop, day: datetime) -> Any:
    from django.http import QueryDict

    from analytics.dashboards.selection import parse_selection

    run = selectors.get_latest_run(tree=shop.tree)
    return parse_selection(tree=shop.tree, run=run, query=QueryDict(), scope={}, today=day.date(), at=AFTERWARDS)


def request_of(cast: Cast) -> Any:
    request = RequestFactory().get("/overview/")
    request.actor, request.user, request._messages = cast.actor(cast.bob), cast.bob, ()
    return request


class TestAChangeWhileThePageIsWritten:
    """The name was read before; what is written after it may be newer and must not be kept under it."""

    def test_leaves_nothing_behind(self, cast, shop):
        client, changed = client_of(cast.bob), False

        def change(execute: Any, sql: str, *rest: Any) -> Any:
            nonlocal changed
            if not changed and 'FROM "analytics_slice"' in sql:
                changed = True
                target(91)
            return execute(sql, *rest)

        def target(value: int) -> None:
            Indicator.objects.filter(tree=shop.tree, parent=None).update(target=value)

        target(80)
        with connection.execute_wrapper(change):
            assert "Target 91" in read_page(client)
        assert not kept_figures() and not page_cache.pages.things
        target(80)
        assert "Target 80" in read_page(client)


class TestTheResponseRate:
    def test_is_counted_anew_every_quarter_of_a_minute(self, cast, shop):
        invite(shop, sent=40, completed=10)
        request, at = request_of(cast), datetime(2026, 11, 30, 12, tzinfo=UTC)
        read_page(client_of(cast.bob))
        (page,) = page_cache.pages.things.values()

        def shown(seconds: float) -> str:
            filled = page_cache.fill_page(request, page, name="one", at=at + timedelta(seconds=seconds))
            return re.search(r'val-s">([\d.]+)<span class="unit">%</span>\s*</div>\s*<div class="ci">\s*of delivered', filled)[1]

        assert shown(0) == "25.0"
        Invitation.objects.filter(completed_at=None, state=DeliveryState.SENT).update(completed_at=at, started_at=at)
        assert (shown(14), shown(15)) == ("25.0", "100.0")

    def test_appears_with_the_first_mail(self, cast, shop):
        client = client_of(cast.bob)
        assert "Nobody was invited by mail" in read_page(client)
        invite(shop, sent=40, completed=10)
        assert "of delivered invitations" in read_page(client)


class TestTheCache:
    def test_holds_no_words_of_customers_and_no_name_of_a_reader(self, cast, shop, redis_server: RedisServer):
        read_page(client_of(cast.bob))
        kept = kept_figures()
        assert len(kept) == 1 and "Satisfaction index" in kept[0]
        assert not [one for one in ("The staff were kind", "The queue was long", "Bob", "bob@") if one in kept[0]]

    def test_costs_nothing_but_time_when_it_is_gone(self, cast, shop, redis_server: RedisServer):
        client = client_of(cast.bob)
        first = read_page(client)
        redis_server.stop()
        assert without_tokens(read_page(client)) == without_tokens(first)
        forget()
        assert without_tokens(read_page(client)) == without_tokens(first)

    def test_is_left_alone_for_a_while_when_it_does_not_answer(self, cast, shop, redis_server: RedisServer):
        redis_server.freeze()
        assert "The staff were kind" in read_page(client_of(cast.bob))
        begun = datetime.now(UTC)
        assert keeping.fetch("anything") is None and keeping.keep("anything", b"1", seconds=9) is None
        assert datetime.now(UTC) - begun < timedelta(milliseconds=500)
        redis_server.thaw()
        forget()
        keeping.keep("anything", b"1", seconds=9)
        assert keeping.fetch("anything") == b"1"

    def test_that_lost_everything_is_filled_again(self, cast, shop, redis_server: RedisServer):
        client = client_of(cast.bob)
        first = read_page(client)
        redis_server.empty()
        assert not kept_figures()
        forget()
        assert without_tokens(read_page(client)) == without_tokens(first)
        assert kept_figures()


def kept_figures() -> list[str]:
    """What Redis holds of pages, unpacked."""
    names = redis.Redis.from_url(settings.CACHE_URL).keys("*figures:*")
    return [zlib.decompress(cache.get(name.decode().split(":", 2)[2])).decode() for name in names]


class TestTheMark:
    def mark(self, shop: Shop) -> Any:
        return read_mark(team_id=shop.team.pk, tree_id=shop.tree.pk)

    def test_tells_what_the_stamp_tells(self, cast, shop):
        say(shop, "One more", wave="2018")
        assert self.mark(shop).freshness == selectors.freshness(tree=shop.tree)
        shop.compute()
        assert self.mark(shop).freshness == selectors.freshness(tree=shop.tree)
        assert not self.mark(shop).freshness.is_pending

    def test_never_says_the_same_of_two_states_of_the_responses(self, cast, shop):
        seen = [self.mark(shop).answers]
        for _ in range(3):
            say(shop, "One more", wave="2018")
            seen.append(self.mark(shop).answers)
            shop.compute()
            seen.append(self.mark(shop).answers)
        assert len(set(seen)) == len(seen)

    def test_is_the_same_while_nothing_changes(self, cast, shop):
        assert self.mark(shop) == self.mark(shop) == read_mark(team_id=shop.team.pk, tree_id=FIRST)

    def test_changes_with_a_run_of_the_same_number(self, cast, shop):
        """A restored database hands out ids a second time."""
        before = self.mark(shop)
        Run.objects.update(finished_at=datetime.now(UTC) + timedelta(seconds=1))
        assert self.mark(shop).meaning != before.meaning

    def test_is_none_for_another_team_and_before_the_first_run(self, cast, shop):
        assert read_mark(team_id=cast.other_team.pk, tree_id=shop.tree.pk) is None
        assert read_mark(team_id=cast.other_team.pk, tree_id=make_shop(cast.other_team).tree.pk) is None


class TestAStencil:
    def test_has_a_hole_only_where_a_mark_was_written(self):
        marks = Placeholders()
        stencil = marks.cut(f"a {marks['one']} [one] {Placeholders()['one']} b {marks['two']}")
        filled = stencil.filled({"one": "1", "two": "2"})
        assert stencil.holes == ("one", "two") and filled.startswith("a 1 [one] [") and filled.endswith(" b 2")


class TestAShelf:
    def test_lets_go_of_what_was_not_asked_for_the_longest(self):
        from analytics.dashboards.overview.shelves import Shelf

        shelf: Shelf[int] = Shelf(2)
        shelf.put("a", 1)
        shelf.put("b", 2)
        assert shelf.find("a") == 1
        shelf.put("c", 3)
        assert (shelf.find("a"), shelf.find("b"), shelf.find("c")) == (1, None, 3)
