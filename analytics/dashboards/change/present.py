"""How the page of a change is written: rows, the finding sentence, the drawn intervals and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.dashboards import wording
from analytics.dashboards.change.controls import TrendTest
from analytics.dashboards.change.read import ChangeRow, Changes, Decomposed
from analytics.dashboards.overview.attention import SMALLEST
from analytics.dashboards.verdicts import ComparisonFamily
from analytics.scoring.comparing import ONE_SIDE_ALIKE
from analytics.scoring.registry import METRICS
from analytics.scoring.results import Change, Verdict
from analytics.scoring.sentences import change_sentence, sentence
from surveys.design.document import text_in

NAMED_BY_WHAT: Final = ("index", "mean", "satisfied_share")
"""Metrics that a row of a table need not name, since its heading does."""
PARTS_SHOWN: Final = 8
"""So many leaves are listed at once as what moved the index; the others are folded away."""
FOLDED: Final = (ComparisonFamily.ITEMS, ComparisonFamily.SHARES, ComparisonFamily.EFFORT)
"""Tables that are closed at first: their finding says what is in them."""
SORTS: Final = ("tree", "change", "p", "name")


@dataclass(frozen=True, slots=True)
class ForestBar:
    """Where an interval and its difference lie, in percent of the width; zero is at `zero`."""

    low: float
    width: float
    dot: float
    zero: float


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is printed: `about` says in small what `name` belongs to; a parent heads the lines below it."""

    row: ChangeRow
    name: str
    about: str
    is_parent: bool
    before: str
    after: str
    change: Change
    change_text: str
    interval: str
    detectable: str
    p: str
    p_holm: str
    p_bh: str
    verdict: str
    note: str
    bar: ForestBar | None


@dataclass(frozen=True, slots=True)
class Table:
    """One family with its own finding sentence."""

    family: ComparisonFamily
    heading: str
    finding: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class PartLine:
    """What a leaf added to the change of the index: in all, by its score, and by its weight."""

    name: str
    about: str
    total: str
    scores: str
    weights: str
    bar: PartBar


@dataclass(frozen=True, slots=True)
class PartBar:
    """Where a part lies, in percent of the width, from `zero` to either side."""

    zero: float
    start: float
    width: float
    tone: str


@dataclass(frozen=True, slots=True)
class Parts:
    """The change of the index in parts, or the `reason` why there are none.

    The largest are `lines`; what the `others` add up to is `rest`. `is_reweighted` says that weights have moved it too.
    """

    reason: str
    finding: str
    lines: tuple[PartLine, ...]
    others: tuple[PartLine, ...] = ()
    rest: str = ""
    is_reweighted: bool = False


def present_tables(changes: Changes, *, sort: str, language: str) -> list[Table]:
    """Write a table for each family."""
    tables = []
    for family, heading in family_names().items():
        rows, above = changes.family(family), parents_of(changes, language) if sort != "tree" else {}
        if not rows:
            continue
        below = [other.depth for other in rows[1:]] + [0]
        is_tree = family == ComparisonFamily.INDICATORS
        lines = [
            _line(row, rows, language, parent=above.get(row.key, "") if is_tree else "", is_parent=deeper > row.depth)
            for row, deeper in zip(rows, below, strict=True)
        ]
        # The headline's figures have no unit in common.
        ordered = lines if family == ComparisonFamily.HEADLINE else _sorted(lines, sort)
        tables.append(Table(family, heading, finding(changes, family), tuple(ordered)))
    return tables


def family_names() -> dict[ComparisonFamily, str]:
    """What the tables of changes are headed."""
    return {
        ComparisonFamily.HEADLINE: _("Index, Net Promoter Score and satisfied share"), ComparisonFamily.INDICATORS: _("Indicators"),
        ComparisonFamily.ITEMS: _("Questions"), ComparisonFamily.SHARES: _("Satisfied shares of the questions"),
        ComparisonFamily.EFFORT: _("Customer effort"),
    }


