"""The sheets of the Excel workbook: the rows of the CSV files, sorted into tables and put into words.

pandas is imported when the first workbook is made: a process that makes none does without its second and 40 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from analytics.dashboards import wording
from analytics.dashboards.change.present import family_names, parts_sentence
from analytics.dashboards.change.read import Changes
from analytics.dashboards.change.rows import change_rows, contribution_rows
from analytics.dashboards.exports import overview_rows
from analytics.dashboards.overview.numbers import Overview
from analytics.scoring.periods import parse_period
from analytics.scoring.registry import METRICS
from analytics.scoring.results import Change, Figure, Status, Verdict
from analytics.scoring.sentences import change_sentence
from surveys.design.document import text_in

if TYPE_CHECKING:
    import pandas as pd

BLANK: Final = ""
LEVELS: Final = "level_share"
HEADLINES: Final = ("index", "satisfied", "nps", "responding")
UNCERTAINTY: Final = ("low", "high", "standard_error", "n", "n_eff")
COMPARISON: Final = ("previous_period", "previous_value", "change", "change_low", "change_high", "verdict")


@dataclass(frozen=True)
class Sheet:
    """A table: `columns` maps the keys of the frame that are written to their headings; `metrics` has one id per row."""

    title: str
    frame: pd.DataFrame
    columns: Mapping[str, str]
    metrics: Sequence[str | None]


def list_sheets(*, page: Overview, changes: Changes | None, earlier_weight_set: int, language: str) -> list[Sheet]:
    """Return the tables that have rows; `earlier_weight_set` numbers the weights of the earlier period."""
    found = list(_of_overview(_frame(overview_rows(page, language)), page, language))
    if changes is not None:
        found.append(_changes(_frame(change_rows(changes, language)), changes))
        parts = contribution_rows(changes, earlier_weight_set=earlier_weight_set, language=language)
        found.append(_contributions(_frame(parts), changes))
    return [one for one in found if len(one.frame)]


def metrics_of(sheets: Iterable[Sheet]) -> list[str]:
    """The metrics that stand in the sheets, in the order of the registry."""
    used = {metric for one in sheets for metric in one.metrics}
    return [metric for metric in METRICS if metric in used]


def _frame(rows: Iterator[Sequence[Any]]) -> pd.DataFrame:
    """Objects stay as they are: a count stays whole and what is missing stays None."""
    import pandas as pd

    header, *lines = rows
    frame = pd.DataFrame([list(line) for line in lines], columns=list(header), dtype=object)
    return frame.where(frame.notna() & (frame != BLANK), None)


def _of_overview(frame: pd.DataFrame, page: Overview, language: str) -> Iterator[Sheet]:
    names = _node_names(page, language)
    is_withheld = frame["status"] == Status.WITHHELD.value
    frame.loc[is_withheld, ["n", "n_eff"]] = None
    frame["note"] = [_note(row, page.show_from) for row in frame.to_dict("records")]
    frame["period"] = frame["period"].map(_period)
    frame["previous_period"] = frame["previous_period"].map(_period)
    frame["verdict"] = _verdicts(frame, "change_low", "change_high")
    frame["from_average_verdict"] = _verdicts(frame, "from_average_low", "from_average_high", "from_average_verdict")
    frame["figure"] = frame["metric"].map(_metric)
    of_levels = frame["metric"] == LEVELS
    section = frame["section"]
    yield _sheet(_("Figures"), frame[section.isin(HEADLINES) & ~of_levels], (
        "figure", "value", *UNCERTAINTY, "target", *COMPARISON, "note"))
    yield _sheet(_("Indicators"), frame[(section == "indicators") & ~of_levels], (
        "name", "item", "weight", "overall_weight", "value", *UNCERTAINTY, "target", *COMPARISON, "note"))
    yield _distribution(frame[of_levels], names)
    yield _segments(frame[section == "segments"], page, names, language)
    yield _trend(frame[section == "trend"], frame[section == "trend_last_year"])


def _sheet(title: str, frame: pd.DataFrame, keys: Sequence[str]) -> Sheet:
    """Take the columns that hold anything."""
    headings = _headings()
    filled = {key: headings[key] for key in keys if frame[key].notna().any()}
    return Sheet(title, frame[list(filled)], filled, list(frame["metric"]))


def _distribution(frame: pd.DataFrame, names: Mapping[str, str]) -> Sheet:
    of = {"satisfied": str(METRICS["satisfied_share"].name), "nps": str(METRICS["nps"].name)}
    told = [of.get(section) or names.get(item, item) for section, item in zip(frame["section"], frame["item"], strict=True)]
    levels = [int(level) for level in frame["level"]]
    told_frame = frame.assign(figure=told, level=levels, answers=frame["n"], share=frame["value"])
    return _sheet(_("Distribution"), told_frame, ("figure", "level", "answers", "share"))


def _segments(frame: pd.DataFrame, page: Overview, names: Mapping[str, str], language: str) -> Sheet:
    dimension = text_in(page.heat.dimension.names, language) or page.heat.dimension.key if page.heat else ""
    told = frame.assign(dimension=dimension, segment=frame["name"], name=frame["item"].map(lambda key: names.get(key, key)))
    return _sheet(_("Segments"), told, (
        "dimension", "segment", "name", "value", *UNCERTAINTY, "from_average", "from_average_low", "from_average_high",
        "from_average_verdict", "change", "change_low", "change_high", "verdict", "note"))


def _trend(frame: pd.DataFrame, last_year: pd.DataFrame) -> Sheet:
    """One row per period, with the value of a year earlier beside it."""
    earlier = last_year[["period", "value"]].rename(columns={"value": "last_year"})
    both = frame.merge(earlier, on="period", how="left").astype(object)
    return _sheet(_("Trend"), both.where(both.notna(), None), ("period", "value", *UNCERTAINTY, "last_year", "note"))


def _changes(frame: pd.DataFrame, changes: Changes) -> Sheet:
    families = {family.value: name for family, name in family_names().items()}
    for side, figures in (("before", [row.before for row in changes.rows]), ("after", [row.after for row in changes.rows])):
        # A count that may not be told is no 0.
        frame.loc[[one.status == Status.WITHHELD for one in figures], [f"{side}_n", f"{side}_n_eff"]] = None
        frame[f"{side}_period"] = frame[f"{side}_period"].map(_period)
    frame.loc[frame["difference"].isna(), "n_both"] = None
    told = frame.rename(columns={"low": "difference_low", "high": "difference_high"}).assign(
        family=frame["family"].map(families), figure=frame["metric"].map(_metric),
    )
    told["verdict"] = _verdicts(frame, "low", "high")
    told["note"] = [change_sentence(row.before, row.after, row.reason) or None for row in changes.rows]
    return _sheet(_("Changes"), told, (
        "family", "name", "figure", "before_period", "before", "before_low", "before_high", "before_n", "before_n_eff",
        "after_period", "after", "after_low", "after_high", "after_n", "after_n_eff", "difference", "difference_low",
        "difference_high", "p", "p_holm", "p_bh", "verdict", "detectable", "n_both", "note"))


def _contributions(frame: pd.DataFrame, changes: Changes) -> Sheet:
    """The parts of the change of the index, and their sum as the last row."""
    names = [_("Sum") if part == "sum" else name for part, name in zip(frame["part"], frame["name"], strict=True)]
    told = frame.assign(
        name=names, item=frame["key"].where(frame["part"] != "sum", None), note=parts_sentence(changes.decomposed) or None,
        before_period=frame["before_period"].map(_period), after_period=frame["after_period"].map(_period),
    )
    return _sheet(_("Contributions"), told, (
        "name", "item", "before_period", "after_period", "from_scores", "from_weights", "contribution", "note"))


def _node_names(page: Overview, language: str) -> dict[str, str]:
    listed = [*(page.heat.columns if page.heat else ()), *((node.key, node.names) for node in page.nodes)]
    return {key: text_in(names, language) or key for key, names in listed}


def _note(row: Mapping[Any, Any], show_from: int) -> str | None:
    """Say why there is no value, or that it rests on little, in the words of the page."""
    if row["status"] is None:
        return None
    return wording.status_text(Figure(
        metric=row["metric"], n=row["n"] or 0, n_eff=0.0, value=row["value"], low=None, high=None,
        status=Status(row["status"]), reason=row["reason"] or "", needed=show_from,
    )) or None


def _metric(metric: str) -> str:
    return str(METRICS[metric].name)


def _period(key: str | None) -> str | None:
    return wording.period_text(parse_period(key)) if key else None


def _verdicts(frame: pd.DataFrame, low: str, high: str, verdict: str = "verdict") -> list[str | None]:
    """The verdicts in the words of the pages, from the columns of a change and its interval."""
    return [
        wording.verdict_text(Change("index", None, one, other, Verdict(word))) or None if word else None
        for word, one, other in zip(frame[verdict], frame[low], frame[high], strict=True)
    ]


def _headings() -> dict[str, str]:
    return {
        "figure": _("Figure"), "name": pgettext("of a thing", "Name"), "item": _("Key"), "family": _("Group"), "period": _("Period"),
        "dimension": _("Segment dimension"), "segment": _("Segment"), "level": _("Level"), "answers": _("Answers"),
        "share": _("Share"),
        "value": _("Value"), "low": _("95% interval from"), "high": _("95% interval to"),
        "standard_error": _("Standard error"), "n": "n", "n_eff": "n_eff", "target": _("Target"), "note": _("Note"),
        "weight": _("Among its siblings"), "overall_weight": _("Of the index"), "last_year": _("Same period of last year"),
        "previous_period": _("Compared with"), "previous_value": _("Value then"), "change": _("Change"),
        "change_low": _("Change: interval from"), "change_high": _("Change: interval to"), "verdict": _("Verdict"),
        "from_average": _("From the average"), "from_average_low": _("From the average: interval from"),
        "from_average_high": _("From the average: interval to"), "from_average_verdict": _("From the average: verdict"),
        "before_period": _("Earlier period"), "before": _("Value then"), "before_low": _("Interval then, from"),
        "before_high": _("Interval then, to"), "before_n": _("n then"), "before_n_eff": _("n_eff then"),
        "after_period": _("Later period"), "after": _("Value now"), "after_low": _("Interval now, from"),
        "after_high": _("Interval now, to"), "after_n": _("n now"), "after_n_eff": _("n_eff now"),
        "difference": _("Difference"), "difference_low": _("Interval of the difference, from"),
        "difference_high": _("Interval of the difference, to"),
        "p": "p", "p_holm": "p (Holm)", "p_bh": "p (Benjamini–Hochberg)", "detectable": _("Smallest detectable"),
        "n_both": _("People in both periods"), "from_scores": _("From scores"), "from_weights": _("From weights"),
        "contribution": _("Contribution, points"),
    }
