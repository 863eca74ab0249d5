"""Recognise files that are no table, by how they begin: a picture read as text would give odd columns."""

from __future__ import annotations

from typing import Final

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files of the old Office begin, and new ones behind a password."""
ENCRYPTED_PARTS: Final = ("EncryptedPackage".encode("utf-16-le"), "EncryptionInfo".encode("utf-16-le"))
OTHER_KINDS: Final = (
    b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"{\\rtf", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BM",
    b"SQLite format 3", b"\x7fELF", b"MZ",
)
WORDY: Final = (b"MZ", b"BM", b"RIFF", b"Rar!", b"GIF8")
"""Beginnings that a column's name could have too: they count only where binary zeros follow."""
MARKUP: Final = (b"<!doctype", b"<html", b"<?xml", b"<svg")


def name_foreign_kind(content: bytes) -> str:
    """Return "protected", "old_excel" or "wrong_kind" for what is surely no table, else an empty string."""
    if content.startswith(OLE):
        return "protected" if any(part in content for part in ENCRYPTED_PARTS) else "old_excel"
    start = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.lower().startswith(MARKUP):
        return "wrong_kind"
    kind = next((kind for kind in OTHER_KINDS if start.startswith(kind)), b"")
    return "wrong_kind" if kind and (kind not in WORDY or b"\x00" in content[:512]) else ""
