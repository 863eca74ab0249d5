"""Bad input in the rooms of values, change and weighting: a named reason in both languages, never NaN, never an error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext

from analytics.scoring.definition import Definition
from analytics.scoring.disclosure import Rules
from analytics.scoring.figures import Reader
from analytics.scoring.recompute_requests import request_recompute
from analytics.scoring.schemes import save_scheme
from analytics.scoring.selectors import list_runs
from analytics.scoring.weighting import PopulationPlan
from tests.analytics.builders import AT, ITEMS, answer_many, make_dimension
from tests.analytics.dashboard_builders import Shop, codes, make_shop
from tests.cast import Cast, api_client, client_of, make_cast, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
YEARS = (2017, 2018)
TWO = "period=2018&before=2017"
LANGUAGES = {"en": "en", "zh-hans": "zh-CN"}
NO_NUMBER = re.compile(r"(?<![\w.-])(nan|inf|-inf|infinity|none(?! yet| covers)|undefined)(?![\w.-])", re.IGNORECASE)
PAGES = {
    "value": "/runs/{run}/value/?{query}", "compare": "/runs/{run}/compare/{first}/?{query}",
    "change": "/overview/change/?{query}", "weighting": "/weighting/?{query}", "new weighting": "/weighting/new/?{query}",
}
APIS = {
    "api values": "/api/v1/runs/{run}/values/?{query}", "api trend": "/api/v1/runs/{run}/values/?{query}&grain=year",
    "api levels": "/api/v1/runs/{run}/values/?{query}&dimension=region", "api value": "/api/v1/runs/{run}/value/?{query}",
    "api change": "/api/v1/changes/?{query}", "api weightings": "/api/v1/weightings/?{query}",
}
COMMON = {"period", "weighting", "filter"}
TAKEN = {
    "api values": COMMON, "api trend": COMMON - {"period"}, "api levels": COMMON, "api value": {*COMMON, "node"},
    "api change": {"period", "before", "weighting", "region", "nope"}, "api weightings": {"period", "region", "nope"},
}
"""What of a case's query each address of the API takes: it refuses what it does not know."""
UNKNOWN_KEY = "Nothing can be asked for by this name here. Known are: %(known)s."
SOME = [*codes(2, 20), *codes(4, 20)]
NO_ANSWERS, NOBODY = "No answers in this selection.", "No answers in this period, so there is nobody to weight."
UNKNOWN = "%(n)s answer is not on the scale of its question, so it is not counted."
UNKNOWN_MANY = "%(n)s answers are not on the scale of their question, so they are not counted."
ALIKE = "The answers do not vary, so chance cannot be told."


@dataclass(frozen=True)
class Said:
    """A text of the interface with what fills it."""

    text: str
    details: Mapping[str, Any] = field(default_factory=dict)
    plural: str = ""
    n: int = 0

    def __str__(self) -> str:
        found = ngettext(self.text, self.plural, self.n) if self.plural else gettext(self.text)
        return found % self.details


@dataclass(frozen=True)
class Case:
    """What is wrong, the query that meets it (of the saved weighting's id), and who must say what."""

    build: Callable[[Shop], Any]
    query: str = TWO
    says: Mapping[str, Said] = field(default_factory=dict)


def give(shop: Shop, answers: Sequence[Mapping[str, Any]], region: str = "East", **fields: Any) -> None:
    for year in YEARS:
        answer_many(shop.version, answers, at=datetime(year, 5, 1, tzinfo=UTC), attributes={"region": region}, **fields)


def from_one_answer(shop: Shop, answers: Sequence[Mapping[str, Any]], **fields: Any) -> None:
    """The team shows figures from one answer on, so that nothing hides behind the rule for small numbers."""
    shop.team.show_from_n = 1
    shop.team.save(update_fields=["show_from_n"])
    give(shop, answers, **fields)


def with_scheme(*population: tuple[tuple[str, ...], float], dimensions: tuple[str, ...] = ("region",),
                trim: tuple[float, float] | None = None) -> Callable[[Shop], Any]:
    def build(shop: Shop) -> Any:
        give(shop, SOME)
        give(shop, SOME, region="West")
        make_dimension(shop.team, "tier", "gold")
        return save_scheme(tree=shop.tree, name="Wrong", plan=PopulationPlan("rake", dimensions, population, trim), user=None, at=AT)
    return build


