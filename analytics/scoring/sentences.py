"""Why there are no weights, or no number, said so that one knows what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.scoring.results import Figure, Status


def sentence(code: str, details: Mapping[str, Any] | None = None) -> str:
    """Return the translated sentence for the reason of a WeightingError or a MethodError."""
    return (_sentences().get(code) or _("This cannot be calculated from these answers.")) % dict(details or {})


def figure_sentence(figure: Figure) -> str:
    """Say why a figure has no value, or that it rests on few answers; empty for an ordinary one.

    No answer, too few, withheld and not to be calculated are different sentences. Answers that are not on the scale
    are told beside each of them.
    """
    return " ".join(part for part in (_status_sentence(figure), off_scale_sentence(figure)) if part)


def off_scale_sentence(figure: Figure) -> str:
    """Say how many answers are not on the scale of their question; empty where all are."""
    if not figure.off_scale:
        return ""
    return ngettext(
        "%(n)s answer is not on the scale of its question, so it is not counted.",
        "%(n)s answers are not on the scale of their question, so they are not counted.", figure.off_scale,
    ) % {"n": f"{figure.off_scale:,}"}


def _status_sentence(figure: Figure) -> str:
    few = _("Few answers (n = %(n)s): read with care") % {"n": figure.n}
    if figure.reason in _sentences() and figure.reason != Status.WITHHELD:
        told = sentence(figure.reason)
        return f"{told} {few}" if figure.status == Status.FEW else told
    if figure.status == Status.TOO_FEW:
        return ngettext(
            "%(n)s answer. Scores are shown from %(needed)s.",
            "%(n)s answers. Scores are shown from %(needed)s.", figure.n,
        ) % {"n": figure.n, "needed": figure.needed}
    if figure.status == Status.FEW:
        return few
    if figure.status == Status.WITHHELD:
        return sentence("withheld")
    if figure.status == Status.NONE:
        return _("No valid answers in this selection.") if figure.off_scale else _("No answers in this selection.")
    return ""


def change_sentence(before: Figure, after: Figure, reason: str) -> str:
    """Say why nothing can be said of a change; empty where something can."""
    if reason == "scale_changed":
        return sentence(reason)
    told = [figure_sentence(one) for one in (before, after) if not one.is_shown]
    if not told and reason:
        told = [sentence(reason)]
    return " ".join(dict.fromkeys(told))


def _sentences() -> dict[str, str]:
    return {
        "no_wave_last_year": _(
            "No wave was answered about a year before this one, so there is no same period last year to compare with."
        ),
        "scale_changed": _("The scale of this question was changed in between, so the two figures cannot be compared."),
        "no_dimension": _("Choose at least one segment dimension."),
        "unknown_method": _("Choose raking or post-stratification."),
        "unknown_dimension": _("There is no segment dimension “%(dimension)s”."),
        "unknown_level": _("“%(dimension)s” has no level “%(level)s”."),
        "level_twice": _("The level “%(level)s” of “%(dimension)s” is given twice."),
        "not_a_number": _(
            "“%(text)s” is not a number of people. Write for example 1500, 1,500 or 12.5."
        ),
        "bad_table": _("The file cannot be read as a table with the columns dimension, level and population."),
        "file_too_large": _("The file is too large: a table of margins has a few hundred lines."),
        "no_respondents": _("No answers in this period, so there is nobody to weight."),
        "no_answers": _("No answers in this period, so there is nobody to weight."),
        "nobody_else": _("Only one group has answers here, so there is nobody to compare it with."),
        "no_imported_weights": _("No weights were imported with the answers of this period."),
        "negative_population": _("The population of “%(level)s” must be a number of people, 0 or more."),
        "empty_population": _("The population of “%(dimension)s” adds up to 0. Enter how many people there are."),
        "margin_without_respondents": _(
            "“%(level)s” (%(dimension)s) has a population but no respondent in this period: nobody can stand for"
            " these people. Join it with a neighbouring level, or choose a longer period."
        ),
        "respondents_without_margin": _(
            "“%(level)s” (%(dimension)s) has %(n)s respondents but no population. Enter how many people it has."
        ),
        "margin_totals": _("The dimensions disagree about the size of the population: their totals must be equal."),
        "not_converged": _(
            "No weights meet all margins within these limits. Widen the limits, or leave out a dimension."
        ),
        "trim_around_one": _("The lowest weight must be below 1 (0 or more), the highest above 1."),
        "invalid_weight": _("A respondent weight is negative or not a number."),
        "zero_weight": _("The respondent weights of this period add up to 0."),
        "cells_need_a_file": _(
            "Post-stratification on several dimensions needs the population of every combination: import it as a file."
        ),
        "withheld": _("Not shown, because the answers are anonymous and the group is small."),
        "anonymous_unweighted": _(
            "These answers were promised anonymity, so they are not weighted: from two weightings of a group its parts"
            " could be computed."
        ),
        "name_missing": _("Give the weighting a name."),
        "unknown_weighting": _("There is no such weighting. Use “imported” or the number of a saved weighting."),
        "run_too_old": _("The answers behind this run are no longer kept together. Use the newest run."),
        "parts_too_old": _(
            "This part is counted from single answers, and those behind this run are no longer kept together. The newest"
            " run has it."
        ),
        "no_weighting_of_the_run": _("This run was made without respondent weights. Choose a weighting by its number."),
        "not_weightable": _("The weights cannot be made in this period."),
        "too_few_periods": _("%(periods)s periods can be shown; %(needed)s are needed."),
        "no_variation": _("The answers do not vary, so chance cannot be told."),
        "too_few_answers": _("Too few answers to tell chance from change."),
        "all_alike": _("All answers are the same, so there is no interval: how far chance goes cannot be estimated."),
        "no_question": _("No question measures this indicator yet, so the index is made of the others."),
        "below_coverage": _("There are answers, but none covers as much of this indicator’s parts as its tree requires."),
        "one_side_alike": _(
            "In one of the two periods all answers are the same: how far chance goes cannot be estimated, so the change"
            " is not judged."
        ),
        "one_carries_all": _("One answer carries all the weight."),
    }
