"""What people type about contacts, attributes, segments and imports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from surveys.contacts.addresses import AddressError, normalise_address
from surveys.contacts.matching import ATTRIBUTE, FIELDS, KEY, NEW, SKIP
from surveys.contacts.models import Contact, ContactAttribute, Segment
from surveys.contacts.tables import MOST_BYTES

LANGUAGES = [("", _("Not known")), ("zh-hans", "简体中文"), ("en", "English")]
ADDRESS_ERRORS = {
    "no_address": _("Enter an e-mail address."),
    "bad_address": _("Enter an e-mail address like name@company.example."),
}


class PlainForm(forms.Form):
    """A form with the page's classes and without the browser's own error bubbles."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", _class_of(field.widget))


def _class_of(widget: forms.Widget) -> str:
    if isinstance(widget, (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"


def attribute_name(attribute: ContactAttribute) -> str:
    """Return the attribute's name in the reader's language."""
    return attribute.name_in(get_language() or "en")


def level_name(attribute: ContactAttribute, level: str) -> str:
    """Return what one of the attribute's values is called in the reader's language."""
    return attribute.level_in(level, get_language() or "en")


class ContactForm(PlainForm):
    """One contact; each attribute of the team is a field of its own."""

    email = forms.CharField(label=_("E-mail"), max_length=320)
    name = forms.CharField(label=_("Name"), max_length=160, required=False)
    salutation = forms.CharField(
        label=_("Salutation"), max_length=40, required=False, help_text=_("For the greeting, such as Mr or 先生.")
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, required=False)

    def __init__(self, *args: Any, attributes: Iterable[ContactAttribute], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attribute_fields = {f"attribute-{a.key}": a for a in attributes}
        for field_name, attribute in self.attribute_fields.items():
            self.fields[field_name] = forms.CharField(
                label=attribute_name(attribute), max_length=120, required=False,
                widget=forms.TextInput(attrs={"class": "form-control"}),
            )

    def clean_email(self) -> str:
        """Refuse what cannot be written to."""
        try:
            return normalise_address(self.cleaned_data["email"]).email
        except AddressError as error:
            raise forms.ValidationError(ADDRESS_ERRORS[error.code]) from error

    def changes(self) -> dict[str, Any]:
        """Return the arguments of the contact services."""
        data = self.cleaned_data
        attributes = {a.key: data[name] for name, a in self.attribute_fields.items()}
        return {k: data[k] for k in ("email", "name", "salutation", "language")} | {"attributes": attributes}


def initial_of(contact: Contact) -> dict[str, Any]:
    """Return what the contact form shows at first."""
    return {
        "email": contact.email, "name": contact.name, "salutation": contact.salutation, "language": contact.language,
        **{f"attribute-{key}": value for key, value in contact.attributes.items()},
    }


class AttributeForm(PlainForm):
    """An attribute's names and whether results are shown by its levels."""

    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=60)
    name_en = forms.CharField(label=_("Name in English"), max_length=60)
    is_dimension = forms.BooleanField(
        label=_("Show results for each of its values"), required=False,
        help_text=_("For few values such as region or tier; not for names or numbers."),
    )

    @property
    def names(self) -> dict[str, str]:
        """Return the names by language."""
        return {"zh-hans": self.cleaned_data["name_zh"], "en": self.cleaned_data["name_en"]}


class NewAttributeForm(AttributeForm):
    """A new attribute: its key never changes afterwards."""

    key = forms.RegexField(
        label=_("Key"), regex=r"^[a-z][a-z0-9_]{0,39}$", max_length=40,
        help_text=_("Small letters, digits and underscores; used in placeholders and the API."),
        error_messages={"invalid": _("Use small letters, digits and underscores, beginning with a letter.")},
    )
    field_order = ["key", "name_zh", "name_en", "is_dimension"]


class SegmentForm(PlainForm):
    """A segment's name and, for each attribute, the values that belong to it."""

    name = forms.CharField(label=_("Name of the segment"), max_length=120)

    def __init__(
        self, *args: Any, levels: Sequence[tuple[ContactAttribute, Sequence[str]]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.attribute_keys = [attribute.key for attribute, values in levels if values]
        for attribute, values in levels:
            if values:
                self.fields[f"rule-{attribute.key}"] = forms.MultipleChoiceField(
                    label=attribute_name(attribute), choices=[(v, level_name(attribute, v)) for v in values], required=False,
                    widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
                )

    @property
    def rules(self) -> list[dict[str, Any]]:
        """Return the rules in the shape that segments store."""
        chosen = ((key, self.cleaned_data.get(f"rule-{key}")) for key in self.attribute_keys)
        return [{"attribute": key, "levels": levels} for key, levels in chosen if levels]

    def rule_fields(self) -> list[forms.BoundField]:
        """Return the bound fields of the rules, for the template."""
        return [self[f"rule-{key}"] for key in self.attribute_keys]


def segment_initial(segment: Segment) -> dict[str, Any]:
    """Return what the segment form shows at first."""
    return {"name": segment.name} | {f"rule-{r['attribute']}": r["levels"] for r in segment.rules}


class SuppressionForm(PlainForm):
    """An address to stop by hand."""

    email = forms.CharField(label=_("E-mail"), max_length=320)
    clean_email = ContactForm.clean_email


class UploadForm(PlainForm):
    """The file to import."""

    file = forms.FileField(
        label=_("CSV or Excel file (.xlsx)"), error_messages={"empty": _("The file is empty. Choose another file.")},
    )
    encoding = forms.ChoiceField(
        label=_("Text encoding"), required=False,
        choices=[("", _("Detect by itself")), ("utf-8", "UTF-8"), ("gb18030", "GB18030 / GBK"), ("utf-16", "UTF-16")],
    )

    def clean_file(self) -> Any:
        """Refuse a file over the limit before it is read."""
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            limit = MOST_BYTES // 1024 // 1024
            raise forms.ValidationError(
                _("The file is larger than %(limit)s MB. Split it and import the parts one after another."),
                params={"limit": limit},
            )
        return upload


def posted_targets(data: Mapping[str, str], count: int) -> dict[str, str]:
    """Return where each column goes, as posted by the matching page; what can be no place is left out."""
    posted = {str(index): data.get(f"column-{index}", "") for index in range(count)}
    return {index: target if _is_place(target) else SKIP for index, target in posted.items()}


def _is_place(target: str) -> bool:
    """Whether a column can go there: an attribute's key is made of letters that every other page takes."""
    key = target.removeprefix(ATTRIBUTE)
    return target in (*FIELDS, NEW) if key == target else KEY.fullmatch(key) is not None
