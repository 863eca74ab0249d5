"""One word per idea: the glossary agrees with itself, and the words it rejects stand nowhere."""

from __future__ import annotations

import polib
import pytest

from tests.project.glossary import Rejected, rejected_words, split_glossary, terms, texts_for_users
from tests.project.messages import ROOT, messages_of_project

LANGUAGES = ("en", "zh")


def interface_texts(language: str) -> list[str]:
    """Every text of the interface in a language."""
    used = {message for _context, message in messages_of_project()}
    entries = [entry for entry in polib.pofile(str(ROOT / "locale/zh_Hans/LC_MESSAGES/django.po")) if entry.msgid in used]
    if language == "en":
        return [*used, *(entry.msgid_plural for entry in entries)]
    return [text for entry in entries for text in (entry.msgstr, *entry.msgstr_plural.values())]


def misused(text: str, language: str) -> list[str]:
    """Name the rejected words that stand in a text, with the word to use."""
    return [f"{one.word} -> {one.instead}" for one in rejected_words(language) if one.stands_in(text)]


@pytest.mark.parametrize("language", LANGUAGES)
class TestWords:
    def test_of_the_interface_are_those_of_the_glossary(self, language):
        found = {text: words for text in interface_texts(language) if (words := misused(text, language))}
        assert found == {}

    def test_of_the_documents_are_those_of_the_glossary(self, language):
        found = {path: words for path, text in texts_for_users(language).items() if (words := misused(text, language))}
        assert found == {}


class TestTheGlossary:
    def test_holds_the_same_terms_in_both_languages(self):
        # A row of roles lists several terms; its separators differ between the languages.
        assert [one for one in terms("en") if "," not in one[0]] == [one for one in terms("zh") if "," not in one[0]]

    def test_has_one_word_for_one_idea(self):
        chinese = [word for _english, word in terms("zh")]
        assert sorted(chinese) == sorted(set(chinese))

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_rejects_no_word_that_it_asks_for(self, language):
        assert misused(split_glossary(language)[0], language) == []
        assert len(rejected_words(language)) > 10


class TestRejected:
    def test_is_found_in_any_case_but_only_as_a_whole_word(self):
        node = Rejected("node", "indicator")
        assert node.stands_in("The Node is gone")
        assert not node.stands_in("nodes and %(node)s")

    def test_is_found_across_a_line_break(self):
        assert Rejected("a sending", "campaign").stands_in("the page of a\nsending")

    def test_is_right_inside_a_longer_word(self):
        batch = Rejected("批次", "轮次", ("计算批次",))
        assert batch.stands_in("计算批次与批次")
        assert not batch.stands_in("计算批次")
