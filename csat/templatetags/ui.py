"""How things look in templates: icons, form fields and written numbers. No rules of the product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext

from accounts import punctuation
from csat.logs import request_id

register = template.Library()

MINUS = "−"
NOTHING = "–"
Number = float | int | None
SCRIPTS = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}


# --- words ------------------------------------------------------------------------------


@register.simple_tag
def html_lang(code: str = "") -> str:
    """Give the BCP 47 tag for `lang`: "zh-hans" becomes "zh-Hans"; the active language by default."""
    code = code or get_language() or "en"
    return SCRIPTS.get(code.lower(), code)


@register.simple_tag
def request_number() -> str:
    """Give the id under which this request stands in the log."""
    return request_id.get()


@register.filter
def in_language(texts: Mapping[str, str] | None, language: str) -> str:
    """Pick the text in a language, else any text there is."""
    texts = texts or {}
    return texts.get(language) or next((text for text in texts.values() if text), "")


@register.filter
def initials(name: object) -> str:
    """Give the letters for an avatar: "Li Wen" is "LW"; a Chinese name gives its last character."""
    words = str(name).split()
    if not words:
        return "?"
    if not words[0].isascii():
        return words[-1][-1]
    return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()


@register.filter
def listed(words: Iterable[object]) -> str:
    """Write a, b, c, or a、b、c in Chinese."""
    return punctuation.enumerated(words)


@register.filter
def bracketed(text: object) -> str:
    """Write a remark in brackets after a word: " (example)", or （示例） without a space in Chinese."""
    return punctuation.bracketed(text) if text else ""


@register.filter
def labels(label: object, text: object) -> str:
    """Write a label before a text: "Name: too long", or 名称：太长 in Chinese."""
    return punctuation.labelled(label, text)


# --- numbers ----------------------------------------------------------------------------


@register.filter
def one_decimal(value: Number) -> str:
    """Write 79.64 as 79.6 with a true minus sign; None becomes an en dash."""
    return _written(value, ".1f")


@register.filter
def whole(value: Number) -> str:
    """Write 1933.6 as 1,934."""
    return _written(value, ",.0f")


@register.filter
def percent(value: Number) -> str:
    """Write a share 0-1 as a percentage with one decimal, without the sign: 0.792 as 79.2."""
    return _written(None if value is None else 100 * value, ".1f")


@register.filter
def percent_whole(value: Number) -> str:
    """Write a share 0-1 as a whole percentage without the sign: 0.792 as 79."""
    return _written(None if value is None else 100 * value, ".0f")


@register.filter
def signed(value: Number) -> str:
    """Write 2.34 as +2.3, -2.34 as −2.3 and what rounds to nothing as 0.0."""
    return _written(value, "+.1f") if value is None or round(value, 1) else "0.0"


@register.filter
def thousands(value: int | None) -> str:
    """Write 1248 as 1,248."""
    return _written(value, ",d")


def _written(value: Number, form: str) -> str:
    if value is None:
        return NOTHING
    text = format(value, form)
    return text.removeprefix("-") if text.strip("-0.") == "" else text.replace("-", MINUS)


# --- moments and days -------------------------------------------------------------------


@register.filter(expects_localtime=True)
def moment(value: datetime | None) -> str:
    """Write a moment in the reader's time zone: 23 Nov 2026, 10:24 or 2026-11-23 10:24; None becomes an en dash."""
    return date_format(value, pgettext("date format: day and time", "j M Y, H:i")) if value else NOTHING


@register.filter(expects_localtime=True)
def recent(value: datetime | None) -> str:
    """Write a moment of today by its time alone, 10:24, and any other with its day as well."""
    if value is None or value.date() != timezone.localdate():
        return moment(value)
    return date_format(value, "H:i")


@register.filter(expects_localtime=True)
def day(value: date | None) -> str:
    """Write a day: 23 Nov 2026 or 2026-11-23; None becomes an en dash."""
    return date_format(value, pgettext("date format: day", "j M Y")) if value else NOTHING


# --- icons and fields -------------------------------------------------------------------


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw one icon of static/img/icons.svg; it is decoration, the words beside it carry the meaning."""
    return format_html(
        '<svg class="ic{}" aria-hidden="true"><use href="{}#i-{}"></use></svg>',
        {"small": " ic-s", "large": " ic-l"}.get(size, ""),
        static("img/icons.svg"),
        name,
    )


@register.inclusion_tag("components/_field.html")
def field(bound: BoundField, hint: str = "") -> dict[str, Any]:
    """Draw a form field with its label, hint and errors, tied together for screen readers."""
    kind = kind_of(bound)
    hint = hint or str(bound.help_text)
    described = [f"{bound.auto_id}-hint"] if hint else []
    described += [f"{bound.auto_id}-error"] if bound.errors else []
    # A group's attributes would land on each of its choices; its fieldset carries them instead.
    attributes: dict[str, str | bool] = {} if kind == "group" else {"class": css_of(kind, bound)}
    if described and kind != "group":
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors and kind != "group":
        attributes["aria-invalid"] = "true"
    return {
        "field": bound,
        "widget": bound.as_widget(attrs=attributes),
        "kind": kind,
        "hint": hint,
        "described": " ".join(described),
    }


@register.filter
def error_target(bound: BoundField) -> str:
    """Give the id of the control an error link should focus: for a group, its first choice."""
    return f"{bound.auto_id}_0" if kind_of(bound) == "group" else str(bound.id_for_label)


def kind_of(bound: BoundField) -> str:
    """Tell how a field is laid out: one check box, a group of choices, or a control below its label."""
    widget = bound.field.widget
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "group"
    return "check" if isinstance(widget, CheckboxInput) else "control"


def css_of(kind: str, bound: BoundField) -> str:
    """Give the classes of a control, added to those its widget asks for."""
    own = str(bound.field.widget.attrs.get("class", ""))
    is_select = isinstance(bound.field.widget, Select)
    ours = "form-check-input" if kind != "control" else "form-select" if is_select else "form-control"
    return f"{own} {ours}".strip()
