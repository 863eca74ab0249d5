"""Decide what an import would do, row by row, and do exactly that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import transaction

from accounts.models import Team, User
from surveys.contacts.addresses import INVISIBLE, AddressError, hash_address, normalise_address
from surveys.contacts.bulk import insert_rows
from surveys.contacts.matching import (
    ATTRIBUTE,
    ATTRIBUTE_NAMES,
    EMAIL,
    FIELDS,
    LANGUAGE,
    LANGUAGE_WORDS,
    NAME,
    NEW,
    SALUTATION,
    new_key,
)
from surveys.contacts.models import Contact, ContactAttribute, ContactImport
from surveys.contacts.selectors import list_suppressed_hashes
from surveys.contacts.tables import FORMULA, Table, pack, unpack

FILL: Final = "fill"
OVERWRITE: Final = "overwrite"
LEAVE: Final = "leave"
RULES: Final = (FILL, OVERWRITE, LEAVE)
AT_ONCE: Final = 2000
LONGEST: Final[Mapping[str, int]] = {NAME: 160, SALUTATION: 40}
LONGEST_VALUE: Final = 120


class MappingError(ValueError):
    """The columns cannot be used like this; `code` is "no_email" or "twice"."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class ImportDoneError(ValueError):
    """The import has been done already."""


@dataclass(frozen=True)
class Wrong:
    """A row that is not imported: its number in the file, a reason code, and what it holds."""

    number: int
    code: str
    cells: tuple[str, ...]


class Entry(NamedTuple):
    """A row's person in the shape of a contact."""

    email: str
    key: str
    name: str
    salutation: str
    language: str
    attributes: Mapping[str, str]


@dataclass
class Plan:
    """What would happen: every row of the file is counted exactly once."""

    new: list[Entry] = field(default_factory=list)
    updated: list[tuple[int, Entry]] = field(default_factory=list)
    unchanged: int = 0
    repeated: int = 0
    stopped: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    corrections: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> dict[str, Any]:
        """The numbers of the result, and the wrong rows by reason."""
        return {
            "new": len(self.new), "updated": len(self.updated), "unchanged": self.unchanged,
            "repeated": self.repeated, "stopped": self.stopped, "wrong": len(self.wrong),
            "corrections": dict(self.corrections),
            "reasons": dict(Counter(row.code for row in self.wrong)),
        }


def start_import(*, team: Team, file_name: str, table: Table, user: User | None, at: datetime) -> ContactImport:
    """Keep an uploaded table until its columns are matched; no contact is stored."""
    return ContactImport.objects.create(
        team=team, file_name=file_name[:200], content=pack(table), encoding=table.encoding,
        created_by=user, created_at=at,
    )


def check_mapping(targets: Mapping[str, str]) -> None:
    """Raise MappingError unless there is one address column and nothing is filled by two columns."""
    used = [target for target in targets.values() if target and target != NEW]
    if EMAIL not in used:
        raise MappingError("no_email")
    for target, times in Counter(used).items():
        if times > 1:
            raise MappingError("twice", target)


def set_mapping(*, contact_import: ContactImport, targets: Mapping[str, str], rule: str, source: str) -> None:
    """Remember where each column goes (by its position) and what happens to known addresses."""
    check_mapping(targets)
    contact_import.mapping = {"targets": dict(targets), "rule": rule if rule in RULES else FILL}
    contact_import.source_note = source[:240]
    contact_import.save(update_fields=["mapping", "source_note"])


def plan_import(*, contact_import: ContactImport, table: Table | None = None) -> Plan:
    """Decide for every row what the import would do now. Reads, never writes."""
    table = table or unpack(bytes(contact_import.content))
    mapping = contact_import.mapping
    keys = _attribute_keys(contact_import.team, table, mapping["targets"])
    plan = Plan()
    entries = _entries(table, mapping["targets"], keys, plan)
    _sort_out(entries, contact_import.team, mapping["rule"], plan)
    return plan


