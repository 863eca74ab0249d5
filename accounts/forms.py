"""What people type about accounts."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import Theme, User
from accounts.roles import Role
from accounts.scopes import ScopeError, parse_scope

# Longer passwords only burn processor time; every field that takes one has this cap.
PASSWORD_MAX = 128
PASSWORD_RULES = _("At least 10 characters; a sentence is good. Not a common word, not only digits.")
MANAGERS_ONLY = _("Only managers can be limited to some customers. Empty this field or choose the role manager.")
NOT_ONE_LINE = _("Write this in one line, without control characters.")


def one_line(value: str) -> str:
    """Refuse line breaks and control characters: names end up in mail headers."""
    if any(not letter.isprintable() for letter in value):
        raise forms.ValidationError(NOT_ONE_LINE)
    return value


class LineField(forms.CharField):
    """Text of one line that may stand in a mail header."""

    def to_python(self, value: Any) -> str:
        """Check before blanks are stripped, so that a trailing line break is refused too."""
        return super().to_python(one_line(value) if isinstance(value, str) else value) or ""


def password_field(label: Any, autocomplete: str) -> forms.CharField:
    """Make a field for a password."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=PASSWORD_MAX, strip=False, widget=widget)


class SignInForm(forms.Form):
    """An address and a password."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = password_field(_("Password"), "current-password")


class NewPasswordForm(forms.Form):
    """A new password, typed twice."""

    new_password = password_field(_("New password"), "new-password")
    repeated = password_field(_("New password once more"), "new-password")

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["new_password"].help_text = PASSWORD_RULES

    def clean_new_password(self) -> str:
        """Apply the installation's rules for passwords."""
        password: str = self.cleaned_data["new_password"]
        validate_password(password, self.user)
        return password

    def clean_repeated(self) -> str:
        """Compare with the first."""
        repeated: str = self.cleaned_data["repeated"]
        if "new_password" in self.cleaned_data and repeated != self.cleaned_data["new_password"]:
            raise forms.ValidationError(_("The two passwords differ. Type the new password again."))
        return repeated


class ChangePasswordForm(NewPasswordForm):
    """The password in use, and a new one."""

    old_password = password_field(_("Current password"), "current-password")
    field_order = ["old_password", "new_password", "repeated"]

    def clean_old_password(self) -> str:
        """Check the password in use."""
        password: str = self.cleaned_data["old_password"]
        if self.user is None or not self.user.check_password(password):
            raise forms.ValidationError(_("This is not your current password."))
        return password


class ResetForm(forms.Form):
    """The address of an account."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )


class JoinForm(NewPasswordForm):
    """A person's name and first password."""

    name = LineField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    field_order = ["name", "new_password", "repeated"]


class ProfileForm(forms.Form):
    """How a person is called and wants pages to look."""

    name = LineField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices)


class LanguageForm(forms.Form):
    """A language to switch to."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)


class ThemeForm(forms.Form):
    """A theme to switch to."""

    theme = forms.ChoiceField(choices=Theme.choices)


class RightsForm(forms.Form):
    """A role, and for managers a scope."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.MANAGER)
    scope = forms.CharField(
        label=_("Only these customers"), required=False, max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "region = East, West"}),
        help_text=_("For managers only. One line an attribute, such as: region = East, West. Empty means everybody."),
    )

    def clean_scope(self) -> dict[str, list[str]]:
        """Read the scope."""
        try:
            return parse_scope(self.cleaned_data["scope"])
        except ScopeError as error:
            message = _("Line %(line)s is not an attribute with its values. Write it like: region = East, West")
            raise forms.ValidationError(message, params={"line": error.line}) from error

    def clean(self) -> dict[str, Any]:
        """Keep scopes to managers: the others need every customer for their work."""
        data = super().clean() or {}
        if data.get("scope") and data.get("role") not in {None, Role.MANAGER}:
            self.add_error("scope", MANAGERS_ONLY)
        return data


class InviteForm(RightsForm):
    """A colleague's address and rights."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    field_order = ["email", "role", "scope"]


class KeyForm(RightsForm):
    """A key's name and rights."""

    name = LineField(label=_("What the key is for"), max_length=120)
    field_order = ["name", "role", "scope"]


