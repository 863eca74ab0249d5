"""Users, teams, memberships, access keys and the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, role_grants


class UserManager(BaseUserManager["User"]):
    """Create users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user; an empty password makes an account that cannot sign in yet."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user for `manage.py createsuperuser`."""
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Find a user by e-mail, whatever the case it was typed in."""
        return self.get(email__iexact=username)


class Theme(models.TextChoices):
    """How a person wants pages to look."""

    AUTO = "auto", _("Like the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=16, blank=True)
    theme = models.CharField(_("theme"), max_length=8, choices=Theme, default=Theme.AUTO)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now)

    loaded_memberships: list[Membership] | None = None
    """What `MemberBackend` has read together with the person, for the request it has read them for."""

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]

    def __str__(self) -> str:
        return self.name or self.email


class Team(models.Model):
    """A company or department: everything else belongs to one team."""

    name = models.CharField(_("name"), max_length=120)
    company_names = models.JSONField(default=dict, help_text="company name by language code")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")
    default_language = models.CharField(max_length=16, default="zh-hans")
    sender_name = models.CharField(max_length=120, blank=True)
    reply_to = models.EmailField(blank=True)
    postal_address = models.CharField(max_length=240, blank=True)
    privacy_url = models.URLField(blank=True)
    show_from_n = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    sure_from_n = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    anonymity_k = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(5), MaxValueValidator(1000)]
    )
    is_sending_armed = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(anonymity_k__gte=5), name="anonymity_k_at_least_5"),
            models.CheckConstraint(condition=Q(show_from_n__gte=1), name="show_from_n_at_least_1"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user's role in a team, with an optional scope over contact attributes.

    `scope` maps an attribute key to the levels the member may see, for example
    `{"region": ["East"]}`; empty means everything.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role)
    scope = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "team"], name="one_membership_per_user_and_team"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} as {self.role}"

    def grants(self, permission: str) -> bool:
        """Tell whether this member may do `permission`."""
        return role_grants(self.role, permission)


class MemberInvitationQuerySet(models.QuerySet["MemberInvitation"]):
    """Invitations by their state."""

    def open(self, at: datetime) -> MemberInvitationQuerySet:
        """Keep those that can be accepted at this moment."""
        return self.filter(accepted_at=None, expires_at__gt=at)

    def unsent(self) -> MemberInvitationQuerySet:
        """Keep those whose mail has not gone out."""
        return self.filter(sent_at=None, accepted_at=None)


class MemberInvitation(models.Model):
    """An invitation by mail to join a team; only a hash of its token is kept.

    The token is made when the mail is made, so that no queue and no log ever holds it:
    until then the hash is that of a secret nobody knows.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="member_invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role)
    scope = models.JSONField(default=dict, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    queued_at = models.DateTimeField(
        default=timezone.now, help_text="since when its mail waits; a try that fails puts it at the end"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)

    objects = MemberInvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "team", Lower("email"), condition=Q(accepted_at=None), name="one_open_invitation_per_email"
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.team}"


class AccessKey(models.Model):
    """A key for the API; it carries a role and a scope like a member."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="access_keys")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=16, choices=Role)
    scope = models.JSONField(default=dict, blank=True)
    prefix = models.CharField(max_length=12, unique=True)
    key_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditEvent(models.Model):
    """Who did what to which object; rows are only ever added.

    `target` is kind and number, such as "campaign 12"; `target_names` what it was called at that moment, by
    language, or under "" where the name is the same in all. Customers are never named here.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="audit_events")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    access_key = models.ForeignKey(AccessKey, on_delete=models.SET_NULL, null=True, related_name="+")
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=120, blank=True)
    target_names = models.JSONField(default=dict, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["team", "-at"], name="audit_by_team_newest"),
            models.Index(fields=["team", "target"], name="audit_by_team_and_object"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target}".strip()


class AttemptCounter(models.Model):
    """How often something was tried in a window: the limiter that survives a lost cache.

    `bucket` is a keyed hash of what is limited (an address, an account), never the thing itself.
    """

    bucket = models.CharField(max_length=64)
    window_start_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bucket", "window_start_at"], name="one_counter_per_window")
        ]

    def __str__(self) -> str:
        return f"{self.bucket[:8]} {self.count}"
