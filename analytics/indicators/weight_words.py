"""What a comparison of weights is called and says, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analytics.indicators.hooks import TreeFigures
from analytics.indicators.models import WeightOrigin, WeightSet


def candidate_name(candidate: Mapping[str, Any]) -> str:
    """Name a candidate."""
    code = str(candidate["code"])
    if code.startswith("set:"):
        origin = WeightOrigin(candidate["origin"]).label
        return _("No. %(number)s: %(origin)s") % {"number": candidate["facts"].get("number", ""), "origin": origin}
    return method_name(code)


def method_name(code: str) -> str:
    """Name the way in which weights were found; a name that is no method is returned as it is."""
    return _methods().get(code, code)


def weight_set_name(weight_set: WeightSet) -> str:
    """Name a weight set by its number and the way in which it was found."""
    # The set of a panel keeps the key of the indicator it was made for, the set of a comparison its method.
    method = None if weight_set.origin == WeightOrigin.AHP else _methods().get(weight_set.name)
    origin = method or WeightOrigin(weight_set.origin).label
    return _("No. %(number)s: %(origin)s") % {"number": weight_set.number, "origin": origin}


def _methods() -> dict[str, str]:
    return {
        "in_force": _("Weights in force"),
        "once_in_force": _("Weights in force when compared"),
        "equal": _("Equal"),
        "ahp": _("AHP expert panel"),
        "johnson": _("Derived importance (Johnson)"),
        "lmg": _("Derived importance (LMG)"),
        "first_component": _("First principal component"),
        "factor_scores": _("Factor score coefficients"),
        "entropy": _("Entropy"),
    }


def about(code: str) -> str:
    """Say in a sentence what a candidate is and what it is not."""
    texts = {
        "in_force": _("What the published results use now."),
        "equal": _("Every indicator counts like its siblings: the neutral choice when nothing is known."),
        "ahp": _("The newest panel of each indicator; where no panel has judged, the weights in force. It is the "
                 "experts’ view, not the customers’."),
        "johnson": _("How much of the overall satisfaction goes with each indicator. An association, not an effect."),
        "lmg": _("The same question, averaged over all orders of the indicators; up to 14 of them."),
        "first_component": _("Loadings on the first component. It rewards indicators that repeat one another, not "
                             "those that matter."),
        "factor_scores": _("Score coefficients of the rotated factors, the usual practice of factor analysis; refused "
                           "when any is negative."),
        "entropy": _("Not recommended: it measures how unevenly answers are spread, not what matters. Shown because "
                     "some guidelines ask for it."),
    }
    return texts.get(code, _("A weight set of this tree that is not in force."))


def refusal(candidate: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Say why a candidate has no weights and what would help."""
    details = dict(candidate.get("details", {}))
    key = details.get("key", "")
    words = {
        "n": details.get("n", 0), "needed": details.get("needed", 0), "items": details.get("items", 0),
        "limit": details.get("limit", 0), "name": names.get(key, key),
        "weight": f"{float(details.get('weight', 0)):.2f}".replace("-", "−"),
    }
    return _reasons().get(str(candidate["reason"]), _("These answers do not give weights by this method.")) % words


def order_note(candidate: Mapping[str, Any]) -> str:
    """Say why there is no rank correlation."""
    if candidate.get("order_reason") == "no_variation":
        return _("no order: siblings weigh alike")
    return "–"


def basis_sentence(answers: int, figures: TreeFigures | None) -> str:
    """Say which answers a comparison rests on, and what the overview shows instead."""
    if figures is None or not figures.periods:
        return _("All periods together, %(n)s answers") % {"n": f"{answers:,}"}
    return _("All periods together (%(periods)s), %(n)s answers; the overview shows %(period)s: %(value)s") % {
        "n": f"{answers:,}", "periods": figures.periods, "period": figures.period, "value": figures.value,
    }


def problem(code: str) -> str:
    """Say why nothing could be compared."""
    texts = {
        "no_run": _("There are no results to compare on yet. They come with the first answers."),
        "no_answers": _("No answer feeds this tree yet, so there is nothing to compare on."),
        "limited_view": _("The comparison covers all answers. Your view is limited to a part of them, so it is not shown to you; the "
                          "weights and their history are."),
    }
    return texts.get(code, "")


def _reasons() -> dict[str, str]:
    return {
        "no_overall": _("No question on overall satisfaction. Choose one on the page of the tree."),
        "too_few_answers": _("Too few answers: %(n)s, needed are %(needed)s."),
        "no_answers": _("Some indicators have no answers together, or none at all."),
        "no_variation": _("An indicator has the same answer everywhere, so nothing can be compared with it."),
        "negative_weight": _("Refused: “%(name)s” would get the negative weight %(weight)s, and no index can carry that."),
        "singular_correlation": _("Indicators repeat one another so closely that their parts cannot be told apart."),
        "invalid_correlation": _("Too many answers are missing in different places; the correlations contradict one another."),
        "too_many_items": _("%(items)s indicators; this method takes at most %(limit)s."),
        "zero_weight": _("Some indicators side by side would all weigh nothing."),
        "invalid_value": _("An indicator is unrelated to all others."),
        "no_common_dimension": _("Nothing holds these indicators together: no dimension stands out of chance (n = %(n)s)."),
        "not_converged": _("The computation did not settle on an answer."),
    }
