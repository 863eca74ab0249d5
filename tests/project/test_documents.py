"""What the documents link to is there; the pages for users come in both languages and name what the pages show."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest

from tests.project.messages import ROOT, messages_of_project

HOW_TO = ROOT / "docs" / "how-to"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PAGES = sorted(path.name.removesuffix(".md") for path in HOW_TO.glob("*.md") if not path.name.endswith(".zh.md"))
ROOMS = ("accounts", "surveys", "analytics", "csat")
LANGUAGES = {"en": ".md", "zh": ".zh.md"}
READMES = {"en": "README.md", "zh": "README.zh-Hans.md"}
ABROAD = ("http://", "https://", "mailto:")
GAP = "…"
"""Stands in a page for what the interface fills in."""


def links_of(text: str) -> list[str]:
    """Return the addresses of a document's links and pictures; examples of code hold none."""
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r'<img[^>]*\bsrc="([^"]+)"', prose)


def broken_in(document: Path, text: str) -> list[str]:
    """Return the links within the repository that lead to nothing."""
    own = [link.partition("#")[0] for link in links_of(text) if not link.startswith(ABROAD)]
    return [link for link in own if link and not (document.parent / link).exists()]


def page(name: str, language: str) -> str:
    return (HOW_TO / f"{name}{LANGUAGES[language]}").read_text(encoding="utf-8")


def shape(text: str) -> list[str]:
    """Return how a page is built: its headings by depth, its list items and the rows of its tables."""
    return re.findall(r"^(#+(?= )|- |\d+\. |\|)", text, flags=re.MULTILINE)


def named_in(text: str) -> set[str]:
    """Return the words that a page sets in bold, which is how it names what is pressed or read."""
    plain = re.sub(r"(\*\*)?\[[^\]]*\]\([^)]*\)(\*\*)?", "", text).replace("\n", " ")
    return {words.strip(" :：。.") for words in re.findall(r"\*\*([^*]+)\*\*", plain)}


def with_gaps(message: str) -> str:
    """Write a text of the interface as a page quotes it."""
    return re.sub(r"\s+", " ", re.sub(r"%\(\w+\)[sd]", GAP, message)).replace("%%", "%")


@pytest.fixture(scope="module")
def shown() -> dict[str, tuple[str, ...]]:
    """Every text of the interface, by language, with gaps where something is filled in."""
    catalogue = polib.pofile(str(ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"))
    used = {message for _context, message in messages_of_project()}
    chinese = [text for entry in catalogue if entry.msgid in used
               for text in (entry.msgstr, *entry.msgstr_plural.values())]
    plural = [entry.msgid_plural for entry in catalogue if entry.msgid in used]
    return {"en": tuple(map(with_gaps, [*used, *plural])), "zh": tuple(map(with_gaps, chinese))}


def unknown_in(text: str, known: tuple[str, ...]) -> set[str]:
    """Return the names in a page that no text of the interface begins with."""
    return {name for name in named_in(text) if not any(one.startswith(name) for one in known)}


class TestDocuments:
    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
    def test_link_to_what_is_there(self, document):
        assert broken_in(document, document.read_text(encoding="utf-8")) == []

    def test_are_caught_when_a_link_leads_nowhere(self):
        text = "[a](nothing.md) [b](README.md#part) [c](https://example.org/x) `[d](code.md)`"
        assert broken_in(ROOT / "README.md", text) == ["nothing.md"]


def packages() -> set[str]:
    """Return the packages below the rooms, by dotted name."""
    folders = (path.parent.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("__init__.py"))
    return {".".join(folder.parts) for folder in folders
            if len(folder.parts) > 1 and not {"migrations", "management", "templatetags"} & set(folder.parts)}


def listed_packages(text: str) -> set[str]:
    """Return the packages that the architecture's table names."""
    table = text.partition("## Packages")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([a-z_.]+)` \|", table, flags=re.MULTILINE))


class TestTheArchitecture:
    def test_names_every_package_and_no_other(self):
        assert listed_packages((ROOT / "docs/architecture.md").read_text(encoding="utf-8")) == packages()

    def test_is_read_by_its_table_alone(self):
        assert listed_packages("| `a.b` | x |\n## Packages\n| `c.d` | x |\n\n## More\n| `e.f` | x |") == {"c.d"}


class TestTheDecisions:
    def test_are_all_in_their_index(self):
        folder = ROOT / "docs/decisions"
        pages = {path.name for path in folder.glob("*.md")} - {"README.md"}
        assert set(links_of((folder / "README.md").read_text(encoding="utf-8"))) == pages


@pytest.mark.parametrize("readme", READMES.values())
class TestAReadme:
    def test_leads_to_what_explains_the_rest(self, readme):
        linked = {link.removesuffix(".zh.md").removesuffix(".md")
                  for link in links_of((ROOT / readme).read_text(encoding="utf-8"))}
        assert {f"docs/{name}" for name in
                ("architecture", "decisions/README", "benchmarks", "methods/README", "operations", "glossary")} <= linked


class TestHowToPages:
    def test_come_in_pairs(self):
        assert PAGES
        assert sorted(path.name.removesuffix(".zh.md") for path in HOW_TO.glob("*.zh.md")) == PAGES

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_are_all_linked_from_the_readme(self, language):
        linked = links_of((ROOT / READMES[language]).read_text(encoding="utf-8"))
        assert {f"docs/how-to/{name}{LANGUAGES[language]}" for name in PAGES} <= set(linked)

    def test_are_caught_when_they_name_what_is_not_shown(self):
        text = "Press **Send it** and **Send to … contacts**, then **[a link](x.md)** and **No such button**."
        assert unknown_in(text, ("Send it", with_gaps("Send to %(shown)s contacts"))) == {"No such button"}


@pytest.mark.parametrize("name", PAGES)
class TestHowToPage:
    def test_is_built_alike_in_both_languages(self, name):
        assert shape(page(name, "en")) == shape(page(name, "zh"))

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_links_to_its_own_language(self, name, language):
        for link in links_of(page(name, language)):
            target = (HOW_TO / link).resolve()
            partner = target.with_name(f"{target.name.removesuffix('.md')}.zh.md")
            if language == "en":
                assert not link.endswith(".zh.md")
            else:
                assert link.endswith(".zh.md") or not partner.exists()

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_names_only_what_the_interface_shows(self, name, language, shown):
        assert unknown_in(page(name, language), shown[language]) == set()
