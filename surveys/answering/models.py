"""Responses, and the notes that say which results are out of date."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Abs
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from surveys.contacts.models import Contact
from surveys.design.models import Questionnaire, QuestionnaireVersion
from surveys.sending.models import Campaign, Invitation


class ResponseState(models.TextChoices):
    """A response counts only when complete."""

    PARTIAL = "partial", _("Started, not sent")
    COMPLETE = "complete", _("Completed")


class ResponseSource(models.TextChoices):
    """How the answers came in."""

    LINK = "link", _("Link")
    IMPORT = "import", _("Import")


class Response(models.Model):
    """One customer's answers to one version: `answers` by item key.

    Ratings are whole numbers, "does not apply" is "NA", a choice is an option key or a list of them,
    consent is a boolean; a key that is absent was left blank or not shown. `attributes` is the contact
    as it was at that moment. `wave` names a measurement round when the team works in rounds.
    `block_id` is set by the reader that has sealed the row into a column block (see analytics.scoring).
    """

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="responses")
    # Found by the indexes below that begin with it.
    questionnaire = models.ForeignKey(
        Questionnaire, on_delete=models.PROTECT, related_name="responses", db_index=False
    )
    version = models.ForeignKey(QuestionnaireVersion, on_delete=models.PROTECT, related_name="responses")
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="responses"
    )
    invitation = models.OneToOneField(
        Invitation, on_delete=models.PROTECT, null=True, blank=True, related_name="response"
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="responses"
    )
    source = models.CharField(max_length=8, choices=ResponseSource, default=ResponseSource.LINK)
    external_key = models.CharField(max_length=80, blank=True)
    language = models.CharField(max_length=16)
    state = models.CharField(max_length=8, choices=ResponseState, default=ResponseState.PARTIAL)
    page = models.PositiveSmallIntegerField(default=0, help_text="the furthest page reached, from 0")
    answers = models.JSONField(default=dict)
    attributes = models.JSONField(default=dict)
    respondent_weight = models.DecimalField(max_digits=16, decimal_places=10, null=True, blank=True)
    wave = models.CharField(max_length=40, blank=True)
    revision = models.PositiveIntegerField(default=1)
    is_test = models.BooleanField(default=False)
    block_id = models.BigIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ResponseState.values), name="response_state_is_known"),
            models.CheckConstraint(
                condition=Q(state="partial") | Q(completed_at__isnull=False),
                name="complete_response_has_a_time",
            ),
            models.UniqueConstraint(
                fields=["questionnaire", "external_key"], name="one_response_per_external_key",
                condition=~Q(external_key=""),
            ),
        ]
        indexes = [
            # An expression that only this index has: see `waiting_responses` in analytics.scoring.rows.
            models.Index(
                Abs("questionnaire_id"), "id", name="responses_not_yet_sealed",
                condition=Q(state="complete", block_id__isnull=True),
            ),
            models.Index(fields=["block_id"], name="responses_by_block", condition=Q(block_id__isnull=False)),
            models.Index(fields=["questionnaire", "-completed_at"], name="responses_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.questionnaire_id}/{self.pk} {self.state}"


class RecomputeNote(models.Model):
    """Says that a questionnaire's results are out of date; written with what made them so.

    A row of its own for each change: writers never wait for each other, and the reader deletes
    exactly the notes it has seen.
    """

    questionnaire = models.ForeignKey(
        Questionnaire, on_delete=models.CASCADE, related_name="recompute_notes", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["questionnaire", "id"], name="notes_by_questionnaire")]

    def __str__(self) -> str:
        return f"{self.questionnaire_id} at {self.at:%Y-%m-%d %H:%M:%S}"


class ResponseImport(models.Model):
    """An uploaded file on its way into the responses, and afterwards the record by which they can be taken back.

    `mapping` is the JSON of `surveys.answering.mapping.parse_map`, `report` what became of the rows. The file goes
    once it is imported, mapping and rows with errors after a day. Imports into a questionnaire never overlap, so its
    imported responses from `first_response_id` to `last_response_id` are those of this import and no others.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        DONE = "done", _("Done")
        TAKING_BACK = "taking_back", _("Being taken back")
        TAKEN_BACK = "taken_back", _("Taken back")

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="imports")
    file_name = models.CharField(max_length=200)
    content = models.BinaryField()
    mapping = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State, default=State.UPLOADED)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    first_response_id = models.BigIntegerField(null=True, blank=True)
    last_response_id = models.BigIntegerField(null=True, blank=True)
    taken_back_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    take_back_asked_at = models.DateTimeField(null=True, blank=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)
    take_back_reason = models.CharField(max_length=240, blank=True)
    erased = models.PositiveIntegerField(default=0, help_text="responses erased so far by taking it back")

    def __str__(self) -> str:
        return self.file_name
