"""Figures about figures: how sure a change is, what weights cost, how far judgements agree; see `registry`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from analytics.scoring.registry.metric import LEFT_OUT, NO_INTERVAL, Metric, MetricGroup

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_BOTH = _("Those of the two values.")
_PERIODS = _("The periods that are over and may be shown.")
_WEIGHTED = _("Answers with a respondent weight above 0.")
_DRIVERS = _("Respondents who answered both of each pair of indicators.")
_PAIRS = _("The pairs judged on the sheet.")
_SHEETS = _("Sheets that were sent and join all indicators.")
_FAMILY = _(
    "The questions, the indicators that combine several of them, the satisfied shares, or customer effort; the index, the Net"
    " Promoter Score and the satisfied share of the whole stand for themselves."
)


def _metric(
    key: str, name: _StrPromise, formula: _StrPromise, source: _StrPromise, *, out_of: _StrPromise, group: MetricGroup, unit: str,
    low: float | None = None, high: float | None = None, decimals: int = 2, interval: _StrPromise = NO_INTERVAL,
    missing: _StrPromise = LEFT_OUT, fields: tuple[str, ...] = (),
) -> Metric:
    return Metric(
        id=key, name=name, formula=formula, denominator=out_of, missing=missing, interval=interval, source=source,
        low=low, high=high, unit=unit, decimals=decimals, group=group, fields=fields,
    )


JUDGEMENTS: Final = (
    _metric(
        "detectable", _("Smallest detectable change"),
        _("2.8 standard errors of the difference: a true change of this size is found four times in five."),
        _("Power of a two-sided test, level 5 %, power 80 %."),
        out_of=_BOTH, group=MetricGroup.CHANGES, unit="points", low=0,
    ),
    _metric(
        "p", _("p value"),
        _("How often a difference at least as large would come by chance alone, had nothing changed."),
        _("Two-sided, by the test behind the interval of the change: under 0.05 where that leaves out 0."),
        out_of=_BOTH, group=MetricGroup.CHANGES, unit="p", low=0, high=1, decimals=3,
        fields=("p_slope", "p_any_change"),
    ),
    _metric(
        "p_holm", _("p value, Holm"),
        _("The p value raised so that a whole family of comparisons names a change wrongly in at most 5 % of cases; it decides"
          " the verdict. An indicator of one question has that of the question."),
        _("Holm 1979."), out_of=_FAMILY, group=MetricGroup.CHANGES, unit="p", low=0, high=1, decimals=3,
    ),
    _metric(
        "p_bh", _("p value, Benjamini–Hochberg"),
        _("The p value raised so that of the changes named at most 5 % are wrong on average; for screening and alerts."),
        _("Benjamini and Hochberg 1995."), out_of=_FAMILY, group=MetricGroup.CHANGES, unit="p", low=0, high=1, decimals=3,
        fields=("adjusted_p", "looks"),
    ),
    _metric(
        "from_average", _("Distance from the average"),
        _("The index of a group minus that of all in the selection. The group is tested against everybody else by Welch;"
          " over the groups with enough answers Holm decides what is beyond chance."),
        _("Welch 1947; Holm 1979."), out_of=_("Those of the two values."), group=MetricGroup.CHANGES, unit="points",
        interval=_("Welch interval of the difference from the rest, 95 %, times the share of the rest; weighted: normal"
                   " interval. Not given where all answers of a group are the same."),
        decimals=1, fields=("distance",),
    ),
    _metric(
        "n_both", _("People in both periods"),
        _("Contacts who answered in both periods; everybody counts with the last answers of each. Of more than 10,000 a share"
          " is read."),
        _("The response table."), out_of=_("None: this is a count."), group=MetricGroup.CHANGES, unit="count", low=0, decimals=0,
        missing=_("Responses without a contact, and anonymous ones, have no partner."),
        fields=("overlap",),
    ),
    _metric(
        "trend_slope", _("Trend per period"),
        _("Slope of the straight line through the index, every period weighted by its precision and at its place in the"
          " calendar."),
        _("Weighted least squares with known errors."),
        out_of=_PERIODS, group=MetricGroup.CHANGES, unit="points", interval=_("Normal interval, 95 %."),
        missing=_("Periods with too few answers are left out and their time is counted; so are those whose answers are all"
                  " the same."),
                  fields=("slope", "slope_error", "periods", "alike"),
    ),
    _metric(
        "trend_change", _("Any change at all"),
        _("Sum of the squared distances of the periods from their common mean, in standard errors; with its p value."),
        _("Cochran’s Q, chi-squared with one degree less than periods."),
        out_of=_PERIODS, group=MetricGroup.CHANGES, unit="factor", low=0,
        fields=("heterogeneity",),
    ),
    _metric(
        "control_limits", _("Control limits"),
        _("Three standard deviations around the centre: by the movements of the index (XmR), by its sampling errors times"
          " their scatter, by the binomial (p), or by the binomial times the scatter of the periods (Laney)."),
        _("Shewhart 1931; Laney 2002."), out_of=_("Twelve periods or more."), group=MetricGroup.CHANGES, unit="points",
        fields=("centre", "lower", "upper"),
    ),
    _metric(
        "sigma_z", _("Scatter of the periods"),
        _("Mean moving range of the periods in standard errors, divided by 1.128: 1 where sampling alone moves them."),
        _("Laney 2002."), out_of=_PERIODS, group=MetricGroup.CHANGES, unit="factor", low=0,
    ),
    _metric(
        "decomposition", _("Parts of a change"),
        _("Of each indicator: mean weight times the change of its score, and mean score times the change of its weight; all"
          " parts add up (estimator B)."),
        _("Symmetric decomposition of a weighted sum."), out_of=_BOTH, group=MetricGroup.CHANGES, unit="points",
        fields=("from_scores", "from_weights", "total"),
    ),
    _metric(
        "n_eff", _("Effective number of answers"),
        _("Squared sum of the respondent weights divided by the sum of their squares: so many answers of equal weight would be"
          " as sure."),
        _("Kish 1965."), out_of=_WEIGHTED, group=MetricGroup.WEIGHTING, unit="count", low=0, decimals=0,
    ),
    _metric(
        "design_effect", _("Design effect"), _("Answers divided by their effective number: what weighting costs in variance."),
        _("Kish 1965."), out_of=_WEIGHTED, group=MetricGroup.WEIGHTING, unit="factor", low=1,
    ),
    _metric(
        "efficiency", _("Efficiency"), _("Effective number of answers divided by the answers."),
        _("Kish 1965."), out_of=_WEIGHTED, group=MetricGroup.WEIGHTING, unit="share", low=0, high=1,
    ),
    _metric(
        "weight_range", _("Lowest and highest respondent weight"),
        _("Relative to the mean weight; raking or cells decide them, trimming bounds them."),
        _("Deming and Stephan 1940."), out_of=_WEIGHTED, group=MetricGroup.WEIGHTING, unit="factor", low=0,
        fields=("lowest", "highest", "unknown"),
    ),
    _metric(
        "derived_weight", _("Derived importance"),
        _("The share of overall satisfaction that goes with an indicator (Johnson’s relative weights, or averaged over all"
          " orders), scaled to 1 among siblings. Association, not cause."),
        _("Johnson 2000; Lindeman, Merenda and Gold 1980."), out_of=_DRIVERS, group=MetricGroup.WEIGHTS, unit="share", low=0, high=1,
        interval=_("Delete-a-group jackknife over 32 random groups, 95 %."), fields=("weight_low", "weight_high"),
    ),
    _metric(
        "r_squared", _("Explained share"), _("Share of the variance of overall satisfaction that goes with all indicators."),
        _("Multiple correlation, squared."), out_of=_DRIVERS, group=MetricGroup.WEIGHTS, unit="share", low=0, high=1,
    ),
    _metric(
        "inflation", _("Variance inflation"),
        _("1 divided by the share of an indicator that the others do not say; the largest is shown, over 5 asks for caution."),
        _("Marquardt 1970."), out_of=_DRIVERS, group=MetricGroup.WEIGHTS, unit="factor", low=1,
    ),
    _metric(
        "kmo", _("Sampling adequacy (KMO)"),
        _("Squared correlations divided by themselves plus the squared partial correlations: near 1 factors make sense."),
        _("Kaiser 1974."), out_of=_DRIVERS, group=MetricGroup.WEIGHTS, unit="factor", low=0, high=1,
    ),
    _metric(
        "explained", _("Share of the first component"), _("The first eigenvalue of the correlations divided by their sum."),
        _("Principal components."), out_of=_DRIVERS, group=MetricGroup.WEIGHTS, unit="share", low=0, high=1,
    ),
    _metric(
        "dimensions", _("Dimensions that stand out of chance"),
        _("How many eigenvalues of the correlations, from the largest on, are over the 95th percentile of those that unrelated"
          " answers give at the same place."),
        _("Horn 1965; Glorfeld 1995."), out_of=_DRIVERS, group=MetricGroup.WEIGHTS, unit="count", low=0, decimals=0,
        fields=("factors", "above_one", "eigenvalues", "chance"),
    ),
    _metric(
        "rank_correlation", _("Rank correlation"),
        _("How alike two weight sets put the indicators in order: 1 the same order, −1 the reverse."),
        _("Spearman 1904; Kendall 1938."), out_of=_("The indicators at the bottom of the tree."), group=MetricGroup.WEIGHTS,
        unit="factor", low=-1, high=1,
        fields=("spearman", "kendall"),
    ),
    _metric(
        "consistency_ratio", _("Consistency ratio"),
        _("How far the judgements contradict one another, divided by what random ones would: from 0.10 on they ought to be"
          " looked at again."),
        _("Saaty 1980; the random index named beside it."), out_of=_PAIRS, group=MetricGroup.WEIGHTS, unit="factor", low=0,
        decimals=3,
        fields=("ratio", "experts"),
    ),
    _metric(
        "geometric_index", _("Geometric consistency index (GCI)"),
        _("Mean squared logarithm of how far each judgement is from the ratio of the two weights; 0 without contradiction."),
        _("Aguarón and Moreno-Jiménez 2003."), out_of=_PAIRS, group=MetricGroup.WEIGHTS, unit="factor", low=0, decimals=3,
    ),
    _metric(
        "spread", _("Spread of the experts"), _("Standard deviation of the experts’ weights of an indicator."),
        _("Descriptive."), out_of=_SHEETS, group=MetricGroup.WEIGHTS, unit="share", low=0, high=1,
    ),
)
