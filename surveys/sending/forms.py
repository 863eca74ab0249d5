"""What people type about a campaign, step by step."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from surveys.contacts.forms import PlainForm
from surveys.contacts.models import Segment
from surveys.design.models import Questionnaire
from surveys.sending.models import Campaign
from surveys.sending.sentences import TEXT_PROBLEMS
from surveys.sending.texts import LONGEST_MESSAGE, LONGEST_SUBJECT, find_problems

TEXT_FIELDS = (("zh-hans", "zh"), ("en", "en"))


class WhatForm(PlainForm):
    """Step 1: the questionnaire, the sender and the mail's own words."""

    name = forms.CharField(label=_("Name of the campaign"), max_length=160, help_text=_("Only your team sees it."))
    questionnaire = forms.ModelChoiceField(
        label=_("Questionnaire"), queryset=Questionnaire.objects.none(), empty_label=_("Choose a questionnaire"),
        help_text=_("Only published questionnaires can be sent."),
    )
    sender_name = forms.CharField(label=_("Sender"), max_length=120, help_text=_("A person, not a department."))
    sender_title = forms.CharField(label=_("Sender's position"), max_length=160, required=False)
    reply_to = forms.EmailField(label=_("Replies go to"), required=False)
    subject_zh = forms.CharField(label=_("Subject"), required=False)
    message_zh = forms.CharField(label=_("Message"), required=False, widget=forms.Textarea(attrs={"rows": 4}))
    subject_en = forms.CharField(label=_("Subject"), required=False)
    message_en = forms.CharField(label=_("Message"), required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(
        self, *args: Any, questionnaires: QuerySet[Questionnaire], placeholders: Collection[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.placeholders = placeholders
        field = self.fields["questionnaire"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = questionnaires

    def clean(self) -> dict[str, Any]:
        """Refuse now what would fail or surprise when the mail is sent."""
        data = super().clean() or {}
        for _language, short in TEXT_FIELDS:
            self._check(f"subject_{short}", is_line=True, longest=LONGEST_SUBJECT)
            self._check(f"message_{short}", is_line=False, longest=LONGEST_MESSAGE)
        for name in ("name", "sender_name", "sender_title"):
            self._check(name, is_line=True, longest=200, known=None)
        if not any(data.get(f"subject_{short}") and data.get(f"message_{short}") for _l, short in TEXT_FIELDS):
            raise forms.ValidationError(_("Write a subject and a message in at least one language."))
        return data

    def _check(
        self, name: str, *, is_line: bool, longest: int, known: Collection[str] | None = ()
    ) -> None:
        text = self.cleaned_data.get(name) or ""
        problems = find_problems(text, known=self.placeholders, is_line=is_line, longest=longest)
        for problem in problems:
            if known is None and problem.code in ("unknown_placeholder", "no_fallback"):
                continue
            self.add_error(name, forms.ValidationError(TEXT_PROBLEMS[problem.code] % {"detail": problem.detail}))

    def changes(self) -> dict[str, Any]:
        """Return the campaign's fields."""
        data = self.cleaned_data
        plain = {k: data[k] for k in ("name", "questionnaire", "sender_name", "sender_title", "reply_to")}
        return plain | {
            "subject": {language: data[f"subject_{short}"] for language, short in TEXT_FIELDS},
            "message": {language: data[f"message_{short}"] for language, short in TEXT_FIELDS},
        }


def what_initial(campaign: Campaign) -> dict[str, Any]:
    """Return what step 1 shows at first."""
    plain = {k: getattr(campaign, k) for k in ("name", "questionnaire", "sender_name", "sender_title", "reply_to")}
    texts = {
        f"{part}_{short}": getattr(campaign, part).get(language, "")
        for part in ("subject", "message") for language, short in TEXT_FIELDS
    }
    return plain | texts


class WhoForm(PlainForm):
    """Step 2: the audience."""

    segment = forms.ModelChoiceField(queryset=Segment.objects.none(), required=False)

    def __init__(self, *args: Any, segments: QuerySet[Segment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["segment"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = segments


class WhenForm(PlainForm):
    """Step 3: until when answers are taken; the day counts to its last minute in the team's time zone."""

    closes_date = forms.DateField(
        label=_("Last day for answers"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    wave = forms.CharField(
        label=_("Wave"), max_length=40, required=False,
        help_text=_("Campaigns of the same wave are counted together, such as 2026-Q4."),
    )

    def __init__(self, *args: Any, zone: ZoneInfo, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.at = zone, at

    def clean_closes_date(self) -> datetime | None:
        """Turn the day into the moment after its last minute; refuse a day that is over."""
        day = self.cleaned_data["closes_date"]
        if day is None:
            return None
        moment = datetime.combine(day, time(23, 59, 59), tzinfo=self.zone)
        if moment <= self.at:
            raise forms.ValidationError(_("This day is over. Choose today or a later day."))
        return moment
