"""Presentation only: icons, form fields and the way numbers are written."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

MINUS = "−"


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw one icon of static/img/icons.svg; it is decoration, the words beside it carry the meaning."""
    small = " ic-s" if size == "small" else ""
    return format_html(
        '<svg class="ic{}" aria-hidden="true"><use href="{}#i-{}"></use></svg>',
        small, static("img/icons.svg"), name,
    )


@register.inclusion_tag("components/_field.html")
def field(bound: BoundField, hint: str = "") -> dict[str, Any]:
    """Draw a labelled form field with its hint and errors."""
    kind = getattr(bound.field.widget, "input_type", "")
    classes = {"checkbox": "form-check-input", "select": "form-select"}.get(kind, "form-control")
    attributes: dict[str, str | bool] = {"class": classes}
    described = [f"{bound.auto_id}-hint"] if hint or bound.help_text else []
    described += [f"{bound.auto_id}-error"] if bound.errors else []
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return {
        "field": bound, "widget": bound.as_widget(attrs=attributes), "hint": hint or bound.help_text,
        "is_checkbox": kind == "checkbox",
    }


@register.filter
def one_decimal(value: float | None) -> str:
    """Write 79.64 as 79.6 with a true minus sign; None becomes an en dash."""
    return "–" if value is None else f"{value:.1f}".replace("-", MINUS)


@register.filter
def whole(value: float | None) -> str:
    """Write 33.6 as 34."""
    return "–" if value is None else f"{value:.0f}".replace("-", MINUS)


@register.filter
def percent(value: float | None) -> str:
    """Write a share 0-1 as a percentage with one decimal, without the sign: 0.792 as 79.2."""
    return "–" if value is None else f"{100 * value:.1f}".replace("-", MINUS)


@register.filter
def percent_whole(value: float | None) -> str:
    """Write a share 0-1 as a whole percentage without the sign: 0.792 as 79."""
    return "–" if value is None else f"{100 * value:.0f}".replace("-", MINUS)


@register.filter
def signed(value: float | None) -> str:
    """Write 2.34 as +2.3 and -2.34 as −2.3."""
    return "–" if value is None else f"{value:+.1f}".replace("-", MINUS)


@register.filter
def signed_whole(value: float | None) -> str:
    """Write 33.6 as +34; for the Net Promoter Score, which has no decimals."""
    if value is None:
        return "–"
    return f"{round(value):+d}".replace("-", MINUS) if round(value) else "0"


@register.filter
def thousands(value: int | None) -> str:
    """Write 1248 as 1,248."""
    return "–" if value is None else f"{value:,}"


@register.filter
def in_language(texts: dict[str, str] | None, language: str) -> str:
    """Pick the text in a language, else any text there is."""
    texts = texts or {}
    return texts.get(language) or next((text for text in texts.values() if text), "")
