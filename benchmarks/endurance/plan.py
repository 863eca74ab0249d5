"""How much of everything a storm holds, in what order, and the record of what came of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.answering import launch_to
from benchmarks.storm import Edit, Erasure, Event, Ledger, Visit, ratings
from surveys.answering.models import Response
from surveys.design.models import QuestionnaireVersion
from surveys.sending.models import Invitation
from surveys.sending.tokens import token_for

LONG_FROM: Final = 100_000


@dataclass(frozen=True)
class Plan:
    """How much of everything; `pause` and `breath` are seconds between a thread's events and before a strike."""

    answers: int
    visits: int
    edits: int
    erasures: int
    kills: int
    threads: int = 3
    pause: float = 0.3
    breath: float = 3.0
    seed: int = 20261122

    @property
    def events(self) -> int:
        """How many events there are in all."""
        return self.visits + self.edits + self.erasures


def plan_for(answers: int) -> Plan:
    """A storm of some minutes over many answers, a short one over few."""
    if answers >= LONG_FROM:
        return Plan(answers, visits=500, edits=300, erasures=200, kills=6)
    return Plan(answers, visits=40, edits=20, erasures=12, kills=1, pause=0.05, breath=0.5)


@dataclass
class Record:
    """What happened, and what was found at the end."""

    plan: Plan
    ledger: Ledger
    strikes: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    readings: int = 0
    torn: int = 0
    runs: int = 0
    seconds: float = 0.0
    settled_in: float = 0.0
    responses: int = 0
    unlike_rebuild: int = 0
    unlike_rows: int = 0
    unlike_counts: int = 0
    cells: int = 0
    lost: int = 0


def planned_events(plan: Plan, version: QuestionnaireVersion, rng: random.Random) -> list[Event]:
    """Return all events in their order; no response is the subject of two but through its own link."""
    campaign = launch_to(version, plan.visits, "endurance")
    links = Invitation.objects.filter(campaign=campaign).order_by("id").values_list("id", "nonce")
    ends: list[Visit] = [
        Visit(number, token_for(bytes(nonce)), ratings(rng), rng.choice(("stay", "amend", "erase")), ratings(rng))
        for number, nonce in links
    ]
    known = list(Response.objects.filter(version=version).order_by("id").values_list("id", flat=True))
    chosen = chosen_rows(known, plan.edits + plan.erasures, rng)
    edits = [Edit(one, ratings(rng)) for one in chosen[: plan.edits]]
    events: list[Event] = [*ends, *edits, *(Erasure(one) for one in chosen[plan.edits :])]
    rng.shuffle(events)
    return events


def chosen_rows(known: Sequence[int], count: int, rng: random.Random) -> list[int]:
    """Choose rows to change: nine in ten among the newest tenth, as in life, the others from anywhere."""
    recent = len(known) // 10
    scattered = rng.sample(known[:-recent], count // 10)
    chosen = [*scattered, *rng.sample(known[-recent:], count - len(scattered))]
    rng.shuffle(chosen)
    return chosen
