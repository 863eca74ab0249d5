"""How each kind of value is written as a sum: the text itself, on numbers that can be reckoned in the head."""

from __future__ import annotations

import pytest

from analytics.dashboards.value.formulas import (
    effort_formulas,
    promoter_formula,
    satisfied_formula,
    value_formulas,
)
from analytics.scoring.definition import Definition, NodeRule, SourceRule
from analytics.scoring.results import Effort, Figure, ItemResult, Level, Missing, NodeResult, NpsResult, Status

TREE = Definition(
    (NodeRule("csi", None, 1.0), NodeRule("a", "csi", 0.6), NodeRule("b", "csi", 0.4)),
    tuple(SourceRule(1, key, 1, 5, "leaf", key) for key in ("a", "b")), (), "linear", 50, "UTC",
)


def figure(metric: str, value: float | None, n: int, weight: float | None = None) -> Figure:
    """A figure that is shown, unless it has no value."""
    return Figure(metric, n, float(n), value, None, None, Status.TOO_FEW if value is None else Status.SHOWN, weight=weight)


def levels(*counts: int, low: int = 1) -> tuple[Level, ...]:
    return tuple(Level(low + place, count, count / sum(counts)) for place, count in enumerate(counts))


def question(found: tuple[Level, ...], *, share: Figure | None = None, n: int | None = None) -> ItemResult:
    size = sum(level.count for level in found) if n is None else n
    shown = share or figure("satisfied_share", None, size)
    return ItemResult(1, "q", 1, len(found) or 5, figure("mean", 3.0, size), shown, shown, found, Missing())


def node(key: str, index: Figure, *items: ItemResult, parent: str | None = "csi") -> NodeResult:
    share = figure("satisfied_levels", None, index.n)
    return NodeResult(key, {}, parent, 1, bool(items), 1.0, 1.0, None, index, share, share, (), items)


def written(one: NodeResult, *children: NodeResult) -> list[str]:
    return [formula.text for formula in value_formulas(one, children, TREE)]


class TestAValue:
    """Four answers, of 1, 2, 4 and 5: scores 0, 25, 75 and 100."""

    ANSWERS = levels(1, 1, 0, 1, 1)

    def test_of_a_question_is_the_sum_of_its_answers(self) -> None:
        own = node("a", figure("index", 50.0, 4), question(self.ANSWERS))
        assert written(own) == ["(1×0 + 1×25 + 0×50 + 1×75 + 1×100) ÷ 4 = 50.00"]

    def test_of_two_questions_that_nobody_answered_both_of_counts_them_together(self) -> None:
        own = node("a", figure("index", 50.0, 8), question(self.ANSWERS), question(self.ANSWERS), question((), n=0))
        assert written(own) == ["(2×0 + 2×25 + 0×50 + 2×75 + 2×100) ÷ 8 = 50.00"]

    def test_of_two_questions_of_which_some_answered_both_is_the_sum_over_respondents(self) -> None:
        own = node("a", figure("index", 50.0, 7), question(self.ANSWERS), question(self.ANSWERS))
        assert written(own) == ["350.0 ÷ 7 = 50.00"]

    def test_whose_answers_may_not_be_shown_is_the_sum_over_respondents(self) -> None:
        assert written(node("a", figure("index", 50.0, 4), question((), n=4))) == ["200.0 ÷ 4 = 50.00"]

    def test_under_weights_has_shares_in_the_place_of_numbers(self) -> None:
        own = node("a", figure("index", 50.0, 4, 3.5), question(self.ANSWERS), question((), n=0))
        assert written(own) == ["25.0%×0 + 25.0%×25 + 0.0%×50 + 25.0%×75 + 25.0%×100 = 50.00"]

    def test_of_two_questions_under_weights_is_the_sum_over_respondents_and_their_weights(self) -> None:
        own = node("a", figure("index", 50.0, 8, 7.5), question(self.ANSWERS), question(self.ANSWERS))
        assert written(own) == ["375.0 ÷ 7.5 = 50.00"]
        (found,) = value_formulas(own, (), TREE)
        assert "times their respondent weights" in found.says

    def test_has_as_many_digits_as_its_sum_takes(self) -> None:
        assert written(node("a", figure("index", 66.666667, 3), question((), n=3))) == ["200.0 ÷ 3 = 66.67"]
        assert written(node("a", figure("index", 66.66, 3), question((), n=3))) == ["199.98 ÷ 3 = 66.66"]

    def test_of_an_indicator_is_the_sum_of_its_parts_and_that_over_respondents(self) -> None:
        parts = [node("a", figure("index", 80.0, 10)), node("b", figure("index", 60.0, 9))]
        own = node("csi", figure("index", 72.5, 10), parent=None)
        assert written(own, *parts) == ["60.0%×80.0 + 40.0%×60.0 = 72.00", "725.0 ÷ 10 = 72.50"]
        assert "divided by their number" in value_formulas(own, parts, TREE)[1].says

    def test_that_may_not_be_shown_is_not_written(self) -> None:
        assert written(node("a", figure("index", None, 3), question(self.ANSWERS))) == []


