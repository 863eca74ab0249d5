"""How much of a difference matters."""

from __future__ import annotations

from typing import Final

SMALLEST: Final = 2.0
"""Index points below which a difference is not worth a manager's morning."""
