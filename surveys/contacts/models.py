"""People, their attributes, segments, suppression and imports."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User


class ContactAttribute(models.Model):
    """An attribute that a team keeps of its contacts, such as region or tier.

    `is_dimension` makes it a segment dimension: results are shown for each of its levels.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="contact_attributes")
    key = models.SlugField(max_length=40)
    names = models.JSONField(default=dict)
    level_names = models.JSONField(default=dict, help_text="names by language, by level")
    is_dimension = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "key"], name="one_attribute_per_team_and_key")
        ]

    def __str__(self) -> str:
        return self.key

    def name_in(self, language: str) -> str:
        """Return the attribute's name in a language, else in any it has, else its key."""
        return self.names.get(language) or next((name for name in self.names.values() if name), self.key)

    def level_in(self, level: str, language: str) -> str:
        """Return what a value of the attribute is called in a language, else the value as it is stored."""
        return str(self.level_names.get(level, {}).get(language) or level)


class Contact(models.Model):
    """A person who may be asked. `email_key` is the normalised address that must be unique."""

    # Found by the index of the unique address, which begins with it.
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="contacts", db_index=False)
    email = models.EmailField(max_length=254)
    email_key = models.CharField(max_length=254)
    name = models.CharField(max_length=160, blank=True)
    salutation = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=16, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    is_test = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "email_key"], name="one_contact_per_team_and_email")
        ]
        indexes = [models.Index(fields=["team", "name"], name="contact_by_team_and_name")]

    def __str__(self) -> str:
        return self.name or self.email


class Segment(models.Model):
    """A saved filter over attributes: `rules` is a list of {"attribute", "levels"}; all must hold."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="segments")
    name = models.CharField(max_length=120)
    rules = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="one_segment_per_name")]

    def __str__(self) -> str:
        return self.name


class SuppressionReason(models.TextChoices):
    """Why an address gets no more survey mail."""

    UNSUBSCRIBED = "unsubscribed", _("Stopped survey e-mails")
    BOUNCED = "bounced", _("Address does not exist")
    COMPLAINT = "complaint", _("Marked as spam")
    MANUAL = "manual", _("Stopped by staff")


class Suppression(models.Model):
    """An address that is never written to, kept as a keyed hash so that it outlives the contact."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="suppressions")
    email_hash = models.CharField(max_length=64)
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="suppressions"
    )
    reason = models.CharField(max_length=16, choices=SuppressionReason)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "email_hash"], name="one_suppression_per_address"),
            models.CheckConstraint(
                condition=Q(reason__in=SuppressionReason.values), name="suppression_reason_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.email_hash[:8]}"


class ContactImport(models.Model):
    """An uploaded file on its way into the contacts; nothing is stored as contacts before it is done."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        DONE = "done", _("Done")

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="contact_imports")
    file_name = models.CharField(max_length=200)
    content = models.BinaryField()
    encoding = models.CharField(max_length=32)
    mapping = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    source_note = models.CharField(max_length=240, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.UPLOADED)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.file_name
