"""What of a change is one thing under several names: the rules, on results made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from analytics.dashboards.hypotheses import ComparedItem, compared_items, hypotheses, name_of
from analytics.dashboards.verdicts import Judged, judge_all, judge_nodes
from analytics.methods.multiplicity import holm
from analytics.scoring import comparing
from analytics.scoring.comparing import INDEPENDENT
from analytics.scoring.periods import EVERYTHING
from analytics.scoring.results import Figure, ItemResult, Missing, NodeResult, PeriodResult, Status, Verdict

HUNDRED = 100


def figure(n: int, metric: str = "mean", value: float = 3.0) -> Figure:
    if not n:
        return Figure(metric, 0, 0.0, None, None, None, Status.NONE, "none")
    return Figure(metric, n, float(n), value, value - 0.1, value + 0.1, Status.SHOWN, standard_error=0.05)


def question(key: str, n: int = HUNDRED, *, high: int = 5, other_scale: int = 0) -> ItemResult:
    share = figure(n, "satisfied_share")
    return ItemResult(1, key, 1, high, figure(n), share, share, (), Missing(other_scale=other_scale))


def node(key: str, parent: str | None, n: int = HUNDRED, *items: ItemResult) -> NodeResult:
    share = figure(n, "satisfied_levels")
    return NodeResult(key, {"en": key}, parent, 0, bool(items), 1.0, 1.0, None, figure(n, "index"), share, share, (), items)


def result(*nodes: NodeResult, overall: ItemResult | None = None) -> PeriodResult:
    return PeriodResult(EVERYTHING, HUNDRED, nodes, overall, None)


def told(before: PeriodResult, after: PeriodResult, vector: str = "linear") -> dict[str, str]:
    """What is tested where the change of each indicator is, without the prefixes."""
    found = hypotheses(before, after, compared_items(before, after), vector)
    return {key.removeprefix("n:"): one.removeprefix("n:") for key, one in found.items()}


def survey(*parts: NodeResult) -> PeriodResult:
    """An index of these leaves and one more of two questions."""
    return result(node("csi", None), *parts, node("rest", "csi", HUNDRED, question("r1"), question("r2")))


ONE = "i:1:q:1:5"


class TestThePairsOfQuestions:
    def test_name_each_question_of_both_periods_once(self) -> None:
        both = result(node("csi", None), node("a", "csi", HUNDRED, question("q")), node("b", "csi", HUNDRED, question("q")),
                      overall=question("overall"))
        assert [one.name[1] for one in compared_items(both, both)] == ["q", "overall"]

    def test_leave_out_what_was_asked_in_one_period_only(self) -> None:
        found = compared_items(survey(node("a", "csi", HUNDRED, question("gone"))), survey(node("a", "csi", HUNDRED, question("new"))))
        assert [one.name[1] for one in found] == ["r1", "r2"]

    def test_know_a_question_again_on_another_scale_and_do_not_test_it(self) -> None:
        before, after = question("q", high=10), question("q")
        found = compared_items(survey(node("a", "csi", HUNDRED, before)), survey(node("a", "csi", HUNDRED, after)))
        assert found[0] == ComparedItem(name_of(after), before, after, is_same_scale=False) and not found[0].is_alike
        assert [one.is_alike for one in found[1:]] == [True, True]

    def test_prefer_the_same_scale_where_both_were_asked(self) -> None:
        same = question("q")
        found = compared_items(survey(node("a", "csi", HUNDRED, same, question("q", high=10))), survey(node("a", "csi", HUNDRED, same)))
        assert found[0] == ComparedItem(name_of(same), same, same, is_same_scale=True) and found[0].is_alike

    @pytest.mark.parametrize(("n", "elsewhere", "is_alike"), [(0, 1, False), (0, 0, True), (1, 1, True), (1, 0, True)])
    def test_are_not_tested_where_everybody_of_a_period_was_asked_on_another_scale(
        self, n: int, elsewhere: int, is_alike: bool
    ) -> None:
        one, other = question("q", n, other_scale=elsewhere), question("q")
        assert ComparedItem(name_of(one), one, other, is_same_scale=True).is_alike is is_alike
        assert ComparedItem(name_of(one), other, one, is_same_scale=True).is_alike is is_alike


class TestALeaf:
    @pytest.mark.parametrize(("before", "after", "same"), [
        ((question("q"),), (question("q"),), ONE),
        ((question("q"), question("p", 0)), (question("q"), question("p", 0)), ONE),
        ((question("q"), question("p")), (question("q"), question("p", 0)), "a"),
        ((question("q"), question("p", 0)), (question("q"), question("p")), "a"),
        ((question("q", 99),), (question("q"),), "a"),
        ((question("q"),), (question("q", 99),), "a"),
        ((question("q", 0),), (question("q", 0),), "a"),
        ((question("q", high=10),), (question("q"),), "a"),
    ], ids=["one", "the other never answered", "another before", "another after", "others count before", "others count after",
            "none answered", "another scale before"])
    def test_is_its_question_where_that_is_all_of_it_in_both_periods(
        self, before: tuple[ItemResult, ...], after: tuple[ItemResult, ...], same: str
    ) -> None:
        found = told(survey(node("a", "csi", HUNDRED, *before)), survey(node("a", "csi", HUNDRED, *after)))
        assert found == {"csi": "csi", "a": same, "rest": "rest"}

    @pytest.mark.parametrize(("vector", "same"), [("linear", ONE), ("times20", ONE), ("cn_practice", "a"), ("cn_practice_40", "a")])
    def test_is_its_question_where_scores_rise_in_even_steps(self, vector: str, same: str) -> None:
        one = survey(node("a", "csi", HUNDRED, question("q")))
        assert told(one, one, vector)["a"] == same

    def test_of_two_points_rises_in_one_even_step(self) -> None:
        one = survey(node("a", "csi", HUNDRED, question("q", high=2)))
        assert told(one, one)["a"] == "i:1:q:1:2"

    def test_is_itself_where_everybody_was_asked_on_another_scale_before(self) -> None:
        before = survey(node("a", "csi", 0, question("q", 0, other_scale=9)))
        assert told(before, survey(node("a", "csi", HUNDRED, question("q"))))["a"] == "a"


class TestABranch:
    def parts(self, one: int, other: int, whole: int = HUNDRED) -> PeriodResult:
        return survey(node("branch", "csi", whole), node("a", "branch", one, question("q", one)),
                      node("b", "branch", other, question("p", other)))

    def test_is_its_only_answered_part_and_so_its_question(self) -> None:
        one = self.parts(HUNDRED, 0)
        assert told(one, one)["branch"] == told(one, one)["a"] == ONE

    @pytest.mark.parametrize("sides", [(1, 0), (0, 1)])
    def test_is_itself_where_another_part_was_answered_in_one_period(self, sides: tuple[int, int]) -> None:
        before, after = (self.parts(HUNDRED, n) for n in sides)
        assert told(before, after)["branch"] == "branch"

    @pytest.mark.parametrize("sides", [(99, 100), (100, 99)])
    def test_is_itself_where_others_count_in_it_than_in_its_part(self, sides: tuple[int, int]) -> None:
        before, after = (self.parts(n, 0) for n in sides)
        assert told(before, after)["branch"] == "branch"

    def test_is_itself_where_no_part_was_answered(self) -> None:
        one = self.parts(0, 0, 0)
        assert told(one, one)["branch"] == "branch"

    def test_that_is_the_whole_index_is_tested_once(self) -> None:
        one = result(node("csi", None), node("branch", "csi"), node("a", "branch", HUNDRED, question("q")))
        assert set(told(one, one).values()) == {ONE}
        other = replace(one, nodes=(node("csi", None), node("branch", "csi"), node("a", "branch", HUNDRED, question("q"), question("p"))))
        assert set(told(other, other).values()) == {"a"}


class TestTheFamilies:
    """Two leaves of two questions each, and one that is its question."""

    def read(self, steps: Mapping[str, float], *, high: int = 5) -> PeriodResult:
        def of(key: str, metric: str) -> Figure:
            return figure(20, metric, 3.0 + steps.get(key, 0.0))

        def asked(key: str) -> ItemResult:
            return replace(question(key, 20, high=high if key == "moved" else 5), mean=of(key, "mean"))

        def part(key: str, parent: str | None, *keys: str) -> NodeResult:
            return replace(node(key, parent, 20, *map(asked, keys)), index=of(key, "index"))

        return result(part("csi", None), part("a", "csi", "a1", "a2"), part("b", "csi", "b1", "moved"), part("c", "csi", "c1"))

    def judge(self, *, high: int = 5, is_weighted: bool = False) -> Mapping[str, Judged]:
        before = self.read({}, high=high)
        after = self.read({"csi": 0.15, "a": 0.15, "b": 0.16, "a1": 0.15, "a2": 0.4, "b1": 0.01, "moved": 0.4, "c": 0.17, "c1": 0.17})
        found = judge_all(
            before, after, compared_items(before, after), vector="linear", shared=lambda *_: INDEPENDENT, is_weighted=is_weighted,
        )
        return {subject.split(":")[2 if subject.startswith("i") else 1]: one for subject, one in found.items()}

    @pytest.mark.parametrize("is_weighted", [False, True])
    def test_are_corrected_each_for_itself_and_the_index_for_nothing(self, is_weighted: bool) -> None:
        judged = self.judge(is_weighted=is_weighted)
        families = {"headline": ["csi"], "indicators": ["a", "b"], "items": ["a1", "a2", "b1", "moved", "c1"]}
        for family, keys in families.items():
            p = [judged[key].found.p for key in keys]
            assert all(one is not None for one in p) and {judged[key].judged_in for key in keys} == {family}
            wanted = [None] if family == "headline" else pytest.approx(holm([one or 0.0 for one in p]).tolist())
            assert [judged[key].found.p_holm for key in keys] == wanted
        assert (judged["c"].judged_in, judged["c"].found.p_holm) == ("items", judged["c1"].found.p_holm)
        assert judged["csi"].found.change.verdict == Verdict.BEYOND and judged["a1"].found.change.verdict == Verdict.WITHIN
        test = comparing.tested(figure(20, "index"), figure(20, "index", 3.15), is_weighted=is_weighted)
        assert judged["csi"].found.p == test.p

    def test_have_no_member_that_was_asked_on_another_scale(self) -> None:
        judged = self.judge(high=10)
        assert (judged["moved"].found.p, judged["moved"].found.change.reason) == (None, "scale_changed")
        others = [judged[key].found.p or 0.0 for key in ("a1", "a2", "b1", "c1")]
        assert [judged[key].found.p_holm for key in ("a1", "a2", "b1", "c1")] == pytest.approx(holm(others).tolist())

    def test_are_those_of_unweighted_means_on_the_overview(self) -> None:
        before, after = self.read({}), self.read({"csi": 0.15})
        found = judge_nodes(after, before, Nobody(), vector="linear")  # type: ignore[arg-type]
        assert set(found) == {"csi", "a", "b", "c"}
        assert found["csi"] == comparing.compare(before.root.index, after.root.index)


class Nobody:
    """No person is in both periods."""

    def shared(self, *_: object, **__: object) -> comparing.Shared:
        return INDEPENDENT
