"""What went wrong, said so that one knows what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


def sentence(code: str, details: Mapping[str, Any] | None = None) -> str:
    """Return the translated sentence for a code of TreeError, of a check or of a definition."""
    return (_sentences().get(code) or _("This change is not possible.")) % dict(details or {})


def _sentences() -> dict[str, str]:
    return {
        "bad_key": _("A key is made of small letters, digits and underscores and begins with a letter."),
        "key_taken": _("Another indicator of this tree already has this key. Choose another one."),
        "name_missing": _("Give the indicator a name in at least one language."),
        "parent_is_measured": _("Questions feed this indicator, so nothing can hang below it. Remove them first."),
        "too_deep": _("A tree has at most %(depth)s levels below its top."),
        "root_stays": _("The top of the tree cannot be moved or removed."),
        "below_itself": _("An indicator cannot hang below itself."),
        "unknown_indicator": _("This tree has no indicator of this key."),
        "beside_root": _("Nothing can stand beside the top of the tree. Drop it on the top to put it below."),
        "place_gone": _("This place does not exist any more. The tree is shown as it is now."),
        "tree_changed": _(
            "Somebody has changed the tree meanwhile, so nothing of yours was stored. It is shown as it is now; look at"
            " it and try again."
        ),
        "question_moved_meanwhile": _("Somebody has put this question elsewhere meanwhile. Load the page again to see where."),
        "weights_changed": _(
            "Somebody has changed the tree or its weights meanwhile, so nothing was stored. What you typed is still here,"
            " beside what is in force now; send it again if it is to replace that."
        ),
        "other_tree": _("An indicator cannot move to another tree."),
        "target_out_of_range": _("A target lies between 0 and 100."),
        "unknown_questionnaire": _("This questionnaire does not exist."),
        "leaf_without_indicator": _("Choose what the question is for."),
        "not_a_leaf": _("Only an indicator with nothing below it can be fed by questions."),
        "overall_inside_index": _(
            "The question on overall satisfaction cannot be inside the index that it is compared with."
        ),
        "weight_missing": _("Every indicator side by side needs a weight; 0 means that it does not count."),
        "weight_not_finite": _("A weight is a finite number."),
        "weight_negative": _("A weight cannot be negative."),
        "weights_all_zero": _("All weights are 0, so nothing would count. Give at least one a weight above 0."),
        "weight_of_nobody": _("This weight belongs to no indicator below this one."),
        "reason_missing": _("Give a reason: it is kept beside the weights."),
        "weight_sum": _("The weights of indicators side by side must add up to 100 %%."),
        "weights_of_another_tree": _("These weights are for another form of the tree and do not fit it any more."),
        "unknown_vector": _("This score vector does not exist."),
        "vector_does_not_fit": _(
            "The score vector does not fit the scale %(low)s–%(high)s of the question “%(question)s” of"
            " “%(questionnaire)s”. Choose another one, or take the question off the tree."
        ),
        "coverage_out_of_range": _("The required share lies between 0 and 100 %%."),
        "no_root": _("The tree has no top. Create a new tree."),
        "no_weights": _("The tree has no weights in force. Choose a weight set."),
        "leaf_without_question": _("No question measures this indicator yet, so the index is made of the others."),
        "unknown_candidate": _("These weights are not to choose from any more. Load the page again."),
        "no_panel_result": _("No sheet of this panel gives weights yet."),
        "panel_size": _("A panel compares two to %(most)s indicators; here are %(count)s."),
        "unknown_random_index": _("This table of random indices does not exist."),
        "panel_closed": _("This panel is closed. Open it again first."),
        "panel_full": _("A panel has at most %(most)s experts."),
        "unknown_language": _("This language does not exist here."),
        "bad_judgement": _("A judgement lies on the scale from 1 to 9, and its pair belongs to this panel."),
        "empty_sheet": _("Nothing has been judged yet."),
        "question_not_asked": _("This question is not asked by the live version any more."),
    }
