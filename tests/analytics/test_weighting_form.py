"""Respondent weighting pages: entering or importing a population, comparing, saving; bad input is named."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEvent
from analytics.dashboards.weighting.form import read_fields, read_table
from analytics.scoring.models import WeightingScheme
from analytics.scoring.results import Dimension
from analytics.scoring.weighting import WeightingError
from tests.analytics.builders import answer_many, make_dimension
from tests.analytics.dashboard_builders import codes, make_shop
from tests.cast import Cast, api_client, client_of, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db
NEW = "/weighting/new/?period=wave:2017"
PEOPLE = {"people:region:East": "500", "people:region:West": "300", "people:region:North": "200"}
FORM = {"name": "Regions", "method": "rake", "trim_low": "", "trim_high": "", **PEOPLE}
UNREADABLE = ("1,5", "1_0", "12,34", "1,2345", "1,500 000", "1.500,5", ",500", "1e", "--5", "10²", "½", "1,,500", "0x10")


def read(text: str) -> float:
    """Read what is typed for one level."""
    known = [Dimension("region", {}, ("East",), {})]
    _, population = read_fields({"people:region:East": text}, "rake", known)
    return population[0][1]


def post(cast: Cast, button: str = "check", **changes):
    return client_of(cast.dora).post(NEW, FORM | {button: "1"} | changes)


class TestThePage:
    def test_has_the_satisfied_share_of_the_overview(self, cast, shop):
        """Here the overall question and the index give two different shares; both pages show the question's."""
        answer_many(
            shop.version, codes(5, 40, overall=2), wave="2018", attributes={"region": "East"}, source="import",
            at=datetime(2018, 5, 2, tzinfo=UTC),
        )
        shop.compute()
        page = api_client(make_key(cast.team)[1]).get("/api/v1/overview/").json()
        share = page["satisfied"]["headline"]["figure"]["value"]
        index_share = page["nodes"][0]["satisfied"]["value"]
        assert f"{share:.1%}" in words(client_of(cast.bob).get("/weighting/")) and f"{share:.1%}" != f"{index_share:.1%}"


CROSSED = "/weighting/new/?period=2018"
TABLES = {
    "cells": "region,tier,population\nEast,gold,10\nEast,base,20.5\nWest,gold,30\nWest,base,40\n",
    "rake": "dimension,level,population\nregion,East,10\nregion,West,20\ntier,gold,12\ntier,base,18\n",
}


def make_crossed(cast):
    shop = make_shop(cast.team)
    make_dimension(cast.team, "tier", "gold", "base")
    for region in ("East", "West"):
        for tier in ("gold", "base"):
            answer_many(shop.version, codes(3, 20), at=datetime(2018, 5, 1, tzinfo=UTC), attributes={"region": region, "tier": tier})
    shop.compute()
    return shop


def fields_in(reply):
    """What the browser would send back of a form: everything but the file."""
    inputs = re.findall(r"<input [^>]*>", reply.content.decode().split("<form method=\"post\" enctype")[1])
    found = {}
    for one in inputs:
        given = {key: html.unescape(value) for key, value in re.findall(r'([a-z]+)="([^"]*)"', one)}
        if given.get("type") not in ("file", "hidden") and (given.get("type") != "checkbox" or " checked" in one):
            found[given["name"]] = given.get("value", "")
    return found


class TestANumberOfPeople:
    @pytest.mark.parametrize(("text", "people"), [
        ("1500", 1500), ("1,500", 1500), ("1 500", 1500), ("1\u202f500\u202f000.5", 1500000.5), ("１，５００", 1500),
        ("12.5", 12.5), ("1,234,567", 1234567), ("0", 0), ("-5", -5), ("1e+13", 1e13), ("999", 999),
    ])
    def test_may_have_its_thousands_divided(self, text, people):
        assert read(text) == people

    @pytest.mark.parametrize("text", UNREADABLE)
    def test_that_can_be_read_in_two_ways_is_none(self, text):
        with pytest.raises(WeightingError, match="not_a_number"):
            read(text)


