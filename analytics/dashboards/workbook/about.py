"""What the workbook says of itself: where its numbers come from, what its columns mean, and how each figure is defined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from analytics.dashboards import wording
from analytics.dashboards.method import describe_method
from analytics.dashboards.overview.numbers import Overview
from analytics.dashboards.selection import Selection
from analytics.dashboards.weighting.present import weighting_name
from analytics.dashboards.wording import level_name
from analytics.scoring.registry import METRICS
from surveys.design.document import text_in

Line = tuple[str, str | int | None]


def about_lines(
    *, page: Overview, selection: Selection, weights_before: str, problem: str, language: str
) -> Iterator[Line]:
    """Return a header and pairs of a name and what is said; `problem` says why there are no changes.

    `weights_before` names the weight set of the earlier period, "" where there are no changes.
    """
    method = describe_method(selection.run, language=language, tells_answers=False)
    yield _("About"), _("Value")
    yield _("Survey"), text_in(page.names, language)
    if page.is_example:
        yield _("Example"), _("Yes")
    yield _("Period"), wording.period_text(page.period)
    if page.previous is not None:
        yield _("Compared with"), wording.period_text(page.previous)
    yield _("Filters"), filters_line(selection, language)
    yield _("Tree"), page.tree_id
    yield _("Run"), page.run_id
    yield _("Fingerprint of the definition"), selection.run.definition_hash
    yield _("Computed at"), wording.moment_text(method.finished_at)
    yield _("Weight set"), page.weight_set
    if weights_before:
        yield _("Indicator weights of the earlier period"), weights_before
    yield _("Respondent weighting"), weighting_name(page.weighting)
    if page.weighting and page.weighting["hash"]:
        yield _("Fingerprint of the weighting"), page.weighting["hash"]
    yield _("Score vector"), method.vector_name
    yield _("A respondent counts from"), _("%(percent)s%% of an indicator’s weight answered") % {"percent": method.coverage}
    methods = selection.run.definition.get("methods", {})
    yield _("Method versions"), ", ".join(f"{name} {version}" for name, version in sorted(methods.items()))
    yield _("Time zone"), method.time_zone
    if problem:
        yield _("Changes"), problem
    if weights_before:
        yield _("Contribution, points"), _("What a lowest indicator added to the change of the index by question means; they sum to it.")
    yield from column_lines(page)


def column_lines(page: Overview) -> Iterator[Line]:
    """Say what the columns mean."""
    yield "n", _("Valid answers behind a figure.")
    yield "n_eff", _("How many equally weighted answers would be as precise.")
    yield _("95% interval"), _("Sampling uncertainty: the range in which the value of all customers like these probably lies.")
    yield _("Change"), _("The difference of two values; of shares in percentage points, written with a percent sign.")
    yield _("Empty cell"), _("There is no such figure, or it may not be shown. It is never 0.")
    yield _("Small numbers"), _("Under %(show)s valid answers no score is shown; under %(sure)s it is marked.") % {
        "show": page.show_from, "sure": page.sure_from}


def filters_line(selection: Selection, language: str) -> str:
    """Name the reader's filters and scope together."""
    chosen = selection.reading.choice
    named = []
    for key, levels in sorted(chosen.items()):
        dimension = selection.known.dimension(key)
        name = (text_in(dimension.names, language) if dimension else "") or key
        told = wording.listed([level_name(dimension, level, language) for level in sorted(levels)])
        named.append(_("%(name)s: %(levels)s") % {"name": name, "levels": told})
    return _("; ").join(named) or _("all")


def definition_lines(metrics: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Return a header and what the registry says of each figure."""
    yield (_("Figure"), _("Formula"), _("Out of"), _("Missing answers"), _("Interval"), _("Source"), _("Key"))
    for one in metrics:
        found = METRICS[one]
        texts = (found.name, found.formula, found.denominator, found.missing, found.interval, found.source)
        yield (*(str(text) for text in texts), found.id)
