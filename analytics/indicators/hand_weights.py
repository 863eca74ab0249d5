"""Weights set by hand: what staff type, what is wrong with it, and filling the fields for them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from analytics.indicators.selectors import Branch
from analytics.indicators.sentences import sentence
from analytics.indicators.weight_forms import ReasonForm
from surveys.design.document import text_in

CENT: Final = Decimal("0.01")
MOST: Final = 100_000
"""Points may be given on any scale before they are scaled; beyond this they are a slip of the finger."""

EQUAL, SCALE = "equal", "scale"


class ShareField(forms.CharField):
    """A weight as typed; whatever is wrong with it has a sentence of its own."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"data-weight": "", "inputmode": "decimal", "autocomplete": "off"})
        missing = _("Every indicator side by side needs a weight; 0 means that it does not count.")
        super().__init__(widget=widget, max_length=40, error_messages={"required": missing}, **kwargs)

    def clean(self, value: Any) -> Decimal:
        """Return the number, 0 or more with at most two decimals."""
        text = super().clean(value).removesuffix("%").replace(",", ".").strip()
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise ValidationError(_("This is no number: %(text)s."), params={"text": text}) from None
        _check(number)
        return number


def _check(number: Decimal) -> None:
    if not number.is_finite():
        raise ValidationError(sentence("weight_not_finite"))
    if number < 0:
        raise ValidationError(sentence("weight_negative"))
    if number > MOST:
        raise ValidationError(_("A weight is at most %(most)s."), params={"most": MOST})
    if number != number.quantize(CENT, ROUND_FLOOR):
        raise ValidationError(_("A weight has at most two decimals."))


class WeightsForm(ReasonForm):
    """The weights of all children of an indicator, in percent with two decimals; they add up to 100.

    `is_scaling` accepts any total, `percents` fills the fields, `is_beside_present` names the weights in force
    beside what was typed.
    """

    def __init__(
        self, *args: Any, children: Sequence[Branch], is_scaling: bool = False,
        percents: Sequence[Decimal] | None = None, is_beside_present: bool = False, **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.children, self.is_scaling = children, is_scaling
        self.keys = [child.indicator.key for child in children]
        language = get_language() or "en"
        present = percentages([child.weight for child in children])
        for child, now, percent in zip(children, present, percents or present, strict=True):
            label = text_in(child.indicator.names, language) or child.indicator.key
            hint = gettext("In force: %(percent)s %%") % {"percent": now} if is_beside_present else ""
            self.fields[f"w_{child.indicator.key}"] = ShareField(label=label, initial=percent, help_text=hint)
        self.fields["reason"].required = not is_scaling
        self.order_fields([*(f"w_{key}" for key in self.keys), "reason"])

    def clean(self) -> dict[str, Any]:
        """Refuse weights that are all 0, or do not add up to 100 where they are not about to be scaled."""
        data = super().clean() or {}
        if any(f"w_{key}" in self.errors for key in self.keys):
            return data
        total = sum(self._given(data), Decimal(0))
        if total == 0:
            raise ValidationError(sentence("weights_all_zero"))
        if total != 100 and not self.is_scaling:
            message = _("The weights add up to %(total)s %%. Make them add up to 100 %%, or press “Scale to 100 %%”.")
            raise ValidationError(message, params={"total": format(total.normalize(), "f")})
        return data

    @property
    def weights(self) -> dict[str, float]:
        """Shares by key; untouched and equal ones are kept exactly, not as their two decimals."""
        given = self._given(self.cleaned_data)
        for exact in ([child.weight for child in self.children], [1 / len(given)] * len(given)):
            if percentages(exact) == given:
                return dict(zip(self.keys, exact, strict=True))
        return {key: float(percent / 100) for key, percent in zip(self.keys, given, strict=True)}

    @property
    def scaled(self) -> list[Decimal]:
        """What was typed, scaled to percent."""
        given = self._given(self.cleaned_data)
        total = sum(given)
        return percentages([float(number / total) for number in given])

    @property
    def weight_fields(self) -> list[forms.BoundField]:
        """The number fields alone."""
        return [self[f"w_{key}"] for key in self.keys]

    def _given(self, data: dict[str, Any]) -> list[Decimal]:
        return [data[f"w_{key}"] for key in self.keys]


def filled(posted: Any, children: Sequence[Branch], fill: str) -> WeightsForm:
    """Return the form with its fields filled as asked: alike, or what was typed scaled to 100; else its errors."""
    if fill == EQUAL:
        percents = percentages([1 / len(children)] * len(children))
    else:
        typed = WeightsForm(posted, children=children, is_scaling=True)
        if not typed.is_valid():
            return typed
        percents = typed.scaled
    return WeightsForm(children=children, percents=percents, initial={"reason": posted.get("reason", "")})


def percentages(weights: Sequence[float]) -> list[Decimal]:
    """Write shares as percentages with two decimals that add up to exactly 100 (largest remainder)."""
    exact = [Decimal(repr(weight)) * 100 for weight in weights]
    rounded = [value.quantize(CENT, ROUND_FLOOR) for value in exact]
    missing = int((Decimal(100) - sum(rounded)) / CENT) if weights else 0
    by_remainder = sorted(range(len(exact)), key=lambda place: rounded[place] - exact[place])
    for place in by_remainder[: max(0, min(missing, len(exact)))]:
        rounded[place] += CENT
    return rounded
