"""A value opened to where it comes from, and two runs compared: data, weights, definition."""

from __future__ import annotations

import pytest

from analytics.indicators.services import move_indicator, remove_indicator, set_rules
from analytics.indicators.weight_choice import choose_weight_set
from analytics.scoring.periods import EVERYTHING, wave
from analytics.scoring.provenance import Because, UnknownNodeError, compare_runs, describe_value
from analytics.scoring.recompute_requests import request_recompute
from analytics.scoring.selectors import get_latest_run, read_period
from tests.analytics.builders import AFTERWARDS, AT, answer_many
from tests.analytics.dashboard_builders import codes
from tests.cast import client_of
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db


class TestAValue:
    def test_opens_to_its_formula_parts_and_run(self, cast, shop):
        run = get_latest_run(tree=shop.tree)
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?node=csi&period=wave:2018"))
        result = read_period(run, period=wave("2018"), at=AFTERWARDS)
        for text in (f"{result.root.index.value:.1f}", run.fingerprint, "estimator A", "Product", "Service", "50.0%",
                     "Score vector", "nested-renormalised", "Missing rule", f"n {result.root.index.n}"):
            assert text in page, text

    def test_of_a_leaf_shows_its_questions_and_what_was_left_out(self, cast, shop):
        answer_many(shop.version, [{"quality": "NA", "speed": 4}] * 3, wave="2018", at=AT)
        shop.compute()
        run = get_latest_run(tree=shop.tree)
        origin = describe_value(run, node="quality", period=EVERYTHING, at=AFTERWARDS)
        assert origin.left_out == 3 and origin.node.items[0].missing.not_applicable == 3
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?node=quality"))
        assert "Left out 3: does not apply 3" in page and "Two estimators" not in page

    def test_of_a_branch_tells_how_many_answered_too_little_of_it(self, cast, shop):
        answer_many(shop.version, [{"speed": 4}] * 12, wave="2018", at=AT)
        shop.compute()
        run = get_latest_run(tree=shop.tree)
        assert "12 respondents, whose answers carry less than 50%" in words(
            client_of(cast.bob).get(f"/runs/{run.pk}/value/?node=product"))

    def test_is_linked_from_the_overview_with_its_filters(self, cast, shop):
        run = get_latest_run(tree=shop.tree)
        page = client_of(cast.bob).get("/overview/?region=West").content.decode()
        assert f"/runs/{run.pk}/value/?node=product&amp;period=wave%3A2018&amp;region=West" in page

    def test_under_the_filter_is_the_value_of_the_overview(self, cast, shop):
        run = get_latest_run(tree=shop.tree)
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?node=csi&period=wave:2018&region=West"))
        expected = read_period(run, period=wave("2018"), filters={"region": ["West"]}, at=AFTERWARDS).root.index
        assert f"{expected.value:.1f} / 100" in page

    def test_leads_back_and_on_with_all_that_was_chosen(self, cast, shop):
        run = get_latest_run(tree=shop.tree)
        overview = client_of(cast.bob).get(f"/overview/?survey={shop.tree.pk}&compare=none&region=West").content.decode()
        address = f"/runs/{run.pk}/value/?period=wave%3A2018&amp;survey={shop.tree.pk}&amp;compare=none&amp;region=West"
        assert address in overview
        page = client_of(cast.bob).get(address.replace("&amp;", "&")).content.decode()
        query = address.partition("?")[2]
        assert f'/overview/?{query}"' in page and f'/value/?{query}&amp;node=product"' in page

    def test_of_an_unknown_indicator_is_not_there(self, cast, shop):
        run = get_latest_run(tree=shop.tree)
        assert client_of(cast.bob).get(f"/runs/{run.pk}/value/?node=nothing").status_code == 404
        with pytest.raises(UnknownNodeError):
            describe_value(run, node="nothing", period=EVERYTHING, at=AFTERWARDS)

    @pytest.mark.parametrize("query", ["period=never", "period=1900", "region=Mars", "node=csi&period=wave:None"])
    def test_never_breaks_on_an_address_that_means_nothing(self, cast, shop, query):
        assert client_of(cast.bob).get(f"/runs/{get_latest_run(tree=shop.tree).pk}/value/?{query}").status_code == 200

    def test_of_another_team_is_not_there(self, cast, shop):
        run = get_latest_run(tree=shop.tree)
        assert client_of(cast.charlie).get(f"/runs/{run.pk}/value/").status_code == 404
        assert client_of(cast.charlie).get(f"/runs/{run.pk}/compare/{run.pk}/").status_code == 404


