"""What is wrong with a tree, in words: what its own form shows, and what kept it from being computed."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language

from analytics.indicators.checks import find_problems
from analytics.indicators.hooks import list_run_problems
from analytics.indicators.models import IndicatorTree
from analytics.indicators.sentences import sentence
from surveys.design.document import text_in


@dataclass(frozen=True)
class SaidProblem:
    """One thing to look at: `key` and `name` say which indicator or question it is about, `message` what to do."""

    code: str
    key: str
    name: str
    is_blocking: bool
    message: str


def list_problems(*, tree: IndicatorTree) -> list[SaidProblem]:
    """Return what is wrong in the reader's language, blocking problems first.

    Why the last computation was refused stands first; a check that would say the same again is left out.
    """
    refused = [SaidProblem(one.code, "", "", True, one.text) for one in list_run_problems(tree)]
    told = {one.code for one in refused}
    found = [one for one in find_problems(tree=tree) if one.code not in told or one.key]
    language = get_language() or "en"
    names = {node.key: text_in(node.names, language) for node in tree.indicators.all()} if found else {}
    return refused + [
        SaidProblem(one.code, one.key, names.get(one.key) or one.key, one.is_blocking, sentence(one.code)) for one in found
    ]
