"""Why a tree was not computed and what to do about it; the run before it goes on standing.

A refusal is stored with the tree's state: what is missing in its definition, or that the computation
has begun several times and never ended. Pages and the API say it in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analytics.indicators.hooks import RunProblem
from analytics.indicators.models import IndicatorTree
from analytics.scoring.models import TreeState
from analytics.scoring.results import Refusal

FAILING: Final = "keeps_failing"
FAILED_TIMES: Final = 3
"""This many computations begun and not ended are no accident: a deploy may take two workers away."""

WEIGHT_CODES: Final = frozenset({
    "no_weights", "weight_missing", "weight_not_finite", "weight_negative", "weights_all_zero", "weight_sum",
})

REASONS: Final[Mapping[str, Promise]] = {
    "no_root": _("the tree has no top"),
    "no_weights": _("the tree has no weights in force"),
    "weight_missing": _("an indicator has no weight"),
    "weight_not_finite": _("a weight is no finite number"),
    "weight_negative": _("a weight is negative"),
    "weights_all_zero": _("indicators side by side all weigh 0"),
    "weight_sum": _("weights of indicators side by side do not add up to 100 %%"),
    "vector_does_not_fit": _(
        "the score vector does not fit the scale %(low)s–%(high)s of the question “%(question)s” of “%(questionnaire)s”"
    ),
    FAILING: _("the calculation has broken off %(attempts)s times"),
}
REMEDIES: Final[Mapping[str, Promise]] = {
    "no_root": _("Create a new tree."),
    "vector_does_not_fit": _(
        "Choose another score vector under “Rules” on the page “Indicators”, or take the question off the tree."
    ),
    FAILING: _("It is tried again by itself; if this stays, ask the administrator to look into the worker’s log."),
}
WEIGHTS_REMEDY: Final = _("Set or choose weights on the page “Weights”.")


def refusal_of(*, code: str, details: Mapping[str, Any], attempts: int, is_asked: bool) -> Refusal | None:
    """Return why there is no newer run, from the record of a tree's attempts; None where nothing is amiss."""
    if is_asked and attempts >= FAILED_TIMES:
        return Refusal(FAILING, {"attempts": attempts})
    return Refusal(code, dict(details)) if code else None


def get_refusal(*, tree: IndicatorTree) -> Refusal | None:
    """Return why the tree's last computation made no run; None where it did."""
    state = TreeState.objects.filter(tree=tree).first()
    return refusal_in(state) if state is not None else None


def refusal_in(state: TreeState) -> Refusal | None:
    """Return what the record of a tree says of its last computation."""
    return refusal_of(
        code=state.last_error, details=state.last_error_details, attempts=state.attempts,
        is_asked=state.requested > state.served,
    )


def reason_of(refusal: Refusal) -> str:
    """Name what is missing, to stand inside a sentence; a code without words (of a newer version) as it is."""
    words = REASONS.get(refusal.code)
    return str(words) % dict(refusal.details) if words else refusal.code


def refusal_sentence(refusal: Refusal) -> str:
    """Say what happened and what to do."""
    happened = gettext("The results are not refreshed: %(reason)s.") % {"reason": reason_of(refusal)}
    return gettext("%(happened)s %(remedy)s") % {
        "happened": happened, "remedy": REMEDIES.get(refusal.code, WEIGHTS_REMEDY),
    }


def run_problem(tree: IndicatorTree) -> RunProblem | None:
    """Tell the Indicators pages why a tree is not computed (registered with `analytics.indicators.hooks`)."""
    refusal = get_refusal(tree=tree)
    return RunProblem(refusal.code, refusal_sentence(refusal)) if refusal else None