def everywhere(text: str, details: Mapping[str, Any] | None = None, *more: str) -> dict[str, Said]:
    """What all readers of weighted figures say."""
    names = ("value", "change", "weighting", "api values", "api trend", "api levels", "api value", "api change",
             "api weightings", *more)
    return dict.fromkeys(names, Said(text, details or {}))


def unknown(answers: Sequence[Mapping[str, Any]], **other: Any) -> list[dict[str, Any]]:
    return [{**given, **other} for given in answers]


def without(answers: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    return [{name: code for name, code in given.items() if name != key} for given in answers]


WEIGHTED = f"{TWO}&weighting={{scheme}}"
IMPORTED = f"{TWO}&weighting=imported"
CASES = {
    "no answers at all": Case(lambda shop: None, says={
        "value": Said(NO_ANSWERS), "compare": Said(NO_ANSWERS), "api values": Said(NO_ANSWERS),
        "api value": Said(NO_ANSWERS), "weighting": Said(NOBODY), "api weightings": Said(NOBODY),
        "change": Said("Nothing can be compared: too few answers in one of the periods."), "api change": Said(NO_ANSWERS)}),
    "one answer": Case(lambda shop: from_one_answer(shop, codes(3, 1)), says={
        "value": Said("They cannot be compared, because one of them may not be shown: an indicator has too few answers."),
        "api value": Said("Too few answers to tell chance from change."),
        "change": Said("Too few answers to tell chance from change."),
        "api change": Said("Too few answers to tell chance from change.")}),
    "one weighted answer": Case(
        lambda shop: from_one_answer(shop, codes(3, 1), respondent_weight=2), f"{IMPORTED}",
        {name: Said("One answer carries all the weight.") for name in
         ("value", "change", "weighting", "api values", "api value", "api change", "api weightings")}),
    "two answers": Case(lambda shop: from_one_answer(shop, [codes(2, 1)[0], codes(4, 1)[0]])),
    "two answers alike": Case(lambda shop: from_one_answer(shop, [codes(4, 1)[0]] * 2), says={
        "change": Said(ALIKE), "api change": Said(ALIKE)}),
    "too few answers": Case(lambda shop: give(shop, codes(3, 7)), says=dict.fromkeys(
        ("value", "compare", "change", "weighting", "api values", "api value", "api change", "api weightings"),
        Said("%(n)s answer. Scores are shown from %(needed)s.", {"n": 7, "needed": 10},
             "%(n)s answers. Scores are shown from %(needed)s.", 7))),
    "one category only": Case(lambda shop: give(shop, [codes(4, 1)[0]] * 40), says={
        "change": Said(ALIKE), "api change": Said(ALIKE)}),
    "codes the scale does not know": Case(
        lambda shop: give(shop, unknown(SOME, quality=9, design=-1, attitude="x", speed=True)), f"{TWO}&node=quality",
        {name: Said(UNKNOWN, {"n": 40}, UNKNOWN_MANY, 40) for name in ("value", "api values", "api value", "change", "api change")}
        | {"compare": Said("No valid answers in this selection.")}),
    "some codes the scale does not know": Case(
        lambda shop: give(shop, [*SOME, *unknown(SOME[:15], quality=9)]), f"{TWO}&node=quality",
        {name: Said(UNKNOWN, {"n": 15}, UNKNOWN_MANY, 15) for name in ("value", "api values", "api value", "api change")}),
    "an item without answers": Case(lambda shop: give(shop, without(SOME, "design")), f"{TWO}&node=design", {
        "value": Said(NO_ANSWERS), "api value": Said(NO_ANSWERS), "api values": Said(NO_ANSWERS),
        "change": Said("An indicator has too few answers in one of the periods, so the parts cannot be shown."),
        "api change": Said("An indicator has too few answers in one of the periods, so the parts cannot be shown.")}),
    "no answer to anything": Case(lambda shop: give(shop, [dict.fromkeys((*ITEMS, "overall", "nps"), "NA")] * 40), says={
        name: Said(NO_ANSWERS) for name in ("value", "compare", "api values", "api value", "api change")}),
    "a negative weight": Case(lambda shop: give(shop, SOME, respondent_weight=-1), IMPORTED,
                              everywhere("A respondent weight is negative or not a number.")),
    "weights that sum to 0": Case(lambda shop: give(shop, SOME, respondent_weight=0), IMPORTED,
                                  everywhere("The respondent weights of this period add up to 0.")),
    "no weights where they are asked for": Case(
        lambda shop: give(shop, SOME), IMPORTED,
        everywhere("No weights were imported with the answers of this period.")),
    "a margin without respondents": Case(
        with_scheme((("East",), 5), (("West",), 3), (("North",), 2)), WEIGHTED,
        everywhere("“%(level)s” (%(dimension)s) has a population but no respondent in this period: nobody can stand for"
                   " these people. Join it with a neighbouring level, or choose a longer period.",
                   {"level": "North", "dimension": "region"})),
    "respondents without a margin": Case(
        with_scheme((("East",), 5)), WEIGHTED,
        everywhere("“%(level)s” (%(dimension)s) has %(n)s respondents but no population. Enter how many people it has.",
                   {"level": "West", "dimension": "region", "n": 40})),
    "limits that contradict the margins": Case(
        with_scheme((("East",), 9), (("West",), 1), trim=(0.99, 1.01)), WEIGHTED,
        everywhere("No weights meet all margins within these limits. Widen the limits, or leave out a dimension.")),
    "a margin of a level of nobody": Case(
        with_scheme((("gold",), 5), dimensions=("tier",)), WEIGHTED,
        everywhere("“%(level)s” (%(dimension)s) has a population but no respondent in this period: nobody can stand for"
                   " these people. Join it with a neighbouring level, or choose a longer period.",
                   {"level": "gold", "dimension": "tier"})),
    "a weighting that does not exist": Case(
        lambda shop: give(shop, SOME), f"{TWO}&weighting=987654", {
            name: Said("There is no such weighting. Use “imported” or the number of a saved weighting.")
            for name in ("value", "change", "weighting", "api values", "api trend", "api levels", "api value", "api change")}),
    "a period without data": Case(lambda shop: give(shop, SOME), "period=1900&before=1899", {
        name: Said(NO_ANSWERS) for name in ("value", "compare", "api values", "api value", "api change")}),
    "a period without data, weighted": Case(
        with_scheme((("East",), 5), (("West",), 3)), "period=1900&before=1899&weighting={scheme}", {
            name: Said(NOBODY) for name in everywhere("") if name != "api trend"}),
    "what is no period": Case(lambda shop: give(shop, SOME), "period=2018-13", {
        "value": Said("“%(value)s” is no period, so all answers are shown.", {"value": "2018-13"}),
        "api values": Said("This is no period. Write for example 2026-Q3."),
        "api value": Said("This is no period. Write for example 2026-Q3."),
        "api change": Said("“%(value)s” means nothing here.", {"value": "2018-13"}),
        "api weightings": Said("“%(value)s” means nothing here.", {"value": "2018-13"})}),
    "a period beyond the calendar": Case(lambda shop: give(shop, SOME), "period=9999&before=0001-01-01..9999-12-31"),
    "a wave of nobody": Case(lambda shop: give(shop, SOME), "period=wave:%00&before=wave:Nobody&filter=region:%00&region=%00"),
    "an earlier wave of nobody": Case(lambda shop: give(shop, SOME), "period=wave:Nobody&before=wave:%00&node=csi"),
    "a level of nobody": Case(lambda shop: give(shop, SOME), f"{TWO}&region=North&filter=region:North", {
        "api values": Said(NO_ANSWERS), "api value": Said(NO_ANSWERS)}),
    "a level that does not exist": Case(lambda shop: give(shop, SOME), f"{TWO}&region=Mars&filter=region:Mars", dict.fromkeys(
        ("api values", "api trend", "api levels", "api value"),
        Said("“%(dimension)s” has no level “%(level)s”.", {"dimension": "region", "level": "Mars"}))),
    "a dimension that does not exist": Case(lambda shop: give(shop, SOME), f"{TWO}&nope=1&filter=nope:1", dict.fromkeys(
        ("api values", "api trend", "api levels", "api value"),
        Said("There is no segment dimension “%(dimension)s”.", {"dimension": "nope"})) | {
            "api change": Said(UNKNOWN_KEY, {"known": "before, by, compare, period, region, series, survey, weighting, weights"}),
            "api weightings": Said(UNKNOWN_KEY, {"known": "by, compare, period, region, series, survey"})}),
}


def built(case: Case) -> tuple[Cast, dict[str, Any]]:
    cast = make_cast()
    shop = make_shop(cast.team)
    scheme = case.build(shop)
    shop.compute()
    shop.tree.coverage = 60
    shop.tree.save(update_fields=["coverage"])
    request_recompute(trees=[shop.tree.pk], at=AT)
    shop.compute()
    later, first = list_runs(tree=shop.tree)
    query = case.query.format(scheme=scheme.pk if scheme is not None else "")
    return cast, {"run": later.pk, "first": first.pk, "query": query}


def asked_of(room: str, about: Mapping[str, Any]) -> str:
    query = urlencode([(key, value) for key, value in parse_qsl(about["query"]) if key in TAKEN[room]])
    return APIS[room].format(**{**about, "query": query})


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def strings_of(found: Any) -> list[str]:
    if isinstance(found, Mapping):
        return [text for value in found.values() for text in strings_of(value)]
    return [text for value in found for text in strings_of(value)] if isinstance(found, list) else [str(found)]


def read_page(cast: Cast, language: str, address: str) -> str:
    cast.dora.language = language
    cast.dora.save(update_fields=["language"])
    reply = client_of(cast.dora).get(address)
    text = words(reply)
    assert reply.status_code == 200, text
    assert not NO_NUMBER.search(text), text
    return text


def read_api(key: str, language: str, address: str) -> str:
    reply = api_client(key).get(address, headers={"accept-language": LANGUAGES[language]})
    assert reply.status_code in (200, 400), reply.content
    found = json.loads(reply.content, parse_constant=refuse_constant)
    if reply.status_code == 400:
        assert found["code"] and found["fields"], found
    return "\n".join(strings_of(found))


@pytest.mark.parametrize("name", CASES)
def test_is_named_in_every_room_and_language(name):
    case = CASES[name]
    cast, about = built(case)
    key = make_key(cast.team)[1]
    missing = []
    for language in LANGUAGES:
        said = {room: read_page(cast, language, address.format(**about)) for room, address in PAGES.items()}
        said |= {room: read_api(key, language, asked_of(room, about)) for room in APIS}
        with translation.override(language):
            missing += [(room, language, str(text)) for room, text in case.says.items() if str(text) not in said[room]]
    assert missing == []


@pytest.mark.parametrize("said", sorted({one.text for case in CASES.values() for one in case.says.values()}))
def test_every_reason_is_translated(said):
    with translation.override("zh-hans"):
        assert gettext(said) != said or ngettext(said, said, 2) != said


class TestAnOverview:
    """40 of 60 answers to one question have a code that its scale of 1 to 5 does not know."""

    TOLD = "40 answers are not on the scale of their question, so they are not counted."

    @pytest.fixture
    def cast(self, cast) -> Cast:
        shop = make_shop(cast.team)
        rows = [{**codes(3, 1)[0], "quality": 9 if number < 40 else 4 + number % 2} for number in range(60)]
        answer_many(shop.version, rows, at=datetime(2018, 5, 1, tzinfo=UTC), attributes={"region": "East"})
        shop.compute()
        return cast

    def test_says_how_many_answers_are_not_on_the_scale(self, cast):
        assert self.TOLD in words(client_of(cast.dora).get("/overview/?period=2018"))

    def test_says_so_in_chinese(self, cast):
        assert "有 40 个答案不在题目的量表之内" in read_page(cast, "zh-hans", "/overview/?period=2018")

    def test_of_the_interface_names_the_reason_and_the_number(self, cast):
        found = api_client(make_key(cast.team)[1]).get("/api/v1/overview/?period=2018").json()
        figures = {row["key"]: row["headline"]["figure"] for row in found["nodes"]}
        told = [(one["reason"], one["off_scale"], one["n"]) for one in (figures["quality"], figures["product"], figures["speed"])]
        assert told[0] == ("unknown_codes", 40, 20) and told[1][:2] == ("unknown_codes", 40) and told[2][:2] == ("all_alike", 0)
        assert self.TOLD in figures["quality"]["explanation"] and found["index"]["figure"]["off_scale"] == 40

    def test_of_a_file_names_it_too(self, cast):
        reply = client_of(cast.dora).get("/overview/export/?period=2018")
        assert "unknown_codes" in b"".join(reply).decode("utf-8-sig")

    def test_of_anonymous_answers_does_not_tell_of_fewer_than_it_may(self):
        reader = Reader(Definition((), (), (), "linear", 0, "UTC"), Rules(k=10), {})
        figures = [reader.figure("mean", 50, lambda: (3.0, 2.0, 4.0, 0.5), off_scale=number) for number in (9, 10)]
        assert [(one.off_scale, one.reason) for one in figures] == [(0, ""), (10, "unknown_codes")]
        assert reader.figure("mean", 5, lambda: (3.0, 2.0, 4.0, 0.5), off_scale=20).off_scale == 0
