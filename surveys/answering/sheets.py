"""The answer page as a sheet with gaps: rendered once for a version and language, then only filled in.

A template engine takes milliseconds for a page of scales, joining strings takes microseconds; and
most people who answer see the very same page. The template marks each gap by a NUL-framed name, which
no text of a document can hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from django.template.loader import get_template
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from accounts.models import Team
from surveys.answering.answers import FieldProblem, is_page_asked, may_go_on
from surveys.answering.wording import problem_sentence, summary_title
from surveys.design.document import Document, Item, Option, Page, Question, text_in
from surveys.design.models import QuestionnaireVersion
from surveys.design.selectors import get_document
from surveys.sending.letters import company_name
from surveys.sending.texts import fill

GAP: Final = re.compile("\x00([^\x00]*)\x00")
INDENTS: Final = re.compile(r" *\n[ \n]*")
"""What only the reader of a template needs; on the line every byte counts."""
AROUND: Final = ("action", "note", "saved", "footer", "banner")
"""The gaps that have nothing to do with the questions."""


@dataclass(frozen=True)
class Sheet:
    """Literal pieces and the names of the gaps between them."""

    pieces: tuple[str, ...]
    gaps: tuple[str, ...]
    is_conditional: bool

    def filled(self, value: Callable[[str], str]) -> str:
        """Return the page with `value(name)` in each gap; parts under a false condition are left out."""
        if not self.is_conditional:
            filled = [piece for pair in zip(self.pieces, map(value, self.gaps), strict=False) for piece in pair]
            return "".join(filled) + self.pieces[-1]
        return self._filled_with_conditions(value)

    def _filled_with_conditions(self, value: Callable[[str], str]) -> str:
        parts, hidden = [self.pieces[0]], False
        for gap, piece in zip(self.gaps, self.pieces[1:], strict=True):
            if gap.startswith("if:"):
                hidden = not value(gap)
            elif gap == "endif":
                hidden = False
            elif not hidden:
                parts.append(value(gap))
            if not hidden:
                parts.append(piece)
        return "".join(parts)


@dataclass(frozen=True)
class Filling:
    """What one person sees on a sheet: answers so far, values as typed, problems, words around the form."""

    answers: Mapping[str, Any]
    typed: Mapping[str, Sequence[str]]
    problems: tuple[FieldProblem, ...] = ()
    action: str = ""
    note: str = ""
    saved: str = ""
    prefilled: str = ""

    @property
    def is_untouched(self) -> bool:
        """Tell whether there are neither answers nor problems; a score of the mail's link may be chosen."""
        return not (self.answers or self.typed or self.problems)


def fill_sheet(
    *, version: QuestionnaireVersion | None, document: Document, team: Team, language: str, number: int,
    filling: Filling, footer: str = "", banner: str = "",
) -> str:
    """Return a page's HTML. `version` None (a draft) renders the sheet anew each time."""
    company = company_name(team, language)
    around = {
        "action": escape(filling.action), "note": filling.note, "saved": escape(filling.saved),
        "footer": footer, "banner": banner,
    }
    if version is not None and filling.is_untouched:
        # What most people get to see first: nothing is left to decide but what stands around the form.
        source = _Source(version.pk, version.content_hash, version)
        return _untouched_sheet_of(source, language, number, company, filling.prefilled).filled(around.__getitem__)
    sheet = (
        _sheet(document, language, number, company) if version is None
        else _sheet_of(_Source(version.pk, version.content_hash, version), language, number, company)
    )
    return sheet.filled(_Gaps(document, number, filling, language, company, around))


@dataclass(frozen=True)
class _Source:
    """A version as a key: equal by id and content, whatever object carries it."""

    pk: int
    content_hash: str
    version: QuestionnaireVersion = field(compare=False)


@lru_cache(maxsize=512)
def _sheet_of(source: _Source, language: str, number: int, company: str) -> Sheet:
    return _sheet(get_document(version=source.version), language, number, company)


@lru_cache(maxsize=512)
def _untouched_sheet_of(source: _Source, language: str, number: int, company: str, prefilled: str) -> Sheet:
    """Return the sheet of somebody who has answered nothing yet: only the gaps around the form are left."""
    left = {name: f"\0{name}\0" for name in AROUND}
    filling = Filling(answers={}, typed={}, prefilled=prefilled)
    gaps = _Gaps(get_document(version=source.version), number, filling, language, company, left)
    return _cut(_sheet_of(source, language, number, company).filled(gaps))


