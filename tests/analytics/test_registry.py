"""The registry: whatever the pages, the API or the files call by a metric's id is defined there, once."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation
from rest_framework import serializers

from analytics.scoring.definition import METHODS
from analytics.scoring.registry import METRICS, list_metrics
from analytics.scoring.registry.metric import MetricGroup
from tests.analytics.builders import answer_many
from tests.analytics.dashboard_builders import Shop, codes, fill_waves, invite, make_shop
from tests.cast import Cast, api_client, client_of, make_key
from tests.cast import words_of as words

ROOMS = Path(settings.BASE_DIR) / "analytics"
APIS = ("dashboards.overview.serializers", "dashboards.change.api", "dashboards.weighting.api", "scoring.outputs", "scoring.api",
        "scoring.value_api", "indicators.weights_api", "indicators.comparison_output")
MAKERS = {"Figure": 0, "figure": 0, "share": 0, "_hidden": 0, "_estimated": 0, "_share": 0}
PLACES = {
    # What is no figure: numbers that name, place, count in order or bound another number.
    "id", "run", "run_id", "tree", "tree_id", "questionnaire", "questionnaire_id", "number", "weight_set", "weight_set_number",
    "earlier_weight_set_number", "people",
    "depth", "low", "high", "low_code", "high_code", "code", "value", "needed", "standard_error", "variance", "target",
    "coverage", "duration_ms", "version", "show_from", "sure_from", "score", "position", "parent", "needed_n", "questionnaires",
    "rank", "rank_change", "index_rank", "index_rank_change", "items", "limit", "iterations",
}


def literal_metrics() -> Iterator[tuple[str, str]]:
    """Every text that is given as the metric of a figure, with its file."""
    for path in sorted(ROOMS.glob("*/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [word.value for word in node.keywords if word.arg == "metric"]
            given += node.args[:1] if name in MAKERS else []
            for one in given:
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield path.name, one.value


def metrics_in(reply: Any) -> Iterator[str]:
    """Every metric that a reply of the API names."""
    if isinstance(reply, dict):
        if isinstance(reply.get("metric"), str):
            yield reply["metric"]
        reply = list(reply.values())
    if isinstance(reply, list):
        for one in reply:
            yield from metrics_in(one)


def number_fields() -> Iterator[tuple[str, str]]:
    """Every number that a serializer of the results writes."""
    kinds = (serializers.FloatField, serializers.IntegerField, serializers.DecimalField)
    for name in APIS:
        for thing in vars(import_module(f"analytics.{name}")).values():
            if isinstance(thing, type) and issubclass(thing, serializers.Serializer) and thing.__module__.startswith("analytics."):
                for field, about in thing().get_fields().items():
                    if isinstance(about, kinds):
                        yield thing.__name__, field


@pytest.fixture
def shop(cast: Cast) -> Shop:
    shop = make_shop(cast.team)
    fill_waves(shop)
    invite(shop, sent=100, completed=40)
    for month in range(1, 13):
        answer_many(shop.version, codes(4, 40), at=datetime(2019, month, 3, tzinfo=UTC), attributes={"region": "East"})
    shop.compute()
    return shop


class TestEveryMetric:
    def test_that_a_figure_is_made_of_is_registered(self):
        found = list(literal_metrics())
        assert len(found) > 15 and [one for one in found if one[1] not in METRICS] == []

    def test_that_the_api_names_is_registered(self, cast, shop):
        client, run = api_client(make_key(cast.team)[1]), shop.tree.runs.first().pk
        said = set()
        for path in ("overview/", "changes/", f"runs/{run}/values/", f"runs/{run}/value/", "weightings/",
                     f"runs/{run}/values/?dimension=region"):
            reply = client.get(f"/api/v1/{path}")
            assert reply.status_code == 200, path
            said |= set(metrics_in(reply.json()))
        assert said <= set(METRICS) and {"index", "index_items", "nps", "satisfied_share", "mean", "response_rate"} <= said

    @pytest.mark.parametrize("path", ["/overview/export/", "/overview/change/export/", "/overview/change/contributions/"])
    def test_of_a_file_is_registered(self, cast, shop, path):
        reply = client_of(cast.bob).get(path)
        rows = list(csv.DictReader(io.StringIO(b"".join(reply).decode("utf-8-sig"))))
        said = {row["metric"] for row in rows if row.get("metric")}
        assert said and said <= set(METRICS)

    def test_that_is_a_number_of_the_api_is_explained_by_one_metric(self):
        names = {name: [one.id for one in METRICS.values() if name in (one.id, *one.fields)] for _, name in number_fields()}
        assert len(names) > 40
        assert {name for name, of in names.items() if not of and name not in PLACES} == set()
        assert {name: of for name, of in names.items() if len(of) > 1} == {}

    def test_says_in_both_languages_all_there_is_to_say(self):
        for language in ("en", "zh-hans"):
            with translation.override(language):
                for one in METRICS.values():
                    told = [str(text) for text in (one.name, one.formula, one.denominator, one.missing, one.interval)]
                    assert all(told) and str(one.source), one.id
                    assert language == "en" or all(any("\u4e00" <= sign <= "\u9fff" for sign in text) for text in told), one.id
        assert len({str(one.name) for one in METRICS.values()}) == len(METRICS)

    def test_is_in_one_group(self):
        assert sorted(one.id for group in MetricGroup for one in list_metrics(group)) == sorted(METRICS)


class TestThePageOfTheMethod:
    def test_explains_every_metric(self, cast, shop):
        page = client_of(cast.bob).get("/overview/method/").content.decode()
        for metric in METRICS.values():
            assert f'id="m-{metric.id}"' in page, metric.id
        assert "Smallest detectable change" in page and "Design effect" in page and "Consistency ratio" in page

    def test_explains_them_in_chinese(self, cast, shop):
        cast.bob.language = "zh-hans"
        cast.bob.save(update_fields=["language"])
        page = words(client_of(cast.bob).get("/overview/method/"))
        for said in ("可检出的最小变化", "设计效应", "有效答卷数", "几何一致性指数"):
            assert said in page


def test_a_mean_has_the_bounds_of_its_question_and_none_of_its_own():
    assert (METRICS["mean"].low, METRICS["mean"].high) == (None, None)


def test_every_kind_of_figure_has_a_version_in_the_definition_of_a_run():
    assert {"index", "index_items", "mean", "nps", "share", "ces", "distribution", "weighting", "change", "grade"} == set(METHODS)
    assert all(one.rpartition(":")[2].isdigit() for one in METHODS.values())