def finding(changes: Changes, family: ComparisonFamily) -> str:
    """Say how many of a family changed: "2 of 22 questions changed beyond chance"."""
    rows = [row for row in changes.family(family) if row.p is not None]
    beyond = sum(row.verdict == Verdict.BEYOND for row in rows)
    counts = {"beyond": beyond, "total": len(rows)}
    if not rows:
        alike = next((row.reason for row in changes.family(family) if row.reason in (ONE_SIDE_ALIKE, "no_variation")), "")
        if alike:
            return sentence(alike)
        return _("Nothing can be compared: too few answers in one of the periods.")
    if family == ComparisonFamily.HEADLINE:
        return _headline_finding(changes)
    if family == ComparisonFamily.INDICATORS:
        told = ngettext(
            "%(beyond)s of %(total)s indicator changed beyond chance (Holm).",
            "%(beyond)s of %(total)s indicators changed beyond chance (Holm).", len(rows),
        ) % counts
        return " ".join(part for part in (told, _of_one_question(rows)) if part)
    if family == ComparisonFamily.SHARES:
        told = ngettext(
            "%(beyond)s of %(total)s satisfied share changed beyond chance (Holm).",
            "%(beyond)s of %(total)s satisfied shares changed beyond chance (Holm).", len(rows),
        ) % counts
        return f"{told} {_('That of the overall question is judged once, with the index.')}" if _has_overall(changes) else told
    if family == ComparisonFamily.EFFORT:
        return ngettext(
            "%(beyond)s of %(total)s effort score changed beyond chance (Holm).",
            "%(beyond)s of %(total)s effort scores changed beyond chance (Holm).", len(rows),
        ) % counts
    return ngettext(
        "%(beyond)s of %(total)s question changed beyond chance (Holm).",
        "%(beyond)s of %(total)s questions changed beyond chance (Holm).", len(rows),
    ) % counts


def _of_one_question(rows: Sequence[ChangeRow]) -> str:
    """Say how many of these indicators are one question, and so judged among the questions; empty where none is."""
    count = sum(row.judged_in == ComparisonFamily.ITEMS for row in rows)
    return ngettext(
        "%(n)s is one question and has its verdict.", "%(n)s are one question each and have its verdict.", count,
    ) % {"n": count} if count else ""


def _has_overall(changes: Changes) -> bool:
    """Whether the satisfied share of the headline is that of a question."""
    asked = {row.key for row in changes.family(ComparisonFamily.ITEMS)}
    return any(row.after.metric == "satisfied_share" and row.key in asked for row in changes.family(ComparisonFamily.HEADLINE))


def _headline_finding(changes: Changes) -> str:
    row = changes.rows[0]
    change = _change(row)
    words = {"change": wording.change_text(change), "before": wording.value_text(row.before),
             "after": wording.value_text(row.after)}
    if row.p is None:
        return _("Whether the index changed cannot be told.")
    if row.verdict == Verdict.BEYOND:
        return _("The index moved from %(before)s to %(after)s (%(change)s): beyond chance.") % words
    return _("The index moved from %(before)s to %(after)s (%(change)s): within chance.") % words


def _line(row: ChangeRow, family: Sequence[ChangeRow], language: str, *, parent: str, is_parent: bool) -> Line:
    change, is_shown = _change(row), row.difference is not None
    name, about = _name(row, language)
    return Line(
        row=row, name=name, about=parent or about, is_parent=is_parent, before=wording.value_with_unit(row.before),
        after=wording.value_with_unit(row.after), change=change, change_text=wording.change_with_unit(change),
        interval=_interval(row) if is_shown and row.low is not None else "",
        detectable=wording.change_number(row.after.metric, row.detectable) if row.detectable is not None else "",
        p=p_text(row.p), p_holm=p_text(row.p_holm), p_bh=p_text(row.p_bh), verdict=_verdict(row, change),
        note=change_sentence(row.before, row.after, row.reason) if row.p is None else "", bar=_bar(row, family),
    )


def _verdict(row: ChangeRow, change: Change) -> str:
    """Within chance may mean that nothing happened or that too few answered; say where it surely is the former."""
    text = wording.verdict_text(change)
    if not row.is_small or change.verdict != Verdict.WITHIN:
        return text
    if (row.low or 0) > 0 or (row.high or 0) < 0:  # Words enough.
        return text
    return _("%(verdict)s, changed by less than %(points)s points") % {"verdict": text, "points": wording.number(SMALLEST, 0)}


