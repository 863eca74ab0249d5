"""Weightings that are kept: versioned, never changed, and found again by the word in an address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Max, QuerySet

from accounts.models import User
from analytics.indicators.changing import locked, touched
from analytics.indicators.models import IndicatorTree
from analytics.scoring.models import Run, WeightingChoice, WeightingScheme
from analytics.scoring.standard_weighting import Record, record_of_imported, record_of_scheme, word_of
from analytics.scoring.weighting import Imported, PopulationPlan, Weighting, WeightingError, check_plan

IMPORTED: Final = "imported"
OF_THE_RUN: Final = "run"
"""The word for the weighting that a run has written down as its own."""


@dataclass(frozen=True)
class Named:
    """A weighting with the word an address has for it and the record that says which version it is."""

    word: str
    weighting: Weighting
    record: Record


@transaction.atomic
def save_scheme(
    *, tree: IndicatorTree, name: str, plan: PopulationPlan, user: User | None, at: datetime
) -> WeightingScheme:
    """Keep a population as the next version of the tree's weightings.

    Raises WeightingError for a plan that cannot be one.
    """
    check_plan(plan)
    if not name.strip():
        raise WeightingError("name_missing")
    # The lock makes numbers follow one another when two people save at once.
    IndicatorTree.objects.select_for_update().get(pk=tree.pk)
    last = WeightingScheme.objects.filter(tree=tree).aggregate(last=Max("number"))["last"] or 0
    low, high = plan.trim if plan.trim is not None else (None, None)
    return WeightingScheme.objects.create(
        team_id=tree.team_id, tree=tree, number=last + 1, name=name.strip()[:120], method=plan.method,
        dimensions=list(plan.dimensions), trim_low=low, trim_high=high, created_by=user, created_at=at,
        population=[[list(cell), people] for cell, people in plan.population],
    )


def population_of(scheme: WeightingScheme) -> PopulationPlan:
    """Return what a kept weighting knows of the population."""
    is_trimmed = scheme.trim_low is not None and scheme.trim_high is not None
    return PopulationPlan(
        method=scheme.method, dimensions=tuple(scheme.dimensions),
        population=tuple((tuple(cell), float(people)) for cell, people in scheme.population),
        trim=(scheme.trim_low, scheme.trim_high) if is_trimmed else None,  # type: ignore[arg-type]
    )


def list_schemes(*, tree: IndicatorTree) -> QuerySet[WeightingScheme]:
    """Return a tree's weightings, newest first."""
    return WeightingScheme.objects.filter(tree=tree).select_related("created_by").order_by("-number")


def get_weighting(*, tree: IndicatorTree, word: str) -> Weighting:
    """Return the weighting an address names: `imported`, or the id of one kept for the tree.

    Raises WeightingError for any other word, whether it is missing or another team's.
    """
    return get_named(tree=tree, word=word).weighting


def get_named(*, tree: IndicatorTree, word: str, run: Run | None = None) -> Named:
    """Return the weighting of a word with its record; `run` is the one whose own weighting `run` means.

    Raises WeightingError for a word that names none.
    """
    if word == OF_THE_RUN and run is not None:
        own = word_of(run.provenance.get("weighting"))
        if not own:
            raise WeightingError("no_weighting_of_the_run")
        return get_named(tree=tree, word=own)
    if word == IMPORTED:
        return Named(word, Imported(), record_of_imported())
    if word.isascii() and word.isdigit() and len(word) < 18:
        scheme = WeightingScheme.objects.filter(tree=tree, pk=int(word)).first()
        if scheme is not None:
            return Named(word, population_of(scheme), record_of_scheme(scheme))
    raise WeightingError("unknown_weighting")


@transaction.atomic
def choose_weighting(*, tree: IndicatorTree, word: str, user: User | None, at: datetime) -> WeightingChoice:
    """Make a weighting the one that new runs of a tree write down ("" for none); old runs keep theirs.

    Raises WeightingError for a word that names none, and where anonymity was promised, since nothing is weighted there.
    """
    record = get_named(tree=tree, word=word).record if word else None
    if record and tree.sources.filter(questionnaire__is_anonymous=True).exists():
        raise WeightingError("anonymous_unweighted")
    tree = locked(tree.pk)
    made = WeightingChoice.objects.create(
        tree=tree, scheme_id=record["id"] if record else None, chosen_by=user, chosen_at=at,
        is_imported=bool(record) and word == IMPORTED,
    )
    touched(tree, at)
    return made
