"""Both languages are complete."""

from __future__ import annotations

import re
from pathlib import Path

import django
import polib
import pytest

from tests.project.messages import ROOT, messages_of_project, messages_of_python, messages_of_template

CATALOGUE = ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"
OF_DJANGO = sorted(Path(django.__file__).parent.rglob("locale/en/LC_MESSAGES/django.po"))
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
HAN = re.compile(r"[一-鿿]")


def missing_in(catalogue: polib.POFile, wanted: set[tuple[str | None, str]]) -> list[tuple[str | None, str]]:
    """List texts without a finished translation."""
    done = {
        (entry.msgctxt, entry.msgid)
        for entry in catalogue
        if not entry.obsolete and "fuzzy" not in entry.flags and (entry.msgstr or all(entry.msgstr_plural.values() or [""]))
    }
    return sorted(wanted - done, key=str)


def broken_in(catalogue: polib.POFile) -> list[str]:
    """List translations that lose or invent a placeholder."""
    found = []
    for entry in catalogue:
        texts = list(entry.msgstr_plural.values()) or [entry.msgstr]
        original = set(PLACE.findall(entry.msgid_plural or entry.msgid))
        found += [entry.msgid for text in texts if text and not set(PLACE.findall(text)) <= original | set(PLACE.findall(entry.msgid))]
        found += [entry.msgid for text in texts if text and not entry.msgid_plural and set(PLACE.findall(text)) != original]
    return found


def idle_in(catalogue: polib.POFile, wanted: set[tuple[str | None, str]]) -> list[str]:
    """List texts that neither the project nor Django itself, whose words some of ours replace, has any more."""
    left = {entry.msgid for entry in catalogue if (entry.msgctxt, entry.msgid) not in wanted}
    theirs = {entry.msgid for path in OF_DJANGO for entry in polib.pofile(str(path))} if left else set()
    return sorted(left - theirs)


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


class TestChinese:
    def test_has_every_text_of_the_interface(self, catalogue: polib.POFile) -> None:
        assert missing_in(catalogue, messages_of_project()) == []

    def test_has_no_text_that_nothing_says(self, catalogue: polib.POFile) -> None:
        assert idle_in(catalogue, messages_of_project()) == []

    def test_keeps_every_placeholder(self, catalogue: polib.POFile) -> None:
        assert broken_in(catalogue) == []

    def test_holds_no_text_twice(self, catalogue: polib.POFile) -> None:
        keys = [(entry.msgctxt, entry.msgid) for entry in catalogue]
        assert sorted(keys, key=str) == sorted(set(keys), key=str)

    def test_uses_full_width_marks_between_han(self, catalogue: polib.POFile) -> None:
        half = re.compile(r"[一-鿿][,;!?][一-鿿]|[一-鿿]\.$")
        assert [entry.msgstr for entry in catalogue if half.search(entry.msgstr)] == []


class TestTheSearchForTexts:
    def test_finds_them_in_python(self) -> None:
        source = '_("a")\ngettext_lazy("b" "c")\nngettext("d", "e", n)\npgettext("x", "f")\n_(name)\nother("g")'
        assert set(messages_of_python(source)) == {(None, "a"), (None, "bc"), (None, "d"), ("x", "f")}

    def test_finds_them_in_templates(self) -> None:
        source = '{% load i18n %}{% trans "a" %}{% blocktrans with n=x %}b {{ n }}{% endblocktrans %}{% translate "it\'s" %}{{ _("c") }}'
        assert {text for _context, text in messages_of_template(source)} == {"a", "b %(n)s", "it's", "c"}

    def test_looks_into_every_room(self) -> None:
        assert len(messages_of_project()) > 100

    def test_finds_english_alone(self) -> None:
        assert [text for _c, text in messages_of_project() if HAN.search(text) and not re.search(r"[A-Za-z]{2}", text)] == []


class TestTheCheck:
    def test_notices_what_is_missing_unfinished_or_broken(self, tmp_path: Path) -> None:
        po = polib.POFile()
        po.append(polib.POEntry(msgid="done %(n)s", msgstr="好"))
        po.append(polib.POEntry(msgid="empty", msgstr=""))
        po.append(polib.POEntry(msgid="unsure", msgstr="也许", flags=["fuzzy"]))
        wanted = {(None, "done %(n)s"), (None, "empty"), (None, "unsure"), (None, "absent")}
        assert [text for _context, text in missing_in(po, wanted)] == ["absent", "empty", "unsure"]
        assert broken_in(po) == ["done %(n)s"]
        po.append(polib.POEntry(msgid="Null characters are not allowed.", msgstr="空"))
        assert idle_in(po, wanted) == [] and idle_in(po, wanted - {(None, "unsure")}) == ["unsure"]
