"""Compile the message catalogues without gettext being installed."""

from __future__ import annotations

import os
from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def compile_catalogues(folder: Path = LOCALE) -> list[Path]:
    """Write each .mo that is missing or older than its .po; return those written."""
    stale = [po for po in sorted(folder.glob("*/LC_MESSAGES/*.po")) if is_stale(po)]
    return [compile_catalogue(po) for po in stale]


def is_stale(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    return not mo.exists() or mo.stat().st_mtime_ns < po.stat().st_mtime_ns


def compile_catalogue(po: Path) -> Path:
    """Write one .mo in a single step, so that a process starting now never reads half of it."""
    mo = po.with_suffix(".mo")
    draft = po.with_suffix(f".mo.{os.getpid()}")
    polib.pofile(str(po)).save_as_mofile(str(draft))
    draft.replace(mo)
    return mo


if __name__ == "__main__":
    compile_catalogues()
