"""What the API says has the form that its description promises, and names what its figures are made from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, FormatChecker

from accounts.roles import Role
from analytics.indicators.panel_models import WeightComparison
from analytics.scoring.schemes import save_scheme
from analytics.scoring.selectors import get_latest_run
from analytics.scoring.weight_lab import compare_weights
from analytics.scoring.weighting import PopulationPlan
from tests.analytics.builders import AFTERWARDS, AT, answer_many
from tests.analytics.dashboard_builders import Shop, codes, make_shop
from tests.analytics.weight_builders import answer_from, drawn_codes
from tests.cast import Cast, api_client, client_of, make_key

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
CHINESE = {"accept-language": "zh-CN"}
RESULTS = (
    "metrics/", "runs/", "runs/{run}/", "runs/{run}/values/", "runs/{run}/values/?grain=wave", "runs/{run}/values/?dimension=region",
    "runs/{run}/values/?period=1999", "runs/{run}/values/?weighting={scheme}", "runs/{run}/value/", "runs/{run}/value/?node=quality",
    "runs/{run}/value/?weighting={scheme}&filter=region:East", "overview/", "overview/?period=1999", "overview/?weighting={scheme}",
    "changes/", "changes/?period=2018&before=2017&weighting={scheme}", "changes/?period=1999&before=1998", "weightings/",
    "weightings/?period=1999", "indicators/", "indicators/{tree}/", "indicators/{tree}/weight-sets/", "weight-sets/{weights}/",
    "indicators/{tree}/weight-comparison/", "indicators/{tree}/panels/",
)
TAKES_NOTHING = (
    "metrics/", "runs/{run}/", "indicators/", "indicators/{tree}/", "indicators/{tree}/weight-sets/", "indicators/{tree}/panels/",
    "indicators/{tree}/weight-comparison/", "weight-sets/{weights}/",
)


def adapted(schema: Any) -> Any:
    """Write a schema of the description as one of JSON Schema; a body holds what is described and nothing else."""
    if isinstance(schema, list):
        return [adapted(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: adapted(one) for key, one in schema.items() if key not in ("nullable", "readOnly")}
    if found.get("type") == "object" and "properties" in found:
        found.setdefault("additionalProperties", False)
    return {"anyOf": [found, {"type": "null"}]} if schema.get("nullable") else found


@pytest.fixture(scope="module")
def described() -> Mapping[str, Any]:
    return yaml.safe_load((ROOT / "docs/api/openapi.yaml").read_text(encoding="utf-8"))


def faults(described: Mapping[str, Any], path: str, reply: Any, method: str = "get") -> Iterator[str]:
    """What a body holds that its description does not promise."""
    route = next(one for one in described["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one), path))
    replies = described["paths"][route][method]["responses"]
    schema = replies.get(str(reply.status_code), replies["default"])["content"]["application/json"]["schema"]
    whole = adapted(schema) | {"components": adapted(described["components"])}
    body = json.loads(reply.content, parse_constant=lambda name: pytest.fail(f"{name} is no number"))
    for one in Draft7Validator(whole, format_checker=FormatChecker()).iter_errors(body):
        yield f"{path}: {list(one.absolute_path)} {one.message[:200]}"


@pytest.fixture
def shop(cast: Cast) -> Shop:
    """Two waves with gaps, weights and three regions."""
    shop = make_shop(cast.team)
    for wave in ("2017", "2018"):
        for number, region in enumerate(("East", "West", "North")):
            rows = [
                {**given, **({"design": "NA"} if place % 5 == number else {}), **({"speed": 1} if region == "West" else {})}
                for place, given in enumerate(codes(4 - (wave == "2018" and number == 0), 30 + 10 * number))
            ]
            for given in rows:
                given.pop("attitude") if given["nps"] == 7 else None
            answer_many(shop.version, rows, wave=wave, attributes={"region": region}, source="import",
                        at=datetime(int(wave), 5, 1, tzinfo=UTC), respondent_weight=1 + number)
    shop.compute()
    return shop


@pytest.fixture
def about(shop: Shop) -> dict[str, int]:
    plan = PopulationPlan("rake", ("region",), ((("East",), 500), (("West",), 300), (("North",), 200)))
    run = get_latest_run(tree=shop.tree)
    return {
        "run": run.pk, "tree": shop.tree.pk, "weights": run.weight_set_id,
        "scheme": save_scheme(tree=shop.tree, name="Regions", plan=plan, user=None, at=AT).pk,
    }


def test_every_reply_has_the_form_described(cast, shop, about, described):
    client, found = api_client(make_key(cast.team)[1]), []
    for one in RESULTS:
        address = f"/api/v1/{one.format(**about)}"
        reply = client.get(address, headers=CHINESE)
        assert reply.status_code in (200, 400), (address, reply.content)
        found += faults(described, address.split("?")[0], reply)
    assert found == []


def test_every_refusal_has_the_form_described(cast, shop, about, described):
    client, found = api_client(make_key(cast.team)[1]), []
    for one in RESULTS:
        path = f"/api/v1/{one.format(**about)}".split("?")[0]
        reply = client.get(path, {"nope": "1"})
        assert reply.status_code == 400, path
        found += faults(described, path, reply)
        assert list(reply.json()["fields"]) == ["nope"]
    assert found == []


@pytest.mark.parametrize("body", [
    {"parent": "csi", "weights": {"product": 0.75, "service": 0.25}, "reason": "r"}, {"parent": "csi", "weights": {}, "reason": "r"},
    {"parent": "csi", "weights": {"product": 2, "nope": "x"}, "reason": ""}, None, [], "x", {}, {"parent": "nope", "weights": {}, "reason": "r"},
])
def test_every_reply_to_new_weights_has_the_form_described(cast, shop, about, described, body):
    path = f"/api/v1/indicators/{about['tree']}/weight-sets/"
    reply = api_client(make_key(cast.team)[1]).post(
        path, json.dumps(body), content_type="application/json", headers=CHINESE)
    assert reply.status_code in (201, 400)
    assert list(faults(described, path, reply, "post")) == []
    if body is None:
        assert reply.json()["fields"] == {"body": ["请求内容为空。请发送一个 JSON 对象。"]}


class TestTheComparisonOfWeights:
    def read(self, cast: Cast, about: Mapping[str, int], described: Mapping[str, Any], **scope: Any) -> Any:
        """The stored result as it is told, once its form is found to be the one described."""
        path = f"/api/v1/indicators/{about['tree']}/weight-comparison/"
        reply = api_client(make_key(cast.team, *scope.values())[1]).get(path, headers=CHINESE)
        assert reply.status_code == 200 and list(faults(described, path, reply)) == []
        return reply.json()["result"]

    def store(self, about: Mapping[str, int], result: Mapping[str, Any]) -> None:
        WeightComparison.objects.update_or_create(tree_id=about["tree"], defaults={"result": dict(result), "made_at": AT})

    def test_is_described_field_by_field(self, described):
        shapes = described["components"]["schemas"]
        found = [name.rsplit("/", 1)[1] for one in shapes["ComparisonResultOutput"]["oneOf"] for name in one.values()]
        assert found == ["ComparedOutput", "UncomparedOutput"]
        free = [
            (name, field) for name in (*found, "CandidateOutput", "CandidateNodeOutput", "CandidateFactsOutput", "RefusalDetailsOutput",
                                       "DimensionsOutput", "ComparedNodeOutput")
            for field, shape in shapes[name]["properties"].items() if shape.get("additionalProperties") == {}
        ]
        assert free == []

    def test_tells_all_that_is_stored_of_every_way(self, cast, shop, about, described):
        other = shop.tree.weight_sets.get(number=1).weights | {"product": 0.8, "service": 0.2}
        shop.tree.weight_sets.create(number=2, origin="manual", weights=other, valid_from_at=AT, valid_to_at=AFTERWARDS)
        stored = compare_weights(tree=shop.tree, at=AFTERWARDS).result
        told = self.read(cast, about, described)
        for one in told["candidates"]:
            assert bool(one.pop("explanation")) == bool(one["reason"])
        assert told == stored
        assert {one["code"] for one in told["candidates"]} > {"in_force", "equal", "johnson", "lmg", "factor_scores", "entropy"}
        assert [one["facts"] for one in told["candidates"] if one["code"].startswith("set:")] == [{"number": 2}]

    def test_of_answers_that_give_weights_tells_their_ranges_and_dimensions(self, cast, described):
        shop = make_shop(cast.team)
        answer_from(shop.version, drawn_codes())
        shop.compute()
        stored = compare_weights(tree=shop.tree, at=AFTERWARDS).result
        told = self.read(cast, {"tree": shop.tree.pk}, described)
        assert told["dimensions"] == stored["dimensions"] and len(told["dimensions"]["eigenvalues"]) == 4
        found = {one["code"]: one for one in told["candidates"]}
        assert found["johnson"]["facts"].keys() == {"n", "r_squared", "inflation"}
        assert 0 < found["johnson"]["nodes"]["quality"]["weight_low"] < found["johnson"]["nodes"]["quality"]["weight_high"] < 1
        for one in told["candidates"]:
            one.pop("explanation")
        assert told == stored

    def test_of_too_few_answers_tells_how_many_are_needed(self, cast, described):
        shop = make_shop(cast.team)
        answer_from(shop.version, drawn_codes(60))
        shop.compute()
        compare_weights(tree=shop.tree, at=AFTERWARDS)
        found = {one["code"]: one for one in self.read(cast, {"tree": shop.tree.pk}, described)["candidates"]}
        assert (found["johnson"]["reason"], found["johnson"]["details"]) == ("too_few_answers", {"n": 60, "needed": 100})
        assert found["johnson"]["weights"] is None and "nodes" not in found["johnson"] and "100" in found["johnson"]["explanation"]

    def test_of_an_anonymous_questionnaire_has_the_same_form(self, cast, described):
        shop = make_shop(cast.team, is_anonymous=True)
        answer_many(shop.version, codes(4, 130), at=datetime(2018, 5, 1, tzinfo=UTC))
        shop.compute()
        compare_weights(tree=shop.tree, at=AFTERWARDS)
        assert self.read(cast, {"tree": shop.tree.pk}, described)["nodes"]

    @pytest.mark.parametrize("result", [{}, {"problem": "no_run"}, {"problem": "no_answers"}])
    def test_that_is_none_says_why(self, cast, shop, about, described, result):
        self.store(about, result)
        assert self.read(cast, about, described) == result

    def test_is_none_for_a_limited_view(self, cast, shop, about, described):
        compare_weights(tree=shop.tree, at=AFTERWARDS)
        found = self.read(cast, about, described, role=Role.MANAGER, scope={"region": ["East"]})
        assert found == {"problem": "limited_view"}

    def test_that_was_stored_before_ranges_and_dimensions_has_null_for_them(self, cast, shop, about, described):
        stored = compare_weights(tree=shop.tree, at=AFTERWARDS).result
        del stored["dimensions"]
        for one in stored["candidates"]:
            for node in one.get("nodes", {}).values():
                del node["weight_low"], node["weight_high"]
        self.store(about, stored)
        told = self.read(cast, about, described)
        assert told["dimensions"] is None and told["candidates"][0]["nodes"]["product"]["weight_low"] is None


class TestAnAddress:
    @pytest.mark.parametrize("route", TAKES_NOTHING)
    def test_that_takes_no_filter_gives_no_other_numbers(self, cast, shop, about, route):
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/{route.format(**about)}?period=2018", headers=CHINESE)
        assert reply.status_code == 400 and list(reply.json()["fields"]) == ["period"]
        assert "此处" in reply.json()["fields"]["period"][0]

    @pytest.mark.parametrize("size", ["0", "-1", "abc", "201", "9" * 400, "２", "", "\x00"])
    @pytest.mark.parametrize("route", ["runs/", "indicators/", "contacts/", "campaigns/", "responses/"])
    def test_of_a_list_refuses_a_page_of_another_size(self, cast, shop, route, size):
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/{route}", {"page_size": size}, headers=CHINESE)
        assert reply.status_code == 400 and reply.json()["fields"]["page_size"] == ["请填写 1 到 200 之间的数。"]

    @pytest.mark.parametrize("path", ["nope/", "", "runs/-1/", "overview/export.xlsx/", "runs/x/values/"])
    def test_that_leads_nowhere_answers_like_every_error(self, cast, path):
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/{path}", headers=CHINESE)
        assert (reply.status_code, reply["Content-Type"]) == (404, "application/json")
        assert reply.json() == {"code": "not_found", "message": "此地址没有内容。", "fields": {}}

    def test_with_too_many_parameters_answers_like_every_error(self, cast):
        reply = api_client(make_key(cast.team)[1]).get("/api/v1/runs/?" + "&".join(["a=1"] * 1200), headers=CHINESE)
        assert (reply.status_code, set(reply.json())) == (400, {"code", "message", "fields"})

    def test_without_its_last_slash_takes_no_write_for_a_read(self, cast, shop, about):
        client, path = api_client(make_key(cast.team)[1]), f"/api/v1/indicators/{about['tree']}/weight-sets"
        reply = client.post(path, {"reason": "r"}, format="json", follow=True, headers=CHINESE)
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
        assert client.get(path, follow=True).status_code == 200

    def test_of_people_is_a_page_still(self, cast):
        reply = client_of(cast.bob).get("/nope/")
        assert reply.status_code == 404 and reply["Content-Type"].startswith("text/html")

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_without_a_method_says_so_and_blames_no_role(self, cast, shop, method):
        reply = getattr(api_client(make_key(cast.team)[1]), method)("/api/v1/overview/", {}, format="json", headers=CHINESE)
        assert (reply.status_code, reply.json()["code"]) == (405, "method_not_allowed")


class TestABody:
    def test_that_names_what_nobody_reads_is_refused(self, cast, shop, about):
        client = api_client(make_key(cast.team)[1])
        told = {"reason": "r", "weights": {"product": 1}}
        reply = client.post(f"/api/v1/weight-sets/{about['weights']}/choose/", told, format="json")
        assert reply.status_code == 400 and list(reply.json()["fields"]) == ["weights"]
        told = {"parent": "csi", "weights": {"product": 0.5, "service": 0.5}, "reason": "r", "from": "2018"}
        reply = client.post(f"/api/v1/indicators/{about['tree']}/weight-sets/", told, format="json")
        assert reply.status_code == 400 and list(reply.json()["fields"]) == ["from"]
        assert shop.tree.weight_sets.count() == 1

    def test_with_a_weight_that_is_true_is_refused(self, cast, shop, about):
        told = {"parent": "csi", "weights": {"product": 0, "service": True}, "reason": "r"}
        reply = api_client(make_key(cast.team)[1]).post(f"/api/v1/indicators/{about['tree']}/weight-sets/", told, format="json")
        assert reply.status_code == 400 and list(reply.json()["fields"]["weights"]) == ["service"]


class TestWhereFiguresComeFrom:
    def test_is_told_of_a_change(self, cast, shop, about):
        client = api_client(make_key(cast.team)[1])
        found = client.get(f"/api/v1/changes/?region=West&region=East&weighting={about['scheme']}").json()
        assert {name: found[name] for name in ("tree_id", "run_id", "weight_set_number", "earlier_weight_set_number", "filters")} == {
            "tree_id": about["tree"], "run_id": about["run"], "weight_set_number": 1, "earlier_weight_set_number": 1,
            "filters": {"region": ["East", "West"]},
        }
        assert found["weighting"]["id"] == about["scheme"] and found["weighting"]["hash"]

    def test_is_told_of_weightings_with_their_population(self, cast, shop, about):
        found = api_client(make_key(cast.team)[1]).get("/api/v1/weightings/").json()
        assert (found["tree_id"], found["run_id"], found["weight_set_number"]) == (about["tree"], about["run"], 1)
        populations = {one["weighting"]["kind"]: one["population"] for one in found["weightings"]}
        assert populations["imported"] is None
        assert {tuple(one["levels"]): one["people"] for one in populations["scheme"]} == {("East",): 500, ("West",): 300, ("North",): 200}

    def test_leaves_the_population_to_those_who_may_make_weightings(self, cast, shop, about):
        found = api_client(make_key(cast.team, Role.MANAGER)[1]).get("/api/v1/weightings/").json()
        assert [one["population"] for one in found["weightings"]] == [None, None]

    def test_is_told_of_values_by_the_number_of_their_weights(self, cast, shop, about):
        client = api_client(make_key(cast.team)[1])
        for route in ("values", "value"):
            found = client.get(f"/api/v1/runs/{about['run']}/{route}/").json()
            assert (found["weight_set"], found["weight_set_number"]) == (about["weights"], 1)

    @pytest.mark.parametrize("route", ["overview/", "changes/", "weightings/", "runs/{run}/values/", "runs/{run}/value/"])
    def test_names_the_scope_of_who_asks(self, cast, shop, about, route):
        client = api_client(make_key(cast.team, Role.MANAGER, {"region": ["East"]})[1])
        assert client.get(f"/api/v1/{route.format(**about)}").json()["filters"] == {"region": ["East"]}
