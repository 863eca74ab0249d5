"""Candidate weights on real answers, and choosing one without touching what was published."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from accounts.access import Actor
from accounts.models import AuditEvent
from accounts.services import update_team
from analytics.indicators.changing import TreeError
from analytics.indicators.models import IndicatorTree, WeightOrigin, WeightSet
from analytics.indicators.panel_models import WeightComparison
from analytics.indicators.weight_choice import ask_for_comparison, choose_candidate, choose_weight_set
from analytics.methods.errors import MethodError
from analytics.methods.importance import relative_weights
from analytics.methods.trees import ROOT
from analytics.scoring.columns import concatenate, select
from analytics.scoring.definition import Definition
from analytics.scoring.models import Run
from analytics.scoring.random_groups import SEED, content_keys, draw_groups
from analytics.scoring.selectors import list_trees_due
from analytics.scoring.services import recompute
from analytics.scoring.sources import columns_behind
from analytics.scoring.tasks import compare_weights_of_tree
from analytics.scoring.weight_candidates import derived_candidates, gather, weights_of_shares
from analytics.scoring.weight_lab import compare_weights, is_outdated
from surveys.design.models import QuestionnaireVersion
from tests.analytics.builders import AFTERWARDS, AT, answer_many, make_tree, publish, sheet, standard_document
from tests.analytics.weight_builders import LATER, answer_from, drawn_codes
from tests.cast import Cast, api_client, client_of, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db


@pytest.fixture
def compared(version: QuestionnaireVersion, tree: IndicatorTree) -> WeightComparison:
    answer_from(version, drawn_codes())
    recompute(tree=tree, at=AT)
    return compare_weights(tree=tree, at=AT)


def candidate(row: WeightComparison, code: str) -> dict[str, Any]:
    return next(one for one in row.result["candidates"] if one["code"] == code)


class TestTheComparison:
    def test_gives_johnson_the_shares_of_the_method_summed_up_the_tree(self, compared: WeightComparison) -> None:
        r = np.corrcoef(drawn_codes().T)
        shares = relative_weights(r[:4, :4], r[:4, 4]).shares
        weights = candidate(compared, "johnson")["weights"]
        assert weights["product"] == pytest.approx(shares[0] + shares[1], rel=1e-8)
        assert weights["quality"] == pytest.approx(shares[0] / (shares[0] + shares[1]), rel=1e-8)
        assert weights["quality"] > 0.6

    def test_says_how_much_the_drivers_repeat_one_another(self, compared: WeightComparison) -> None:
        r = np.corrcoef(drawn_codes().T)
        largest = max(np.diag(np.linalg.inv(r[:4, :4])))
        for code in ("johnson", "lmg"):
            assert candidate(compared, code)["facts"]["inflation"] == pytest.approx(largest, rel=1e-8)

    def test_warns_on_the_page_of_drivers_that_say_the_same(
        self, cast: Cast, version: QuestionnaireVersion, tree: IndicatorTree
    ) -> None:
        alike = drawn_codes()
        alike[:, 1] = np.where(np.arange(len(alike)) % 12 == 0, 3, alike[:, 0])
        answer_from(version, alike)
        recompute(tree=tree, at=AT)
        row = compare_weights(tree=tree, at=AT)
        inflation = candidate(row, "johnson")["facts"]["inflation"]
        type(tree.team).objects.filter(pk=tree.team_id).update(name="Moved")
        type(tree).objects.filter(pk=tree.pk).update(team=cast.team)
        page = words(client_of(cast.dora).get(f"/indicators/{tree.pk}/weights/"))
        assert inflation > 5 and f"Largest variance inflation {inflation:.1f}. Over 5: the indicators repeat one another" in page

    def test_computes_the_index_under_each_set_from_the_answers(self, compared: WeightComparison) -> None:
        scores = (drawn_codes()[:, :4] - 1) * 25.0
        weights = candidate(compared, "lmg")["weights"]
        leaf = [weights["product"] * weights["quality"], weights["product"] * weights["design"],
                weights["service"] * weights["attitude"], weights["service"] * weights["speed"]]
        each = scores @ np.array(leaf)
        node = candidate(compared, "lmg")["nodes"]["csi"]
        assert node["value"] == pytest.approx(each.mean(), abs=1e-5)
        half = 1.9659272959 * each.std(ddof=1) / np.sqrt(400)
        assert (node["low"], node["high"]) == (pytest.approx(each.mean() - half, abs=1e-4), pytest.approx(each.mean() + half, abs=1e-4))

    def test_agrees_with_the_run_for_the_weights_in_force(self, compared: WeightComparison, tree: IndicatorTree) -> None:
        from analytics.scoring.periods import EVERYTHING
        from analytics.scoring.selectors import get_latest_run, read_period

        run = get_latest_run(tree=tree)
        assert run is not None
        root = read_period(run, period=EVERYTHING, at=AFTERWARDS).root.index
        node = candidate(compared, "in_force")["nodes"]["csi"]
        assert (node["value"], node["low"], node["high"]) == (root.value, root.low, root.high)

    def test_makes_siblings_of_every_accepted_set_sum_to_one(self, compared: WeightComparison) -> None:
        for one in compared.result["candidates"]:
            if one["weights"]:
                assert one["weights"]["product"] + one["weights"]["service"] == pytest.approx(1, abs=1e-9)
                assert one["weights"]["quality"] + one["weights"]["design"] == pytest.approx(1, abs=1e-9)

    def test_ranks_the_indicators_and_says_how_the_orders_agree(self, compared: WeightComparison, tree: IndicatorTree) -> None:
        assert candidate(compared, "johnson")["order_reason"] == "no_variation"
        tree.weight_sets.update(weights={"product": 0.4, "service": 0.6, "quality": 0.3, "design": 0.7, "attitude": 0.8, "speed": 0.2})
        recompute(tree=tree, at=LATER)
        row = compare_weights(tree=tree, at=LATER)
        again = candidate(row, "johnson")
        assert all("rank_change" not in node for node in candidate(row, "equal")["nodes"].values())
        assert -1 <= again["spearman"] <= 1 and -1 <= again["kendall"] <= 1
        assert (again["nodes"]["quality"]["rank"], again["nodes"]["quality"]["rank_change"]) == (1, 1)

    def test_compares_the_orders_of_siblings_alone(self, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        """Branches of different length give their leaves different shares, which is no order of anybody's."""
        tree.indicators.filter(key="design").delete()
        alike = {"product": 0.5, "service": 0.5, "quality": 1.0, "attitude": 0.5, "speed": 0.5}
        tree.weight_sets.update(weights=alike)
        answer_from(version, drawn_codes())
        recompute(tree=tree, at=LATER)
        row = compare_weights(tree=tree, at=LATER)
        found = candidate(row, "johnson")
        assert "spearman" not in found and found["order_reason"] == "no_variation"
        tree.weight_sets.update(weights=alike | {"attitude": 0.9, "speed": 0.1})
        recompute(tree=tree, at=LATER)
        found = candidate(compare_weights(tree=tree, at=LATER), "johnson")
        is_same = found["weights"]["attitude"] > found["weights"]["speed"]
        assert found["kendall"] == pytest.approx((1 if is_same else -1) / np.sqrt(2))

    def test_names_the_reason_when_there_are_too_few_answers(self, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        answer_from(version, drawn_codes()[:40])
        recompute(tree=tree, at=AT)
        row = compare_weights(tree=tree, at=AT)
        for code in ("johnson", "lmg", "first_component", "factor_scores", "entropy"):
            assert (candidate(row, code)["reason"], candidate(row, code)["details"]["needed"]) == ("too_few_answers", 100)
        assert candidate(row, "equal")["nodes"]["csi"]["n"] == 40

    def test_refuses_what_has_no_overall_question_and_what_repeats_itself(self, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        codes = drawn_codes()
        codes[:, 1] = codes[:, 0]
        answer_from(version, codes)
        recompute(tree=tree, at=AT)
        assert candidate(compare_weights(tree=tree, at=AT), "johnson")["reason"] == "singular_correlation"
        tree.sources.filter(role="overall").delete()
        recompute(tree=tree, at=LATER)
        assert candidate(compare_weights(tree=tree, at=LATER), "johnson")["reason"] == "no_overall"

    def test_refuses_a_component_that_runs_against_the_others_by_name(self, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        codes = drawn_codes()
        codes[:, 3] = 6 - codes[:, 3]
        answer_from(version, codes)
        recompute(tree=tree, at=AT)
        found = candidate(compare_weights(tree=tree, at=AT), "first_component")
        assert (found["weights"], found["reason"], found["details"]["key"]) == (None, "negative_weight", "speed")

    def test_shows_no_index_of_a_group_too_small(self, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        answer_from(version, drawn_codes()[:7])
        recompute(tree=tree, at=AT)
        node = candidate(compare_weights(tree=tree, at=AT), "equal")["nodes"]["csi"]
        assert (node["value"], node["low"], node["status"]) == (None, None, "too_few")

    def test_says_so_when_there_is_no_run_or_no_answer(self, tree: IndicatorTree) -> None:
        assert compare_weights(tree=tree, at=AT).result == {"problem": "no_run"}
        recompute(tree=tree, at=AT)
        assert compare_weights(tree=tree, at=AT).result == {"problem": "no_answers"}

    def test_reads_sealed_blocks_and_tail_alike(self, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        codes = drawn_codes(700)
        answer_from(version, codes[:600])
        recompute(tree=tree, at=AT)
        answer_from(version, codes[600:])
        recompute(tree=tree, at=LATER)
        in_parts = compare_weights(tree=tree, at=LATER).result
        assert Run.objects.filter(tree=tree).latest("id").provenance["in_blocks"] == 600
        r = np.corrcoef(codes.T)
        shares = relative_weights(r[:4, :4], r[:4, 4]).shares
        found = next(one for one in in_parts["candidates"] if one["code"] == "johnson")["weights"]
        assert found["service"] == pytest.approx(shares[2] + shares[3], rel=1e-8)


class TestWhenToCompareAgain:
    def test_is_told_by_growth_by_weights_and_by_a_wish(self, compared: WeightComparison, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        assert not is_outdated(tree=tree, at=LATER)
        ask_for_comparison(tree=tree, at=LATER)
        assert is_outdated(tree=tree, at=LATER)
        compare_weights_of_tree(tree_id=tree.pk)
        assert not is_outdated(tree=tree, at=LATER)
        answer_from(version, drawn_codes()[:10])
        recompute(tree=tree, at=LATER)
        assert not is_outdated(tree=tree, at=LATER)
        answer_from(version, drawn_codes()[:20])
        recompute(tree=tree, at=LATER)
        assert is_outdated(tree=tree, at=LATER)

    def test_is_told_by_other_rules_for_small_numbers(self, compared: WeightComparison, tree: IndicatorTree) -> None:
        assert compared.result["candidates"][0]["nodes"]["csi"]["value"] is not None
        owner = Actor(team=tree.team, role="owner")
        assert tree not in list_trees_due(at=LATER)
        update_team(actor=owner, changes={"show_from_n": 900, "sure_from_n": 900}, at=LATER)
        assert tree in list_trees_due(at=LATER) and is_outdated(tree=tree, at=LATER)
        compare_weights_of_tree(tree_id=tree.pk)
        figure = WeightComparison.objects.get().result["candidates"][0]["nodes"]["csi"]
        assert (figure["value"], figure["status"]) == (None, "too_few")
        assert not is_outdated(tree=tree, at=LATER)

    def test_does_nothing_for_a_tree_that_is_gone(self) -> None:
        compare_weights_of_tree(tree_id=999_999)
        assert not WeightComparison.objects.exists()


class TestChoosing:
    def test_starts_a_new_series_and_keeps_the_old_one(self, compared: WeightComparison, tree: IndicatorTree) -> None:
        before = Run.objects.get(tree=tree)
        made = choose_candidate(tree=tree, candidate="johnson", user=None, reason="customers say so", at=LATER)
        old = WeightSet.objects.get(pk=before.weight_set_id)
        assert (old.valid_to_at, made.valid_from_at, made.valid_to_at) == (LATER, LATER, None)
        assert (made.origin, made.reason, made.evidence["run"]) == (WeightOrigin.DERIVED, "customers say so", before.pk)
        after = recompute(tree=tree, at=LATER).run
        assert after is not None and after.weight_set_id == made.pk
        assert Run.objects.get(pk=before.pk).definition == before.definition

    @pytest.mark.parametrize("code", ["in_force", "nonsense", "set:999999", "set:x"])
    def test_refuses_what_is_not_to_choose_from(self, compared: WeightComparison, tree: IndicatorTree, code: str) -> None:
        with pytest.raises(TreeError, match="unknown_candidate"):
            choose_candidate(tree=tree, candidate=code, user=None, reason="x", at=LATER)
        assert tree.weight_sets.count() == 1

    def test_refuses_weights_that_do_not_fit_the_tree_any_more(self, compared: WeightComparison, tree: IndicatorTree) -> None:
        tree.indicators.filter(key="speed").delete()
        with pytest.raises(TreeError, match="weights_of_another_tree"):
            choose_candidate(tree=tree, candidate="equal", user=None, reason="x", at=LATER)

    def test_brings_a_set_that_waited_in_force_itself(self, tree: IndicatorTree) -> None:
        weights = {"product": 0.2, "service": 0.8, "quality": 0.5, "design": 0.5, "attitude": 0.5, "speed": 0.5}
        waiting = WeightSet.objects.create(tree=tree, number=7, origin="ahp", weights=weights)
        made = choose_weight_set(weight_set=waiting, user=None, reason="panel", at=LATER)
        assert (made.pk, made.valid_from_at) == (waiting.pk, LATER)
        assert tree.weight_sets.filter(valid_from_at__isnull=False, valid_to_at__isnull=True).get() == waiting


class TestSharesOfLeaves:
    def test_that_are_nothing_below_siblings_are_refused(self, tree: IndicatorTree) -> None:
        from analytics.scoring.snapshots import definition_of

        definition, _ = definition_of(tree)
        with pytest.raises(MethodError) as error:
            weights_of_shares(definition, {"quality": 1.0})
        assert error.value.reason == "zero_weight"
        assert ROOT == -1


@pytest.fixture
def ours(cast: Cast) -> IndicatorTree:
    version = publish(cast.team, standard_document())
    tree = make_tree(version)
    answer_from(version, drawn_codes())
    recompute(tree=tree, at=AT)
    compare_weights(tree=tree, at=AT)
    return tree


class TestTheWeightsPage:
    def test_shows_the_candidates_and_the_refused_with_their_reasons(self, cast: Cast, ours: IndicatorTree) -> None:
        body = client_of(cast.alice).get(f"/indicators/{ours.pk}/weights/").content.decode()
        assert "Derived importance (Johnson)" in body and "not recommended" in body and "points apart on the same answers" in body
        ours.sources.filter(role="overall").delete()
        recompute(tree=ours, at=LATER)
        compare_weights(tree=ours, at=LATER)
        body = client_of(cast.alice).get(f"/indicators/{ours.pk}/weights/").content.decode()
        assert "No question on overall satisfaction" in body

    def test_hides_the_comparison_from_a_manager_with_a_scope(self, cast: Cast, ours: IndicatorTree) -> None:
        for user, is_shown in ((cast.bob, True), (cast.eve, False)):
            body = client_of(user).get(f"/indicators/{ours.pk}/weights/").content.decode()
            assert ("The index under each set of weights" in body) == is_shown
            assert "Start a new series" not in body

    def test_needs_a_reason_to_choose(self, cast: Cast, ours: IndicatorTree) -> None:
        reply = client_of(cast.dora).post(f"/indicators/{ours.pk}/weights/choose/", {"candidate": "johnson", "reason": ""})
        assert (reply.status_code, ours.weight_sets.count()) == (422, 1)
        assert "Give a reason" in reply.content.decode()

    def test_chooses_and_logs_who_and_why(self, cast: Cast, ours: IndicatorTree) -> None:
        reply = client_of(cast.dora).post(f"/indicators/{ours.pk}/weights/choose/", {"candidate": "johnson", "reason": "Board of May"})
        event = AuditEvent.objects.filter(action="weights.chosen").get()
        assert (reply.status_code, event.user, event.detail["reason"]) == (302, cast.dora, "Board of May")
        body = client_of(cast.bob).get(f"/indicators/{ours.pk}/weights/").content.decode()
        assert "Board of May" in body and "Dora" in body

    def test_names_the_weights_and_what_they_do_before_it_chooses_them(self, cast: Cast, ours: IndicatorTree) -> None:
        row = WeightComparison.objects.get(tree=ours)
        before, after = (candidate(row, code)["nodes"]["csi"]["value"] for code in ("in_force", "johnson"))
        page = words(client_of(cast.dora).get(f"/indicators/{ours.pk}/weights/?candidate=johnson"))
        body = client_of(cast.dora).get(f"/indicators/{ours.pk}/weights/?candidate=johnson").content.decode()
        assert "Use “Derived importance (Johnson)”" in page
        assert f'data-confirm="Index {before:.1f} → {after:.1f} from now on; published results stay."' in body

    def test_says_which_answers_it_rests_on_and_what_the_overview_shows(self, cast: Cast, ours: IndicatorTree) -> None:
        client = client_of(cast.dora)
        page = words(client.get(f"/indicators/{ours.pk}/weights/"))
        shown = re.search(r"All periods together \((.+?)\), 400 answers; the overview shows (.+?): (\d+\.\d)", page)
        assert shown is not None
        overview = words(client.get("/overview/", follow=True))
        assert shown[2] in overview and shown[3] in overview

    def test_says_that_it_compares_again_while_other_weights_are_in_force(self, cast: Cast, ours: IndicatorTree) -> None:
        client = client_of(cast.dora)
        choice = {"candidate": "johnson", "reason": "Board of May"}
        page = words(client.post(f"/indicators/{ours.pk}/weights/choose/", choice, follow=True))
        assert "Comparing again…" in page and "Weights in force when compared" in page
        assert "A new series starts from now on" in client.get(f"/indicators/{ours.pk}/weights/").content.decode()
        recompute(tree=ours, at=LATER)
        compare_weights(tree=ours, at=LATER)
        page = words(client.get(f"/indicators/{ours.pk}/weights/"))
        assert "Comparing again" not in page and "Weights in force when compared" not in page

    def test_asks_before_a_set_is_used_again(self, cast: Cast, ours: IndicatorTree) -> None:
        client = client_of(cast.dora)
        client.post(f"/indicators/{ours.pk}/weights/choose/", {"candidate": "johnson", "reason": "Board of May"})
        recompute(tree=ours, at=LATER)
        compare_weights(tree=ours, at=LATER)
        old = ours.weight_sets.get(origin="equal")
        page = client.get(f"/indicators/weight-sets/{old.pk}/choose/").content.decode()
        assert re.search(r'data-confirm="Index \d+\.\d → \d+\.\d from now on; published results stay."', page)
        assert f"Use “No. {old.number}: Equal”" in page

    def test_asks_a_worker_to_compare_again(self, cast: Cast, ours: IndicatorTree) -> None:
        client_of(cast.dora).post(f"/indicators/{ours.pk}/weights/compare/")
        assert WeightComparison.objects.get(tree=ours).wanted_at is not None

    def test_opens_the_only_tree_from_the_menu(self, cast: Cast, ours: IndicatorTree) -> None:
        reply = client_of(cast.bob).get("/indicators/weights/")
        assert reply["Location"] == f"/indicators/{ours.pk}/weights/"

    def test_asks_no_more_of_the_database_with_more_sets(self, cast: Cast, ours: IndicatorTree, django_assert_max_num_queries: Any) -> None:
        for number in range(2, 22):
            WeightSet.objects.create(tree=ours, number=number, origin="manual", weights={}, created_by=cast.alice, valid_from_at=AT, valid_to_at=LATER)
        client = client_of(cast.bob)
        with django_assert_max_num_queries(20):
            assert client.get(f"/indicators/{ours.pk}/weights/").status_code == 200

    def test_says_the_same_in_chinese(self, cast: Cast, ours: IndicatorTree) -> None:
        cast.alice.language = "zh-hans"
        cast.alice.save()
        client = client_of(cast.alice)
        body = client.get(f"/indicators/{ours.pk}/weights/", headers={"accept-language": "zh-hans"}).content.decode()
        assert "推导重要性（Johnson）" in body and "权重方案" in body


class TestTheApi:
    def test_gives_sets_comparison_and_a_choice(self, cast: Cast, ours: IndicatorTree) -> None:
        client = api_client(make_key(cast.team, "designer", by=cast.alice)[1])
        comparison = client.get(f"/api/v1/indicators/{ours.pk}/weight-comparison/").json()
        assert (comparison["responses"], comparison["result"]["candidates"][0]["code"]) == (400, "in_force")
        first = ours.weight_sets.get()
        assert client.get(f"/api/v1/weight-sets/{first.pk}/").json()["origin"] == "equal"
        assert client.post(f"/api/v1/weight-sets/{first.pk}/choose/", {}).status_code == 400
        made = client.post(f"/api/v1/weight-sets/{first.pk}/choose/", {"reason": "back to equal"})
        assert (made.status_code, made.json()["reason"], made.json()["number"]) == (201, "back to equal", 2)

    def test_gives_no_comparison_to_a_limited_view(self, cast: Cast, ours: IndicatorTree) -> None:
        client = api_client(make_key(cast.team, "manager", {"region": ["East"]}, by=cast.alice)[1])
        reply = client.get(f"/api/v1/indicators/{ours.pk}/weight-comparison/", headers={"accept-language": "zh-CN"}).json()
        assert reply["result"] == {"problem": "limited_view"} and reply["explanation"].startswith("比较涵盖全部答卷")

    def test_keeps_another_team_out(self, cast: Cast, ours: IndicatorTree) -> None:
        client = api_client(make_key(cast.other_team, "owner", by=cast.charlie)[1])
        for path in (f"indicators/{ours.pk}/weight-comparison/", f"weight-sets/{ours.weight_sets.get().pk}/", f"indicators/{ours.pk}/panels/"):
            assert client.get(f"/api/v1/{path}").status_code == 404


class TestTheRangesOfDerivedWeights:
    def test_hold_the_weight_and_narrow_with_the_answers(self, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        widths = []
        codes = drawn_codes(3000)
        for fresh, at in ((codes[:300], AT), (codes[300:], LATER)):
            answer_from(version, fresh)
            recompute(tree=tree, at=at)
            node = candidate(compare_weights(tree=tree, at=at), "johnson")["nodes"]["product"]
            assert 0 <= node["weight_low"] < node["weight"] < node["weight_high"] <= 1
            widths.append(node["weight_high"] - node["weight_low"])
        assert widths[1] < widths[0] / 2

    def test_are_near_those_of_a_bootstrap_of_the_rows(self, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        codes = drawn_codes(2000)
        answer_from(version, codes)
        recompute(tree=tree, at=AT)
        node = candidate(compare_weights(tree=tree, at=AT), "johnson")["nodes"]["product"]
        stream = np.random.default_rng(3)
        drawn = []
        for _ in range(400):
            r = np.corrcoef(codes[stream.integers(0, 2000, 2000)].T)
            drawn.append(relative_weights(r[:4, :4], r[:4, 4]).shares[:2].sum())
        half = (node["weight_high"] - node["weight_low"]) / 2
        # 32 groups: the standard error scatters by an eighth, and t is wider than the normal quantile.
        assert half == pytest.approx(2.04 * np.std(drawn), rel=0.4)

    def test_come_with_every_way_that_goes_through_the_answers(self, compared: WeightComparison) -> None:
        for one in compared.result["candidates"]:
            if one["weights"]:
                is_derived = one["code"] in ("johnson", "lmg", "first_component", "factor_scores", "entropy")
                assert (one["nodes"]["quality"]["weight_low"] is not None) == is_derived, one["code"]

    def test_are_the_same_when_the_comparison_is_made_again(self, compared: WeightComparison, tree: IndicatorTree) -> None:
        before = WeightComparison.objects.get(tree=tree).result
        assert compare_weights(tree=tree, at=LATER).result == before

    def test_do_not_depend_on_where_the_answers_are_stored(self, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        for number, codes in enumerate(np.array_split(drawn_codes(700), 7)):
            rows = [sheet(*row[:4].tolist(), None, int(row[4])) for row in codes]
            answer_many(version, rows, wave=f"wave {number}", at=AT + timedelta(days=number))
        recompute(tree=tree, at=LATER)
        run = Run.objects.get(tree=tree)
        definition, whole = Definition.from_json(run.definition), list(columns_behind(run))
        of, columns = whole[0]
        assert (len(whole), columns.rows, len(columns.cells.day)) == (1, 700, 7)
        by_wave = [(of, select(columns, np.arange(7) == number)) for number in range(7)]
        ways = (whole, by_wave, by_wave[::-1], [(of, concatenate([part for _, part in by_wave[::-2]])), *by_wave[1::2]])
        found = [[one.ranges for one in derived_candidates(definition, gather(definition, parts))] for parts in ways]
        assert found[0][0] is not None
        assert all(one == found[0] for one in found[1:])

    def test_are_unknown_when_the_answers_without_some_group_give_none(self, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        codes = drawn_codes()
        codes[:, 1] = 4
        codes[0, 1] = 5  # A single answer makes this item vary.
        answer_from(version, codes)
        recompute(tree=tree, at=AT)
        found = candidate(compare_weights(tree=tree, at=AT), "johnson")
        assert found["weights"] and found["nodes"]["design"]["weight_low"] is None


class TestRandomGroups:
    def test_mix_as_the_reference_does(self) -> None:
        """The first outputs of splitmix64 from the seed 1234567."""
        step, seed = 0x9E3779B97F4A7C15, 1234567
        states = np.array([(seed + number * step) % 2**64 for number in range(5)], dtype=np.uint64)
        found = content_keys([(states ^ SEED).view(np.int64)], 5)
        assert found.tolist() == [
            6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
        ]

    def test_spread_like_answers_evenly(self) -> None:
        groups = draw_groups(content_keys([np.full(32_000, 5)], 32_000), 32)
        # 1000 are expected in each; one standard deviation is 31.
        assert abs(np.bincount(groups, minlength=32) - 1000).max() < 130

    def test_spread_answers_that_all_differ_evenly(self) -> None:
        groups = draw_groups(content_keys([np.arange(32_000)], 32_000), 32)
        assert abs(np.bincount(groups, minlength=32) - 1000).max() < 130

    def test_hold_the_same_whatever_the_order(self) -> None:
        stream = np.random.default_rng(1)
        rows = stream.integers(0, 4, (3, 5000))
        mixed = rows[:, stream.permutation(5000)]
        held = [sorted(zip(draw_groups(content_keys(list(one), 5000), 32).tolist(), *one.tolist(), strict=True)) for one in (rows, mixed)]
        assert held[0] == held[1]

    def test_keep_what_they_hold_when_answers_come_in(self) -> None:
        rows = np.random.default_rng(2).integers(0, 9, 4000)
        few, many = (draw_groups(content_keys([rows[:count]], count), 32).tolist() for count in (3000, 4000))
        assert few == many[:3000]


class TestTheNumberOfFactors:
    def test_is_told_by_parallel_analysis(self, compared: WeightComparison) -> None:
        facts = compared.result["dimensions"]
        assert (facts["factors"], facts["above_one"]) == (1, 1)
        assert facts["eigenvalues"][0] > facts["chance"][0] > 1 > facts["eigenvalues"][1]

    def test_of_none_is_refused_by_name(self, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        answer_from(version, np.random.default_rng(8).integers(1, 6, (300, 5)))
        recompute(tree=tree, at=AT)
        assert candidate(compare_weights(tree=tree, at=AT), "factor_scores")["reason"] == "no_common_dimension"


class TestTheOrderOfSiblings:
    def test_that_all_weigh_alike_has_no_moves(self, compared: WeightComparison) -> None:
        for node in candidate(compared, "johnson")["nodes"].values():
            assert "rank_change" not in node

    def test_of_one_family_can_move_while_another_cannot(self, version: QuestionnaireVersion, tree: IndicatorTree) -> None:
        answer_from(version, drawn_codes())
        tree.weight_sets.update(weights={"product": 0.5, "service": 0.5, "quality": 0.1, "design": 0.9, "attitude": 0.5, "speed": 0.5})
        recompute(tree=tree, at=AT)
        nodes = candidate(compare_weights(tree=tree, at=AT), "johnson")["nodes"]
        assert (nodes["quality"]["rank_change"], nodes["design"]["rank_change"]) == (1, -1)
        assert "rank_change" not in nodes["attitude"] and "rank_change" not in nodes["product"]
