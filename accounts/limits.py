"""Limits on guessing, counted in the database: they hold when the cache is lost or frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django.utils.crypto import salted_hmac

from accounts.models import AttemptCounter


@dataclass(frozen=True)
class Limit:
    """So many tries in a window of time, for each subject (an account, an address)."""

    name: str
    tries: int
    window: timedelta


QUARTER = timedelta(minutes=15)
SIGN_IN_ACCOUNT = Limit("sign-in-account", 10, QUARTER)
# An office shares one address, so it gets more tries than one account.
SIGN_IN_ADDRESS = Limit("sign-in-address", 50, QUARTER)
RESET_ACCOUNT = Limit("reset-account", 3, timedelta(hours=1))
RESET_ADDRESS = Limit("reset-address", 20, timedelta(hours=1))
JOIN_ADDRESS = Limit("join-address", 30, QUARTER)
PASSWORD_CHANGE = Limit("password-change", 10, QUARTER)
INVITE_TEAM = Limit("invite-team", 100, timedelta(days=1))


class TooManyTriesError(Exception):
    """The limit is reached; `retry_after` says in how many seconds the window ends."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many tries")
        self.retry_after = retry_after


def note_attempt(*, limit: Limit, subject: str, at: datetime) -> None:
    """Count one try; raise TooManyTriesError when there were too many in this window.

    The try is counted before it is judged, so that parallel tries cannot slip through together.
    """
    start = window_start(limit, at)
    counter, _made = AttemptCounter.objects.get_or_create(bucket=bucket_of(limit, subject), window_start_at=start)
    AttemptCounter.objects.filter(pk=counter.pk).update(count=F("count") + 1)
    counter.refresh_from_db(fields=["count"])
    if counter.count > limit.tries:
        raise TooManyTriesError(max(1, int((start + limit.window - at).total_seconds())))


def forget_attempts(*, limit: Limit, subject: str, at: datetime) -> None:
    """Clear the count after a success, so that the rightful owner never runs into the limit."""
    AttemptCounter.objects.filter(
        bucket=bucket_of(limit, subject), window_start_at=window_start(limit, at)
    ).delete()


def take_back_attempt(*, limit: Limit, subject: str, at: datetime) -> None:
    """Uncount one try that succeeded, where others share the subject."""
    AttemptCounter.objects.filter(
        bucket=bucket_of(limit, subject), window_start_at=window_start(limit, at), count__gt=0
    ).update(count=F("count") - 1)


def delete_old_counters(*, before: datetime) -> int:
    """Delete counters of windows long past; return how many."""
    return AttemptCounter.objects.filter(window_start_at__lt=before).delete()[0]


def bucket_of(limit: Limit, subject: str) -> str:
    """Return a keyed hash: the table names neither addresses nor people."""
    return salted_hmac(f"accounts.limits.{limit.name}", subject.strip().lower(), algorithm="sha256").hexdigest()


def window_start(limit: Limit, at: datetime) -> datetime:
    """Return the beginning of the window that holds `at`."""
    seconds = int(limit.window.total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, at.tzinfo)
