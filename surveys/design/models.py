"""Questionnaires and their immutable versions."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Team, User


class Questionnaire(models.Model):
    """What a team asks: a draft that is edited, and the versions published from it."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="questionnaires")
    name = models.CharField(max_length=160)
    draft = models.JSONField()
    draft_revision = models.PositiveIntegerField(default=1)
    is_anonymous = models.BooleanField(
        default=False, help_text="promises that nothing about groups under k answers is shown"
    )
    is_example = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="one_questionnaire_per_team_and_name")
        ]

    def __str__(self) -> str:
        return self.name


class QuestionnaireVersion(models.Model):
    """A published document; it never changes, and each response points to the one it answered."""

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    content_hash = models.CharField(max_length=64)
    published_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    published_at = models.DateTimeField()
    note = models.CharField(max_length=240, blank=True)

    class Meta:
        ordering = ["questionnaire", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["questionnaire", "number"], name="one_version_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.questionnaire} v{self.number}"


class DraftRevision(models.Model):
    """A draft as it was before a save: what undo goes back to. Only the latest few are kept."""

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="draft_history")
    number = models.PositiveIntegerField(help_text="the draft_revision this document had")
    document = models.JSONField()
    replaced_at = models.DateTimeField()

    class Meta:
        ordering = ["questionnaire", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["questionnaire", "number"], name="one_draft_per_revision")
        ]

    def __str__(self) -> str:
        return f"{self.questionnaire} draft {self.number}"
