"""The examples in the docstrings are true."""

import ast
import doctest
import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.methods.catalogue import methods, modules

GATES = ("check_", "checked_", "regular_")


def refusals(method: Callable[..., Any]) -> tuple[set[str], bool]:
    """The errors that a method's own body raises, and whether it sends input through a gate."""
    nodes = list(ast.walk(ast.parse(inspect.getsource(method))))
    calls = [node.exc for node in nodes if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)]
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    return {ast.unparse(call.func) for call in calls}, any(name.lstrip("_").startswith(GATES) for name in names)


@pytest.mark.parametrize("name", modules())
class TestExamples:
    def test_run_as_printed(self, name):
        result = doctest.testmod(modules()[name])
        assert result.failed == 0


@pytest.mark.parametrize("name", methods())
class TestDocstring:
    def test_has_an_example(self, name):
        assert ">>>" in (inspect.getdoc(methods()[name]) or "")

    def test_names_every_parameter_or_fits_in_a_sentence(self, name):
        method = methods()[name]
        text = inspect.getdoc(method) or ""
        if "Parameters\n" in text:
            described = [line for line in text.splitlines() if " : " in line]
            names = {part.strip() for line in described for part in line.split(" : ")[0].split(",")}
            missing = set(inspect.signature(method).parameters) - names
            # A level and the ends of a scale mean the same wherever they occur.
            assert missing <= {
                "level",
                "bounds",
                "power",
                "random_index",
                "codes",
                "scores",
                "n_groups",
                "groups",
                "tree",
            }

    def test_names_what_its_body_raises_and_says_so_where_a_gate_does(self, name):
        method = methods()[name]
        raised, is_gated = refusals(method)
        found = re.search(r"Raises\n------\n(.*?)(?:\n\n|$)", inspect.getdoc(method) or "", flags=re.DOTALL)
        named = set(re.findall(r"\w+Error", found.group(1))) if found else set()
        assert raised <= named
        assert named or not is_gated
