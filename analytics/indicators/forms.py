"""What staff type about trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from analytics.indicators.models import Indicator, IndicatorTree, SourceRole
from analytics.indicators.placing import WHERE
from analytics.indicators.selectors import AskedQuestion
from analytics.indicators.services import KEY
from analytics.indicators.weight_forms import REASON_LENGTH, ReasonForm
from analytics.methods.distributions import SCORE_VECTORS
from surveys.design.document import text_in
from surveys.design.models import Questionnaire

VECTOR_NAMES = {
    "linear": _("Linear: lowest 0, highest 100, equal steps"),
    "times20": _("Point times 20 (five points)"),
    "cn_practice": _("0 / 30 / 60 / 80 / 100 (five points)"),
    "cn_practice_40": _("0 / 40 / 60 / 80 / 100 (five points)"),
}


class NamesForm(forms.Form):
    """Names in both languages."""

    missing = _("Give the indicator a name in at least one language.")
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=80, required=False)
    name_en = forms.CharField(label=_("Name in English"), max_length=80, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a thing without any name."""
        data = super().clean() or {}
        if not self.errors and not (data.get("name_zh") or data.get("name_en")):
            self.add_error("name_zh", self.missing)
        return data

    @property
    def names(self) -> dict[str, str]:
        """Names by language."""
        return {"zh-hans": self.cleaned_data["name_zh"], "en": self.cleaned_data["name_en"]}


class TreeNamesForm(NamesForm):
    """A tree's names, as long as those of the questionnaire that it was made for."""

    missing = _("Give the indicator tree a name in at least one language.")
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=160, required=False)
    name_en = forms.CharField(label=_("Name in English"), max_length=160, required=False)

    def __init__(self, *args: Any, tree: IndicatorTree, **kwargs: Any) -> None:
        initial = {"name_zh": tree.names.get("zh-hans", ""), "name_en": tree.names.get("en", "")}
        super().__init__(*args, **{"auto_id": "tree_%s", "initial": initial} | kwargs)


class NewTreeForm(forms.Form):
    """Which questionnaire the new tree is for."""

    questionnaire = forms.ModelChoiceField(
        label=_("Questionnaire"), queryset=Questionnaire.objects.none(), empty_label=_("Choose a questionnaire"),
        error_messages={"required": _("Choose a questionnaire.")},
    )

    def __init__(self, *args: Any, questionnaires: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["questionnaire"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = questionnaires


class IndicatorForm(NamesForm):
    """An indicator's names and target."""

    target = forms.DecimalField(
        label=_("Target"), min_value=0, max_value=100, max_digits=5, decimal_places=2, required=False,
        help_text=_("What the index should reach, 0 to 100. Empty for none."),
    )


class NewIndicatorForm(NamesForm):
    """A new indicator below another."""

    key = forms.RegexField(
        KEY, label=_("Key"), max_length=40,
        help_text=_("Small letters, digits and underscores. It stays when names change."),
        error_messages={
            "required": _("Give the indicator a key."),
            "invalid": _("A key is made of small letters, digits and underscores and begins with a letter.")
        },
    )
    reason = forms.CharField(label=_("Why (kept in the history)"), max_length=REASON_LENGTH, required=False)
    field_order = ["name_zh", "name_en", "key", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "new_%s"} | kwargs)


class IndicatorChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of indicators by their names."""

    def label_from_instance(self, obj: Indicator) -> str:
        """Name the indicator in the reader's language."""
        return text_in(obj.names, get_language() or "en") or str(obj.key)


class RemovalForm(ReasonForm):
    """Why an indicator is removed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "remove_%s"} | kwargs)
        self.fields["reason"].label = _("Why remove it (kept in the history)")


class MoveForm(forms.Form):
    """A new place for an indicator."""

    parent = IndicatorChoice(
        label=_("Move below"), queryset=Indicator.objects.none(), empty_label=_("Choose an indicator"),
        error_messages={"required": _("Choose an indicator.")},
    )

    def __init__(self, *args: Any, tree: IndicatorTree, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["parent"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = tree.indicators.filter(sources__isnull=True)


class PlaceForm(forms.Form):
    """Where an indicator was dropped, on the tree of which revision."""

    target = forms.IntegerField(min_value=1)
    where = forms.ChoiceField(choices=[(name, name) for name in WHERE])
    revision = forms.IntegerField(min_value=1)
    reason = forms.CharField(label=_("Why (kept in the history)"), max_length=REASON_LENGTH, required=False)

    @property
    def hidden(self) -> list[dict[str, Any]]:
        """What the question about a move carries along."""
        return [{"name": name, "value": self[name].value()} for name in ("target", "where", "revision")]


class ShiftForm(forms.Form):
    """One place up or down; a page that is still open says of which revision its tree is."""

    direction = forms.ChoiceField(choices=[("up", "up"), ("down", "down")])
    revision = forms.IntegerField(min_value=1, required=False)


class RulesForm(forms.Form):
    """Score vector and coverage."""

    score_vector = forms.ChoiceField(
        label=_("Score vector"), choices=[(name, VECTOR_NAMES[name]) for name in SCORE_VECTORS]
    )
    coverage = forms.IntegerField(
        label=_("Required share of the weight, %"), min_value=0, max_value=100,
        help_text=_("A respondent counts at an indicator when the answered part of it carries at least this share."),
    )
    reason = forms.CharField(
        label=_("Why (kept in the history)"), max_length=REASON_LENGTH,
        error_messages={"required": _("Give a reason: other rules change every figure, and it is kept beside them.")},
    )


class MappingForm(forms.Form):
    """A question that is to feed an indicator or take a role."""

    role = forms.ChoiceField(choices=SourceRole.choices, widget=forms.HiddenInput)
    question = forms.ChoiceField(label=_("Question"))

    def __init__(
        self, *args: Any, questions: Sequence[tuple[Questionnaire, AskedQuestion]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.by_value = {f"{of.pk}:{question.key}": (of, question.key) for of, question in questions}
        field = self.fields["question"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = _grouped_choices(questions)

    @property
    def chosen(self) -> tuple[Questionnaire, str]:
        """The questionnaire and the question's key."""
        return self.by_value[self.cleaned_data["question"]]


def _grouped_choices(questions: Sequence[tuple[Questionnaire, AskedQuestion]]) -> list[Any]:
    language = get_language() or "en"
    groups: dict[str, list[tuple[str, str]]] = {}
    for of, question in questions:
        label = text_in(question.text, language) or question.key
        groups.setdefault(of.name, []).append((f"{of.pk}:{question.key}", label[:100]))
    return [("", gettext("Choose a question")), *groups.items()]