class TestANewWeighting:
    def test_is_compared_before_anything_is_saved(self, cast, shop):
        reply = post(cast)
        assert reply.status_code == 200 and "Nothing is saved yet" in words(reply)
        assert "Design effect" in words(reply) and not WeightingScheme.objects.exists()

    def test_is_saved_as_the_next_version_with_who_and_when(self, cast, shop):
        for number in (1, 2):
            assert post(cast, "save").status_code == 302
            assert WeightingScheme.objects.filter(tree=shop.tree, number=number, created_by=cast.dora).exists()
        assert AuditEvent.objects.filter(action="weighting.saved").count() == 2
        page = words(client_of(cast.bob).get("/weighting/?period=wave:2017"))
        assert "Regions version 1" in page and "Unweighted" in page

    def test_may_come_from_a_file(self, cast, shop):
        table = "dimension,level,population\nregion,East,500\nregion,West,300\nregion,North,200\n"
        reply = post(cast, file=SimpleUploadedFile("p.csv", table.encode()), **dict.fromkeys(PEOPLE, ""))
        assert "Nothing is saved yet" in words(reply) and 'value="300"' in reply.content.decode()

    def test_on_cells_comes_from_a_file(self, cast, shop):
        table = "region,population\nEast,500\nWest,300\nNorth,200\n"
        file = SimpleUploadedFile("p.csv", table.encode("gb18030"))
        assert post(cast, "save", method="cells", file=file).status_code == 302
        assert WeightingScheme.objects.get().method == "cells"

    @pytest.mark.parametrize("kind", ["rake", "cells"])
    def test_from_a_file_is_saved_as_it_was_compared(self, cast, kind):
        shop, given = make_crossed(cast), TABLES[kind]
        file = SimpleUploadedFile("p.csv", given.encode())
        seen = client_of(cast.dora).post(CROSSED, {"name": "Crossed", "method": kind, "check": "1", "file": file})
        assert "Nothing is saved yet" in words(seen)
        assert client_of(cast.dora).post(CROSSED, fields_in(seen) | {"method": kind, "save": "1"}).status_code == 302
        again = SimpleUploadedFile("p.csv", given.encode())
        client_of(cast.dora).post(CROSSED, {"name": "Crossed", "method": kind, "save": "1", "file": again})
        first, second = WeightingScheme.objects.filter(tree=shop.tree).order_by("number")
        assert sorted(first.population) == sorted(second.population)
        assert (first.dimensions, first.method) == (second.dimensions, second.method)

    def test_from_a_file_that_is_let_go_uses_what_is_typed_in(self, cast):
        make_crossed(cast)
        file = SimpleUploadedFile("p.csv", TABLES["cells"].encode())
        fields = fields_in(client_of(cast.dora).post(CROSSED, {"name": "Crossed", "method": "cells", "check": "1", "file": file}))
        del fields["table"]
        reply = client_of(cast.dora).post(CROSSED, fields | {"method": "cells", "save": "1"})
        assert reply.status_code == 422 and not WeightingScheme.objects.exists()

    @pytest.mark.parametrize("table", ["nonsense", "region,tier,population\nEast,gold,x\n", "region,tier,population\nMars,gold,1\n"])
    def test_takes_no_table_that_no_file_would_give(self, cast, table):
        make_crossed(cast)
        reply = client_of(cast.dora).post(CROSSED, {"name": "Crossed", "method": "cells", "save": "1", "table": table})
        assert reply.status_code == 422 and not WeightingScheme.objects.exists()

    @pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
    def test_reads_a_file_whatever_ends_its_lines(self, end):
        known = [Dimension("region", {}, ("East", "West"), {})]
        _, population = read_table(end.join(["dimension;level;population", "region;East;5", "region;West;3"]), "rake", known)
        assert population == ((("East",), 5), (("West",), 3))

    def test_asks_for_the_file_again_where_something_else_is_wrong(self, cast, shop):
        file = SimpleUploadedFile("p.csv", b"region,population\nEast,500\n")
        assert "Choose the file again" in words(post(cast, "save", method="cells", file=file, name=""))
        assert "Choose the file again" not in words(post(cast, "save", name=""))

    @pytest.mark.parametrize(("changes", "reason"), [
        ({"people:region:East": "-5"}, "must be a number of people"), ({"people:region:East": "1,5"}, "Write for example 1500"),
        ({"people:region:East": "many"}, "is not a number of people"),
        ({"people:region:East": "nan"}, "is not a number of people"), ({"people:region:East": "0"}, "no population"),
        (dict.fromkeys(PEOPLE, "0"), "adds up to 0"), (dict.fromkeys(PEOPLE, ""), "Choose at least one"),
        ({"trim_low": "2", "trim_high": "3"}, "lowest weight must be below 1"), ({"trim_low": "0.5"}, "lowest weight must be"),
        ({"trim_low": "0.99", "trim_high": "1.01"}, "No weights meet all margins"), ({"name": ""}, "required"),
        ({"method": "magic"}, "valid choice"),
        ({"file": SimpleUploadedFile("p.csv", b"a,b\n1,2\n")}, "cannot be read as a table"),
        ({"file": SimpleUploadedFile("p.csv", b"dimension,level,population\nregion,East,1,5\n")}, "cannot be read as a table"),
        ({"file": SimpleUploadedFile("p.csv", b"dimension,level,population\nregion," + b"x" * 300_000)}, "cannot be read as a table"),
        ({"file": SimpleUploadedFile("p.csv", b"dimension,level,population\nre\0gion,East,5\n")}, "cannot be read as a table"),
        ({"method": "cells", "table": "region,population\nEast,5\n" + "x" * 600_000}, "The file is too large"),
        ({"file": SimpleUploadedFile("p.csv", b"dimension,level,population\nplanet,Mars,3\n")}, "no segment dimension"),
        ({"file": SimpleUploadedFile("p.csv", b"dimension,level,population\nregion,Mars,3\n")}, "no level"),
        ({"file": SimpleUploadedFile("p.csv", b"dimension,level,population\nregion,East,3\nregion,East,4\n")}, "given twice"),
    ])
    def test_with_bad_input_is_refused_by_name_and_not_saved(self, cast, shop, changes, reason):
        reply = post(cast, "save", **changes)
        assert reply.status_code == 422 and reason in words(reply), words(reply)
        assert not WeightingScheme.objects.exists()

    def test_says_at_its_field_which_level_is_no_number(self, cast, shop):
        body = post(cast, **{"people:region:West": "half"}).content.decode()
        field = re.search(r'<input [^>]*name="people:region:West"[^>]*>', body).group()
        assert 'aria-invalid="true"' in field and 'aria-describedby="id-region-1-error"' in field
        assert re.search(r'id="id-region-1-error">“half” is not a number of people', body) and 'href="#id-region-1"' in body
        assert body.count('aria-invalid="true"') == 1

    @pytest.mark.parametrize("button", ["check", "save"])
    def test_asks_at_its_field_for_a_level_that_is_missing(self, cast, shop, button):
        reply = post(cast, button, **{"people:region:West": "", "people:region:North": ""})
        body = reply.content.decode()
        assert reply.status_code == 422 and "side by side" not in body and not WeightingScheme.objects.exists()
        assert re.search(r'id="id-region-1-error">Enter how many people this level has: \d+ respondents', body)
        assert re.search(r'id="id-region-2-error">Enter how many', body) and "region-0-error" not in body

    def test_names_a_missing_level_where_a_file_leaves_it_out(self, cast, shop):
        table = "dimension,level,population\nregion,East,500\nregion,West,300\n"
        reply = post(cast, file=SimpleUploadedFile("p.csv", table.encode()), **dict.fromkeys(PEOPLE, ""))
        assert reply.status_code == 422 and re.search(r'id="id_file-error">“North” [^<]*no population', reply.content.decode())

    def test_takes_percentages_with_their_sign(self, cast, shop):
        percents = {"people:region:East": "50%", "people:region:West": "30％", "people:region:North": "20 %"}
        assert post(cast, "save", **percents).status_code == 302
        assert sorted(people for _cell, people in WeightingScheme.objects.get().population) == [20, 30, 50]

    def test_names_its_survey(self, cast, shop):
        assert "New weighting · Shop" in words(client_of(cast.dora).get(NEW))

    def test_with_a_margin_without_respondents_names_it(self, cast, shop):
        client = client_of(cast.dora)
        reply = client.post("/weighting/new/?period=2016", FORM | {"check": "1"})
        assert "No answers in this period" in words(reply)

    def test_is_not_for_managers(self, cast, shop):
        assert client_of(cast.bob).post(NEW, FORM | {"save": "1"}).status_code in (403, 404)
        assert not WeightingScheme.objects.exists()

    def test_of_another_team_is_not_there(self, cast, shop):
        post(cast, "save")
        assert "Regions" not in words(client_of(cast.charlie).get("/weighting/", follow=True))


