"""Expert panels, their sheets, and the comparison of weights that staff look at before they choose."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from analytics.indicators.models import Indicator, IndicatorTree


class RandomIndexTable(models.TextChoices):
    """Which table of random indices a panel's consistency ratios are divided by."""

    ALONSO_LAMATA = "alonso_lamata_2006", _("Alonso and Lamata 2006")
    SAATY = "saaty_1980", _("Saaty 1980")


class Panel(models.Model):
    """Experts who compare the children of one indicator in pairs.

    `elements` keeps the keys and names of the children as they were when the panel was opened, so that a
    later change of the tree does not change what was judged.
    """

    tree = models.ForeignKey(IndicatorTree, on_delete=models.CASCADE, related_name="panels")
    node = models.ForeignKey(Indicator, on_delete=models.SET_NULL, null=True, related_name="panels")
    node_key = models.SlugField(max_length=40)
    node_names = models.JSONField(default=dict)
    elements = models.JSONField(help_text='[{"key": …, "names": {language: name}}, …], two to nine')
    random_index = models.CharField(
        max_length=24, choices=RandomIndexTable, default=RandomIndexTable.ALONSO_LAMATA
    )
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"panel {self.pk} on {self.node_key}"

    @property
    def is_open(self) -> bool:
        """Whether experts may still judge."""
        return self.closed_at is None

    @property
    def keys(self) -> list[str]:
        """Keys of the elements in order."""
        return [element["key"] for element in self.elements]


class Expert(models.Model):
    """One invited expert with one sheet; the link's secret is known to the mail only, here is its hash.

    `judgements` maps "first|second" (keys, in the panel's order) to how many times the first matters more
    than the second, 1 to 9, negative where the second matters more: -3 is a third. A pair that is left
    open is not in it.
    """

    panel = models.ForeignKey(Panel, on_delete=models.CASCADE, related_name="experts")
    email = models.EmailField()
    email_key = models.EmailField()
    name = models.CharField(max_length=80, blank=True)
    language = models.CharField(max_length=10, default="zh-hans")
    token_hash = models.CharField(max_length=64, blank=True)
    judgements = models.JSONField(default=dict)
    page = models.PositiveSmallIntegerField(default=0, validators=[MinValueValidator(0)])
    invited_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(
        default=timezone.now, help_text="since when a mail waits; a try that fails puts it at the end"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["panel", "email_key"], name="one_sheet_per_expert"),
            models.UniqueConstraint(
                fields=["token_hash"], name="one_expert_per_link", condition=~Q(token_hash="")
            ),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True) | Q(saved_at__isnull=False), name="submitted_was_saved"
            ),
        ]

    def __str__(self) -> str:
        return f"expert {self.pk} of panel {self.panel_id}"


class WeightComparison(models.Model):
    """All candidate weights of a tree side by side on the answers of one run; made by a worker.

    `wanted_at` says since when a new one is asked for; `result` is what `analytics.scoring.weight_lab`
    wrote: candidates with weights, index and branches, or the reason why there are none.
    """

    tree = models.OneToOneField(
        IndicatorTree, on_delete=models.CASCADE, related_name="comparison", primary_key=True
    )
    wanted_at = models.DateTimeField(null=True, blank=True)
    run_number = models.BigIntegerField(null=True, blank=True)
    responses = models.PositiveIntegerField(default=0)
    basis_hash = models.CharField(max_length=64, blank=True, help_text="of the definition and the sets compared")
    result = models.JSONField(default=dict)
    made_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"comparison for tree {self.tree_id}"
