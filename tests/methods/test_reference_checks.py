"""The list of reference checks holds, is complete, and is what the page says."""

from __future__ import annotations

import json
import math
import re

import pytest
from django.core.management import CommandError, call_command

from csat.management.commands import reference_checks
from tests.methods.catalogue import methods
from tests.methods.checks import page
from tests.methods.checks.check import Check, check, failing
from tests.methods.checks.every import SOURCES, pure_checks
from tests.methods.figures import REFERENCE


@pytest.fixture(scope="module")
def pure() -> list[Check]:
    return list(pure_checks())


@pytest.mark.parametrize("source", SOURCES, ids=lambda one: f"{one.__module__.rsplit('.', 1)[1]}-{one.__name__}")
def test_every_figure_lies_within_its_tolerance(source) -> None:
    checks = list(source())
    assert checks and failing(checks) == []


class TestTheList:
    def test_names_methods_that_exist(self, pure: list[Check]) -> None:
        known = {f"{function.__module__.rsplit('.', 1)[1]}.{name}" for name, function in methods().items()}
        assert {one.method for one in pure} <= known

    def test_names_each_check_once(self, pure: list[Check]) -> None:
        names = [(one.method, one.figure) for one in pure]
        assert len(set(names)) == len(names)

    def test_uses_every_file_of_figures(self) -> None:
        used = set()
        for source in (REFERENCE.parent / "checks").glob("*.py"):
            used |= set(re.findall(r'"(\w+)"', source.read_text(encoding="utf-8")))
        assert {path.stem for path in REFERENCE.glob("*.json")} <= used

    def test_holds_figures_whose_files_name_their_source(self) -> None:
        assert all(json.loads(path.read_text())["source"] for path in REFERENCE.glob("*.json"))


class TestACheck:
    @pytest.mark.parametrize(("ours", "is_relative", "is_ok"), [
        (100.5, False, True), (101.5, False, False), (100.5, True, True), (250.0, True, False), (math.nan, False, False),
    ])
    def test_fails_beyond_its_tolerance(self, ours: float, is_relative: bool, is_ok: bool) -> None:
        one = check("m.f", "x", (1, 100), (1, ours), source="s", within=1, relative=is_relative)
        assert one.is_ok is is_ok and (failing([one]) == []) is is_ok
        assert page.cells(one)[-1] == ("ok" if is_ok else "NOT OK") and one.worst == 1

    @pytest.mark.parametrize("ours", [(1,), (1, 2, 3), ()])
    def test_refuses_another_number_of_figures(self, ours: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="expected"):
            check("m.f", "x", (1, 2), ours, source="s")
        with pytest.raises(ValueError, match="expected"):
            check("m.f", "x", (), (), source="s")


class TestTheCommand:
    def test_prints_the_core_and_ends_well(self, capsys: pytest.CaptureFixture[str], pure: list[Check]) -> None:
        call_command("reference_checks", core=True)
        said = capsys.readouterr().out
        assert page.summary(pure) in said and "0 outside their tolerance" in said
        assert len(said.splitlines()) == len(pure) + 3

    def test_ends_with_1_where_a_figure_is_wrong(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wrong = check("m.f", "x", 1, 2, source="s")
        monkeypatch.setattr(reference_checks, "pure_checks", lambda: iter([wrong]))
        with pytest.raises(SystemExit) as ended:
            call_command("reference_checks", core=True)
        assert ended.value.code == 1 and "NOT OK" in capsys.readouterr().out

    def test_writes_whole_pages_only(self) -> None:
        with pytest.raises(CommandError, match="leave out --core"):
            call_command("reference_checks", core=True, write=True)


class TestThePages:
    """Kept current: `python3 manage.py reference_checks --write` (the database's lines: tests/csat)."""

    @pytest.mark.parametrize("language", page.PAGES)
    def test_hold_the_checks_of_the_core(self, pure: list[Check], language: str) -> None:
        rows = page.stored_rows(language)
        assert_current(rows[: len(pure)], pure)
        assert all(row[0].startswith("service") for row in rows[len(pure) :])

    @pytest.mark.parametrize("language", page.PAGES)
    def test_end_and_begin_as_they_should(self, language: str) -> None:
        text = page.PAGES[language].read_text(encoding="utf-8")
        assert text.startswith(page.TITLES[language]) and "NOT OK" not in text


def assert_current(rows: list[list[str]], checks: list[Check]) -> None:
    """Names, sources and tolerances to the letter; figures within their tolerance, since last digits vary by machine."""
    assert len(rows) == len(checks)
    for row, one in zip(rows, checks, strict=True):
        cells = page.cells(one)
        assert [row[n] for n in (0, 1, 2, 4, 7, 8)] == [cells[n] for n in (0, 1, 2, 4, 7, 8)]
        assert any(float(row[3]) == pytest.approx(figure, rel=1e-9, abs=1e-12) for figure in one.expected)
        assert float(row[5]) == pytest.approx(float(row[3]), rel=one.tolerance + 1e-9, abs=one.tolerance + 1e-9)
