"""How things look in templates: icons, form fields, numbers and small bars. No rules of the product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.forms import BoundField
from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from csat.logs import request_id

register = template.Library()

MINUS = "−"
NOTHING = "–"
Number = float | int | None
SCRIPTS = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}
DISTRIBUTION_TONES = ("n2", "n1", "0", "p1", "p2")


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


# --- numbers ----------------------------------------------------------------------------


@register.filter
def one_decimal(value: Number) -> str:
    """Write 79.64 as 79.6 with a true minus sign; None becomes an en dash."""
    return _written(value, ".1f")


@register.filter
def whole(value: Number) -> str:
    """Write 33.6 as 34."""
    return _written(value, ".0f")


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
def signed_whole(value: Number) -> str:
    """Write 33.6 as +34; for the Net Promoter Score, which has no decimals."""
    return _written(value, "+.0f") if value is None or round(value) else "0"


@register.filter
def thousands(value: int | None) -> str:
    """Write 1248 as 1,248."""
    return _written(value, ",d")


def _written(value: Number, form: str) -> str:
    if value is None:
        return NOTHING
    text = format(value, form)
    return text.removeprefix("-") if text.strip("-0.") == "" else text.replace("-", MINUS)


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


# --- bars -------------------------------------------------------------------------------


@register.inclusion_tag("components/_share_bar.html")
def share_bar(parts: Iterable[Mapping[str, Any]], size: str = "", show_values: bool = True) -> dict[str, Any]:
    """Draw shares side by side.

    Each part has `label`, `share` (0-1) and `tone` (n2, n1, 0, p1, p2). `size="mini"` is
    the thin bar of a table. A value is printed where its part is at least a tenth wide.
    """
    drawn, start = [], 0.0
    for part in parts:
        width = 100 * float(part["share"] or 0)
        drawn.append({**part, "x": per_cent(start), "width": per_cent(width), "middle": per_cent(start + width / 2)})
        drawn[-1]["is_wide"] = width >= 10
        start += width
    return {"parts": drawn, "size": size, "show_values": show_values and size != "mini"}


@register.inclusion_tag("components/_share_bar.html")
def distribution_bar(shares: Sequence[float], labels: Sequence[str], size: str = "mini") -> dict[str, Any]:
    """Draw the shares (0-1) of a scale's levels, lowest first, from orange over grey to blue."""
    parts = [
        {"label": label, "share": share, "tone": tone_of(place, len(shares))}
        for place, (share, label) in enumerate(zip(shares, labels, strict=False))
    ]
    return share_bar(parts, size=size, show_values=False)


def tone_of(place: int, levels: int) -> str:
    """Give the tone of level `place` (from 0) among `levels`."""
    if levels < 2:
        return "0"
    return DISTRIBUTION_TONES[round(place * (len(DISTRIBUTION_TONES) - 1) / (levels - 1))]


@register.inclusion_tag("components/_interval_bar.html")
def interval_bar(
    value: Number,
    low: Number = None,
    high: Number = None,
    scale: str = "0-100",
    before: Number = None,
    target: Number = None,
    wide: bool = False,
    target_label: str = "",
) -> dict[str, Any]:
    """Draw a value with its interval on a scale such as "60-95" or "-100..100"."""
    first, last = scale_of(scale)

    def at(point: Number) -> str | None:
        return None if point is None else per_cent(100 * (min(max(point, first), last) - first) / (last - first))

    return {
        "here": at(value),
        "low": at(low),
        "high": at(high),
        "width": None if low is None or high is None else per_cent(100 * (high - low) / (last - first)),
        "before": at(before),
        "target": at(target),
        "target_label": target_label,
        "first": _written(first, "g"),
        "last": _written(last, "g"),
        "wide": wide,
    }


def scale_of(text: str) -> tuple[float, float]:
    """Read "60-95" or "-100..100"."""
    first, last = text.split("..") if ".." in text else text.rsplit("-", 1)
    return float(first), float(last)


@register.inclusion_tag("components/_funnel.html")
def funnel(steps: Iterable[Mapping[str, Any]], size: str = "") -> dict[str, Any]:
    """Draw steps as bars of the largest count.

    Each step has `label`, `count`, and optionally `share` (0-1, printed) and `kind`: "lower" for a
    count that is only a lower bound (hatched), "goal" for the last step. `size="small"` for a KPI.
    """
    rows = [dict(step) for step in steps]
    most = max((float(row["count"] or 0) for row in rows), default=0) or 1
    for row in rows:
        row["width"] = per_cent(100 * float(row["count"] or 0) / most)
    return {"steps": rows, "size": size}


@register.inclusion_tag("components/_histogram.html")
def nps_histogram(counts: Sequence[int]) -> dict[str, Any]:
    """Draw the eleven counts of a 0-10 question, coloured by detractor, passive, promoter."""
    most = max(counts, default=0) or 1
    tones = ["n2"] * 7 + ["0"] * 2 + ["p2"] * 2
    bars = [
        {"x": 1 + 22.8 * place, "middle": 11 + 22.8 * place, "label": place, "tone": tone, "count": count}
        for place, (count, tone) in enumerate(zip(counts, tones, strict=False))
    ]
    for bar in bars:
        bar["height"] = round(2 + 34 * float(bar["count"]) / most, 1)
        bar["y"] = round(40 - bar["height"], 1)
    return {"bars": bars}


def per_cent(value: float) -> str:
    """Write an SVG length such as "12.34%", whatever the language."""
    return f"{value:.2f}%"
