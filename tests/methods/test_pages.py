"""Every method has its page, in both languages, and the pages say what is so."""

import doctest
import re
from pathlib import Path

import pytest

from tests.methods.catalogue import INNER_MODULES, functions, is_gate, methods, modules
from tests.methods.reach import used_by_the_product

FOLDER = Path(__file__).parents[2] / "docs" / "methods"
# The list of checks and the index are about no module of their own.
OTHERS = {"README", "reference-checks"}
PAGES = sorted({path.name.removesuffix(".md") for path in FOLDER.glob("*.md") if not path.name.endswith(".zh.md")} - OTHERS)
LANGUAGES = {"en": ".md", "zh": ".zh.md"}
SECTIONS = {
    "en": ["What it says", "Formula", "Assumptions", "When not to use it", "Reference numbers", "In the code"],
    "zh": ["含义", "公式", "前提", "何时不用", "参考数值", "代码"],
}

# How a page begins the list of what is there for comparison alone.
NOWHERE = {"en": "For comparison, shown on no page: ", "zh": "仅供比较，页面均不显示："}


def text(page: str, language: str) -> str:
    return (FOLDER / f"{page}{LANGUAGES[language]}").read_text(encoding="utf-8")


def covered(page: str, language: str = "en") -> list[str]:
    """Return the modules a page says it is about: its third line."""
    return re.findall(r"`(\w+)`", text(page, language).splitlines()[2])


def shown_nowhere(page: str, language: str) -> list[str]:
    """Return the methods that a page says nothing of the product shows."""
    line = re.search(rf"^{NOWHERE[language]}(.+)$", text(page, language), flags=re.MULTILINE)
    return re.findall(r"`(\w+)`", line[1]) if line else []


def blocks(page: str, language: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", text(page, language), flags=re.DOTALL)


class TestPages:
    def test_are_about_every_module_once(self):
        about = [module for page in PAGES for module in covered(page)]
        assert sorted(about) == sorted(modules())

    def test_come_in_pairs(self):
        chinese = {path.name.removesuffix(".zh.md") for path in FOLDER.glob("*.zh.md")}
        assert chinese == {*PAGES, *OTHERS}

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_are_all_in_the_index_with_their_titles(self, language):
        index = (FOLDER / f"README{LANGUAGES[language]}").read_text(encoding="utf-8")
        listed = dict(re.findall(r"^- \[(.+?)\]\((.+?)\)", index, flags=re.MULTILINE))
        titles = {text(page, language).splitlines()[0].removeprefix("# "): f"{page}{LANGUAGES[language]}" for page in PAGES}
        assert listed == titles

    def test_are_named_after_the_first_module_they_are_about(self):
        assert [covered(page)[0] for page in PAGES] == PAGES


class TestTheUseOfMethods:
    def test_is_found_through_several_modules(self):
        used = used_by_the_product()
        assert {("proportions", "wilson_interval"), ("intervals", "Interval"), ("multiplicity", "holm")} <= used
        assert ("reliability", "cronbach_alpha") not in used

    @pytest.mark.parametrize("module", sorted({*modules()} - INNER_MODULES))
    def test_is_told_at_the_head_of_a_module_that_has_none(self, module):
        names = [name for name in functions(modules()[module]) if not is_gate(name)]
        is_used = any((module, name) in used_by_the_product() for name in names)
        assert ("No page shows" in (modules()[module].__doc__ or "")) is not is_used


@pytest.mark.parametrize("page", PAGES)
class TestPage:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_says_which_methods_no_page_shows(self, page, language):
        used = used_by_the_product()
        idle = {
            name for name, function in methods().items()
            if (module := function.__module__.rsplit(".", 1)[1]) in covered(page) and (module, name) not in used
        }
        assert sorted(shown_nowhere(page, language)) == sorted(idle)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_has_every_section(self, page, language):
        assert re.findall(r"^## (.+)$", text(page, language), flags=re.MULTILINE) == SECTIONS[language]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_names_every_method_of_its_modules(self, page, language):
        known = modules()
        for module in set(covered(page)) - INNER_MODULES:
            for name in functions(known[module]):
                assert is_gate(name) or f"`{name}`" in text(page, language)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_gives_figures_that_are_true(self, page, language):
        examples = blocks(page, language, "pycon")
        assert examples
        parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
        for example in examples:
            runner.run(parser.get_doctest(example, {}, page, None, None))
        assert runner.summarize(verbose=False).failed == 0

    def test_says_the_same_in_both_languages(self, page):
        assert blocks(page, "en", "pycon") == blocks(page, "zh", "pycon")
        formulas = [[len(block.splitlines()) for block in blocks(page, lang, "text")] for lang in LANGUAGES]
        assert formulas[0] == formulas[1]
        assert covered(page, "en") == covered(page, "zh")
        for name in re.findall(r"`([a-z_]+)`", text(page, "en")):
            assert f"`{name}`" in text(page, "zh")

    def test_is_written_in_its_language(self, page):
        prose = re.sub(r"```.*?```|`[^`]*`", "", text(page, "zh"), flags=re.DOTALL)
        assert len(re.findall(r"[\u4e00-\u9fff]", prose)) > 100
        assert not re.search(r"[\u4e00-\u9fff]", text(page, "en"))
