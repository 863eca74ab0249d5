"""Figures of a period: index, shares, means, scores, counts and changes; see `registry`."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from analytics.scoring.registry.metric import LEFT_OUT, Metric, MetricGroup

_SIBLINGS = _(
    "Unanswered siblings are left out and the weights of the answered ones are renormalised inside each parent."
    " An indicator that no question measures is left out for everybody and does not count towards the required share."
)
_WILSON = _("Wilson score interval, 95 %.")
_VALID_ANSWERS = _("Valid answers to the question.")

FIGURES: Final = (
    Metric(
        id="index",
        name=_("Satisfaction index"),
        formula=_(
            "Each answer becomes a score from 0 to 100 by the score vector. Per respondent the scores are"
            " averaged up the tree with the indicator weights; the index is the mean over respondents"
            " (estimator A, respondent level). Each respondent’s value is rounded to a millionth of a point."
        ),
        denominator=_("Respondents whose answers carry at least the required share of the indicator’s weight."),
        missing=_SIBLINGS,
        interval=_(
            "Student interval of the mean over respondents, 95 %; sampling uncertainty only. Not given where all answers are the same."
        ),
        source=_("Index method of the satisfaction handbooks."),
        low=0, high=100, unit="points", decimals=1, fields=("gap",),
    ),
    Metric(
        id="index_items",
        name=_("Satisfaction index by question means"),
        formula=_(
            "The mean score of every indicator at the bottom of the tree, over those who answered it, averaged up the"
            " tree with the full indicator weights (estimator B, question means)."
        ),
        denominator=_("For each indicator those who answered it; n is the smallest of these numbers."),
        missing=_("Who left an indicator out counts for the others alone. An indicator that nobody answered is left out."),
        interval=_(
            "Normal interval, 95 %, from the covariances of the means, exact for answers with gaps. Not given where all"
            " answers are the same."
        ),
        source=_("Estimator of published national indices; variance by the delta method."),
        low=0, high=100, unit="points", decimals=1,
    ),
    Metric(
        id="satisfied_share",
        name=_("Satisfied share"),
        formula=_(
            "Share of the two best answers on the question’s own scale; on a scale of fewer than five points of the best one."
        ),
        denominator=_VALID_ANSWERS,
        missing=LEFT_OUT,
        interval=_WILSON,
        source=_("Percentage method of the satisfaction handbooks; Wilson 1927."),
        low=0, high=1, unit="share", decimals=1,
    ),
    Metric(
        id="dissatisfied_share",
        name=_("Dissatisfied share"),
        formula=_("Share of the two lowest answers, counted like the satisfied share."),
        denominator=_VALID_ANSWERS,
        missing=LEFT_OUT,
        interval=_WILSON,
        source=_("Percentage method of the satisfaction handbooks; Wilson 1927."),
        low=0, high=1, unit="share", decimals=1,
    ),
    Metric(
        id="satisfied_levels",
        name=_("Share at the satisfied levels"),
        formula=_(
            "Share of respondents whose index at the indicator is nearest to one of the two best of the five points of the"
            " score vector: with the linear one 62.5 points and more. Where an indicator has one question of five points it"
            " is that question’s satisfied share; on other scales it counts other answers."
        ),
        denominator=_("Respondents with a value at this indicator."),
        missing=LEFT_OUT,
        interval=_WILSON,
        source=_("Grade method of the satisfaction handbooks; Wilson 1927."),
        low=0, high=1, unit="share", decimals=1,
    ),
    Metric(
        id="dissatisfied_levels",
        name=_("Share at the dissatisfied levels"),
        formula=_("Share of respondents whose index at the indicator is nearest to one of the two lowest of the five points."),
        denominator=_("Respondents with a value at this indicator."),
        missing=LEFT_OUT,
        interval=_WILSON,
        source=_("Grade method of the satisfaction handbooks; Wilson 1927."),
        low=0, high=1, unit="share", decimals=1,
    ),
    Metric(
        id="level_share",
        name=_("Distribution over the levels"),
        formula=_("Share of each level."),
        denominator=_("Respondents with a value at this indicator, or valid answers to the question."),
        missing=LEFT_OUT,
        interval=_("None is shown for single levels."),
        source=_("Grade method of the satisfaction handbooks."),
        low=0, high=1, unit="share", decimals=0, fields=("share", "count"),
    ),
    Metric(
        id="mean",
        name=_("Mean"),
        formula=_("Sum of the answers divided by their number, in points of the question’s own scale."),
        denominator=_VALID_ANSWERS,
        missing=LEFT_OUT,
        interval=_("Student interval, 95 %, cut at the ends of the scale. Not given where all answers are the same."),
        source=_("Arithmetic mean; assumes equal steps between the points of the scale."),
        low=None, high=None, unit="points", decimals=2,
    ),
    Metric(
        id="nps",
        name=_("Net Promoter Score"),
        formula=_("Percentage of promoters (9-10) minus percentage of detractors (0-6)."),
        denominator=_VALID_ANSWERS,
        missing=LEFT_OUT,
        interval=_("Adjusted Wald interval, 95 %: ¾ is added to promoters and detractors, 1½ to passives."),
        source=_("Reichheld 2003; interval: Rocks 2016."),
        low=-100, high=100, unit="points", decimals=0,
    ),
    Metric(
        id="promoters", name=_("Promoters"), formula=_("Share of answers 9-10."), denominator=_VALID_ANSWERS,
        missing=LEFT_OUT, interval=_WILSON, source=_("Reichheld 2003."),
        low=0, high=1, unit="share", decimals=0,
    ),
    Metric(
        id="passives", name=_("Passives"), formula=_("Share of answers 7-8."), denominator=_VALID_ANSWERS,
        missing=LEFT_OUT, interval=_WILSON, source=_("Reichheld 2003."),
        low=0, high=1, unit="share", decimals=0,
    ),
    Metric(
        id="detractors", name=_("Detractors"), formula=_("Share of answers 0-6."), denominator=_VALID_ANSWERS,
        missing=LEFT_OUT, interval=_WILSON, source=_("Reichheld 2003."),
        low=0, high=1, unit="share", decimals=0,
    ),
    Metric(
        id="ces_mean", name=_("Customer effort score, mean"),
        formula=_("Mean of the answers 1-7 to “made it easy for me”, 7 meaning full agreement."),
        denominator=_VALID_ANSWERS, missing=LEFT_OUT, interval=_("Student interval, 95 %."),
        source=_("Second version of the item (agreement, high is good); three conventions are in use."),
        low=1, high=7, unit="points", decimals=2,
    ),
    Metric(
        id="ces_agreeing", name=_("Customer effort score, share who agree"),
        formula=_("Share of answers 5-7 to “made it easy for me”."),
        denominator=_VALID_ANSWERS, missing=LEFT_OUT, interval=_WILSON,
        source=_("Second version of the item (agreement, high is good); three conventions are in use."),
        low=0, high=1, unit="share", decimals=0,
    ),
    Metric(
        id="ces_net", name=_("Customer effort score, net"),
        formula=_("Percentage of answers 5-7 minus percentage of answers 1-3 to “made it easy for me”."),
        denominator=_VALID_ANSWERS, missing=LEFT_OUT, interval=_("Student interval, 95 %."),
        source=_("Second version of the item (agreement, high is good); three conventions are in use."),
        low=-100, high=100, unit="points", decimals=0,
    ),
    Metric(
        id="responses",
        name=_("Responses"),
        formula=_("Completed responses, without staff’s test responses."),
        denominator=_("None: this is a count."),
        missing=_("Responses that were begun and not sent do not count."),
        interval=_("None: this is a count."),
        source=_("The response table."),
        low=0, high=None, unit="count", decimals=0,
        fields=("n", "responses_before", "responses_after", "waiting"),
    ),
    *(
        Metric(
            id=key, name=name, formula=formula, denominator=_("None: this is a count."),
            missing=_("Responses without an invitation, such as imported ones, are in neither number."),
            interval=_("None: this is a count."), source=_("The ledger of the campaigns."),
            low=0, high=None, unit="count", decimals=0,
        )
        for key, name, formula in (
            ("invited", _("Sent"), _("Invitations for which a mail was sent, within the filters.")),
            ("delivered", _("Delivered"), _("Invitations handed to the mail server and not bounced.")),
            ("started", _("Started"), _("Invitations whose questionnaire was opened and begun.")),
            ("completed", _("Completed"), _("Invitations whose questionnaire was sent in.")),
        )
    ),
    Metric(
        id="grade",
        name=_("Grade"),
        formula=_("The level whose point of the score vector is nearest to the index; cut-offs lie halfway between two points."),
        denominator=_("Respondents whose answers carry at least the required share of the indicator’s weight."),
        missing=_SIBLINGS,
        interval=_("None: a grade hides movement inside it, so the index stands beside it."),
        source=_("Grade method of the satisfaction handbooks."),
        low=1, high=5, unit="level", decimals=0, fields=("level",),
    ),
    Metric(
        id="response_rate",
        name=_("Response rate"),
        formula=_("Completed responses divided by delivered invitations."),
        denominator=_("Invitations handed to the mail server and not bounced."),
        missing=_("Responses without an invitation, such as imported ones, are in neither number."),
        interval=_("None: everybody invited is counted."),
        source=_("The ledger of the campaigns."),
        low=0, high=1, unit="share", decimals=0,
    ),
    Metric(
        id="change",
        name=_("Change"),
        formula=_(
            "The later value minus the earlier one. The index, the Net Promoter Score and the satisfied share of the whole"
            " are beyond chance when the 95 % interval of the difference leaves out 0; of indicators and questions, which"
            " are many, Holm’s p value decides."
        ),
        denominator=_("Those of the two values."),
        missing=LEFT_OUT,
        interval=_(
            "Shares: Newcombe’s hybrid score interval. Index and means: Welch; weighted: normal interval. NPS: adjusted Wald"
            " interval, with the pseudo-answers on both sides. People in both periods enter by the covariance of their two"
            " answers. No interval and no verdict where the answers of one period are all the same."
        ),
        source=_(
            "Newcombe 1998; Zou and Donner 2008; Welch 1947; Derrick and others 2017; Rocks 2016; Agresti and Caffo 2000."
        ),
        low=None, high=None, unit="points", decimals=1, group=MetricGroup.CHANGES,
        fields=("difference",),
    ),
    Metric(
        id="indicator_weight",
        name=_("Indicator weight"),
        formula=_("The indicator’s share among its siblings, which sum to 1, under the weight set of the run; multiplied up the"
                  " tree it is its share of the index."),
        denominator=_("The siblings of the indicator."),
        missing=_SIBLINGS,
        interval=_("None is given: weights are chosen. Those derived from answers have their own."),
        source=_("The weight set named beside it."),
        low=0, high=1, unit="share", decimals=1, group=MetricGroup.WEIGHTS,
        fields=("weight", "overall_weight"),
    ),
    Metric(
        id="missing",
        name=_("Answers left out"),
        formula=_("Answers by why they do not count: does not apply, blank, not asked, not on the scale; and respondents whose"
                  " answers carry too little of an indicator’s weight."),
        denominator=_("None: this is a count."),
        missing=_("These are the missing ones."),
        interval=_("None: this is a count."),
        source=_("The response table."),
        low=0, high=None, unit="count", decimals=0,
        fields=("not_applicable", "blank", "not_asked", "invalid", "off_scale", "other_scale", "left_out", "incomplete"),
    ),
)
