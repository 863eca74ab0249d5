"""What keeps a tree from being computed, or from meaning what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.indicators.models import IndicatorTree, SourceRole
from analytics.indicators.selectors import Branch, list_branches, list_questions, siblings_problem


@dataclass(frozen=True)
class Problem:
    """One thing to look at: `code` for a translated sentence, `key` the indicator or question it is about."""

    code: str
    key: str
    is_blocking: bool


def find_problems(*, tree: IndicatorTree) -> list[Problem]:
    """Return what is wrong with a tree, blocking problems first."""
    branches = list_branches(tree=tree)
    if not branches:
        return [Problem("no_root", "", True)]
    problems = [*_weight_problems(branches), *_leaf_problems(branches), *_question_problems(tree)]
    return sorted(problems, key=lambda problem: not problem.is_blocking)


def _weight_problems(branches: Sequence[Branch]) -> list[Problem]:
    found = []
    for branch in branches:
        problem = siblings_problem([child.weight for child in branch.children]) if branch.children else ""
        if problem:
            found.append(Problem(problem, branch.indicator.key, True))
    return found


def _leaf_problems(branches: Sequence[Branch]) -> list[Problem]:
    return [
        Problem("leaf_without_question", branch.indicator.key, False)
        for branch in branches
        if branch.is_leaf and not branch.sources
    ]


def _question_problems(tree: IndicatorTree) -> list[Problem]:
    """Mapped questions that no version asks any more; staff's draft may be about to bring them back."""
    rated = (SourceRole.LEAF, SourceRole.NPS, SourceRole.OVERALL, SourceRole.EFFORT)
    sources = list(tree.sources.filter(role__in=rated).select_related("questionnaire__team"))
    asked = {
        (questionnaire.pk, question.key)
        for questionnaire in {source.questionnaire for source in sources}
        for question in list_questions(questionnaire=questionnaire)
    }
    return [
        Problem("question_not_asked", source.question_key, False)
        for source in sources
        if (source.questionnaire_id, source.question_key) not in asked
    ]
