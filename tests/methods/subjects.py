"""How each method is put to the laws: what it is fed and what it must keep.

A method is fed from respondents (rows of codes and respondent weights), from
elements whose order must not matter, or from plain numbers. Whatever it
returns is flattened to finite floats.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.methods import (
    ahp,
    ahp_panel,
    change,
    composite,
    control_charts,
    correlation,
    customer_effort,
    distributions,
    entropy,
    factor,
    importance,
    intervals,
    item_means,
    jackknife,
    moments,
    multiplicity,
    net_promoter,
    proportions,
    raking,
    ranking,
    reliability,
    retention,
    summaries,
    trees,
    trends,
    weighting,
)
from analytics.methods.index_definition import IndexDefinition

CODES = tuple(range(1, 8))
SCALES = (CODES,) * 4
LINEAR = tuple(distributions.score_vector("linear", CODES))
TREE = trees.IndicatorTree((-1, 0, 0, 1, 1, 2, 2), (1.0, 0.4, 0.6, 0.3, 0.7, 0.5, 0.5))
RULE = IndexDefinition(TREE, SCALES, (LINEAR,) * 4)
BOX = {5, 6, 7}


@dataclass(frozen=True)
class Respondents:
    """Answers of some people, one row each, with how many people each stands for."""

    answers: np.ndarray
    weights: np.ndarray

    def histogram(self, item: int = 0) -> np.ndarray:
        return summaries.item_histograms(self.answers, SCALES).valid(item)

    def histograms(self) -> list[np.ndarray]:
        return [self.histogram(item) for item in range(4)]

    def by_weight(self, item: int = 0) -> tuple[np.ndarray, np.ndarray]:
        found, which = np.unique(self.weights, return_inverse=True)
        return summaries.item_histograms(self.answers, SCALES, which, found.size).by_group(item), found

    def promoters(self) -> np.ndarray:
        return np.array([*self.histogram(), 0, 0, 0, 0])

    def promoters_by_weight(self) -> tuple[np.ndarray, np.ndarray]:
        counts, found = self.by_weight()
        return np.pad(counts, ((0, 0), (0, 4))), found

    def valid(self) -> tuple[np.ndarray, np.ndarray]:
        answered = self.answers[:, 0] > 0
        return self.answers[answered, 0], self.weights[answered]

    def pairs(self) -> correlation.PairSums:
        return correlation.pair_sums_of_tables(summaries.pair_tables(self.answers, SCALES), [LINEAR] * 4)

    def sums(self) -> moments.Moments:
        return composite.index_moments(self.answers, RULE).at(0)

    def sums_by_weight(self) -> tuple[list[moments.Moments], np.ndarray]:
        found, which = np.unique(self.weights, return_inverse=True)
        table = composite.index_moments(self.answers, RULE, which, found.size)
        return [table.at(0, group) for group in range(found.size)], found

    def correlations(self) -> np.ndarray:
        return correlation.correlations(self.pairs()).matrix

    def values(self) -> np.ndarray:
        return np.where(self.answers > 0, self.answers, np.nan).astype(float)


@dataclass(frozen=True)
class FromRespondents:
    """A method that is fed from respondents.

    `point` gives what k copies of every respondent must leave as it is; `whole`
    everything else that the other laws must leave as it is.
    """

    whole: Callable[[Respondents], Any]
    point: Callable[[Respondents], Any] | None = None
    low: float = -math.inf
    high: float = math.inf
    # The plain method that unit weights must give; None where there are no weights.
    unweighted: Callable[[Respondents], Any] | None = None
    # Counts grow with copies, so only their shares would stay.
    is_count: bool = False


@dataclass(frozen=True)
class FromElements:
    """A method whose results follow its elements into any order."""

    size: int
    of: Callable[[np.ndarray], Any]
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class FromNumbers:
    """A closed form of a few numbers, with its bounds."""

    of: Callable[[], Any]
    low: float = -math.inf
    high: float = math.inf


Subject = FromRespondents | FromElements | FromNumbers


def flat(result: Any) -> list[float]:
    """Return all numbers of a result, in a fixed order."""
    return list(_numbers(result))


def _numbers(result: Any) -> Iterable[float]:
    if result is None or isinstance(result, str):
        return
    if dataclasses.is_dataclass(result):
        for field in dataclasses.fields(result):
            yield from _numbers(getattr(result, field.name))
    elif isinstance(result, np.ndarray | list | tuple):
        for part in result:
            yield from _numbers(part)
    elif isinstance(result, dict):
        yield from _numbers(list(result.values()))
    else:
        yield float(result)


MATRIX = np.array([[1, 0.5, 0.4, 0.3], [0.5, 1, 0.45, 0.35], [0.4, 0.45, 1, 0.25], [0.3, 0.35, 0.25, 1]])
OUTCOME = np.array([0.5, 0.45, 0.4, 0.2])
JUDGED = np.array([[1, 3, 5, 2], [1 / 3, 1, 2, 1], [1 / 5, 1 / 2, 1, 1 / 3], [1 / 2, 1, 3, 1]])
OPEN = JUDGED.copy()
OPEN[0, 3] = OPEN[3, 0] = np.nan
HISTOGRAMS = [np.array([1, 2, 3]), np.array([4, 1, 1]), np.array([2, 2, 2])]
SHARE, OTHER = proportions.proportion(30, 70), proportions.proportion(20, 80)
LATER, EARLIER = (distributions.score_index(histogram, (0, 50, 100)) for histogram in ([1, 5, 9], [6, 6, 3]))
NPS = net_promoter.net_promoter_score([4, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6])


def square(matrix: np.ndarray, order: np.ndarray) -> np.ndarray:
    return matrix[np.ix_(order, order)]


def estimate_point(estimate: Any) -> float:
    return estimate.value


def nodes_point(nodes: Any) -> list[float]:
    return [node.estimate.value for node in nodes if node is not None]


WEIGHTED_PAIRS = tuple(
    item_means.weighted_pair_sums([[0, 50, 100, 25], [50, 25, 100, 0], [100, 75, 50, 25]], [1.0, w, w]) for w in (2.0, 4.0)
)


SUBJECTS: dict[str, Subject] = {
    # Shares and scores of one item.
    "distribution": FromRespondents(
        lambda r: distributions.distribution(r.histogram(), CODES).shares,
        lambda r: distributions.distribution(r.histogram(), CODES).shares,
        0,
        1,
    ),
    "satisfied_share": FromRespondents(
        lambda r: distributions.satisfied_share(r.histogram(), CODES, BOX),
        lambda r: distributions.satisfied_share(r.histogram(), CODES, BOX).value,
        0,
    ),
    "weighted_satisfied_share": FromRespondents(
        lambda r: distributions.weighted_satisfied_share(*r.by_weight(), CODES, BOX),
        lambda r: distributions.weighted_satisfied_share(*r.by_weight(), CODES, BOX).value,
        0,
        unweighted=lambda r: distributions.satisfied_share(r.histogram(), CODES, BOX),
    ),
    "score_mean": FromRespondents(
        lambda r: distributions.score_mean(r.histogram(), LINEAR),
        lambda r: distributions.score_mean(r.histogram(), LINEAR),
        0,
        100,
    ),
    "score_index": FromRespondents(
        lambda r: distributions.score_index(r.histogram(), LINEAR),
        lambda r: distributions.score_index(r.histogram(), LINEAR).value,
        0,
    ),
    "weighted_score_index": FromRespondents(
        lambda r: distributions.weighted_score_index(*r.by_weight(), LINEAR),
        lambda r: distributions.weighted_score_index(*r.by_weight(), LINEAR).value,
        0,
        unweighted=lambda r: distributions.score_index(r.histogram(), LINEAR),
    ),
    "customer_effort": FromRespondents(
        lambda r: customer_effort.customer_effort(r.histogram()),
        lambda r: customer_effort.customer_effort(r.histogram()).mean.value,
        -100,
    ),
    "net_promoter_score": FromRespondents(
        lambda r: net_promoter.net_promoter_score(r.promoters()),
        lambda r: net_promoter.net_promoter_score(r.promoters()).value,
        -100,
    ),
    "weighted_net_promoter_score": FromRespondents(
        lambda r: net_promoter.weighted_net_promoter_score(*r.promoters_by_weight()),
        lambda r: net_promoter.weighted_net_promoter_score(*r.promoters_by_weight()).value,
        -100,
        unweighted=lambda r: distributions.score_index(r.promoters(), net_promoter.SCORES).value,
    ),
    # Respondent weights.
    "weighted_sums": FromRespondents(
        lambda r: weighting.weighted_sums(*r.valid()).mean, lambda r: weighting.weighted_sums(*r.valid()).mean, 1, 7
    ),
    "weighted_sums_of_cells": FromRespondents(
        lambda r: weighting.weighted_sums_of_cells(*r.by_weight(), LINEAR).mean,
        lambda r: weighting.weighted_sums_of_cells(*r.by_weight(), LINEAR).mean,
        0,
        100,
    ),
    "merge_sums": FromRespondents(
        lambda r: weighting.merge_sums([weighting.weighted_sums(*r.valid())] * 2).mean,
        lambda r: weighting.merge_sums([weighting.weighted_sums(*r.valid())] * 2).mean,
        1,
        7,
    ),
    "weighted_mean": FromRespondents(
        lambda r: weighting.weighted_mean(weighting.weighted_sums(*r.valid())),
        lambda r: weighting.weighted_mean(weighting.weighted_sums(*r.valid())).value,
        unweighted=lambda r: dataclasses.astuple(distributions.score_index(r.histogram(), CODES))[:4],
    ),
    "weighted_share": FromRespondents(
        lambda r: weighting.weighted_share(*r.by_weight(), [code in BOX for code in CODES])[0],
        lambda r: weighting.weighted_share(*r.by_weight(), [code in BOX for code in CODES])[0],
        0,
        1,
    ),
    "effective_size": FromRespondents(
        lambda r: weighting.effective_size(r.valid()[1]), low=1, is_count=True, unweighted=lambda r: r.valid()[1].size
    ),
    "design_effect": FromRespondents(
        lambda r: weighting.design_effect(r.valid()[1]),
        lambda r: weighting.design_effect(r.valid()[1]),
        1 - 1e-12,
        unweighted=lambda r: 1.0,
    ),
    # The index.
    "index_values": FromRespondents(
        lambda r: np.sort(composite.index_values(r.answers, RULE)[:, (r.answers > 0).any(axis=1)], axis=1),
        low=-1,
        high=100 * moments.UNITS,
        is_count=True,
    ),
    "index_moments": FromRespondents(lambda r: composite.index_moments(r.answers, RULE), low=0, is_count=True),
    "tree_score": FromNumbers(lambda: composite.tree_score(RULE, [1, 7, -1, 4]), 0, 100),
    "grouped_moments": FromRespondents(
        lambda r: moments.grouped_moments(
            composite.index_values(r.answers, RULE), np.zeros(len(r.answers), dtype=np.int64), 1
        ),
        low=0,
        is_count=True,
    ),
    "mean_value": FromRespondents(
        lambda r: moments.mean_value(r.sums()), lambda r: moments.mean_value(r.sums()), 0, 100
    ),
    "mean_estimate": FromRespondents(
        lambda r: moments.mean_estimate(r.sums()), lambda r: moments.mean_estimate(r.sums()).value, 0
    ),
    "variance_of_mean": FromRespondents(lambda r: moments.variance_of_mean(r.sums()), low=0, is_count=True),
    "weighted_mean_estimate": FromRespondents(
        lambda r: moments.weighted_mean_estimate(*r.sums_by_weight()),
        lambda r: moments.weighted_mean_estimate(*r.sums_by_weight()).value,
        0,
        unweighted=lambda r: moments.mean_estimate(r.sums()),
    ),
    "weighted_sums_of_moments": FromRespondents(
        lambda r: moments.weighted_sums_of_moments(*r.sums_by_weight()).mean,
        lambda r: moments.weighted_sums_of_moments(*r.sums_by_weight()).mean,
        0,
        100,
    ),
    "item_means_index": FromRespondents(
        lambda r: item_means.item_means_index(TREE, r.pairs()),
        lambda r: nodes_point(item_means.item_means_index(TREE, r.pairs())),
        0,
    ),
    "weighted_pair_sums": FromNumbers(
        lambda: item_means.weighted_pair_sums([[1.0, 5.0], [3.0, np.nan]], [1.0, 2.0]).sums, 0, 7
    ),
    "weighted_item_means_index": FromNumbers(
        lambda: nodes_point(item_means.weighted_item_means_index(TREE, *WEIGHTED_PAIRS, [3] * len(TREE.leaves))), 0, 100
    ),
    "item_means": FromRespondents(
        lambda r: item_means.item_means(r.pairs()), lambda r: item_means.item_means(r.pairs()), 0, 100
    ),
    "mean_covariance": FromRespondents(lambda r: item_means.mean_covariance(r.pairs()), is_count=True),
    # Summaries and correlations.
    "item_histograms": FromRespondents(
        lambda r: [summaries.item_histograms(r.answers, SCALES).valid(item) for item in range(4)], low=0, is_count=True
    ),
    "pair_tables": FromRespondents(lambda r: summaries.pair_tables(r.answers, SCALES), low=0, is_count=True),
    "pair_sums": FromRespondents(lambda r: correlation.pair_sums(r.values()), low=0, is_count=True),
    "pair_sums_of_tables": FromRespondents(lambda r: r.pairs(), low=0, is_count=True),
    "correlations": FromRespondents(lambda r: r.correlations(), lambda r: r.correlations(), -1, 1),
    "covariances": FromRespondents(lambda r: correlation.covariances(r.pairs()), is_count=True),
    # Trees.
    "normalised_weights": FromElements(
        4, lambda o: trees.normalised_weights([-1, 0, 0, 0, 0], [1, *np.array([1, 2, 3, 4])[o]])[1:], 0, 1
    ),
    "equal_weights": FromElements(4, lambda o: trees.equal_weights([-1] + [0] * 4)[1:], 0, 1),
    "leaf_weights": FromElements(
        4,
        lambda o: trees.leaf_weights(trees.IndicatorTree((-1, 0, 0, 0, 0), (1.0, *np.array([0.1, 0.2, 0.3, 0.4])[o]))),
        0,
        1,
    ),
    "effective_weights": FromElements(
        4,
        lambda o: trees.effective_weights(
            trees.IndicatorTree((-1, 0, 0, 0, 0), (1.0, *np.array([0.1, 0.2, 0.3, 0.4])[o])),
            np.array([True, False, True, True])[o],
        )[0],
        0,
        1,
    ),
    "coverage": FromElements(
        4,
        lambda o: trees.coverage(
            trees.IndicatorTree((-1, 0, 0, 0, 0), (1.0, *np.array([0.1, 0.2, 0.3, 0.4])[o])),
            np.array([True, False, True, True])[o],
        )[1:],
        0,
        1,
    ),
    "roll_up": FromElements(
        4,
        lambda o: trees.roll_up(
            trees.IndicatorTree((-1, 0, 0, 0, 0), (1.0, *np.array([0.1, 0.2, 0.3, 0.4])[o])),
            list(np.array([10.0, 20.0, 70.0, 90.0])[o]),
        )[1:],
        0,
        100,
    ),
    # Expert judgements.
    "judgement_matrix": FromElements(
        4,
        lambda o: ahp.judgement_matrix(4, {(i, j): JUDGED[o[i], o[j]] for i in range(4) for j in range(i)}).prod(
            axis=1
        ),
        0,
    ),
    "eigenvector_priorities": FromElements(4, lambda o: ahp.eigenvector_priorities(square(JUDGED, o)).weights, 0, 1),
    "geometric_priorities": FromElements(4, lambda o: ahp.geometric_priorities(square(JUDGED, o)).weights, 0, 1),
    "incomplete_priorities": FromElements(4, lambda o: ahp.incomplete_priorities(square(OPEN, o)), 0, 1),
    "incomplete_consistency": FromElements(4, lambda o: ahp.incomplete_consistency(square(OPEN, o)).weights, 0, 1),
    "geometric_consistency_index": FromElements(
        4, lambda o: [ahp.geometric_consistency_index(square(JUDGED, o))] * 4, 0
    ),
    "most_disturbing_judgement": FromElements(
        4, lambda o: [ahp_panel.most_disturbing_judgement(square(JUDGED, o)).ratio_without] * 4, 0
    ),
    "aggregated_judgements": FromElements(
        4, lambda o: ahp_panel.aggregated_judgements([square(JUDGED, o), np.ones((4, 4))]).prod(axis=1), 0
    ),
    "group_priorities": FromElements(
        4, lambda o: ahp_panel.group_priorities([square(JUDGED, o), square(OPEN, o)]).group.weights, 0, 1
    ),
    # Derived weights.
    "entropy_weights": FromElements(
        3, lambda o: entropy.entropy_weights([HISTOGRAMS[k] for k in o], [(1, 2, 3)] * 3).weights, 0, 1
    ),
    "sampling_adequacy": FromElements(4, lambda o: factor.sampling_adequacy(square(MATRIX, o)).items, 0, 1),
    "sphericity": FromElements(4, lambda o: [factor.sphericity(square(MATRIX, o), 200).chi_squared] * 4, 0),
    "principal_components": FromElements(
        4, lambda o: factor.principal_components(square(MATRIX, o)).loadings[:, 0], -1, 1
    ),
    "first_component_weights": FromElements(4, lambda o: factor.first_component_weights(square(MATRIX, o)), 0, 1),
    "varimax": FromElements(
        4,
        lambda o: (factor.varimax(factor.principal_components(square(MATRIX, o)).loadings[:, :2]) ** 2).sum(axis=1),
        0,
        1 + 1e-9,
    ),
    "composite_weights": FromElements(4, lambda o: factor.composite_weights(square(MATRIX, o), 1), 0, 1),
    "raw_composite_weights": FromElements(4, lambda o: factor.raw_composite_weights(square(MATRIX, o), 2)),
    "score_coefficient_weights": FromElements(
        4, lambda o: factor.score_coefficient_weights(square(MATRIX, o), np.full((4, 1), 0.5))
    ),
    "parallel_analysis": FromElements(
        4, lambda o: [retention.parallel_analysis(square(MATRIX, o), 200).kept] * 4, 0, 4
    ),
    "standardised_coefficients": FromElements(
        4, lambda o: importance.standardised_coefficients(square(MATRIX, o), OUTCOME[o])
    ),
    "r_squared": FromElements(4, lambda o: [importance.r_squared(square(MATRIX, o), OUTCOME[o])] * 4, 0, 1),
    "variance_inflation": FromElements(4, lambda o: importance.variance_inflation(square(MATRIX, o)), 1),
    "ranks": FromElements(4, lambda o: ranking.ranks(OUTCOME[o]), 1, 4),
    "spearman_correlation": FromElements(
        4, lambda o: [ranking.spearman_correlation(OUTCOME[o], MATRIX[0][o])] * 4, -1, 1
    ),
    "kendall_correlation": FromElements(
        4, lambda o: [ranking.kendall_correlation(OUTCOME[o], MATRIX[0][o])] * 4, -1, 1
    ),
    "relative_weights": FromElements(4, lambda o: importance.relative_weights(square(MATRIX, o), OUTCOME[o]).raw, 0, 1),
    "averaged_over_orderings": FromElements(
        4, lambda o: importance.averaged_over_orderings(square(MATRIX, o), OUTCOME[o]).raw, 0, 1
    ),
    "cronbach_alpha": FromElements(4, lambda o: [reliability.cronbach_alpha(square(MATRIX, o), 50).value] * 4, high=1),
    "alpha_if_dropped": FromElements(4, lambda o: reliability.alpha_if_dropped(square(MATRIX, o)), high=1),
    "item_rest_correlations": FromElements(4, lambda o: reliability.item_rest_correlations(square(MATRIX, o)), -1, 1),
    "composite_reliability": FromElements(4, lambda o: [reliability.composite_reliability(OUTCOME[o])] * 4, 0, 1),
    "average_variance_extracted": FromElements(
        4, lambda o: [reliability.average_variance_extracted(OUTCOME[o])] * 4, 0, 1
    ),
    # Population margins.
    "rake": FromElements(
        4,
        lambda o: (
            raking.rake(
                np.array([9, 5, 7, 4])[o], np.array([[0, 0], [0, 1], [1, 0], [1, 1]])[o], [[60, 40], [50, 50]]
            ).weights
        ),
        0,
    ),
    "post_stratify": FromElements(
        3, lambda o: raking.post_stratify(np.array([9, 5, 7])[o], np.array([30, 30, 40])[o]).weights, 0
    ),
    "cell_weights": FromElements(
        3, lambda o: [raking.cell_weights(np.array([9, 5, 7])[o], np.array([1.0, 2.0, 0.5])[o]).n_eff] * 3, 1
    ),
    # Comparisons and periods.
    "holm": FromElements(4, lambda o: multiplicity.holm(np.array([0.01, 0.2, 0.03, 0.04])[o]), 0, 1),
    "benjamini_hochberg": FromElements(
        4, lambda o: multiplicity.benjamini_hochberg(np.array([0.01, 0.2, 0.03, 0.04])[o]), 0, 1
    ),
    "proportion_chart": FromElements(
        4,
        lambda o: control_charts.proportion_chart(np.array([5, 9, 7, 3])[o], np.array([20, 25, 22, 18])[o]).upper,
        0,
        1,
    ),
    "trend": FromElements(
        4,
        lambda o: (
            [
                trends.trend(
                    np.array([1, 2, 3, 4])[o], np.array([70.0, 71.0, 70.5, 73.0])[o], np.array([1, 2, 1, 1])[o]
                ).slope
            ]
            * 4
        ),
    ),
    "decompose_change": FromElements(
        4,
        lambda o: (
            trends.decompose_change(
                np.array([10.0, 20.0, 30.0, 40.0])[o],
                np.array([20.0, 20.0, 20.0, 20.0])[o],
                np.array([0.1, 0.2, 0.3, 0.4])[o],
                np.array([0.4, 0.3, 0.2, 0.1])[o],
            ).from_scores
        ),
        -100,
        100,
    ),
    "individuals_chart": FromNumbers(lambda: control_charts.individuals_chart([70, 72, 71])),
    "laney_chart": FromNumbers(lambda: control_charts.laney_chart([5, 9, 7], [20, 25, 22]).upper, 0, 1),
    "score_chart": FromNumbers(lambda: control_charts.score_chart([70, 72, 71], [1, 1, 2], [9, 9, 9])),
    "effect_band": FromNumbers(lambda: trends.effect_band(intervals.Interval(-1, 1, 0.95), 2.0), 0, 1),
    # Closed forms.
    "wilson_interval": FromNumbers(lambda: proportions.wilson_interval(3, 9), 0, 1),
    "proportion": FromNumbers(lambda: proportions.proportion(3, 9).interval, 0, 1),
    "weighted_proportion": FromNumbers(lambda: proportions.weighted_proportion(1.0, 9, 4.5).interval, 0, 1),
    "newcombe_difference": FromNumbers(lambda: proportions.newcombe_difference(SHARE, OTHER), -1, 1),
    "largest_correlation": FromNumbers(lambda: proportions.largest_correlation(SHARE, OTHER), 0, 1),
    "newcombe_p_value": FromNumbers(lambda: proportions.newcombe_p_value(SHARE, OTHER), 0, 1),
    "adjusted_wald_interval": FromNumbers(lambda: net_promoter.adjusted_wald_interval(3, 4, 5)),
    "score_vector": FromNumbers(
        lambda: [distributions.score_vector(n, range(1, 6)) for n in distributions.SCORE_VECTORS], 0, 100
    ),
    "box_size": FromNumbers(lambda: [distributions.box_size(levels) for levels in range(2, 12)], 1, 2),
    "grade_position": FromNumbers(lambda: distributions.grade_position(75.0, (60, 80)), 0, 2),
    "normal_quantile": FromNumbers(lambda: intervals.normal_quantile(0.95), 0),
    "student_quantile": FromNumbers(lambda: intervals.student_quantile(0.95, 3), 0),
    "normal_interval": FromNumbers(lambda: intervals.normal_interval(5.0, 1.0)),
    "delete_group_intervals": FromNumbers(
        lambda: jackknife.delete_group_intervals([0.5], [[0.4], [0.6]]).standard_errors[0], 0
    ),
    "chance_eigenvalues": FromNumbers(lambda: retention.chance_eigenvalues(3, 50, draws=10).mean(), 0, 3),
    "student_interval": FromNumbers(lambda: intervals.student_interval(5.0, 1.0, 4)),
    "welch_difference": FromNumbers(lambda: change.welch_difference(LATER, EARLIER)),
    "linearised_difference": FromNumbers(lambda: change.linearised_difference(LATER, EARLIER).p_value, 0, 1),
    "net_promoter_difference": FromNumbers(lambda: change.net_promoter_difference(NPS, NPS).p_value, 0, 1),
    "adjusted_net_promoter_difference": FromNumbers(
        lambda: change.adjusted_net_promoter_difference(LATER, EARLIER).p_value, 0, 1
    ),
    "adjusted_score": FromNumbers(lambda: net_promoter.adjusted_score(40.0, 9.0, 55.0), -100, 100),
    "estimate_of_rest": FromNumbers(lambda: change.estimate_of_rest(
        distributions.score_index([3, 5, 9], [1, 2, 3]), distributions.score_index([1, 2, 5], [1, 2, 3])
    )),
    "overlap_covariance": FromNumbers(lambda: change.overlap_covariance(9, 9, 5, 2.0)),
    "minimum_detectable_change": FromNumbers(lambda: change.minimum_detectable_change(1.0, 1.0), 0),
}
