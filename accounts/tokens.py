"""Secrets that travel in links and headers; the database only ever holds their hash."""

from __future__ import annotations

import hashlib
import secrets

SECRET_BYTES = 32


def new_secret() -> str:
    """Return 256 random bits as 43 characters that need no escaping in an address."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_secret(secret: str, *, purpose: str) -> str:
    """Return the 64 hex digits to store; the purpose keeps one kind of secret from serving as another."""
    return hashlib.sha256(f"{purpose}:{secret}".encode("utf-8", "replace")).hexdigest()