def threshold(label: Any, low: int, help_text: Any) -> forms.IntegerField:
    """Make a field for a number of answers."""
    limits = [MinValueValidator(low), MaxValueValidator(1000)]
    return forms.IntegerField(label=label, help_text=help_text, validators=limits)


def zone_choices() -> list[tuple[str, str]]:
    """List the time zones that this machine knows, by name."""
    return [(zone, zone) for zone in sorted(zoneinfo.available_timezones())]


class TeamForm(forms.Form):
    """The team's settings."""

    name = LineField(label=_("Team name"), max_length=120)
    company_en = LineField(label=_("Company name in English"), max_length=120, required=False)
    company_zh = LineField(label=_("Company name in Chinese"), max_length=120, required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"))
    default_language = forms.ChoiceField(label=_("Language of new texts"), choices=settings.LANGUAGES)
    sender_name = LineField(
        label=_("Sender name"), max_length=120, required=False,
        help_text=_("What customers see as the sender of survey mail.")
    )
    reply_to = forms.EmailField(label=_("Replies go to"), required=False)
    postal_address = LineField(
        label=_("Postal address"), max_length=240, required=False,
        help_text=_("Stands at the foot of each mail; some laws ask for it.")
    )
    privacy_url = forms.URLField(label=_("Privacy page"), required=False, assume_scheme="https", max_length=200)
    is_sending_armed = forms.BooleanField(
        label=_("Send survey mail"), required=False,
        help_text=_("Switched off, no survey mail leaves: for example after a restore, until you have looked at the campaigns."),
    )
    show_from_n = threshold(_("Show scores from"), 1, _("Valid answers behind a number before it is shown."))
    sure_from_n = threshold(
        _("Call answers few below"), 1, _("Below this a number is marked: few answers. Alerts need as many.")
    )
    anonymity_k = threshold(
        _("Smallest group in anonymous surveys"), 5,
        _("Nothing about smaller groups is shown, comments included. Never under 5."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zone_choices()  # type: ignore[attr-defined]

    def clean_privacy_url(self) -> str:
        """Let only web addresses through: the link stands in mails and on answer pages."""
        url: str = self.cleaned_data["privacy_url"]
        if url and not url.startswith(("https://", "http://")):
            raise forms.ValidationError(_("Write an address that begins with https://"))
        return url

    def clean(self) -> dict[str, Any]:
        """Check the two thresholds against each other."""
        data = super().clean() or {}
        if {"show_from_n", "sure_from_n"} <= data.keys() and data["sure_from_n"] < data["show_from_n"]:
            self.add_error("sure_from_n", _("Choose at least the number from which scores are shown."))
        return data

    def changes(self) -> dict[str, Any]:
        """Return the values by the team's own field names."""
        return with_company_names(self.cleaned_data)


def with_company_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Put the two names of the company under the one field that holds them."""
    data = dict(values)
    names = {"en": data.pop("company_en"), "zh-hans": data.pop("company_zh")}
    return {**data, "company_names": {language: name for language, name in names.items() if name}}


class FoundingForm(forms.Form):
    """What the first team and its first owner are called."""

    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, error_messages={"invalid_choice": _("Write en or zh-hans.")}
    )
    name = TeamForm.base_fields["name"]
    company_en = TeamForm.base_fields["company_en"]
    company_zh = TeamForm.base_fields["company_zh"]
    postal_address = TeamForm.base_fields["postal_address"]
    time_zone = forms.ChoiceField(
        label=_("Time zone"), error_messages={"invalid_choice": _("Write a time zone by its name, such as Asia/Shanghai.")}
    )
    email = forms.EmailField(label=_("Your e-mail address"), max_length=254)
    person = LineField(label=_("Your name"), max_length=120)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zone_choices()  # type: ignore[attr-defined]

    def team_fields(self) -> dict[str, Any]:
        """Return what is said of the team beside its name, by its own field names."""
        asked = ("company_en", "company_zh", "postal_address", "time_zone")
        data = with_company_names({key: self.cleaned_data[key] for key in asked})
        return {**data, "default_language": self.cleaned_data["language"]}
