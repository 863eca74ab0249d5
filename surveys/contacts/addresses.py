"""Turn what people type or export into a mail address that can be compared and written to."""

from __future__ import annotations

import hmac
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
SUPPRESSION_PURPOSE: Final = b"csat.contacts.suppression.v1"
LONGEST_LOCAL_PART: Final = 64


class AddressError(ValueError):
    """Not an address; `code` is "no_address" or "bad_address"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Address:
    """An address as written to (`email`) and as compared (`key`, all lower case)."""

    email: str
    key: str
    corrections: tuple[str, ...] = ()


def normalise_address(raw: str) -> Address:
    """Trim, fold full-width forms, drop invisible characters and lower the domain's case.

    `corrections` names what was mended: "spaces", "full_width", "invisible".
    Raises AddressError when nothing is there or it is no address.
    """
    text, corrections = _mended(raw)
    if not text:
        raise AddressError("no_address")
    local, _, domain = text.rpartition("@")
    email = f"{local}@{domain.lower()}"
    try:
        validate_email(email)
    except ValidationError as error:
        raise AddressError("bad_address") from error
    if len(email) > 254 or len(local) > LONGEST_LOCAL_PART:
        raise AddressError("bad_address")
    return Address(email=email, key=email.lower(), corrections=corrections)


def _mended(raw: str) -> tuple[str, tuple[str, ...]]:
    corrections = []
    visible = INVISIBLE.sub("", raw)
    if visible != raw:
        corrections.append("invisible")
    trimmed = visible.strip()
    if trimmed != visible:
        corrections.append("spaces")
    folded = unicodedata.normalize("NFKC", trimmed).strip()
    if folded != trimmed:
        corrections.append("full_width")
    return folded, tuple(corrections)


def address_key(email: str) -> str:
    """Return the form of an address that is compared, also for one that is no address."""
    try:
        return normalise_address(email).key
    except AddressError:
        return email.strip().lower()


def hash_address(key: str) -> str:
    """Return the keyed hash under which a suppressed address is remembered (64 hex digits)."""
    return hmac.digest(_hash_key(settings.SECRET_KEY), key.encode(), "sha256").hex()


@lru_cache(maxsize=4)
def _hash_key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), SUPPRESSION_PURPOSE, "sha256")
