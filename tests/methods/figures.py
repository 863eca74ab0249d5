"""Published and independently computed figures the methods must reproduce."""

import json
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parent / "reference"
# Closed forms agree to the last digits that the sources print.
CLOSED = 1e-9


def figures(name: str) -> Any:
    """Return the reference figures kept in `reference/<name>.json`."""
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))
