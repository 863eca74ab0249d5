"""Reading trees, their nodes and their weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Min, QuerySet

from accounts.models import Team
from analytics.indicators.models import Indicator, IndicatorTree, QuestionSource, SourceRole, WeightSet
from analytics.indicators.panel_models import Expert
from surveys.design.document import DocumentError
from surveys.design.models import Questionnaire
from surveys.design.placeholders import fill_document
from surveys.design.selectors import get_document, get_draft, get_latest_version

WEIGHT_TOLERANCE = 1e-9
EFFORT_SCALE = (1, 7)
COUNTING = (SourceRole.LEAF, SourceRole.OVERALL)
SETS_BESIDE_A_TREE = 20
"""How many weight sets the page of a tree lists; the page of weights lists more."""


@dataclass(frozen=True)
class Branch:
    """A node as the editor shows it: its weight among its siblings, what feeds it, what hangs below."""

    indicator: Indicator
    depth: int
    weight: float
    sources: tuple[QuestionSource, ...]
    children: tuple[Branch, ...] = field(default=())

    @property
    def is_leaf(self) -> bool:
        """Whether nothing hangs below."""
        return not self.children


def list_trees(*, team: Team) -> QuerySet[IndicatorTree]:
    """A team's trees in its order."""
    return IndicatorTree.objects.filter(team=team).order_by("position", "id")


def list_weight_sets(*, tree: IndicatorTree) -> QuerySet[WeightSet]:
    """A tree's weight sets, newest first; `runs_made` counts what was published under each."""
    sets = WeightSet.objects.filter(tree=tree).select_related("created_by")
    return sets.annotate(runs_made=Count("runs")).order_by("-number")


def get_weight_set_in_force(*, tree: IndicatorTree) -> WeightSet | None:
    """The weight set that new runs use."""
    return WeightSet.objects.filter(tree=tree, valid_from_at__isnull=False, valid_to_at__isnull=True).first()


def list_trees_fed_by(*, questionnaire_id: int) -> QuerySet[IndicatorTree]:
    """The trees that a questionnaire feeds, in the team's order."""
    fed = QuestionSource.objects.filter(questionnaire=questionnaire_id).values("tree_id")
    return IndicatorTree.objects.filter(pk__in=fed).order_by("position", "id")


def get_branch(*, tree: IndicatorTree) -> Branch | None:
    """The whole tree as nested branches, read with three queries; None for a tree without a root."""
    weight_set = get_weight_set_in_force(tree=tree)
    weights = weight_set.weights if weight_set else {}
    families: dict[int | None, list[Indicator]] = {}
    for node in tree.indicators.all():
        families.setdefault(node.parent_id, []).append(node)
    feeding: dict[int | None, list[QuestionSource]] = {}
    for source in tree.sources.select_related("questionnaire__team").order_by("id"):
        feeding.setdefault(source.indicator_id, []).append(source)
    roots = families.get(None, [])
    return _branch(roots[0], 0, families, feeding, weights) if roots else None


def list_branches(*, tree: IndicatorTree) -> list[Branch]:
    """All branches in tree order, parents before children."""
    root = get_branch(tree=tree)
    return list(_walk(root)) if root else []


def branch_of(*, node: Indicator) -> Branch:
    """The branch of one indicator."""
    return next(branch for branch in list_branches(tree=node.tree) if branch.indicator.pk == node.pk)


def weights_problem(*, nodes: Sequence[Indicator], weights: Mapping[str, float]) -> str:
    """Return the code of what is wrong with weights for these nodes, or an empty text.

    Codes: those of `siblings_problem`.
    """
    families: dict[int, list[Indicator]] = {}
    for node in nodes:
        if node.parent_id is not None:
            families.setdefault(node.parent_id, []).append(node)
    for family in families.values():
        problem = siblings_problem([weights.get(node.key) for node in family])
        if problem:
            return problem
    return ""


def fits(nodes: Sequence[Indicator], weights: Mapping[str, float]) -> bool:
    """Tell whether weights belong to these nodes as they hang now; after a move the keys alone do not tell."""
    keys = {node.key for node in nodes if node.parent_id is not None}
    return keys == set(weights) and not weights_problem(nodes=nodes, weights=weights)


def siblings_problem(weights: Sequence[float | None]) -> str:
    """Return the code of what is wrong with the weights of siblings, or an empty text.

    Codes: `weight_missing`, `weight_not_finite`, `weight_negative`, `weights_all_zero`, `weight_sum`.
    """
    for weight in weights:
        if problem := weight_problem(weight):
            return problem
    # Not math.fsum, which gives up where the sum of finite weights is not finite.
    total = sum(weight for weight in weights if weight is not None)
    if total == 0:
        return "weights_all_zero"
    return "" if abs(total - 1) <= WEIGHT_TOLERANCE else "weight_sum"


