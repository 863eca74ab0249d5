"""A contact file until everybody in it has a link, beside a script that copies it into a table."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Final

from django.db import connection, transaction

from accounts.models import Team
from benchmarks.answers import LATEST, both, make_version
from benchmarks.child import server_pids
from benchmarks.clocks import in_pairs, middle_pair, timed
from benchmarks.figures import Row
from surveys.contacts.importing import run_import, set_mapping, start_import
from surveys.contacts.matching import EMAIL, NAME, NEW
from surveys.contacts.models import Contact
from surveys.contacts.tables import read_table
from surveys.design.models import QuestionnaireVersion
from surveys.sending.models import Campaign, Invitation
from surveys.sending.services import launch_campaign

GROUP: Final = "contacts"
MOST: Final = 100_000
PAIRS: Final = 3


def measure(sizes: Sequence[int]) -> Iterator[Row]:
    """Import files of distinct people in turns with the script."""
    count = min(MOST, max(sizes))
    counter = iter(range(10**6))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain_contact (email text PRIMARY KEY, name text, region text, token text UNIQUE)")

    def ours() -> None:
        number = next(counter)
        import_and_launch(make_version(f"contacts-{number}"), file_of(count, number), count)

    ours_spent, plain = in_pairs(
        lambda: timed(ours, servers=server_pids()),
        lambda: timed(lambda: copy_plainly(file_of(count, next(counter))), servers=server_pids()), pairs=PAIRS,
    )
    pair = middle_pair([s.wall for s in ours_spent], [s.wall for s in plain])
    yield Row(GROUP, f"import {count:,} contacts, with links", *pair, "s", "COPY script", 5)


def file_of(count: int, number: int) -> bytes:
    """A file of people, one in a hundred written down twice."""
    lines = ["email,name,region"]
    lines += [f"p{n}x{number}@customer.example,Person {n},East" for n in range(count)]
    lines += [f"P{n}X{number}@customer.example,Person {n},East" for n in range(0, count, 100)]
    return "\n".join(lines).encode()


def import_and_launch(version: QuestionnaireVersion, content: bytes, count: int) -> None:
    """What a person does on the pages: upload, match, import, launch."""
    team: Team = version.questionnaire.team
    table = read_table(content=content)
    started = start_import(team=team, file_name="people.csv", table=table, user=None, at=LATEST)
    set_mapping(contact_import=started, targets={"0": EMAIL, "1": NAME, "2": NEW}, rule="fill", source="")
    run_import(contact_import=started, at=LATEST)
    campaign = Campaign.objects.create(
        team=team, name="All", questionnaire=version.questionnaire, sender_name="Benchmark",
        subject=both("How was it?"), message=both("Please tell us."),
    )
    launch_campaign(campaign=campaign, at=LATEST + timedelta(minutes=1))
    assert Contact.objects.filter(team=team).count() == count
    assert Invitation.objects.filter(campaign=campaign).count() == count


def copy_plainly(content: bytes) -> None:
    """One transaction: read, drop repeated addresses, give each a token, COPY, insert what is new."""
    seen: dict[str, str] = {}
    for email, name, region in list(csv.reader(io.StringIO(content.decode())))[1:]:
        token = sha256(secrets.token_bytes(16)).hexdigest()
        seen[email.strip().lower()] = f"{email.strip().lower()}\t{name}\t{region}\t{token}\n"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE fresh (LIKE plain_contact) ON COMMIT DROP")
        cursor.copy_expert("COPY fresh FROM STDIN", io.StringIO("".join(seen.values())))
        cursor.execute("INSERT INTO plain_contact SELECT * FROM fresh ON CONFLICT DO NOTHING")
