"""The form of an access key: a fixed beginning, a prefix to recognise it by, a secret."""

from __future__ import annotations

import re
import secrets

from accounts.tokens import hash_secret, new_secret

# The fixed beginning lets secret scanners recognise a key that was committed by mistake.
KEY_FORM = re.compile(r"csat_[0-9a-f]{10}_[A-Za-z0-9_-]{43}")
PURPOSE = "access-key"


def new_key() -> tuple[str, str]:
    """Return (prefix of 10 hex digits, whole key)."""
    prefix = secrets.token_hex(5)
    return prefix, f"csat_{prefix}_{new_secret()}"


def hash_key(key: str) -> str:
    """Return the hash a key is found by."""
    return hash_secret(key, purpose=PURPOSE)


def is_key(text: str) -> bool:
    """Tell whether the text has the form of a key, before any look into the database."""
    return KEY_FORM.fullmatch(text) is not None
