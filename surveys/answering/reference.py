"""The short reference on the thank-you page: staff find a response by it, a stranger reads no count from it."""

from __future__ import annotations

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 8
SPACE: Final = 32**LENGTH
FACTOR: Final = 0x9E3779B97F4A7C15 % SPACE | 1
"""Odd, so that multiplying modulo a power of two can be undone."""


def reference_of(number: int) -> str:
    """Write a response's id as two groups of four characters, without letters that look like digits."""
    mixed, letters = number * FACTOR % SPACE, ""
    for _place in range(LENGTH):
        mixed, digit = divmod(mixed, 32)
        letters = ALPHABET[digit] + letters
    return f"{letters[:4]}-{letters[4:]}"


def number_of(reference: str) -> int | None:
    """Return the id behind a reference, None for what is none."""
    letters = reference.strip().upper().replace("-", "").replace("O", "0").replace("I", "1").replace("L", "1")
    if len(letters) != LENGTH or any(letter not in ALPHABET for letter in letters):
        return None
    mixed = 0
    for letter in letters:
        mixed = mixed * 32 + ALPHABET.index(letter)
    return mixed * pow(FACTOR, -1, SPACE) % SPACE
