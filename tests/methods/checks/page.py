"""The checks as lines: for a terminal, and for the pages in docs/methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tests.methods.checks.check import Check

FOLDER: Final = Path(__file__).parents[3] / "docs" / "methods"
PAGES: Final = {"en": FOLDER / "reference-checks.md", "zh": FOLDER / "reference-checks.zh.md"}
HEADERS: Final = {
    "en": ("method", "figure", "figures", "expected", "source", "ours", "difference", "tolerance", ""),
    "zh": ("方法", "数值", "个数", "应为", "来源", "本产品", "差", "容许", ""),
}
TITLES: Final = {
    "en": """# Reference checks

[中文](reference-checks.zh.md)

    python3 manage.py reference_checks

recomputes every line below and exits 1 where one lies outside its tolerance; the test suite asserts the same list
(`tests/methods/checks/`). Where a line stands for several figures it shows the one that differs most. "rel" is a share
of the expected figure. Lines that begin with "service" go the whole way: the published file is imported, or sheets are
filled in, a run is made, and its values are read as a page reads them. The sources' own figures are in
`tests/methods/reference/`. `python3 manage.py reference_checks --write` writes this page.
""",
    "zh": """# 参考数值核对

[English](reference-checks.md)

    python3 manage.py reference_checks

该命令重新计算下列每一行，任何一行超出容许误差时以 1 退出；测试核对的是同一份清单（`tests/methods/checks/`）。
一行包含多个数值时，显示差异最大的一个。“rel” 表示相对于应有数值的比例。以 “service” 开头的行走完整个流程：导入公开的数据文件或填写判断表，
完成一次计算，再像页面那样读取结果。各来源的原始数值在 `tests/methods/reference/`。`python3 manage.py reference_checks --write` 生成本页。
""",
}


def cells(check: Check) -> tuple[str, ...]:
    """Return a check as one line of the table."""
    tolerance = f"{check.tolerance:g}{' rel' if check.is_relative and check.tolerance else ''}"
    return (
        check.method, check.figure, str(check.expected.size), f"{check.expected[check.worst]:.10g}", check.source,
        f"{check.ours[check.worst]:.10g}", f"{check.difference:.1e}", tolerance, "ok" if check.is_ok else "NOT OK",
    )


def plain(checks: Sequence[Check]) -> list[str]:
    """Return the table for a terminal, with a line that sums it up."""
    rows = [HEADERS["en"], *map(cells, checks)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [*lines, "", summary(checks)]


def summary(checks: Sequence[Check]) -> str:
    """Say how many there are and how many fail."""
    figures, failing = sum(check.expected.size for check in checks), sum(not check.is_ok for check in checks)
    return f"{len(checks)} checks of {figures} figures, {failing} outside their tolerance"


def page(checks: Iterable[Check], language: str) -> str:
    """Return the page in one language."""
    known = list(checks)
    lines = [_row(HEADERS[language]), "|---" * len(HEADERS[language]) + "|", *(_row(cells(check)) for check in known)]
    return f"{TITLES[language]}\n{_total(known, language)}\n\n" + "\n".join(lines) + "\n"


def _total(checks: Sequence[Check], language: str) -> str:
    figures = sum(check.expected.size for check in checks)
    if language == "zh":
        return f"共 {len(checks)} 行，{figures} 个数值。"
    return f"{len(checks)} lines, {figures} figures."


def _row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(text.replace('|', '/') for text in texts)} |"


def stored_rows(language: str) -> list[list[str]]:
    """Return the cells of the page as it is stored."""
    lines = PAGES[language].read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]
    return rows[1:]