def _attribute_keys(team: Team, table: Table, targets: Mapping[str, str]) -> dict[int, str]:
    """Return the attribute key of each column that goes into one, new keys included."""
    taken = set(ContactAttribute.objects.filter(team=team).values_list("key", flat=True))
    keys: dict[int, str] = {}
    for position, target in targets.items():
        if target.startswith(ATTRIBUTE):
            keys[int(position)] = target.removeprefix(ATTRIBUTE)
    taken |= set(keys.values())
    for position, target in targets.items():
        if target == NEW:
            keys[int(position)] = new_key(table.header[int(position)], taken)
            taken.add(keys[int(position)])
    return keys


def _entries(
    table: Table, targets: Mapping[str, str], keys: Mapping[int, str], plan: Plan
) -> dict[str, Entry]:
    """Read the rows; of rows with the same address the last one counts."""
    fields = {target: int(position) for position, target in targets.items() if target in FIELDS}
    entries: dict[str, Entry] = {}
    for number, cells in table.rows:
        try:
            entry = _entry(cells, fields, keys, plan.corrections)
        except AddressError as error:
            plan.wrong.append(Wrong(number, error.code, cells))
            continue
        plan.repeated += entry.key in entries
        entries[entry.key] = entry
    return entries


def _entry(
    cells: tuple[str, ...], fields: Mapping[str, int], keys: Mapping[int, str], corrections: Counter[str]
) -> Entry:
    address = normalise_address(cells[fields[EMAIL]])
    if address.corrections:
        corrections.update(address.corrections)
    language = _clean(cells[fields[LANGUAGE]]).lower() if LANGUAGE in fields else ""
    known = LANGUAGE_WORDS.get(language, "")
    if language and not known:
        corrections["unknown_language"] += 1
    return Entry(
        email=address.email, key=address.key, language=known,
        name=_clean(cells[fields[NAME]])[: LONGEST[NAME]] if NAME in fields else "",
        salutation=_clean(cells[fields[SALUTATION]])[: LONGEST[SALUTATION]] if SALUTATION in fields else "",
        attributes={key: value[:LONGEST_VALUE] for at, key in keys.items() if (value := _clean(cells[at]))},
    )


def _clean(cell: str) -> str:
    return cell.strip() if cell.isprintable() else INVISIBLE.sub("", cell).strip()


def _sort_out(entries: Mapping[str, Entry], team: Team, rule: str, plan: Plan) -> None:
    stopped = list_suppressed_hashes(team=team)
    known = _known_contacts(team, entries)
    for key, entry in entries.items():
        contact = known.get(key)
        if stopped and hash_address(key) in stopped:
            plan.stopped += 1
        elif contact is None:
            plan.new.append(entry)
        else:
            merged = merge(contact, entry, rule)
            if merged == _as_entry(contact):
                plan.unchanged += 1
            else:
                plan.updated.append((contact.pk, merged))


def _known_contacts(team: Team, entries: Mapping[str, Entry]) -> dict[str, Contact]:
    """Return the team's contacts that the file names, by key.

    Where the file is no shorter than the list of contacts, reading the list is the quicker way.
    """
    own = Contact.objects.filter(team=team)
    if own.count() <= len(entries):
        return {c.email_key: c for c in own.iterator(chunk_size=AT_ONCE) if c.email_key in entries}
    wanted, found = list(entries), dict[str, Contact]()
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        found |= {c.email_key: c for c in own.filter(email_key__in=some)}
    return found


def _as_entry(contact: Contact) -> Entry:
    return Entry(
        email=contact.email, key=contact.email_key, name=contact.name, salutation=contact.salutation,
        language=contact.language, attributes=contact.attributes,
    )


def merge(contact: Contact, entry: Entry, rule: str) -> Entry:
    """Return the contact after the import: filled where empty, overwritten by what the file has, or left."""
    old = _as_entry(contact)
    if rule == LEAVE:
        return old
    first, second = (entry, old) if rule == OVERWRITE else (old, entry)
    return Entry(
        email=old.email, key=old.key, name=first.name or second.name,
        salutation=first.salutation or second.salutation, language=first.language or second.language,
        attributes={**second.attributes, **{k: v for k, v in first.attributes.items() if v}},
    )