def _sheet(document: Document, language: str, number: int, company: str) -> Sheet:
    page = document.pages[number]
    view = {
        "gap": "\0",
        "language": language, "company": company, "page": page, "number": number + 1,
        "page_count": len(document.pages), "is_last": number + 1 == len(document.pages),
        "may_be_last": not any(is_page_asked(later, {}) for later in document.pages[number + 1 :]),
        "heading": _words(page.title or ({} if number else document.title), language, company)
        or _words(document.title, language, company),
        "lead": _words(document.intro, language, company) if number == 0 else "",
        "questions": _question_views(document, page, language, company),
        "others": [(code, NAMES[code]) for code in document.languages if code != language],
    }
    with translation.override(language):
        return _cut(INDENTS.sub("\n", str(get_template("answering/page.html").render(view))))


def _cut(html: str) -> Sheet:
    """Cut a page at its gaps."""
    pieces = GAP.split(html)
    gaps = tuple(pieces[1::2])
    return Sheet(tuple(pieces[0::2]), gaps, any(gap == "endif" for gap in gaps))


NAMES: Final = {"en": "English", "zh-hans": "中文"}


def _words(text: Mapping[str, str], language: str, company: str) -> str:
    return fill(text_in(text, language), {"company": company}, language=language) if text else ""


@dataclass(frozen=True)
class QuestionView:
    """What the template needs of one question, in one language."""

    question: Question
    text: str
    help: str
    items: tuple[ItemView, ...]
    options: tuple[tuple[str, str], ...]
    variants: tuple[tuple[str, str], ...]
    is_conditional: bool
    wording_gap: bool


@dataclass(frozen=True)
class ItemView:
    """One scale: `points` are (value, word); `ends` the words at both ends."""

    key: str
    text: str
    help: str
    points: tuple[tuple[int, str], ...]
    low: tuple[int, str]
    high: tuple[int, str]
    offers_na: bool
    is_score: bool
    has_all_words: bool


def _question_views(document: Document, page: Page, language: str, company: str) -> list[QuestionView]:
    local = {item.key for question in page.questions for item in question.items}
    sources = {score.item for question in page.questions for score in question.score_texts} & local
    first_source = next((i.key for q in page.questions for i in q.items if i.key in sources), "")
    return [_question_view(question, language, company, first_source) for question in page.questions]


def _question_view(question: Question, language: str, company: str, source: str) -> QuestionView:
    rows = {row.key: row for row in question.rows}
    here = [score for score in question.score_texts if score.item == source]
    return QuestionView(
        question=question, text=_words(question.text, language, company),
        help=_words(question.help, language, company),
        items=tuple(
            _item_view(item, language, company, source,
                       _words(rows[item.key].help, language, company) if item.key in rows else "")
            for item in question.items
        ),
        options=tuple((option.key, _option_words(option, language, company)) for option in question.options),
        variants=_variants(question, here, language, company),
        is_conditional=bool(question.show_if),
        wording_gap=bool(question.score_texts) and not here,
    )


def _option_words(option: Option, language: str, company: str) -> str:
    return _words(option.text, language, company)


def _variants(question: Question, scores: Sequence[Any], language: str, company: str) -> tuple[tuple[str, str], ...]:
    """Return (classes, wording) pairs: class v7 is shown while 7 is chosen on this page."""
    if not scores:
        return ()
    covered = {point for score in scores for point in range(score.low, score.high + 1)}
    general = " ".join(f"v{point}" for point in range(11) if point not in covered)
    return (
        (f"v-none {general}".strip(), _words(question.text, language, company)),
        *(("v " + " ".join(f"v{point}" for point in range(score.low, score.high + 1)),
           _words(score.text, language, company)) for score in scores),
    )


def _item_view(item: Item, language: str, company: str, source: str, help_text: str) -> ItemView:
    labels = {point: _words(text, language, company) for point, text in item.scale.labels.items()}
    points = tuple((point, labels.get(point, "")) for point in item.scale.points)
    return ItemView(
        key=item.key, text=_words(item.text, language, company), help=help_text, points=points,
        low=points[0], high=points[-1], offers_na=item.offers_na, is_score=item.key == source,
        has_all_words=all(word for _, word in points) and len(points) <= 5,
    )