def p_text(p: float | None) -> str:
    """Write a p value with three digits, small ones as < .001."""
    if p is None:
        return ""
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


def _name(row: ChangeRow, language: str) -> tuple[str, str]:
    """The indicator or question with what that is a row of; another figure by its own name, with what it is about."""
    name = text_in(row.names, language) or row.key
    if row.after.metric not in NAMED_BY_WHAT or (row.family == ComparisonFamily.HEADLINE and row.after.metric != "index"):
        return str(METRICS[row.after.metric].name), name
    if row.wording is None:
        return name, ""
    return text_in(row.wording.own, language) or row.key, text_in(row.wording.question, language)


def parents_of(changes: Changes, language: str) -> dict[str, str]:
    """The name of the indicator that each indicator below the top level is a part of, by its key."""
    found, path = dict[str, str](), dict[int, str]()
    for row in changes.family(ComparisonFamily.INDICATORS):
        path[row.depth] = text_in(row.names, language) or row.key
        if row.depth > 1:
            found[row.key] = path[row.depth - 1]
    return found


def _interval(row: ChangeRow) -> str:
    return f"{_end(row, row.low)} – {_end(row, row.high)}"


def _end(row: ChangeRow, end: float | None) -> str:
    """An end of an interval; one so near 0 that it would be rounded to it gets the digits that show its side."""
    texts = [wording.change_number(row.after.metric, end, sign=True, more=more) for more in range(4)]
    return next((text for text in texts if any(digit in text for digit in "123456789")), texts[0])


def _change(row: ChangeRow) -> Change:
    return Change(row.after.metric, row.difference, row.low, row.high, row.verdict, row.detectable, row.reason)


def _bar(row: ChangeRow, family: Sequence[ChangeRow]) -> ForestBar | None:
    """One axis for all rows of a metric in a family, the same length to both sides of zero."""
    ends = [abs(end) for one in family if one.after.metric == row.after.metric
            for end in (one.low, one.high) if end is not None]
    if row.difference is None or row.low is None or row.high is None or not ends:
        return None
    reach = max(ends) * 1.04
    low, dot, high = (round(50 + 50 * end / reach, 2) for end in (row.low, row.difference, row.high))
    return ForestBar(low, round(high - low, 2), dot, 50.0)


def _sorted(lines: list[Line], sort: str) -> list[Line]:
    if sort == "change":
        return sorted(lines, key=lambda one: (one.row.difference is None, one.row.difference or 0.0))
    if sort == "p":
        return sorted(lines, key=lambda one: (one.row.p is None, one.row.p or 0.0))
    return sorted(lines, key=lambda one: one.name) if sort == "name" else lines


def overlap_sentence(changes: Changes) -> str:
    """Say how many people answered in both periods and what that does to the intervals."""
    if changes.overlap is None:
        return ""
    if not changes.overlap:
        return _("No respondent could be recognised in both periods; they are compared as independent samples.")
    count = {"n": f"{changes.overlap:,}"}
    if changes.is_overlap_used:
        return ngettext(
            "%(n)s person answered in both periods; the intervals take into account how their two answers are related.",
            "%(n)s people answered in both periods; the intervals take into account how their two answers are related.",
            changes.overlap,
        ) % count
    return ngettext(
        "%(n)s person answered in both periods: too few to tell how their two answers are related, so the periods are"
        " treated as independent.",
        "%(n)s people answered in both periods: too few to tell how their two answers are related, so the periods are"
        " treated as independent.", changes.overlap,
    ) % count


def parts_sentence(parts: Decomposed) -> str:
    """Say why the change cannot be put in parts; empty where it can."""
    reasons = {
        "": "",
        "leaf_not_shown": _("An indicator has too few answers in one of the periods, so the parts cannot be shown."),
        "weights_of_another_tree": _("These weights are for another form of the tree and do not fit it any more."),
    }
    return reasons[parts.reason] if parts.reason in reasons else sentence(parts.reason)


