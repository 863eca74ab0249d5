"""What people send while they import answers: the file, the choices for its columns, a saved mapping."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, NoReturn

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Team
from surveys.answering.codes import UNKNOWN
from surveys.answering.columns import NEW, ORDERED_DATES
from surveys.answering.matching import ColumnView
from surveys.contacts.forms import PlainForm, UploadForm
from surveys.design.models import Questionnaire

MOST_MAPPING_BYTES: Final = 200_000


class AnswersForm(UploadForm):
    """The file, and the questionnaire that its answers belong to."""

    questionnaire = forms.ModelChoiceField(
        label=gettext_lazy("Questionnaire"), queryset=Questionnaire.objects.none(), empty_label=None,
        error_messages={"invalid_choice": gettext_lazy("Choose a published questionnaire of your team.")},
    )
    field_order = ["file", "questionnaire", "encoding"]

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        published = Questionnaire.objects.filter(team=team, archived_at=None, versions__isnull=False)
        field = self.fields["questionnaire"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = published.distinct().order_by("name")


class MappingFileForm(PlainForm):
    """A mapping that was downloaded earlier, here or written for the command line."""

    mapping = forms.FileField(
        label=gettext_lazy("Mapping file (JSON)"), required=True,
        error_messages={"empty": gettext_lazy("The file is empty. Choose another file.")},
    )

    def clean_mapping(self) -> dict[str, Any]:
        """Read the JSON, or say why it cannot be read."""
        upload = self.cleaned_data["mapping"]
        if upload.size > MOST_MAPPING_BYTES:
            raise forms.ValidationError(_("This file is too large for a mapping. Choose the file that was downloaded here."))
        try:
            text = upload.read().decode("utf-8-sig")
            raw = json.loads(text, parse_constant=_refuse_constant)
            # Half a surrogate pair cannot be written as UTF-8, nor NUL be stored.
            is_storable = "\\u0000" not in json.dumps(raw, ensure_ascii=False).encode().decode()
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("This is not JSON: %(reason)s") % {"reason": _reason(error)}) from error
        if not isinstance(raw, dict) or not is_storable:
            raise forms.ValidationError(_("This file is no mapping. Choose the file that was downloaded here."))
        return raw


class TakeBackForm(PlainForm):
    """Why an import is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("Why (kept in the history)"), max_length=240,
        error_messages={"required": gettext_lazy("Give a reason: it stands beside the import from then on.")},
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return _("line %(line)d, column %(column)d") % {"line": error.lineno, "column": error.colno}
    return _("it cannot be read")


def posted_targets(data: Mapping[str, str], header: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Return where each column goes; what the page does not offer is left out."""
    known = {*known, NEW}
    posted = {name: data.get(f"column-{index}", "") for index, name in enumerate(header)}
    return {name: target for name, target in posted.items() if target in known}


def posted_codes(
    data: Mapping[str, str], shown: Iterable[ColumnView], targets: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Return what the values mean, by column: of the columns still sent where they went when the page was shown."""
    return {column.name: _codes_of(data, column) for column in shown if column.codes and targets.get(column.name) == column.target}


def _codes_of(data: Mapping[str, str], column: ColumnView) -> dict[str, str]:
    offered = {UNKNOWN, *(code for code, _name in column.options)}
    posted = {code.value: data.get(f"code-{column.index}-{number}") for number, code in enumerate(column.codes)}
    return {value: chosen for value, chosen in posted.items() if chosen is not None and chosen in offered}


def as_posted(shown: Iterable[ColumnView], codes: Mapping[str, Mapping[str, str]]) -> list[ColumnView]:
    """Return the columns with the meanings that were posted instead of the stored ones."""
    return [
        replace(column, codes=tuple(
            replace(code, chosen=codes.get(column.name, {}).get(code.value, code.chosen)) for code in column.codes
        ))
        for column in shown
    ]


def posted_date_format(data: Mapping[str, str], stored: str) -> str:
    """Return how dates are written: an order of day and month, what a mapping said, or "" for any that is unmistakable."""
    chosen = data.get("date_format", "")
    return chosen if chosen in (*ORDERED_DATES, stored) else ""
