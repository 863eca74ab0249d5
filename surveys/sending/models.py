"""Campaigns and the sending ledger: one invitation per contact, one state each."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from surveys.contacts.models import Contact, Segment
from surveys.design.models import Questionnaire, QuestionnaireVersion


class CampaignState(models.TextChoices):
    """Where a campaign is."""

    DRAFT = "draft", _("Draft")
    SENDING = "sending", _("Sending")
    PAUSED = "paused", _("Paused")
    FINISHED = "finished", _("Finished")
    CANCELLED = "cancelled", _("Cancelled")


class Campaign(models.Model):
    """One questionnaire sent to an audience at a time. The version is fixed at launch."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="campaigns")
    name = models.CharField(max_length=160)
    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="campaigns")
    version = models.ForeignKey(
        QuestionnaireVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="campaigns"
    )
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, null=True, blank=True)
    subject = models.JSONField(default=dict, help_text="text by language")
    message = models.JSONField(default=dict, help_text="text by language")
    sender_name = models.CharField(max_length=120)
    sender_title = models.CharField(max_length=160, blank=True)
    reply_to = models.EmailField(blank=True)
    wave = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=16, choices=CampaignState, default=CampaignState.DRAFT)
    pause_reason = models.CharField(max_length=64, blank=True)
    left_out = models.JSONField(default=dict, help_text="contacts not invited, by reason")
    closes_at = models.DateTimeField(null=True, blank=True)
    is_example = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    launched_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CampaignState.values), name="campaign_state_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "cancelled"]) | Q(version__isnull=False),
                name="launched_campaign_has_a_version",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DeliveryState(models.TextChoices):
    """What happened to one invitation's mail."""

    PENDING = "pending", _("Waiting")
    CLAIMED = "claimed", _("Being sent")
    SENT = "sent", _("Sent")
    RETRY = "retry", _("Trying again")
    FAILED = "failed", _("Not delivered")
    UNKNOWN = "unknown", _("Unknown")
    SUPPRESSED = "suppressed", _("Stopped")
    CANCELLED = "cancelled", _("Cancelled")


class Invitation(models.Model):
    """One contact's place in a campaign and the ledger row of its mail.

    The link's token is derived from `nonce` and the secret key; only its hash is stored, so that the
    database alone opens no link, and a reminder carries the same link.
    """

    # Found by the constraints' indexes, which begin with it.
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="invitations", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="invitations")
    nonce = models.BinaryField(max_length=16, unique=True)
    token_hash = models.CharField(max_length=64)
    language = models.CharField(max_length=16)
    attributes = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField(max_length=200, blank=True)
    reply_code = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    is_test = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "contact"], name="one_invitation_per_contact"),
            # Not `unique=True`: that makes a second index, for searches by prefix, which nobody does.
            models.UniqueConstraint(fields=["token_hash"], name="one_invitation_per_token"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_is_known"),
        ]
        indexes = [
            models.Index(
                fields=["campaign", "due_at"], name="invitations_to_send",
                condition=Q(state__in=["pending", "retry"]),
            ),
            models.Index(fields=["claimed_at"], name="invitations_in_hand", condition=Q(state="claimed")),
            models.Index(fields=["campaign", "state"], name="invitations_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}/{self.pk} {self.state}"
