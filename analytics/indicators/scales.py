"""On which scales the questions of trees were asked, and whether a score vector has a score for each point."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from analytics.indicators.changing import TreeError
from analytics.indicators.models import IndicatorTree, SourceRole
from analytics.methods.distributions import score_vector
from analytics.methods.errors import MethodError
from surveys.design.document import parse_document
from surveys.design.models import Questionnaire, QuestionnaireVersion

MISFIT = "vector_does_not_fit"


class AskedScale(NamedTuple):
    """A question of a questionnaire (its id) on a scale from `low` to `high`."""

    questionnaire: int
    question: str
    low: int
    high: int


@lru_cache(maxsize=1024)
def scales_of_version(version_id: int) -> tuple[tuple[str, int, int], ...]:
    """Return the rated questions of a published version, which never changes, each with the ends of its scale."""
    stored = QuestionnaireVersion.objects.values_list("document", flat=True).get(pk=version_id)
    return tuple((item.key, item.scale.low, item.scale.high) for item in parse_document(stored).items())


def list_scales(*, questionnaires: Iterable[int]) -> dict[tuple[int, str], list[AskedScale]]:
    """Return, by questionnaire and question, every scale on which a published version asked it, oldest first."""
    found: dict[tuple[int, str], list[AskedScale]] = {}
    versions = QuestionnaireVersion.objects.filter(questionnaire__in=list(questionnaires)).order_by("id")
    for version, questionnaire in versions.values_list("id", "questionnaire_id"):
        for asked in (AskedScale(questionnaire, *item) for item in scales_of_version(version)):
            scales = found.setdefault((questionnaire, asked.question), [])
            if asked not in scales:
                scales.append(asked)
    return found


def first_misfit(*, vector: str, scales: Iterable[AskedScale]) -> AskedScale | None:
    """Return the first scale that a named score vector has no scores for, None where it fits all."""
    return next((scale for scale in scales if not _fits(vector, scale)), None)


def describe_misfit(scale: AskedScale) -> dict[str, str | int]:
    """Return what a sentence names of a scale that does not fit: the question, whose it is, its ends."""
    name = Questionnaire.objects.values_list("name", flat=True).get(pk=scale.questionnaire)
    return {"question": scale.question, "questionnaire": name, "low": scale.low, "high": scale.high}


def check_vector(*, tree: IndicatorTree, vector: str) -> None:
    """Refuse a score vector under which the tree could not be computed.

    Raises TreeError `vector_does_not_fit` naming the question and its scale.
    """
    feeding = list(tree.sources.filter(role=SourceRole.LEAF).order_by("id").values_list("questionnaire_id", "question_key"))
    asked = list_scales(questionnaires={questionnaire for questionnaire, _ in feeding})
    misfit = first_misfit(vector=vector, scales=[scale for source in feeding for scale in asked.get(source, ())])
    if misfit is not None:
        raise TreeError(MISFIT, **describe_misfit(misfit))


def _fits(vector: str, scale: AskedScale) -> bool:
    try:
        score_vector(vector, range(scale.low, scale.high + 1))
    except MethodError:
        return False
    return True
