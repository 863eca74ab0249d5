"""Read the glossary's table of words that are not used, and find them in texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.project.messages import ROOT

HAN = re.compile(r"[一-鿿]")
GLOSSARIES = {"en": ROOT / "docs/glossary.md", "zh": ROOT / "docs/glossary.zh.md"}
TABLES = {"en": "## Words not used", "zh": "## 不用的词"}


@dataclass(frozen=True)
class Rejected:
    """A word that is not used, the longer words in which it is right, and the one to use instead."""

    word: str
    instead: str
    right_in: tuple[str, ...] = ()

    def stands_in(self, text: str) -> bool:
        """Tell whether a text uses the word; what stands between placeholders' marks is no text."""
        plain = re.sub(r"%\(\w+\)[sd]|\{\w*\}|`[^`]*`", " ", text)
        for longer in self.right_in:
            plain = plain.replace(longer, " ")
        if HAN.search(self.word):
            return self.word in plain
        return re.search(rf"\b{re.escape(self.word)}\b", re.sub(r"\s+", " ", plain), re.IGNORECASE) is not None


def rejected_words(language: str) -> list[Rejected]:
    """Return the words that the glossary of a language rejects."""
    table = split_glossary(language)[1]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", table, re.MULTILINE)]
    return [
        Rejected(word, instead, tuple(filter(None, re.split("[,、] *", right_in))))
        for words, instead, right_in in rows[2:]
        for word in re.split("[,、] *", words)
    ]


def split_glossary(language: str) -> tuple[str, str]:
    """Return the glossary without and with its table of words that are not used."""
    terms, mark, table = GLOSSARIES[language].read_text(encoding="utf-8").partition(TABLES[language])
    assert mark, "the glossary has no table of words that are not used"
    return terms, table


def terms(language: str) -> list[tuple[str, str]]:
    """Return (English, Chinese) of each term, from the glossary of a language."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", split_glossary(language)[0], re.MULTILINE)[1:]
    return [(first, second) if language == "en" else (second, first) for first, second in rows]


def texts_for_users(language: str) -> dict[str, str]:
    """Return the documents that users read, by path; the glossary without its table."""
    ends = ".md" if language == "en" else ".zh.md"
    paths = [ROOT / ("README.md" if language == "en" else "README.zh-Hans.md"), *_pages("docs", ends),
             *_pages("docs/how-to", ends), *_pages("docs/methods", ends)]
    found = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths if path.stem != "architecture"}
    return found | {str(GLOSSARIES[language].relative_to(ROOT)): split_glossary(language)[0]}


def _pages(folder: str, ends: str) -> list[Path]:
    pages = (ROOT / folder).glob(f"*{ends}")
    return [path for path in pages if ends == ".zh.md" or not path.name.endswith(".zh.md")]
