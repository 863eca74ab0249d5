"""The overview as one person's document, kept in the memory of the process while nothing on it changes.

Its name says all it was made from: the mark of the tree (see `marks`), who looks, with which role, scope,
language and colours, at which address, on which day. The words of customers and the person's name are on
it, so it never leaves this process. Holes are filled at each view: the token of its forms, and the
response rate, whose invitations change without a note.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.messages import get_messages
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.access import TeamRequest
from analytics.dashboards import comments, wording
from analytics.dashboards.overview import cards_cache
from analytics.dashboards.overview.cards_cache import Figures
from analytics.dashboards.overview.marks import Mark, digest
from analytics.dashboards.overview.present import present_comments, present_funnel
from analytics.dashboards.overview.read import COMMENTS_SHOWN
from analytics.dashboards.overview.responding import Asked, asked_by, get_funnel
from analytics.dashboards.overview.shelves import Shelf
from analytics.dashboards.overview.stencils import Placeholders, Stencil
from analytics.dashboards.selection import Selection
from analytics.dashboards.stamp import present_stamp
from analytics.scoring.batches import LATE

PAGES: Final = 100
"""At most this many documents are held in a process, of some 60 kB each, twice that in Chinese."""
TILE_SECONDS: Final = 15
"""Invitations are counted again no sooner than after this time."""


@dataclass(frozen=True, slots=True)
class Tile:
    """What the card with the response rate is written from; `is_counted` where anything was ever mailed."""

    asked: Asked
    is_counted: bool
    responses: int
    has_nps: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A written page with the holes `csrf` and `responding`, and the responses it quotes."""

    stencil: Stencil
    tile: Tile
    quoted: tuple[comments.Quoted, ...]


pages: Final[Shelf[Page]] = Shelf(PAGES)
tiles: Final[Shelf[str]] = Shelf(PAGES)


def forget() -> None:
    """Let every kept page go, as a new process has none."""
    pages.clear()
    tiles.clear()


def name_of(request: TeamRequest, mark: Mark | None, *, language: str, at: datetime) -> str:
    """Name a person's page by all it is made from; "" where it may not be kept."""
    # A message is shown once, and a template that is being worked on must be seen at once.
    if mark is None or settings.DEBUG or len(get_messages(request)):
        return ""
    actor, stamp = request.actor, present_stamp(mark.freshness, at=at, scope=request.actor.scope)
    user = actor.user
    assert user is not None
    return digest([
        mark.tree_id, mark.meaning, mark.answers, mark.is_mailed, stamp.text, stamp.is_stale, stamp.run_suffix,
        cards_cache.rules_of(actor.team), actor.team.name, actor.role, actor.scope, user.pk, user.name, user.theme,
        request.get_full_path(), language, timezone.localdate(at),
        # Anonymous answers of a day come in a while after midnight.
        timezone.localdate(at - LATE),
    ])


def find_page(name: str) -> Page | None:
    """Return a kept page, unless a response it quotes has been erased or edited."""
    page = pages.find(name) if name else None
    return page if page is not None and comments.are_unchanged(page.quoted) else None


def keep_page(name: str, page: Page) -> None:
    """Keep a page in this process."""
    pages.put(name, page)


def write_page(
    request: TeamRequest, selection: Selection, figures: Figures, *, context: dict[str, Any], language: str,
    is_mailed: bool,
) -> Page:
    """Write a person's page around the figures; `is_mailed` says that there are invitations to count."""
    found = comments.CommentPage((), 1, False)
    if figures.responses:
        found = comments.list_comments(selection=selection, is_withheld=figures.is_withheld, size=COMMENTS_SHOWN)
    holes = Placeholders()
    said = present_comments(found.comments, selection.known.dimensions, language)
    grid = figures.grid.filled({
        "responding": holes["responding"], "width": "c7" if said else "c12",
        "comments": render_to_string("dashboards/_comments.html", {"comments": said, "query": context["query"]}),
    })
    written = render_to_string(
        "dashboards/overview.html", context | {"figures": figures, "grid": grid, "csrf_token": holes["csrf"]}, request
    )
    tile = Tile(asked_by(selection), is_mailed, figures.responses, figures.has_nps)
    return Page(holes.cut(written), tile, found.rows)


def fill_page(request: TeamRequest, page: Page, *, name: str, at: datetime) -> str:
    """Return the page with its holes filled for this request."""
    return page.stencil.filled({"csrf": get_token(request), "responding": _tile(page, name, at)})


def _tile(page: Page, name: str, at: datetime) -> str:
    """The response rate, counted at most once in `TILE_SECONDS`."""
    if "responding" not in page.stencil.holes:
        return ""
    moment = int(at.timestamp()) // TILE_SECONDS if page.tile.is_counted else 0
    found = tiles.find(f"{name}:{moment}") if name else None
    if found is None:
        found = _write_tile(page.tile)
        tiles.put(f"{name}:{moment}", found)
    return found


def _write_tile(tile: Tile) -> str:
    funnel = get_funnel(asked=tile.asked) if tile.is_counted else None
    before = wording.period_text(tile.asked.previous) if tile.asked.previous else ""
    return render_to_string("dashboards/_responding.html", {
        "funnel": present_funnel(funnel, before) if funnel else None,
        "responses": tile.responses, "has_nps": tile.has_nps,
        "has_others": funnel is not None and tile.responses > funnel.completed,
    })
