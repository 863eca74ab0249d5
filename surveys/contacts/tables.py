"""Read an uploaded CSV or XLSX file into rows of text, within limits that no file can get around."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from openpyxl import load_workbook

from surveys.contacts.file_kinds import name_foreign_kind

MOST_BYTES: Final = 30 * 1024 * 1024
MOST_UNPACKED: Final = 80 * 1024 * 1024
MOST_RATIO: Final = 100
MOST_PARTS: Final = 500
# A person waits for the import: a minute on a machine five times as slow as the one of docs/benchmarks.md.
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 60
LONGEST_CELL: Final = 2_000
LONGEST_LINE: Final = 2_000_000
MOST_LINES: Final = 5 * MOST_ROWS
"""Blank lines count here too: a file of nothing else keeps a reader as busy as one of rows."""
MOST_CELLS: Final = MOST_ROWS * MOST_COLUMNS
"""Empty ones included: a sheet may name the last of 16,384 columns in every row and hold nothing."""
MOST_BESIDE: Final = 4 * 1024 * 1024
"""Bytes of each part of a workbook that is read and holds no cells, such as its styles."""
MOST_TAGS: Final = 300_000
"""Of each such part: the reader makes an object of every tag; Excel's own limit of formats needs fewer."""
CELLS: Final = ("xl/worksheets/", "xl/sharedStrings.xml")
NOT_READ: Final = ("xl/pivotCache/", "xl/pivotTables/", "xl/externalLinks/", "customXml/")
"""Honest workbooks keep a copy of all their data here, for Excel alone."""
CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
FORMULA: Final = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
"""How a text begins that a spreadsheet would run; Chinese and Japanese ones run the full-width signs too."""
ENCRYPTED: Final = 0x1
"""The bit of a part's flags in a ZIP archive that says: needs a password."""


class TableError(ValueError):
    """The file cannot be read; `code` names why, `detail` the limit or place for the sentence."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Table:
    """A file as text: `header` names the columns, `rows` are (row number in the file, cells)."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    encoding: str

    def column(self, index: int) -> Iterator[str]:
        """All cells of a column, without blanks around them."""
        return (cells[index].strip() for _, cells in self.rows)