def weight_problem(weight: float | None) -> str:
    """Return the code of what is wrong with one weight, or an empty text."""
    if weight is None:
        return "weight_missing"
    if not math.isfinite(weight):
        return "weight_not_finite"
    return "weight_negative" if weight < 0 else ""


def _branch(
    node: Indicator, depth: int, families: Mapping[int | None, list[Indicator]],
    feeding: Mapping[int | None, list[QuestionSource]], weights: Mapping[str, float],
) -> Branch:
    return Branch(
        indicator=node,
        depth=depth,
        weight=1.0 if node.parent_id is None else float(weights.get(node.key, 0.0)),
        sources=tuple(feeding.get(node.pk, ())),
        children=tuple(
            _branch(child, depth + 1, families, feeding, weights) for child in families.get(node.pk, ())
        ),
    )


def _walk(branch: Branch) -> list[Branch]:
    return [branch, *(below for child in branch.children for below in _walk(child))]


@dataclass(frozen=True)
class AskedQuestion:
    """A question that can feed an indicator or take a role, as the live version or the draft words it.

    Where customers write (`type` text) there is no scale, so `low` and `high` are 0.
    """

    key: str
    text: Mapping[str, str]
    type: str
    low: int
    high: int


def list_questions(*, questionnaire: Questionnaire) -> list[AskedQuestion]:
    """Return the rated questions of a questionnaire's live version, else of its draft, then those to write an answer to."""
    version = get_latest_version(questionnaire=questionnaire)
    try:
        document = get_document(version=version) if version else get_draft(questionnaire=questionnaire)
    except DocumentError:
        return []
    filled = fill_document(document, questionnaire.team)
    rated = [AskedQuestion(item.key, item.text, item.type, item.scale.low, item.scale.high) for item in filled.items()]
    return rated + [AskedQuestion(one.key, one.text, one.type, 0, 0) for one in filled.questions() if one.type == "text"]


def question_texts(*, sources: Sequence[QuestionSource]) -> dict[int, Mapping[str, str]]:
    """Return how the sources' questions are worded, by the source's id; what is no longer asked is left out."""
    asked = {
        (questionnaire.pk, question.key): question.text
        for questionnaire in {source.questionnaire for source in sources}
        for question in list_questions(questionnaire=questionnaire)
    }
    found = {source.pk: asked.get((source.questionnaire_id, source.question_key)) for source in sources}
    return {source_id: texts for source_id, texts in found.items() if texts}


Asked = list[tuple[Questionnaire, AskedQuestion]]
"""Questions, each with its questionnaire."""


def list_asked(*, tree: IndicatorTree) -> Asked:
    """Return every question of the questionnaires that the tree's team is not done with, by their names."""
    of_team = Questionnaire.objects.filter(team=tree.team_id, archived_at=None).select_related("team").order_by("name")
    return [(one, question) for one in of_team for question in list_questions(questionnaire=one)]


def list_unmapped(*, tree: IndicatorTree, role: str, asked: Asked | None = None) -> Asked:
    """Return questions of the team that may still take a role in a tree; `asked` where all have been read already.

    Effort is read from a seven-point question that counts in the tree already.
    """
    mapped = list(tree.sources.values_list("role", "questionnaire_id", "question_key"))
    taken = {tuple(question) for has, *question in mapped if has == role}
    counting = {tuple(question) for has, *question in mapped if has in COUNTING}
    found = []
    for questionnaire, question in list_asked(tree=tree) if asked is None else asked:
        place = (questionnaire.pk, question.key)
        if place not in taken and _fits(question, role, is_counting=place in counting):
            found.append((questionnaire, question))
    return found


def _fits(question: AskedQuestion, role: str, *, is_counting: bool) -> bool:
    if role == SourceRole.COMMENT or question.type == "text":
        return role == SourceRole.COMMENT and question.type == "text"
    if role == SourceRole.EFFORT:
        return is_counting and (question.low, question.high) == EFFORT_SCALE
    if role == SourceRole.NPS:
        return question.type == "nps"
    return role == SourceRole.LEAF or question.type != "nps"


def list_unsent_experts() -> QuerySet[Expert]:
    """List the experts of open panels whose mail has not gone out."""
    return Expert.objects.filter(sent_at=None, panel__closed_at=None)


def get_oldest_unsent_expert_at() -> datetime | None:
    """Return since when an expert's mail waits untried: no worker mends what a mail server refuses."""
    since: datetime | None = list_unsent_experts().aggregate(since=Min("queued_at"))["since"]
    return since
