"""The keys inside links: derived from a nonce and the secret key, one derivation per purpose.

A link's token cannot be made from the database alone, and a token made for one purpose opens no
door of another: the answer token and the stop token come from different salts and have different
shapes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from binascii import Error as BadBase64
from functools import lru_cache
from typing import Final

from django.conf import settings

NONCE_BYTES: Final = 16
ANSWER_BYTES: Final = 24
STOP_MAC_BYTES: Final = 20
ANSWER_PURPOSE: Final = b"csat.sending.answer.v1"
STOP_PURPOSE: Final = b"csat.sending.stop.v1"
LONGEST_TOKEN: Final = 64


def new_nonce() -> bytes:
    """Return 128 random bits, one per invitation."""
    return secrets.token_bytes(NONCE_BYTES)


def token_for(nonce: bytes) -> str:
    """Return the answer link's token: 192 bits as 32 characters of base64url."""
    return _encode(_mac(ANSWER_PURPOSE, nonce)[:ANSWER_BYTES])


def hash_token(token: str) -> str:
    """Return what is stored and looked up for a token: SHA-256 in hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def stop_token_for(nonce: bytes) -> str:
    """Return the token of the "stop survey e-mails" link: the nonce and its own code."""
    return _encode(bytes(nonce) + _mac(STOP_PURPOSE, nonce)[:STOP_MAC_BYTES])


def nonce_of_stop_token(token: str) -> bytes | None:
    """Return the nonce of a genuine stop token, None for anything else (an answer token too)."""
    raw = _decode(token)
    if raw is None or len(raw) != NONCE_BYTES + STOP_MAC_BYTES:
        return None
    nonce, code = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
    return nonce if hmac.compare_digest(code, _mac(STOP_PURPOSE, nonce)[:STOP_MAC_BYTES]) else None


def _mac(purpose: bytes, nonce: bytes) -> bytes:
    return hmac.digest(_key(purpose, settings.SECRET_KEY), bytes(nonce), "sha256")


@lru_cache(maxsize=8)
def _key(purpose: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), purpose, "sha256")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(token: str) -> bytes | None:
    if len(token) > LONGEST_TOKEN or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (BadBase64, ValueError):
        return None
    # One spelling only: trailing bits that base64 ignores would be a second way to write it.
    return raw if _encode(raw) == token else None
