"""The small forms around the builder."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from surveys.design.gallery import TEMPLATES

LARGEST_FILE = 1024 * 1024


class NewQuestionnaireForm(forms.Form):
    """A name and a ready-made questionnaire to start from."""

    name = forms.CharField(label=_("Questionnaire name"), max_length=160, help_text=_("Only staff see it."))
    template = forms.ChoiceField(
        label=_("Template"), choices=[(key, key) for key in TEMPLATES], widget=forms.HiddenInput
    )


class ImportForm(forms.Form):
    """A name and a document written by the export."""

    name = forms.CharField(label=_("Questionnaire name"), max_length=160, help_text=_("Only staff see it."))
    file = forms.FileField(label=_("JSON file"))

    def clean_file(self) -> Any:
        """Return the parsed JSON; the document's own rules are checked by the service."""
        upload: UploadedFile[bytes] = self.cleaned_data["file"]
        if (upload.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 1 MB. Export the questionnaire again."))
        try:
            return json.loads(upload.read().decode("utf-8-sig"))
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            raise forms.ValidationError(_("The file is not JSON in UTF-8. Export the questionnaire again.")) from error


class PublishForm(forms.Form):
    """The revision that was looked at, and what is new in this version."""

    revision = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    note = forms.CharField(label=_("What is new"), max_length=240, required=False)