class TestTheSum:
    ODD = {"people:region:East": "52", "people:region:West": "30", "people:region:North": "17"}
    WORDS = "Sum 99. If these are percentages, they should add up to 100."

    def test_of_percentages_that_miss_100_is_told_and_hinders_nothing(self, cast, shop):
        reply = post(cast, **self.ODD)
        assert reply.status_code == 200 and f"region: {self.WORDS}" in words(reply).lower().replace(self.WORDS.lower(), self.WORDS)
        saved = client_of(cast.dora).post(NEW, FORM | self.ODD | {"save": "1"}, follow=True)
        assert self.WORDS in words(saved) and WeightingScheme.objects.count() == 1

    def test_of_people_or_of_100_is_told_without_a_warning(self, cast, shop):
        for people in ({}, {"people:region:East": "50", "people:region:West": "30", "people:region:North": "20"}):
            body = post(cast, **people).content.decode()
            assert "percentages, they" not in body.split("data-unclear")[1]
            assert re.search(r'class="margin-sum" [^>]*>Sum (1,000|100)<', body)

    def test_of_dimensions_that_disagree_is_told_beside_each(self, cast):
        make_crossed(cast)
        reply = client_of(cast.dora).post(CROSSED, FORM | {
            "check": "1", "people:region:East": "52", "people:region:West": "47", "people:region:North": "",
            "people:tier:gold": "40", "people:tier:base": "60",
        })
        assert reply.status_code == 422 and "their totals must be equal" in words(reply)
        assert "Sum 99, other dimensions 100" in words(reply) and "Sum 100, other dimensions 99" in words(reply)


