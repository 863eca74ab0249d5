"""From a questionnaire to the tree proposed for it."""

from __future__ import annotations

from dataclasses import replace

from analytics.indicators.services import PlannedNode, PlannedRoles
from surveys.design.document import Document, Question
from surveys.design.gallery import TEMPLATES
from surveys.design.gallery.building import TemplateNode, TemplateTree

ROOT_NAMES = {"zh-hans": "满意度指数", "en": "Satisfaction index"}
OVERALL_KEYS = ("overall", "osat", "overall_satisfaction")


def plan_from_template(tree: TemplateTree) -> tuple[PlannedNode, PlannedRoles]:
    """Turn a ready-made questionnaire's proposal into a plan.

    An overall question that is itself a leaf stays a leaf only: it cannot validate an index it is inside.
    """
    root = _node(tree.root)
    leaves = set(_questions(root))
    overall = [tree.overall] if tree.overall and tree.overall not in leaves else []
    return root, PlannedRoles(nps=[tree.nps] if tree.nps else [], overall=overall, comment=list(tree.comments), effort=list(tree.effort))


def plan_for_document(document: Document) -> tuple[PlannedNode, PlannedRoles]:
    """Propose a tree for a questionnaire: its template's where all its questions are still there, else flat.

    What else is asked stands below the top: a matrix is a dimension, every other rating question a leaf.
    """
    asked = {key for question in document.questions() for key in question.answer_keys}
    for template in TEMPLATES.values():
        root, roles = plan_from_template(template.tree)
        leaves = _questions(root)
        if len(leaves) > 1 and set(leaves) <= asked:
            return _with_added(root, _still_asked(roles, asked), document)
    return _flat(document)


def _with_added(root: PlannedNode, roles: PlannedRoles, document: Document) -> tuple[PlannedNode, PlannedRoles]:
    """Take up the questions that were added to those of a template: a row beside the rows of its matrix."""
    planned = {*_questions(root), *roles.nps, *roles.overall, *roles.comment}
    for question in document.questions():
        new = [key for key in question.answer_keys if key not in planned]
        if not new or question.type not in ("rating", "matrix"):
            continue
        beside = next((key for key in question.answer_keys if key in planned), "")
        branch = _branch(question)
        added = tuple(node for node in branch.children if node.key in new) if beside else (branch,)
        root = _grown(root, beside, added, taken={node.key for node in _nodes(root)})
    _root, own = _flat(document)
    comment = [*roles.comment, *(key for key in own.comment if key not in planned)]
    return root, replace(roles, nps=roles.nps or own.nps, comment=comment)


def _grown(node: PlannedNode, beside: str, added: tuple[PlannedNode, ...], *, taken: set[str]) -> PlannedNode:
    """Add nodes where the question `beside` is measured, below the top where it is empty."""
    if not beside or any(beside in child.questions for child in node.children):
        # Two questions may not share a key, a question and a dimension of the template may.
        fitting = (one if one.key not in taken else replace(one, key=f"{one.key}_asked") for one in added)
        return replace(node, children=(*node.children, *fitting))
    return replace(node, children=tuple(
        _grown(child, beside, added, taken=taken) if beside in _questions(child) else child for child in node.children
    ))


def _nodes(node: PlannedNode) -> list[PlannedNode]:
    return [node, *(below for child in node.children for below in _nodes(child))]


def _flat(document: Document) -> tuple[PlannedNode, PlannedRoles]:
    questions = list(document.questions())
    overall = [q.key for q in questions if q.type == "rating" and q.key in OVERALL_KEYS]
    rated = [q for q in questions if q.type in ("rating", "matrix") and q.key not in overall]
    if not rated:
        overall, rated = [], [q for q in questions if q.type == "rating"]
    root = PlannedNode("csi", ROOT_NAMES, children=tuple(_branch(question) for question in rated))
    roles = PlannedRoles(
        nps=[q.key for q in questions if q.type == "nps"][:1],
        overall=overall[:1],
        comment=[q.key for q in questions if q.type == "text"],
    )
    return root, roles


def _branch(question: Question) -> PlannedNode:
    if question.type != "matrix":
        return PlannedNode(question.key, question.text, questions=(question.key,))
    rows = tuple(PlannedNode(row.key, row.text, questions=(row.key,)) for row in question.rows)
    return PlannedNode(question.key, question.text, children=rows)


def _node(node: TemplateNode) -> PlannedNode:
    return PlannedNode(
        node.key, node.names, children=tuple(_node(child) for child in node.children), questions=node.question_keys
    )


def _questions(node: PlannedNode) -> list[str]:
    return [*node.questions, *(key for child in node.children for key in _questions(child))]


def _still_asked(roles: PlannedRoles, asked: set[str]) -> PlannedRoles:
    return PlannedRoles(
        nps=[key for key in roles.nps if key in asked],
        overall=[key for key in roles.overall if key in asked],
        comment=[key for key in roles.comment if key in asked],
        effort=[key for key in roles.effort if key in asked],
    )
