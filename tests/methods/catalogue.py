"""Every public method of the numeric core, found by looking."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any

import analytics.methods

# Gates and inner steps: they refuse or rearrange, and are held by the tests of what uses them.
INNER_MODULES = {"errors", "inputs", "index_scorer", "index_definition"}
INNER_FUNCTIONS = {
    "box_flags",
    "float_halves",
    "halves",
    "is_linked",
    "linked_groups",
    "merged_counts",
    "normalised_squares",
    "refused_when_negative",
    "regular_correlation",
    "split_square_sums",
}


def modules() -> dict[str, ModuleType]:
    """Return every module of the core by its short name."""
    names = sorted(found.name for found in pkgutil.iter_modules(analytics.methods.__path__))
    return {name: importlib.import_module(f"analytics.methods.{name}") for name in names}


def is_gate(name: str) -> bool:
    """Say whether a function only lets input pass or refuses it."""
    return name.startswith(("check_", "checked_")) or name in INNER_FUNCTIONS


def functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """Return the public functions that a module defines."""
    return {
        name: member
        for name, member in vars(module).items()
        if inspect.isfunction(member) and member.__module__ == module.__name__ and not name.startswith("_")
    }


def methods() -> dict[str, Callable[..., Any]]:
    """Return every public method by its name; names are unique across modules."""
    found: dict[str, Callable[..., Any]] = {}
    for short, module in modules().items():
        if short in INNER_MODULES:
            continue
        for name, function in functions(module).items():
            if is_gate(name):
                continue
            if name in found:
                raise AssertionError(f"Two methods are called {name}.")
            found[name] = function
    return found
