"""The cards of an overview as markup: written once for a run and a way of reading it, then kept.

A run never changes. So its cards are a function of the run, of what reads and names it (see `marks`),
of the address, scope, language, thresholds, day and code; the name under which they are kept says all
of these. They hold figures only: no customer's words and no reader's name are ever given to the cache.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.template.loader import render_to_string
from django.templatetags.static import static

from accounts.access import Actor
from accounts.models import Team
from analytics.dashboards.overview.marks import Mark, digest
from analytics.dashboards.overview.present import present_overview
from analytics.dashboards.overview.read import read_figures
from analytics.dashboards.overview.stencils import Placeholders, Stencil
from analytics.dashboards.selection import Selection
from analytics.dashboards.weighting.reading import weighting_problem
from analytics.scoring import keeping

SECONDS: Final = 60 * 60
HOLES: Final = ("responding", "comments", "width")
WRITTEN_BY: Final = ("*.py", "*.html", "*.mo")


@dataclass(frozen=True, slots=True)
class Figures:
    """`grid` has the holes `responding`, `comments` and `width` (of the indicator table's card).

    `problem` says why the figures cannot be weighted as they were asked for; then there are none.
    """

    grid: Stencil
    responses: int
    is_withheld: bool
    has_nps: bool
    problem: str = ""


def find_figures(name: str) -> Figures | None:
    """Return the cards kept under a name."""
    stored = keeping.fetch(name) if name else None
    return _from_bytes(stored) if stored is not None else None


def keep_figures(name: str, figures: Figures) -> None:
    """Keep cards for every process."""
    keeping.keep(name, _to_bytes(figures), seconds=SECONDS)


def write_figures(*, selection: Selection, language: str) -> Figures:
    """Read the run under the selection and write its cards."""
    problem = weighting_problem(selection)
    if problem:
        return Figures(Stencil(("",), ()), 0, False, False, problem)
    page = read_figures(selection=selection)
    holes = Placeholders()
    context = present_overview(page, selection, language=language)
    context |= {"filters_query": selection.filters_query(), "holes": {hole: holes[hole] for hole in HOLES}}
    is_shown = page.responses and not page.is_withheld
    grid = holes.cut(render_to_string("dashboards/_grid.html", context) if is_shown else "")
    return Figures(grid, page.responses, page.is_withheld, page.nps is not None)


def name_of(mark: Mark, *, actor: Actor, selection: Selection, language: str) -> str:
    """Name the cards by all they are made from."""
    return "figures:" + digest([
        version_of_code(), mark.tree_id, mark.meaning, selection.run.pk, selection.run.data_hash,
        rules_of(actor.team), actor.scope, selection.query(),
        [selection.period.key, selection.previous.key if selection.previous else ""], selection.today, language,
    ])


def rules_of(team: Team) -> list[Any]:
    """What a team has settled about showing numbers, and the names that stand in its questions."""
    names = [team.name, team.company_names]
    return [team.pk, team.time_zone, team.show_from_n, team.sure_from_n, team.anonymity_k, names]


@cache
def version_of_code() -> str:
    """Name the code, templates, catalogues and icons of this process, so that another version keeps its own cards."""
    files = [[str(file), found.st_size, found.st_mtime_ns] for file in sorted(_files()) for found in (file.stat(),)]
    # The cards name the file of icons by its address, which has its content's digest in it.
    return digest([static("img/icons.svg"), files])


def _files() -> Iterator[Path]:
    root = Path(settings.BASE_DIR)
    rooms = [Path(app.path) for app in apps.get_app_configs() if Path(app.path).parent == root]
    for folder in (*rooms, root / "templates", root / "locale"):
        for kind in WRITTEN_BY:
            yield from folder.rglob(kind)
    yield from (root / "requirements").glob("*.txt")
    if settings.STATIC_ROOT:
        yield from Path(settings.STATIC_ROOT).glob("staticfiles.json")


def _to_bytes(figures: Figures) -> bytes:
    return zlib.compress(json.dumps(asdict(figures)).encode(), 1)


def _from_bytes(stored: bytes) -> Figures:
    found = json.loads(zlib.decompress(stored))
    grid = Stencil(tuple(found["grid"]["texts"]), tuple(found["grid"]["holes"]))
    return Figures(**{**found, "grid": grid})
