"""What staff type about weights and panels."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from analytics.indicators.models import Indicator
from analytics.indicators.panel_models import RandomIndexTable
from surveys.contacts.addresses import AddressError, normalise_address
from surveys.design.document import text_in

REASON_LENGTH = 240
LANGUAGES = (("zh-hans", "中文"), ("en", "English"))


class ReasonForm(forms.Form):
    """Why weights are chosen."""

    reason = forms.CharField(
        label=_("Why (kept in the history)"), max_length=REASON_LENGTH,
        error_messages={"required": _("Give a reason: it is kept beside the weights.")},
    )


class ChoiceForm(ReasonForm):
    """A candidate and why it is chosen."""

    candidate = forms.ChoiceField(
        label=_("Weights to use from now on"),
        error_messages={"invalid_choice": _("These weights are not to choose from any more. Load the page again.")},
    )
    field_order = ["candidate", "reason"]

    def __init__(self, *args: Any, candidates: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["candidate"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = candidates


class NodeChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of indicators by their names."""

    def label_from_instance(self, obj: Indicator) -> str:
        """Name the indicator in the reader's language."""
        return text_in(obj.names, get_language() or "en") or str(obj.key)


class PanelForm(forms.Form):
    """On which indicator a panel judges, and by which table its ratios go."""

    node = NodeChoice(label=_("Compare what is below"), queryset=Indicator.objects.none(), empty_label=None)
    random_index = forms.ChoiceField(
        label=_("Random-index table"), choices=RandomIndexTable.choices, initial=RandomIndexTable.ALONSO_LAMATA,
        help_text=_("What the consistency ratio is divided by. It is printed beside every ratio."),
    )

    def __init__(self, *args: Any, nodes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["node"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = nodes


class InviteForm(forms.Form):
    """Whom to ask, and in which language the mail begins."""

    emails = forms.CharField(
        label=_("E-mail addresses"), widget=forms.Textarea(attrs={"rows": 4}), max_length=20_000,
        help_text=_("One on a line, or separated by commas."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)

    def clean_emails(self) -> list[str]:
        """Split and check the addresses."""
        return [_address(part) for part in re.split(r"[\s,;，；]+", self.cleaned_data["emails"]) if part]


def _address(text: str) -> str:
    try:
        return normalise_address(text).email
    except AddressError as error:
        raise ValidationError(
            _("This is no e-mail address: %(address)s. Correct or remove it."), params={"address": text[:80]}
        ) from error
