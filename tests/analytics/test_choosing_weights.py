"""Setting weights by hand and choosing sets: bad input has a name, history stays, and who and why is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.http import HttpResponse
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.roles import Role
from analytics.indicators.comparison_view import CandidateView, _finding, mark
from analytics.indicators.hand_weights import percentages
from analytics.indicators.models import Indicator, IndicatorTree, WeightSet
from analytics.indicators.selectors import get_weight_set_in_force, list_branches
from analytics.indicators.services import remove_indicator
from analytics.indicators.weight_change import changes_between
from analytics.scoring.models import Run
from analytics.scoring.selectors import get_latest_run
from analytics.scoring.services import recompute
from analytics.scoring.weight_lab import compare_weights
from tests.analytics.builders import AT, make_tree, publish, standard_document
from tests.analytics.weight_builders import answer_from, drawn_codes
from tests.cast import Cast, api_client, client_of, make_key, shows_nan

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)
RIGHT = {"w_product": "70.5", "w_service": "29.5", "reason": "The board’s view"}


@pytest.fixture
def tree(cast: Cast) -> IndicatorTree:
    version = publish(cast.team, standard_document())
    tree = make_tree(version)
    answer_from(version, drawn_codes(300))
    recompute(tree=tree, at=AT)
    return tree


def root(tree: IndicatorTree) -> Indicator:
    return tree.indicators.get(parent=None)


def post(cast: Cast, tree: IndicatorTree, data: dict[str, Any], language: str = "en") -> HttpResponse:
    User.objects.filter(pk=cast.dora.pk).update(language=language)
    return client_of(cast.dora).post(reverse("indicators:indicator-weights", args=[root(tree).pk]), data)


def in_force(tree: IndicatorTree) -> WeightSet:
    found = get_weight_set_in_force(tree=tree)
    assert found is not None
    return found


WRONG = [
    ({"w_product": "-5", "w_service": "105"}, "A weight cannot be negative.", "权重不能为负数。"),
    ({"w_product": "nan", "w_service": "100"}, "A weight is a finite number.", "权重必须是有限的数值。"),
    ({"w_product": "Infinity", "w_service": "100"}, "A weight is a finite number.", "权重必须是有限的数值。"),
    ({"w_product": "0", "w_service": "0"}, "All weights are 0", "所有权重都是 0"),
    ({"w_product": "100"}, "Every indicator side by side needs a weight", "同级的每个指标都需要权重"),
    ({"w_product": "100", "w_service": " "}, "Every indicator side by side needs a weight", "同级的每个指标都需要权重"),
    ({"w_product": "half", "w_service": "50"}, "This is no number: half.", "这不是数字：half。"),
    ({"w_product": "70", "w_service": "40"}, "add up to 110 %", "110"),
    ({"w_product": "33.333", "w_service": "66.667"}, "at most two decimals", "最多两位小数"),
    ({"w_product": "1e400", "w_service": "0"}, "A weight is at most", "权重不能超过"),
    ({"w_product": "1e-400", "w_service": "100"}, "at most two decimals", "最多两位小数"),
    ({"w_product": "60", "w_service": "40", "reason": "  "}, "Give a reason", "请填写原因"),
    ({"w_product": "60", "w_service": "40", "reason": "x" * 241}, "240", "240"),
]


class TestWeightsByHand:
    @pytest.mark.parametrize(("data", "english", "chinese"), WRONG)
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_that_are_wrong_come_back_with_a_named_reason(
        self, cast: Cast, tree: IndicatorTree, data: dict[str, str], english: str, chinese: str, language: str
    ) -> None:
        before = in_force(tree)
        reply = post(cast, tree, {"reason": "A trial"} | data, language)
        page = reply.content.decode()
        assert reply.status_code == 422 and (english if language == "en" else chinese) in page
        assert not shows_nan(reply) and in_force(tree) == before

    def test_are_named_by_the_indicator_they_are_about(self, cast: Cast, tree: IndicatorTree) -> None:
        page = post(cast, tree, {"w_product": "-5", "w_service": "105", "reason": "A trial"}).content.decode()
        assert "Product: A weight cannot be negative." in page and "Service: A weight" not in page

    def test_begin_a_new_series_that_says_who_and_why(self, cast: Cast, tree: IndicatorTree) -> None:
        reply = post(cast, tree, RIGHT)
        made = in_force(tree)
        assert (reply.status_code, made.weights["product"], made.created_by, made.reason) == (302, 0.705, cast.dora, RIGHT["reason"])
        event = AuditEvent.objects.get(action="weights.set")
        assert event.user == cast.dora and event.detail["reason"] == RIGHT["reason"]

    def test_are_shared_equally_without_being_saved(self, cast: Cast, tree: IndicatorTree) -> None:
        before = in_force(tree)
        page = post(cast, tree, {"w_product": "9", "w_service": "x", "fill": "equal", "reason": "Kept"}).content.decode()
        assert page.count('value="50.00"') == 2 and 'value="Kept"' in page and in_force(tree) == before

    def test_are_scaled_to_a_hundred_without_being_saved(self, cast: Cast, tree: IndicatorTree) -> None:
        before = in_force(tree)
        page = post(cast, tree, {"w_product": "3", "w_service": "1", "fill": "scale"}).content.decode()
        assert 'value="75.00"' in page and 'value="25.00"' in page and in_force(tree) == before

    @pytest.mark.parametrize(("product", "words"), [("0", "All weights are 0"), ("-1", "negative"), ("inf", "finite"), ("", "needs a weight")])
    def test_that_cannot_be_scaled_say_why(self, cast: Cast, tree: IndicatorTree, product: str, words: str) -> None:
        reply = post(cast, tree, {"w_product": product, "w_service": "0", "fill": "scale"})
        assert reply.status_code == 422 and words in reply.content.decode()

    def test_left_as_they_are_shown_are_kept_exactly(self, cast: Cast, tree: IndicatorTree) -> None:
        shares = {"product": 1 / 3, "service": 2 / 3}
        WeightSet.objects.filter(pk=in_force(tree).pk).update(weights=in_force(tree).weights | shares)
        typed = dict(zip(("w_product", "w_service"), map(str, percentages(list(shares.values()))), strict=True))
        post(cast, tree, {**typed, "reason": "As before"})
        assert {key: in_force(tree).weights[key] for key in shares} == shares

    def test_take_a_comma_and_a_percent_sign(self, cast: Cast, tree: IndicatorTree) -> None:
        post(cast, tree, {"w_product": "70,5", "w_service": "29.5 %", "reason": "Typed so"})
        assert in_force(tree).weights["product"] == 0.705

    def test_of_a_leaf_lead_to_its_own_page(self, cast: Cast, tree: IndicatorTree) -> None:
        leaf = tree.indicators.get(key="quality")
        reply = client_of(cast.dora).get(reverse("indicators:indicator-weights", args=[leaf.pk]))
        assert reply.status_code == 302 and reply["Location"] == reverse("indicators:indicator", args=[leaf.pk])

    @pytest.mark.parametrize("weights", [[1 / 3] * 3, [0.0, 0.0], [1.0], [0.999, 0.001]])
    def test_are_written_with_two_decimals(self, weights: list[float]) -> None:
        assert all(one == one.quantize(Decimal("0.01")) for one in percentages(weights))


class TestTheApi:
    @pytest.mark.parametrize(("weights", "english", "chinese"), [
        ({"product": -0.5, "service": 1.5}, "product|A weight cannot be negative.", "product|权重不能为负数。"),
        ({"product": "nan", "service": 1}, "product|A weight is a finite number.", "product|权重必须是有限的数值。"),
        ({"product": "-inf", "service": 1}, "product|A weight is a finite number.", "product|权重必须是有限的数值。"),
        ({"product": 0, "service": 0}, "All weights are 0", "所有权重都是 0"),
        ({"product": 1}, "service|Every indicator side by side needs a weight", "service|同级的每个指标都需要权重"),
        ({}, "product|Every indicator", "product|同级的每个指标"),
        ({"product": 0.5, "service": 0.5, "alien": 0}, "alien|This weight belongs to no indicator", "alien|这个权重不属于"),
        ({"product": 0.7, "service": 0.7}, "must add up to 100 %", "100"),
        ({"product": 1e308, "service": 1e308}, "must add up to 100 %", "100"),
    ])
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_names_what_is_wrong(
        self, cast: Cast, tree: IndicatorTree, weights: dict[str, Any], english: str, chinese: str, language: str
    ) -> None:
        client = api_client(make_key(cast.team, Role.DESIGNER, by=cast.dora)[1])
        reply = client.post(
            f"/api/v1/indicators/{tree.pk}/weight-sets/", {"parent": "csi", "weights": weights, "reason": "A trial"},
            format="json", headers={"accept-language": language},
        )
        assert reply.status_code == 400
        key, _, words = (english if language == "en" else chinese).rpartition("|")
        said = reply.json()["fields"]["weights"]
        assert words in (said[key][0] if key else said[0])

    @pytest.mark.parametrize("body", [
        {"parent": "csi", "weights": {"product": 0.5, "service": 0.5}},
        {"parent": "csi", "weights": {"product": 0.5, "service": 0.5}, "reason": " "},
        {"parent": "csi", "weights": {"product": None, "service": 0.5}, "reason": "A trial"},
        {"parent": "csi", "weights": [], "reason": "A trial"},
        {"parent": "nobody", "weights": {"product": 0.5, "service": 0.5}, "reason": "A trial"},
        {"parent": "quality", "weights": {}, "reason": "A trial"},
        [], "text",
    ])
    def test_refuses_what_is_no_request(self, cast: Cast, tree: IndicatorTree, body: Any) -> None:
        before = in_force(tree)
        client = api_client(make_key(cast.team, Role.DESIGNER, by=cast.dora)[1])
        reply = client.post(f"/api/v1/indicators/{tree.pk}/weight-sets/", body, format="json")
        assert reply.status_code == 400 and reply.json()["code"] == "invalid" and in_force(tree) == before

    def test_refuses_numbers_that_are_none_in_json(self, cast: Cast, tree: IndicatorTree) -> None:
        client = api_client(make_key(cast.team, Role.DESIGNER, by=cast.dora)[1])
        body = '{"parent": "csi", "reason": "x", "weights": {"product": NaN, "service": 1}}'
        reply = client.post(f"/api/v1/indicators/{tree.pk}/weight-sets/", body, content_type="application/json")
        assert reply.status_code == 400


def by_hand(cast: Cast, tree: IndicatorTree) -> HttpResponse:
    return post(cast, tree, RIGHT)


def equal(cast: Cast, tree: IndicatorTree) -> HttpResponse:
    return client_of(cast.dora).post(reverse("indicators:equal", args=[tree.pk]), {"reason": RIGHT["reason"]})


def candidate(cast: Cast, tree: IndicatorTree) -> HttpResponse:
    compare_weights(tree=tree, at=AT)
    address = reverse("indicators:weights-choose", args=[tree.pk])
    return client_of(cast.dora).post(address, {"candidate": "johnson", "reason": RIGHT["reason"]})


def again(cast: Cast, tree: IndicatorTree) -> HttpResponse:
    old = in_force(tree)
    by_hand(cast, tree)
    address = reverse("indicators:weight-set-choose", args=[old.pk])
    return client_of(cast.dora).post(address, {"reason": RIGHT["reason"]})


def api(cast: Cast, tree: IndicatorTree) -> HttpResponse:
    body = {"parent": "csi", "weights": {"product": 0.9, "service": 0.1}, "reason": RIGHT["reason"]}
    return api_client(make_key(cast.team, Role.DESIGNER, by=cast.dora)[1]).post(  # type: ignore[no-any-return]
        f"/api/v1/indicators/{tree.pk}/weight-sets/", body, format="json"
    )


WAYS = [by_hand, equal, candidate, again, api]


@pytest.mark.parametrize("way", WAYS)
class TestChoosing:
    def test_leaves_the_digits_of_published_results_alone(
        self, cast: Cast, tree: IndicatorTree, way: Callable[[Cast, IndicatorTree], HttpResponse]
    ) -> None:
        old = get_latest_run(tree=tree)
        assert old is not None
        kept = Run.objects.filter(pk=old.pk).values().get()
        weights = dict(old.weight_set.weights)
        assert way(cast, tree).status_code in (201, 302)
        recompute(tree=tree, at=LATER)
        assert Run.objects.filter(pk=old.pk).values().get() == kept
        assert WeightSet.objects.get(pk=kept["weight_set_id"]).weights == weights
        new = get_latest_run(tree=tree)
        assert new is not None and new.pk != old.pk and new.weight_set == in_force(tree) != old.weight_set

    def test_keeps_who_and_why_in_the_history_and_the_log(
        self, cast: Cast, tree: IndicatorTree, way: Callable[[Cast, IndicatorTree], HttpResponse]
    ) -> None:
        way(cast, tree)
        made = in_force(tree)
        event = AuditEvent.objects.filter(action__startswith="weights.").latest("id")
        assert (event.detail["number"], event.detail["reason"]) == (made.number, made.reason) and made.reason == RIGHT["reason"]
        page = client_of(cast.dora).get(reverse("indicators:weights", args=[tree.pk])).content.decode()
        assert RIGHT["reason"] in page
        if way is not api:  # A key is nobody; the log names the key.
            assert (made.created_by, event.user) == (cast.dora, cast.dora) and "<td>Dora</td>" in page


class TestWithoutAReason:
    @pytest.mark.parametrize(("language", "words"), [("en", "Give a reason"), ("zh-hans", "请填写原因")])
    @pytest.mark.parametrize("name", ["equal", "weight-set-choose", "weights-choose"])
    def test_nothing_is_chosen(self, cast: Cast, tree: IndicatorTree, name: str, language: str, words: str) -> None:
        compare_weights(tree=tree, at=AT)
        old = in_force(tree)
        post(cast, tree, RIGHT)
        before = in_force(tree)
        User.objects.filter(pk=cast.dora.pk).update(language=language)
        address = reverse(f"indicators:{name}", args=[old.pk if name == "weight-set-choose" else tree.pk])
        reply = client_of(cast.dora).post(address, {"candidate": "johnson", "reason": "   "})
        assert reply.status_code == 422 and words in reply.content.decode() and in_force(tree) == before


class TestTheAddressOfASet:
    def test_shows_what_would_change_before_anybody_chooses(self, cast: Cast, tree: IndicatorTree) -> None:
        old = in_force(tree)
        post(cast, tree, RIGHT)
        page = client_of(cast.dora).get(reverse("indicators:weight-set-choose", args=[old.pk])).content.decode()
        assert "What would change" in page and "70.5" in page and "−20.5" in page and "+20.5" in page

    def test_of_another_form_of_the_tree_says_so_and_is_refused(self, cast: Cast, tree: IndicatorTree) -> None:
        old = in_force(tree)
        remove_indicator(indicator=tree.indicators.get(key="speed"), reason="A trial", user=None, at=LATER)
        address = reverse("indicators:weight-set-choose", args=[old.pk])
        client = client_of(cast.dora)
        assert "do not fit it any more" in client.get(address).content.decode()
        reply = client.post(address, {"reason": "Back"})
        assert reply.status_code == 422 and "do not fit it any more" in reply.content.decode()

    def test_of_the_set_in_force_offers_nothing(self, cast: Cast, tree: IndicatorTree) -> None:
        page = client_of(cast.dora).get(reverse("indicators:weight-set-choose", args=[in_force(tree).pk])).content.decode()
        assert "These weights are in force." in page and 'name="reason"' not in page

    @pytest.mark.parametrize("name", ["equal", "weight-set-choose"])
    def test_is_closed_to_managers_and_unknown_to_other_teams(self, cast: Cast, tree: IndicatorTree, name: str) -> None:
        address = reverse(f"indicators:{name}", args=[in_force(tree).pk if name == "weight-set-choose" else tree.pk])
        assert client_of(cast.bob).get(address).status_code == 403
        assert client_of(cast.charlie).get(address).status_code == 404


class TestTheLab:
    def page(self, cast: Cast, tree: IndicatorTree, query: str = "") -> str:
        return client_of(cast.dora).get(reverse("indicators:weights", args=[tree.pk]) + query).content.decode()

    @pytest.fixture
    def uneven(self, tree: IndicatorTree) -> IndicatorTree:
        tree.weight_sets.update(weights={
            "product": 0.2, "service": 0.8, "quality": 0.3, "design": 0.7, "attitude": 0.5, "speed": 0.5,
        })
        recompute(tree=tree, at=LATER)
        compare_weights(tree=tree, at=LATER)
        return tree

    def test_says_what_a_candidate_would_change(self, cast: Cast, uneven: IndicatorTree) -> None:
        page = self.page(cast, uneven, "?candidate=johnson")
        assert "What would change with “Derived importance (Johnson)”" in page
        assert "On the same answers the index would be" in page and "gains most (+" in page
        assert "4 of 6 indicators change their place" in page
        assert "the weight in force lies outside" in page and "1 place up:" in page and "1 place down:" in page

    def test_looks_at_the_first_other_set_when_the_one_asked_for_is_unknown(self, cast: Cast, uneven: IndicatorTree) -> None:
        assert "What would change with “Equal”" in self.page(cast, uneven, "?candidate=%00../x")

    def test_says_how_many_dimensions_there_are(self, cast: Cast, uneven: IndicatorTree) -> None:
        page = self.page(cast, uneven)
        assert "One dimension stands out of chance" in page and "Parallel analysis (Horn)" in page

    def test_shows_no_change_of_nothing(self, cast: Cast, tree: IndicatorTree) -> None:
        compare_weights(tree=tree, at=AT)
        assert "nothing would change" in self.page(cast, tree, "?candidate=equal")
        assert "nothing would change" not in self.page(cast, tree)

    def test_still_shows_a_comparison_made_before_there_were_ranges(self, cast: Cast, uneven: IndicatorTree) -> None:
        row = uneven.comparison
        del row.result["dimensions"]
        for one in row.result["candidates"]:
            for node in one.get("nodes", {}).values():
                del node["weight_low"], node["weight_high"]
        row.save()
        assert "What would change with" in self.page(cast, uneven, "?candidate=johnson")

    def test_tells_a_limited_view_nothing_of_all_answers(self, cast: Cast, uneven: IndicatorTree) -> None:
        address = reverse("indicators:weights", args=[uneven.pk])
        page = client_of(cast.eve).get(address).content.decode()
        assert "What would change" not in page and "Parallel analysis" not in page


class TestTheFinding:
    def found(self, *values: float) -> str:
        root = {"low": None, "high": None, "status": "shown", "n": 400}
        return str(_finding([CandidateView("x", "X", "", "", None, None, "", root | {"value": value}, 0.0, {}) for value in values]))

    def test_holds_the_spread_against_what_matters_whichever_set_is_in_force(self) -> None:
        for values in ((75.0, 73.0, 74.2), (73.0, 75.0, 74.2), (74.2, 75.0, 73.0)):
            assert self.found(*values) == "Up to 2.0 points apart on the same answers: reaching the 2 points that matter here."
        assert "1.9 points apart on the same answers: below the 2 points" in self.found(75.0, 73.1)

    def test_never_contradicts_its_own_number(self) -> None:
        assert "2.0 points apart on the same answers: reaching" in self.found(75.0, 73.04)


class TestMarks:
    @pytest.mark.parametrize(("share", "width"), [(0.0, 1.2), (0.5, 1.2), (1.0, 1.2), (1.0, 0.6), (0.998, 0.6)])
    def test_are_drawn_whole_wherever_they_lie(self, share: float, width: float) -> None:
        assert 0 <= mark(share, width) <= 100 - width

    def test_of_the_largest_weight_have_room_beside_them(self, tree: IndicatorTree) -> None:
        branches = list_branches(tree=tree)
        weights = {"product": 0.602, "service": 0.398, "quality": 0.5, "design": 0.5, "attitude": 0.5, "speed": 0.5}
        largest = next(row for row in changes_between(branches, weights, "en") if row.after == 0.602)
        assert largest.track is not None and largest.track.after == pytest.approx(86 - 0.6)


class TestTheLabWithLittle:
    """What answers cannot give is said by name, in page and API alike."""

    SAME = [[4, 4, 4, 4, 4]] * 150
    OVERALL_ALIKE = [[1 + k % 5, 1 + k % 4, 1 + k % 3, 1 + k % 2, 3] for k in range(150)]

    @pytest.mark.parametrize(("rows", "reason", "english", "chinese"), [
        ([], "no_answers", "No answer feeds this tree yet", "还没有"),
        ([[4, 3, 5, 2, 4]], "too_few_answers", "Too few answers: 1, needed are 100.", "1"),
        ([[4, 3, 5, 2, 4], [1, 2, 3, 4, 5]], "too_few_answers", "Too few answers: 2, needed are 100.", "2"),
        (SAME, "no_variation", "An indicator has the same answer everywhere", "相同"),
        (OVERALL_ALIKE, "no_variation", "An indicator has the same answer everywhere", "相同"),
    ], ids=["none", "one", "two", "one category", "overall alike"])
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_names_the_reason_instead_of_weights(
        self, cast: Cast, rows: list[list[int]], reason: str, english: str, chinese: str, language: str
    ) -> None:
        version = publish(cast.team, standard_document())
        tree = make_tree(version)
        if rows:
            answer_from(version, np.array(rows))
        recompute(tree=tree, at=AT)
        compare_weights(tree=tree, at=AT)
        User.objects.filter(pk=cast.dora.pk).update(language=language)
        page = client_of(cast.dora).get(reverse("indicators:weights", args=[tree.pk]))
        reply = api_client(make_key(cast.team)[1]).get(f"/api/v1/indicators/{tree.pk}/weight-comparison/")
        assert (page.status_code, reply.status_code) == (200, 200)
        assert (english if language == "en" else chinese) in page.content.decode()
        assert not shows_nan(page) and not shows_nan(reply)
        found = reply.json()["result"]
        said = [one["reason"] for one in found.get("candidates", []) if one["code"] == "johnson"] or [found.get("problem")]
        assert said == [reason]
        told = {one["code"]: one["explanation"] for one in found.get("candidates", [])}
        assert all(bool(told[one["code"]]) == bool(one["reason"]) for one in found.get("candidates", []))
        assert bool(reply.json()["explanation"]) == ("problem" in found)

    def test_gives_answers_all_alike_an_index_and_no_interval(self, cast: Cast) -> None:
        version = publish(cast.team, standard_document())
        tree = make_tree(version)
        answer_from(version, np.array(self.SAME))
        recompute(tree=tree, at=AT)
        compare_weights(tree=tree, at=AT)
        page = client_of(cast.dora).get(reverse("indicators:weights", args=[tree.pk])).content.decode()
        assert "no interval: all answers are the same" in page
        assert "Up to 0.0 points apart on the same answers: below the 2 points" in page