class TestTwoRuns:
    def test_that_are_one_do_not_differ(self, shop):
        run = get_latest_run(tree=shop.tree)
        assert compare_runs(run, run).reasons == ()

    def test_over_more_answers_differ_in_the_data_alone(self, cast, shop):
        first = get_latest_run(tree=shop.tree)
        answer_many(shop.version, codes(2, 30), wave="2018", at=AT)
        shop.compute()
        second = get_latest_run(tree=shop.tree)
        assert compare_runs(second, first).causes == {Because.DATA}
        page = words(client_of(cast.bob).get(f"/runs/{second.pk}/compare/{first.pk}/"))
        assert "What differs: the data." in page and f"{second.responses:,}" in page

    def test_under_another_rule_differ_in_the_definition_alone(self, shop):
        first = get_latest_run(tree=shop.tree)
        shop.tree.coverage = 80
        shop.tree.save(update_fields=["coverage"])
        request_recompute(trees=[shop.tree.pk], at=AT)
        shop.compute()
        comparison = compare_runs(first, get_latest_run(tree=shop.tree))
        assert comparison.causes == {Because.DEFINITION}
        assert [(one.before, one.after) for one in comparison.reasons] == [("50%", "80%")]

    def test_of_a_tree_that_was_built_otherwise_say_what_stands_where(self, cast, shop):
        first = get_latest_run(tree=shop.tree)
        nodes = {one.key: one for one in shop.tree.indicators.all()}
        move_indicator(indicator=nodes["speed"], parent=nodes["product"], position=0, reason="A trial", user=cast.dora, at=AT)
        shop.compute()
        second = get_latest_run(tree=shop.tree)
        reasons = {(one.code, one.before, one.after) for one in compare_runs(first, second).reasons}
        assert ("node:speed", "service", "product") in reasons
        page = words(client_of(cast.bob).get(f"/runs/{second.pk}/compare/{first.pk}/?period=wave:2018"))
        assert "speed: Service → Product" in page and "Place of speed in the tree Definition Service Product" in page
        before, after = (read_period(run, period=wave("2018"), at=AFTERWARDS).root.index.value for run in (first, second))
        change = f"{after - before:+.1f}".replace("-", "−").replace("+0.0", "0.0").replace("−0.0", "0.0")
        assert f"Index {before:.1f} {after:.1f} {change}" in page

    def test_of_an_indicator_that_came_and_one_that_went_name_both(self, cast, shop):
        first = get_latest_run(tree=shop.tree)
        nodes = {one.key: one for one in shop.tree.indicators.all()}
        remove_indicator(indicator=nodes["design"], reason="A trial", user=cast.dora, at=AT)
        shop.compute()
        second = get_latest_run(tree=shop.tree)
        codes_of = {(one.code, one.before, one.after) for one in compare_runs(first, second).reasons}
        assert ("node:design", "product", "") in codes_of
        assert any(code.startswith("source:") and before == "design" and not after for code, before, after in codes_of)
        page = words(client_of(cast.bob).get(f"/runs/{second.pk}/compare/{first.pk}/?period=wave:2018"))
        assert "design: Product → not there" in page

    def test_under_rules_that_began_a_series_do_not_blame_the_weights(self, cast, shop):
        first = get_latest_run(tree=shop.tree)
        set_rules(tree=shop.tree, score_vector="linear", coverage=80, user=cast.dora, reason="Agreed", at=AT)
        shop.compute()
        second = get_latest_run(tree=shop.tree)
        assert compare_runs(first, second).causes == {Because.DEFINITION, Because.SERIES}
        page = words(client_of(cast.bob).get(f"/runs/{second.pk}/compare/{first.pk}/"))
        assert "What differs: the definition and the series." in page and "Weight set, with the same weights" in page

    def test_under_other_weights_differ_in_the_weights_alone(self, cast, shop):
        first = get_latest_run(tree=shop.tree)
        old = first.weight_set
        other = type(old).objects.create(
            tree=shop.tree, number=old.number + 1, name="Other", origin="manual",
            weights=old.weights | {"product": 0.7, "service": 0.3},
        )
        choose_weight_set(weight_set=other, user=cast.alice, reason="A trial.", at=AT)
        shop.compute()
        comparison = compare_runs(first, get_latest_run(tree=shop.tree))
        assert comparison.causes == {Because.WEIGHTS}
        assert ("weight:product", "50.0%", "70.0%") in {(r.code, r.before, r.after) for r in comparison.reasons}
