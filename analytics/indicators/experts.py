"""Expert panels: opening one, inviting, filling in a sheet, closing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.tokens import hash_secret, new_secret
from analytics.indicators import hooks
from analytics.indicators.changing import TreeError
from analytics.indicators.models import Indicator
from analytics.indicators.panel_models import Expert, Panel, RandomIndexTable
from analytics.indicators.panel_results import list_pairs
from analytics.methods.ahp import MAX_ELEMENTS

PURPOSE = "indicators.expert"
SCALE = range(1, 10)
LANGUAGES = ("zh-hans", "en")
MOST_EXPERTS = 200


@transaction.atomic
def open_panel(*, node: Indicator, random_index: str, user: User | None, at: datetime) -> Panel:
    """Open a panel on the children of a node.

    Raises TreeError when there are fewer than two or more than nine, or the table is unknown.
    """
    children = list(node.children.all())
    if not 2 <= len(children) <= MAX_ELEMENTS:
        raise TreeError("panel_size", count=len(children), most=MAX_ELEMENTS)
    if random_index not in RandomIndexTable.values:
        raise TreeError("unknown_random_index")
    return Panel.objects.create(
        tree_id=node.tree_id, node=node, node_key=node.key, node_names=node.names, random_index=random_index,
        elements=[{"key": child.key, "names": child.names} for child in children], created_by=user, created_at=at,
    )


@transaction.atomic
def invite_experts(*, panel: Panel, emails: Sequence[str], language: str, at: datetime) -> list[Expert]:
    """Invite people by e-mail; one who is already in the panel is left as he is.

    Returns the new ones. Raises TreeError when the panel is closed, full, or the language unknown.
    """
    panel = Panel.objects.select_for_update().get(pk=panel.pk)
    if not panel.is_open:
        raise TreeError("panel_closed")
    if language not in LANGUAGES:
        raise TreeError("unknown_language")
    known = set(panel.experts.values_list("email_key", flat=True))
    fresh = {email.strip().lower(): email.strip() for email in emails if email.strip()}
    wanted = [(key, email) for key, email in fresh.items() if key not in known]
    if len(known) + len(wanted) > MOST_EXPERTS:
        raise TreeError("panel_full", most=MOST_EXPERTS)
    made = [
        Expert.objects.create(panel=panel, email=email, email_key=key, language=language, invited_at=at, queued_at=at)
        for key, email in wanted
    ]
    for expert in made:
        _announce(expert)
    return made


@transaction.atomic
def invite_again(*, expert: Expert, at: datetime) -> None:
    """Mail a new link; the one before stops working as soon as the mail goes out.

    Raises TreeError when the panel is closed.
    """
    if not Panel.objects.select_for_update().get(pk=expert.panel_id).is_open:
        raise TreeError("panel_closed")
    Expert.objects.filter(pk=expert.pk).update(sent_at=None, queued_at=at)
    _announce(expert)


def withdraw_expert(*, expert: Expert) -> None:
    """Take an expert and the sheet out of a panel."""
    expert.delete()


def close_panel(*, panel: Panel, at: datetime) -> Panel:
    """Let nobody judge any more; closing twice keeps the first moment."""
    Panel.objects.filter(pk=panel.pk, closed_at=None).update(closed_at=at)
    panel.refresh_from_db(fields=["closed_at"])
    return panel


def reopen_panel(*, panel: Panel) -> Panel:
    """Let the experts judge again."""
    panel.closed_at = None
    panel.save(update_fields=["closed_at"])
    return panel


def renew_link(*, expert: Expert) -> str:
    """Give an expert a new secret, of which only the hash is stored; return it for the mail."""
    secret = new_secret()
    expert.token_hash = hash_secret(secret, purpose=PURPOSE)
    expert.save(update_fields=["token_hash"])
    return secret


def with_judgements(expert: Expert, given: Mapping[tuple[str, str], int | None]) -> dict[str, int]:
    """Return a sheet's judgements as they are with those given: -9..-2 or 1..9, None for a pair left open.

    Raises TreeError when a pair is not in the panel or a judgement off the scale.
    """
    pairs, judgements = set(list_pairs(expert.panel)), dict(expert.judgements)
    for pair, value in given.items():
        if pair not in pairs or (value is not None and (abs(value) not in SCALE or value == -1)):
            raise TreeError("bad_judgement")
        name = "|".join(pair)
        judgements.pop(name, None)
        if value is not None:
            judgements[name] = value
    return judgements


@transaction.atomic
def save_judgements(
    *, expert: Expert, given: Mapping[tuple[str, str], int | None], page: int, language: str, at: datetime
) -> Expert:
    """Save a page of a sheet: pairs to -9..-2 or 1..9, None for a pair left open; other pairs stay.

    Raises TreeError when the panel is closed, a pair is not in it or a judgement off the scale, and
    Expert.DoesNotExist when the expert was withdrawn.
    """
    expert = Expert.objects.select_for_update(of=("self", "panel")).select_related("panel").get(pk=expert.pk)
    if not expert.panel.is_open:
        raise TreeError("panel_closed")
    expert.judgements, expert.page, expert.saved_at = with_judgements(expert, given), page, at
    expert.language = language if language in LANGUAGES else expert.language
    expert.save(update_fields=["judgements", "page", "saved_at", "language"])
    return expert


@transaction.atomic
def submit_sheet(*, expert: Expert, at: datetime) -> Expert:
    """Send a sheet: from now on it counts, and it may still be changed while the panel is open.

    Raises TreeError when the panel is closed or nothing was judged, and Expert.DoesNotExist when the expert was
    withdrawn.
    """
    expert = Expert.objects.select_for_update(of=("self", "panel")).select_related("panel").get(pk=expert.pk)
    if not expert.panel.is_open:
        raise TreeError("panel_closed")
    if not expert.judgements:
        raise TreeError("empty_sheet")
    expert.submitted_at, expert.saved_at = at, expert.saved_at or at
    expert.save(update_fields=["submitted_at", "saved_at"])
    return expert


def _announce(expert: Expert) -> None:
    transaction.on_commit(lambda: hooks.announce_expert(expert.pk), robust=True)