class TestTheSampleBesideALevel:
    def test_is_its_part_of_those_whose_level_is_known(self, cast):
        make_crossed(cast)
        assert words(client_of(cast.dora).get(CROSSED)).count("sample 50.0%") == 4

    def test_is_not_told_of_few_answers(self, cast):
        shop = make_shop(cast.team)
        answer_many(shop.version, codes(3, 9), at=datetime(2018, 5, 1, tzinfo=UTC), attributes={"region": "East"})
        shop.compute()
        assert "sample" not in words(client_of(cast.dora).get(CROSSED))

    def test_is_not_told_where_anonymity_was_promised(self, cast):
        shop = make_shop(cast.team, is_anonymous=True)
        for region in ("East", "West"):
            answer_many(shop.version, codes(3, 40), at=datetime(2018, 5, 1, tzinfo=UTC), attributes={"region": region})
        shop.compute()
        client = client_of(cast.dora)
        assert "sample" not in words(client.get(CROSSED))
        reply = client.post(CROSSED, FORM | {"check": "1", "people:region:East": ""})
        assert reply.status_code == 422 and "promised anonymity" in words(reply) and "respondents are of it" not in words(reply)


class TestASavedWeighting:
    @pytest.mark.parametrize(("kind", "shown"), [
        ("rake", ["region", "East 10", "West 20", "tier", "gold 12", "base 18"]),
        ("cells", ["region × tier", "East · gold 10", "East · base 20.5", "West · base 40"]),
    ])
    def test_shows_its_margins_again(self, cast, kind, shown):
        make_crossed(cast)
        file = SimpleUploadedFile("p.csv", TABLES[kind].encode())
        client_of(cast.dora).post(CROSSED, {"name": "Kept", "method": kind, "save": "1", "file": file})
        page = client_of(cast.bob).get("/weighting/?period=2018").content.decode()
        kept = page.split('<details class="margins"')[1].split("</details>")[0]
        assert "<summary>Kept</summary>" in kept
        text = " ".join(re.sub(r"<[^>]+>", " ", kept).split()).lower()
        assert [one for one in shown if one.lower() not in text] == []


NORTH_SOUTH = [
    Dimension("region", {"en": "Region", "zh-hans": "大区"}, ("N", "S", "North"), {
        "N": {"en": "North", "zh-hans": "华北"}, "S": {"en": "South", "zh-hans": "华南"}, "North": {"en": "Far north"},
    }),
]


class TestATable:
    """Of a population, as a file holds it."""

    @pytest.mark.parametrize("text", [
        "dimension,level,population\nregion,N,40\nregion,S,60\n", "dimension;level;population\nregion;N;40\nregion;S;60\n",
        "dimension\tlevel\tpopulation\nRegion\tN\t40%\nRegion\tSouth\t60％\n", "dimension,level,population\n大区,华北,40\n大区,华南,60\n",
    ])
    def test_goes_by_keys_or_by_names(self, text):
        assert read_table(text, "rake", NORTH_SOUTH) == (("region",), ((("N",), 40.0), (("S",), 60.0)))

    def test_of_cells_goes_by_keys_or_by_names(self):
        assert read_table("大区,population\n华北,40\nS,60\n", "cells", NORTH_SOUTH) == (("region",), ((("N",), 40.0), (("S",), 60.0)))

    def test_takes_a_key_for_itself_where_another_level_bears_it_as_a_name(self):
        _used, population = read_table("dimension,level,population\nregion,North,5\n", "rake", NORTH_SOUTH)
        assert population == ((("North",), 5.0),)

    @pytest.mark.parametrize(("text", "code"), [
        ("dimension,level,population\nregion,华北,1\nregion,N,2\n", "level_twice"), ("dimension,level,population\nregion,华西,1\n", "unknown_level"),
        ("dimension,level,population\n地区,华北,1\n", "unknown_dimension"), ("dimension,level,population\nregion,,1\n", "unknown_level"),
    ])
    def test_that_names_nothing_or_twice_is_refused(self, text, code):
        with pytest.raises(WeightingError) as caught:
            read_table(text, "rake", NORTH_SOUTH)
        assert caught.value.code == code
