"""What differs between two runs, said in the words of the tree and of its questionnaires."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.utils.translation import gettext as _

from analytics.dashboards import wording
from analytics.dashboards.question_names import item_names
from analytics.dashboards.weighting.present import weighting_name
from analytics.indicators.forms import VECTOR_NAMES
from analytics.indicators.models import Indicator, IndicatorTree, SourceRole
from analytics.indicators.weight_words import weight_set_name
from analytics.scoring.models import Run
from analytics.scoring.provenance import LISTED, TOP, Because, Reason, RunComparison, name_of_weighting
from analytics.scoring.registry import METRICS
from surveys.contacts.models import ContactAttribute
from surveys.design.document import text_in
from surveys.design.models import QuestionnaireVersion

Say = Callable[[str], str]
LISTS: Final = frozenset({"versions", "order", "source", "dimensions", "methods"})
"""What differs in a list of things."""


def finding(comparison: RunComparison) -> str:
    """Say in one sentence what differs."""
    if not comparison.reasons:
        return _("Nothing differs: both runs have the same digits.")
    words = {Because.DATA: _("the data"), Because.WEIGHTS: _("the indicator weights"),
             Because.WEIGHTING: _("the respondent weighting"), Because.DEFINITION: _("the definition"),
             Because.SERIES: _("the series")}
    return _("What differs: %(causes)s.") % {
        "causes": wording.listed([words[one] for one in Because if one in comparison.causes])}


def run_lines(comparison: RunComparison) -> list[str]:
    """Name both runs: when they were made, under which weights, and who made those weights, as far as that is known."""
    return [_run_line(run) for run in (comparison.earlier, comparison.later)]


def _run_line(run: Run) -> str:
    made_by = run.weight_set.created_by
    parts = [
        _("Run %(id)s") % {"id": run.pk}, wording.moment_text(run.finished_at), weight_set_name(run.weight_set),
        *([str(made_by)] if made_by is not None else []),
    ]
    return " · ".join(parts)


def reason_rows(comparison: RunComparison, *, language: str) -> list[dict[str, str]]:
    """Write each thing that differs: its cause, what it is, and how it was and is."""
    causes = {Because.DATA: _("Data"), Because.WEIGHTS: _("Weights"), Because.WEIGHTING: _("Respondent weights"),
              Because.DEFINITION: _("Definition"), Because.SERIES: _("Series")}
    tree = comparison.later.tree
    nodes, ways, questions = _node_names(tree, language), _ways(comparison, language), _question_names(tree, language)
    return [
        {"cause": causes[one.because], "what": _what(one, nodes, questions), "before": _told(one, one.before, ways),
         "after": _told(one, one.after, ways)}
        for one in comparison.reasons
    ]


def move_lines(comparison: RunComparison, *, language: str) -> list[str]:
    """Say of every indicator and question that stands elsewhere from where to where: Support: Service → Product."""
    tree = comparison.later.tree
    nodes, ways, questions = _node_names(tree, language), _ways(comparison, language), _question_names(tree, language)
    return [
        _("%(name)s: %(before)s → %(after)s") % {
            "name": {"node": nodes, "source": questions}[kind].get(key, key),
            "before": _told(one, one.before, ways), "after": _told(one, one.after, ways),
        }
        for one in comparison.reasons for kind, _colon, key in [one.code.partition(":")] if kind in ("node", "source")
    ]


def _what(reason: Reason, nodes: Mapping[str, str], questions: Mapping[str, str]) -> str:
    names = {
        "answers": _("Answers"), "responses": _("Responses covered"), "fingerprint": _("Fingerprint of the responses"),
        "versions": _("Responses by questionnaire version"), "weight_set": _("Weight set"),
        "score_vector": _("Score vector"), "coverage": _("Required share answered"), "time_zone": _("Time zone"),
        "order": _("Order of the indicators"), "dimensions": _("Segment dimensions"),
        "methods": _("Method versions"), "weighting": _("Respondent weighting"),
        "series": _("Weight set, with the same weights"),
    }
    kind, _colon, key = reason.code.partition(":")
    if kind == "node":
        return _("Place of %(name)s in the tree") % {"name": nodes.get(key, key)}
    if kind in ("source", "scale"):
        text = _("Indicator that “%(question)s” feeds") if kind == "source" else _("Scale of “%(question)s”")
        return text % {"question": questions.get(key, key)}
    return names.get(reason.code) or _("Weight of %(key)s") % {"key": nodes.get(key, key)}


def _told(reason: Reason, value: str, ways: Mapping[str, Say]) -> str:
    kind = reason.code.partition(":")[0]
    say = ways.get(kind)
    if say is None:
        return value
    if kind not in LISTS:
        return say(value)
    return wording.listed([say(part) for part in value.split(LISTED) if part]) or _("none")


def _ways(comparison: RunComparison, language: str) -> dict[str, Say]:
    """How the parts of each value are said; what has no entry is a number or a name already."""
    tree, runs = comparison.later.tree, (comparison.earlier, comparison.later)
    nodes, sets = _node_names(tree, language), {str(run.weight_set.number): weight_set_name(run.weight_set) for run in runs}
    attributes = ContactAttribute.objects.filter(team=tree.team_id).values_list("key", "names")
    dimensions = {key: text_in(names, language) or key for key, names in attributes}
    versions = _version_names(comparison)
    records = [run.provenance.get("weighting") for run in runs]
    schemes = {name_of_weighting(record): weighting_name(record) for record in records}
    return {
        "weight_set": lambda number: sets.get(number, number),
        "series": lambda number: sets.get(number, number),
        "weighting": lambda name: {"": _("Unweighted"), "imported": _("Imported weights")}.get(name) or schemes[name],
        "score_vector": lambda vector: str(VECTOR_NAMES.get(vector, vector)),
        "node": lambda key: _parent(key, nodes),
        "order": lambda key: nodes.get(key, key),
        "dimensions": lambda key: dimensions.get(key, key),
        "versions": lambda count: _counted(count, versions),
        "methods": lambda count: _counted(count, {key: str(metric.name) for key, metric in METRICS.items()}),
        "source": lambda key: _fed(key, nodes),
        "scale": lambda scale: scale or _("none"),
    }


def _node_names(tree: IndicatorTree, language: str) -> dict[str, str]:
    named = Indicator.objects.filter(tree=tree).values_list("key", "names")
    return {key: text_in(names, language) or key for key, names in named}


def _version_names(comparison: RunComparison) -> dict[str, str]:
    ids = {int(key) for run in (comparison.earlier, comparison.later) for key in run.provenance.get("versions", {})}
    rows = QuestionnaireVersion.objects.filter(pk__in=ids).select_related("questionnaire")
    return {
        str(row.pk): _("%(name)s, version %(number)s") % {"name": row.questionnaire.name, "number": row.number}
        for row in rows
    }


def _counted(count: str, names: Mapping[str, str]) -> str:
    key, _colon, value = count.partition(": ")
    return f"{names.get(key, key)}: {value}"


def _parent(key: str, nodes: Mapping[str, str]) -> str:
    """The indicator above one; an indicator that is not there has none."""
    if not key:
        return _("not there")
    return _("at the top") if key == TOP else nodes.get(key, key)


def _fed(key: str, nodes: Mapping[str, str]) -> str:
    roles = {role.value: str(role.label) for role in SourceRole}
    return nodes.get(key) or roles.get(key, key)


def _question_names(tree: IndicatorTree, language: str) -> dict[str, str]:
    return {f"{of}/{key}": text_in(names, language) or key for (of, key), names in item_names(tree).items()}
