"""Why two estimators of one index differ, or do not, in a sentence."""

from __future__ import annotations

from django.utils.translation import gettext as _

from analytics.scoring.estimators import Agreement, Estimators


def estimators_sentence(found: Estimators) -> str:
    """Say how far the estimators lie apart and why."""
    if found.agreement == Agreement.UNKNOWN:
        return _("They cannot be compared, because one of them may not be shown: an indicator has too few answers.")
    if found.agreement == Agreement.COMPLETE:
        if found.parts == 1:
            return _("Only those who answered count, so both agree.")
        return _("Everybody who answered any of its indicators answered all of them, so both are the same number.")
    words = {
        "points": f"{abs(found.difference or 0.0):.2f}",
        "n": _("Some respondents") if found.incomplete is None else _("%(n)s respondents") % {
            "n": f"{found.incomplete:,}"},
    }
    if found.agreement == Agreement.CLOSE:
        return _("%(n)s left an indicator out, which moves the index by %(points)s points only.") % words
    if (found.difference or 0.0) > 0:
        return _(
            "A is %(points)s points above B. %(n)s left an indicator out: A shares its weight out among what the same person"
            " did answer, B takes each indicator’s mean over those who answered it."
        ) % words
    return _(
        "A is %(points)s points below B. %(n)s left an indicator out: A shares its weight out among what the same person"
        " did answer, B takes each indicator’s mean over those who answered it."
    ) % words