def present_parts(changes: Changes, language: str) -> Parts:
    """Write what the scores and the weights of the leaves added to the change, the largest first."""
    found, above = changes.decomposed, parents_of(changes, language)
    ordered = sorted(found.parts, key=lambda one: -abs(one.total))
    low, high = min([0.0, *(one.total for one in ordered)]), max([0.0, *(one.total for one in ordered)])
    lines = [
        PartLine(
            text_in(one.names, language) or one.key, above.get(one.key, ""), wording.number(one.total, 2, sign=True),
            wording.number(one.from_scores, 2, sign=True), wording.number(one.from_weights, 2, sign=True), _part_bar(one.total, low, high),
        )
        for one in ordered
    ]
    # One more line takes no more room than the words about it.
    cut = PARTS_SHOWN if len(lines) > PARTS_SHOWN + 1 else len(lines)
    return Parts(
        parts_sentence(found), _parts_finding(changes, lines), tuple(lines[:cut]), tuple(lines[cut:]),
        wording.number(sum(one.total for one in ordered[cut:]), 2, sign=True),
        any(round(one.from_weights, 2) for one in ordered),
    )


def _parts_finding(changes: Changes, lines: Sequence[PartLine]) -> str:
    """Name the three largest parts, and say what they are parts of: question means, and not the index by respondents."""
    found, index = changes.decomposed, changes.rows[0]
    if not lines:
        return ""
    named = wording.listed([_("%(name)s (%(points)s)") % {"name": one.name, "points": one.total} for one in lines[:3]])
    told = _("Moved most by %(parts)s.") % {"parts": named}
    total = _("By question means the index moved by %(total)s; counted by respondent, as above, by %(index)s.") % {
        "total": wording.number(found.total, 2, sign=True), "index": wording.number(index.difference, 2, sign=True),
    }
    if not round(found.from_weights or 0.0, 2):
        return f"{told} {total}"
    split = _("%(scores)s of it come from scores, %(weights)s from weights.") % {
        "scores": wording.number(found.from_scores, 2, sign=True), "weights": wording.number(found.from_weights, 2, sign=True),
    }
    return f"{told} {total} {split}"


def _part_bar(total: float, low: float, high: float) -> PartBar:
    """A bar from zero to the left or right, on an axis from the lowest part to the highest."""
    place = {value: 1 + 98 * (value - low) / ((high - low) or 1.0) for value in (0.0, total)}
    start, end = sorted(place.values()) if total else (place[0.0], place[0.0])
    return PartBar(round(place[0.0], 2), round(start, 2), round(end - start, 2), "n1" if total < 0 else "p2")


def present_trend_test(test: TrendTest) -> str:
    """Say whether there is a trend, and which periods it leaves out."""
    return " ".join(part for part in (_trend_sentence(test), *_left_out(test)) if part)


def _trend_sentence(test: TrendTest) -> str:
    if test.found is None:
        return sentence(test.reason, dict(test.details))
    words = {
        "slope": wording.number(test.found.slope, 2, sign=True), "p": p_text(test.found.p_slope),
        "count": test.periods, "q": p_text(test.found.p_any_change), "grain": wording.grain_text(test.grain),
    }
    if test.found.p_slope < 0.05:
        line = _("Over %(count)s periods the index moved by %(slope)s points per period: beyond chance (p %(p)s).") % words
    else:
        line = _("Over %(count)s periods the index moved by %(slope)s points per period: within chance (p %(p)s).") % words
    return f"{line} {_any_change(test.found.p_any_change, words)}"


def _any_change(p: float, words: Mapping[str, object]) -> str:
    """Answer the other question of the trend test, which looks neither at the order of the periods nor at the last step."""
    if p < 0.05:
        return _("Another question is whether these %(count)s periods differ at all, up or down: they do, beyond chance (p %(q)s).") % words
    return _("Another question is whether these %(count)s periods differ at all, up or down: within chance (p %(q)s).") % words


def _left_out(test: TrendTest) -> list[str]:
    found = []
    if test.left_out:
        found.append(ngettext(
            "%(n)s period in between has no or too few answers; it is left out, and its time is counted.",
            "%(n)s periods in between have no or too few answers; they are left out, and their time is counted.",
            test.left_out,
        ) % {"n": test.left_out})
    if test.alike:
        found.append(ngettext(
            "%(n)s period is left out because all its answers are the same.",
            "%(n)s periods are left out because all their answers are the same.", test.alike,
        ) % {"n": test.alike})
    if test.is_rescaled:
        found.append(_("The scale of a question changed in between: part of what is seen may come from that."))
    return found