def read_table(*, content: bytes, encoding: str = "") -> Table:
    """Read a file; an encoding is detected unless given ("utf-8", "gb18030", "utf-16").

    Raises TableError. CSV may be separated by comma, semicolon or tab; of a workbook the first sheet counts.
    """
    if len(content) > MOST_BYTES:
        raise TableError("too_large", str(MOST_BYTES // 1024 // 1024))
    foreign = name_foreign_kind(content)
    if foreign:
        raise TableError(foreign)
    if content[:2] == b"PK":
        return _table(_xlsx_rows(content), "xlsx")
    text, found = _decoded(content, encoding)
    return _table(_csv_rows(text), found)


def require_rows(table: Table) -> None:
    """Raise TableError "no_rows" for a table that has nothing but names of columns."""
    if not table.rows:
        raise TableError("no_rows")


def _decoded(content: bytes, encoding: str) -> tuple[str, str]:
    if encoding:
        wanted = [encoding]
    elif content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        wanted = ["utf-16"]
    elif 20 * content[:2000].count(b"\x00") > len(content[:2000]):
        # Latin letters leave every second byte empty: which one tells the byte order.
        is_little = content[1:2000:2].count(b"\x00") > content[0:2000:2].count(b"\x00")
        wanted = ["utf-16-le" if is_little else "utf-16-be"]
    else:
        wanted = ["utf-8", "gb18030"]
    for name in wanted:
        try:
            text = content.decode("utf-8-sig" if name == "utf-8" else name)
        except UnicodeError:
            continue
        if "\x00" in text:
            raise TableError("not_a_table")
        return text.removeprefix("\ufeff"), name[:6] if name.startswith("utf-16") else name
    raise TableError("encoding")


def _csv_rows(text: str) -> Iterator[list[str]]:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    # A fixed limit: csv's own default lets one unclosed quote swallow the whole file.
    csv.field_size_limit(200_000)
    try:
        yield from csv.reader(_lines(text), delimiter=separator)
    except csv.Error as error:
        raise TableError("not_a_table") from error


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text; a reader of CSV makes a whole line into cells before anybody can count them."""
    for line in io.StringIO(text, newline=""):
        if len(line) > LONGEST_LINE:
            raise TableError("not_a_table")
        yield line


def _xlsx_rows(content: bytes) -> Iterator[Iterable[object]]:
    _check_workbook(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        cells = 0
        for row in sheet.iter_rows(max_row=MOST_ROWS + 2, values_only=True):
            cells += len(row)
            beyond = row[MOST_COLUMNS:]
            if beyond.count(None) < len(beyond) or cells > MOST_CELLS:
                raise TableError("too_many_columns", str(MOST_COLUMNS))
            yield row[:MOST_COLUMNS]
    except TableError:
        raise
    except Exception as error:  # whatever a crafted workbook makes the reader raise
        raise TableError("not_a_workbook") from error


def _check_workbook(content: bytes) -> None:
    """Refuse bombs before anything is unpacked in full: sizes first, then document types (entities)."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            beside = max((part.file_size for part in parts if _is_beside(part)), default=0)
            if len(parts) > MOST_PARTS or unpacked > min(MOST_UNPACKED, MOST_RATIO * len(content)) or beside > MOST_BESIDE:
                raise TableError("bomb")
            if "xl/workbook.xml" not in archive.namelist():
                raise TableError("wrong_kind")
            if any(part.flag_bits & ENCRYPTED for part in parts):
                raise TableError("protected")
            for part in parts:
                _check_part(archive, part)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise TableError("not_a_workbook") from error


def _is_beside(part: zipfile.ZipInfo) -> bool:
    """Whether a part is read and holds no cells."""
    return part.filename.endswith((".xml", ".rels", ".vml")) and not part.filename.startswith(CELLS + NOT_READ)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if not part.filename.endswith((".xml", ".rels", ".vml")):
        return
    tail, tags = b"", 0
    with archive.open(part) as stream:
        while block := stream.read(1 << 20):
            if b"<!DOCTYPE" in tail + block or b"<!ENTITY" in tail + block or b"\x00" in block[:64]:
                raise TableError("bomb")
            tail, tags = block[-16:], tags + block.count(b"<")
            if tags > MOST_TAGS and _is_beside(part):
                raise TableError("bomb")


def _table(rows: Iterable[Iterable[object]], encoding: str) -> Table:
    numbered = ((number, [_text(cell) for cell in row]) for number, row in enumerate(_counted(rows), start=1))
    filled = ((number, cells) for number, cells in numbered if any(map(str.strip, cells)))
    _, header = next(filled, (0, []))
    header = [name.strip() for name in header]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise TableError("empty")
    if len(header) > MOST_COLUMNS:
        raise TableError("too_many_columns", str(MOST_COLUMNS))
    return Table(_named(header), tuple(_body(filled, len(header))), encoding)


def _counted(rows: Iterable[Iterable[object]]) -> Iterator[Iterable[object]]:
    for count, row in enumerate(rows, start=1):
        if count > MOST_LINES:
            raise TableError("too_many_rows", f"{MOST_ROWS:,}")
        yield row


def _body(rows: Iterable[tuple[int, list[str]]], width: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    for count, (number, cells) in enumerate(rows, start=1):
        if count > MOST_ROWS or number > MOST_ROWS + 1:
            raise TableError("too_many_rows", f"{MOST_ROWS:,}")
        yield number, tuple(cells) if len(cells) == width else tuple((cells + [""] * (width - len(cells)))[:width])


def _named(header: list[str]) -> tuple[str, ...]:
    """Give nameless and repeated columns a name of their own."""
    names: list[str] = []
    for number, name in enumerate(header, start=1):
        unique = name or f"#{number}"
        names.append(f"{unique} ({number})" if unique in names else unique)
    return tuple(names)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        # NUL and surrogates cannot be stored; other control characters only confuse.
        return cell[:LONGEST_CELL] if cell.isprintable() else CONTROL.sub(" ", cell)[:LONGEST_CELL]
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
    return str(cell)[:LONGEST_CELL]


def pack(table: Table) -> bytes:
    """Return the table as it is kept between the steps: small, and read again in a moment."""
    return zlib.compress(json.dumps([table.encoding, table.header, table.rows]).encode(), 1)


def unpack(content: bytes) -> Table:
    """Return a packed table."""
    encoding, header, rows = json.loads(zlib.decompress(content))
    return Table(tuple(header), tuple((number, tuple(cells)) for number, cells in rows), encoding)
