"""The results as an Excel workbook that reads well and in which no text is a formula."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from unicodedata import east_asian_width

from django.utils.translation import gettext as _

from analytics.dashboards import wording
from analytics.dashboards.workbook.sheets import Sheet
from analytics.scoring.registry import METRICS
from surveys.contacts.tables import FORMULA

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

CONTENT_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDEST: Final = 60
"""Of a column, in characters; longer texts are wrapped."""
CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no XML file may hold."""
WHOLE: Final = ("n", "answers", "before_n", "after_n", "n_both", "level")
EFFECTIVE: Final = ("n_eff", "before_n_eff", "after_n_eff")
WEIGHTS: Final = ("weight", "overall_weight")
P_VALUES: Final = ("p", "p_holm", "p_bh")
DIFFERENCES: Final = (
    "change", "change_low", "change_high", "difference", "difference_low", "difference_high", "from_scores", "from_weights",
    "contribution",
)

Lines = Sequence[Sequence[str | int | None]]


def write_workbook(*, title: str, sheets: Sequence[Sheet], about: Lines, definitions: Lines) -> bytes:
    """Write the tables, then what is to be known of them; the first line of `definitions` is its header."""
    import pandas as pd  # a second and 40 MB, which only those pay who ask for a workbook

    file = BytesIO()
    with pd.ExcelWriter(file, engine="openpyxl") as writer:
        for one in sheets:
            one.frame.rename(columns=one.columns).map(_clean).to_excel(writer, sheet_name=one.title, index=False)
            _format_numbers(writer.sheets[one.title], one)
        for name, lines in ((_("About"), about), (_("Definitions"), definitions)):
            pd.DataFrame(list(lines)[1:], columns=list(lines[0]), dtype=object).map(_clean).to_excel(
                writer, sheet_name=name, index=False)
        for page in writer.sheets.values():
            _tidy(page)
        writer.book.properties.title, writer.book.properties.creator = CONTROL.sub("", title), ""
    return file.getvalue()


def _clean(cell: Any) -> Any:
    return CONTROL.sub("", cell) if isinstance(cell, str) else cell


def _format_numbers(page: Worksheet, sheet: Sheet) -> None:
    """Numbers keep all their digits and are printed like on the page."""
    for line, metric in zip(page.iter_rows(min_row=2), sheet.metrics, strict=True):
        for cell, key in zip(line, sheet.columns, strict=True):
            cell.number_format = _format(key, metric or "")


def _format(key: str, metric: str) -> str:
    if key in WHOLE:
        return "#,##0"
    if key in EFFECTIVE:
        return "#,##0.0"
    if key in P_VALUES:
        return "0.0000"
    found = METRICS.get(metric)
    is_share = key in WEIGHTS or (found is not None and found.unit == "share")
    if found is not None and found.unit == "count":
        return "#,##0"
    digits = "0.0%" if is_share else f"0.{'0' * max(1, wording.decimals_of(metric))}"
    return f"+{digits};-{digits};{digits}" if key in DIFFERENCES else digits


def _tidy(page: Worksheet) -> None:
    """Freeze the header, fit the columns, and see to it that text is text and nothing is nothing."""
    from openpyxl.styles import Alignment, Font, PatternFill

    page.freeze_panes = "B2"
    page.auto_filter.ref = page.dimensions
    header = Font(bold=True), PatternFill("solid", fgColor="E8EEF4"), Alignment(wrap_text=True, vertical="top")
    for cell in page[1]:
        cell.font, cell.fill, cell.alignment = header
    for column in page.iter_cols():
        for cell in column:
            _settle(cell)
        wide = max(_width(cell) for cell in column)
        page.column_dimensions[column[0].column_letter].width = min(max(wide, 8), WIDEST) + 2
        if wide > WIDEST:
            for cell in column:
                cell.alignment = Alignment(wrap_text=True, vertical="top")


def _settle(cell: Cell) -> None:
    if cell.value == "":
        cell.value = None
    elif isinstance(cell.value, str):
        # A text that begins like a formula is taken for one by the writer, and by whoever edits it unmarked.
        cell.data_type = "s"
        cell.quotePrefix = bool(FORMULA.match(cell.value))


def _width(cell: Cell) -> int:
    """Roughly how wide a cell is printed; a header is wrapped, a number has few digits."""
    if not isinstance(cell.value, str):
        return 8
    wide = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in cell.value)
    return min(wide, 16) if cell.row == 1 else wide