class _Gaps:
    """The value of each gap for one person."""

    def __init__(
        self, document: Document, number: int, filling: Filling, language: str, company: str,
        around: Mapping[str, str],
    ) -> None:
        self.document, self.number = document, number
        self.filling, self.language, self.company = filling, language, company
        self.codes = {problem.key: problem.code for problem in filling.problems}
        self.questions = {key: question for question in document.pages[number].questions for key in question.answer_keys}
        self.by_key = {question.key: question for question in document.pages[number].questions}
        self.around = around

    def __call__(self, name: str) -> str:
        kind, _, rest = name.partition(":")
        if kind == "c":
            return " checked" if self._is_chosen(*rest.split("=", 1)) else ""
        found = self.around.get(name)
        return found if found is not None else str(getattr(self, f"_{kind.replace('-', '_')}")(rest))

    def _is_chosen(self, key: str, value: str) -> bool:
        return value in self._values(key)

    def _values(self, key: str) -> Sequence[str]:
        if key in self.filling.typed:
            return self.filling.typed[key]
        answer = self.filling.answers.get(key)
        if answer is None:
            return [self.filling.prefilled.partition("=")[2]] if self._is_prefilled(key) else []
        if answer is True:
            return ["yes"]
        return [str(one) for one in answer] if isinstance(answer, list) else [str(answer)]

    def _is_prefilled(self, key: str) -> bool:
        return self.filling.prefilled.partition("=")[0] == key

    def _text(self, key: str) -> str:
        return str(escape("\n".join(self._values(key))))

    def _bad(self, key: str) -> str:
        return " bad" if key in self.codes else ""

    def _describedby(self, key: str) -> str:
        return f" m-{key}" if key in self.codes else ""

    def _invalid(self, key: str) -> str:
        return ' aria-invalid="true"' if key in self.codes else ""

    def _message(self, key: str) -> str:
        return f'<p class="msg" id="m-{key}">{self._sentence(key)}</p>' if key in self.codes else ""

    def _sentence(self, key: str, *, with_name: bool = False) -> str:
        with translation.override(self.language):
            sentence = problem_sentence(self.questions[key], key, self.codes[key], self.language, with_name=with_name)
        return str(escape(sentence.replace("{company}", self.company)))

    def _title(self, _rest: str) -> str:
        with translation.override(self.language):
            return f"{summary_title(0, is_prefix=True)}" if self.codes else ""

    def _summary(self, _rest: str) -> str:
        if not self.codes:
            return ""
        links = "".join(
            f'<li><a href="#{self._anchor(key)}">{self._sentence(key, with_name=True)}</a></li>' for key in self.codes
        )
        with translation.override(self.language):
            title = escape(summary_title(len(self.codes)))
        return (
            f'<div class="err" role="alert" tabindex="-1" id="errors" autofocus><h2>{title}</h2><ul>{links}</ul></div>'
        )

    def _anchor(self, key: str) -> str:
        question = self.questions[key]
        if question.scale is not None:
            return f"i-{key}-{question.scale.low}"
        return f"i-{key}-{question.options[0].key}" if question.options else f"i-{key}"

    def _wording(self, key: str) -> str:
        question = self.by_key[key]
        for score in question.score_texts:
            answer = self.filling.answers.get(score.item)
            if isinstance(answer, int) and score.low <= answer <= score.high:
                return str(escape(_words(score.text, self.language, self.company)))
        return str(escape(_words(question.text, self.language, self.company)))

    def _go(self, _rest: str) -> str:
        """Name the button: the answers so far may rule out all that would follow."""
        goes_on = may_go_on(self.document, self.number, self.filling.answers)
        with translation.override(self.language):
            return str(escape(_("Next") if goes_on else _("Send answers")))

    def _if(self, key: str) -> str:
        return "1" if self.by_key[key].is_shown(self.filling.answers) else ""


@lru_cache(maxsize=64)
def score_value(code: str) -> str | None:
    """Return a score from a link's `s`, None for anything but one or two digits."""
    return code if re.fullmatch(r"[0-9]|10", code, re.ASCII) else None