class TestAShare:
    def test_adds_up_the_answers_in_it(self) -> None:
        found = levels(100, 100, 121, 505, 483)
        share = figure("satisfied_share", 988 / 1309, 1309)
        assert satisfied_formula(question(found, share=share)) == "(505 + 483) ÷ 1,309 = 75.5%"
        assert satisfied_formula(question(levels(1, 3), share=figure("satisfied_share", 0.75, 4))) == "(3) ÷ 4 = 75.0%"

    def test_under_weights_adds_up_shares_with_the_digits_that_takes(self) -> None:
        found = (Level(1, 1, 0.5), Level(2, 1, 0.1), Level(3, 1, 0.0422), Level(4, 1, 0.1234), Level(5, 1, 0.2344))
        share = figure("satisfied_share", 0.3578, 1000, 1000.0)
        assert satisfied_formula(question(found, share=share)) == "12.34% + 23.44% = 35.8%"

    def test_that_may_not_be_shown_is_not_written(self) -> None:
        assert satisfied_formula(question(levels(1, 2, 3, 4, 5))) == ""
        assert satisfied_formula(question((), share=figure("satisfied_share", 0.5, 9), n=9)) == ""


class TestANetScore:
    RECOMMEND = levels(4, 0, 0, 100, 0, 50, 50, 200, 284, 300, 312, low=0)

    def recommend(self, score: Figure, found: tuple[Level, ...]) -> str:
        return promoter_formula(NpsResult(1, "nps", score, score, score, score, found, Missing()))

    def test_is_promoters_less_detractors(self) -> None:
        score = figure("nps", 100 * 408 / 1300, 1300)
        assert self.recommend(score, self.RECOMMEND) == "(612 − 204) ÷ 1,300 × 100 = +31"

    def test_under_weights_is_a_difference_of_shares(self) -> None:
        assert self.recommend(figure("nps", 31.384, 1300, 1300.0), self.RECOMMEND) == "(47.1% − 15.7%) × 100 = +31"

    def test_that_may_not_be_shown_is_not_written(self) -> None:
        assert self.recommend(figure("nps", None, 3), self.RECOMMEND) == self.recommend(figure("nps", 5.0, 30), ()) == ""


class TestCustomerEffort:
    EASY = levels(1, 2, 3, 4, 5, 6, 7)

    @pytest.mark.parametrize(("weight", "lines"), [
        (None, ("(1×1 + 2×2 + 3×3 + 4×4 + 5×5 + 6×6 + 7×7) ÷ 28 = 5.00", "(5 + 6 + 7) ÷ 28 = 64.3%", "(18 − 6) ÷ 28 × 100 = +43")),
        (30.0, ("3.6%×1 + 7.1%×2 + 10.7%×3 + 14.3%×4 + 17.9%×5 + 21.4%×6 + 25.0%×7 = 5.00", "17.9% + 21.4% + 25.0% = 64.3%",
                "(64.3% − 21.4%) × 100 = +43")),
    ])
    def test_is_written_in_its_three_conventions(self, weight: float | None, lines: tuple[str, ...]) -> None:
        effort = Effort(figure("ces_mean", 5.0, 28, weight), figure("ces_agreeing", 18 / 28, 28, weight),
                        figure("ces_net", 100 * 12 / 28, 28, weight))
        assert effort_formulas(question(self.EASY), effort) == lines

    def test_that_may_not_be_shown_is_not_written(self) -> None:
        hidden = figure("ces_mean", None, 3)
        assert effort_formulas(question(self.EASY), Effort(hidden, hidden, hidden)) == ("", "", "")
        shown = figure("ces_mean", 5.0, 28)
        assert effort_formulas(question((), n=28), Effort(shown, shown, shown)) == ("", "", "")