def run_import(*, contact_import: ContactImport, at: datetime) -> ContactImport:
    """Do what the plan says, in one transaction, once.

    Raises ImportDoneError on a second press. Afterwards the file itself is dropped; only the report
    with the wrong rows stays.
    """
    with transaction.atomic():
        won = ContactImport.objects.filter(
            pk=contact_import.pk, state=ContactImport.State.UPLOADED
        ).update(state=ContactImport.State.DONE, done_at=at)
        if not won:
            raise ImportDoneError(contact_import.pk)
        table = unpack(bytes(contact_import.content))
        plan = plan_import(contact_import=contact_import, table=table)
        _add_attributes(contact_import.team, table, contact_import.mapping["targets"])
        _insert(contact_import.team, plan.new, at)
        _update(plan.updated, at)
        contact_import.report = {
            **plan.counts, "header": list(table.header),
            "rows": [[row.number, row.code, list(row.cells)] for row in plan.wrong],
        }
        contact_import.content = b""
        contact_import.state, contact_import.done_at = ContactImport.State.DONE, at
        contact_import.save(update_fields=["report", "content", "state", "done_at"])
    return contact_import


def _add_attributes(team: Team, table: Table, targets: Mapping[str, str]) -> None:
    keys = _attribute_keys(team, table, targets)
    have = set(ContactAttribute.objects.filter(team=team).values_list("key", flat=True))
    position = len(have)
    missing = [(at, key) for at, key in keys.items() if key not in have]
    ContactAttribute.objects.bulk_create([
        ContactAttribute(
            team=team, key=key, position=position + number,
            names=dict(ATTRIBUTE_NAMES.get(key) or dict.fromkeys(("zh-hans", "en"), table.header[at])),
            is_dimension=key in ("tier", "region"),
        )
        for number, (at, key) in enumerate(missing)
    ])


def _insert(team: Team, entries: Iterable[Entry], at: datetime) -> None:
    # Somebody may add the same person meanwhile: the database's unique address decides.
    insert_rows(
        model=Contact, skip_known=True,
        same={"team_id": team.pk, "created_at": at, "updated_at": at},
        fields=["email", "email_key", "name", "salutation", "language", "attributes"], rows=entries,
    )


def _update(changes: Iterable[tuple[int, Entry]], at: datetime) -> None:
    rows = [
        Contact(
            pk=pk, name=e.name, salutation=e.salutation, language=e.language,
            attributes=dict(e.attributes), updated_at=at,
        )
        for pk, e in changes
    ]
    Contact.objects.bulk_update(
        rows, ["name", "salutation", "language", "attributes", "updated_at"], batch_size=AT_ONCE
    )


def delete_unfinished_imports(*, before: datetime) -> int:
    """Erase files uploaded before a moment and never imported; return how many."""
    old = ContactImport.objects.filter(state=ContactImport.State.UPLOADED, created_at__lt=before)
    return old.delete()[0]


def list_wrong_rows(*, contact_import: ContactImport) -> tuple[list[str], list[Wrong]]:
    """Return the file's column names and its wrong rows, before or after the import."""
    if contact_import.state == ContactImport.State.DONE:
        report = contact_import.report
        return report.get("header", []), [Wrong(n, code, tuple(c)) for n, code, c in report.get("rows", [])]
    table = unpack(bytes(contact_import.content))
    return list(table.header), plan_import(contact_import=contact_import, table=table).wrong


def escape_formula(cell: str) -> str:
    """Keep a spreadsheet from running a cell: one that begins like a formula gets an apostrophe."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def wrong_row_lines(
    *, header: Iterable[str], rows: Iterable[Wrong], number_name: str, reason_name: str, reasons: Mapping[str, str]
) -> Iterator[list[str]]:
    """Yield the lines of the downloadable list: row number, reason, then the row as it was."""
    yield [number_name, reason_name, *(escape_formula(name) for name in header)]
    for row in rows:
        yield [str(row.number), reasons.get(row.code, row.code), *(escape_formula(cell) for cell in row.cells)]
