"""Texts with named holes: what is the same for many readers is written once, the rest is filled in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Stencil:
    """`texts` are the pieces before, between and after the `holes`: one more than there are holes."""

    texts: tuple[str, ...]
    holes: tuple[str, ...]

    def filled(self, values: Mapping[str, str]) -> SafeString:
        """Return the whole; `values` are markup, safe as they stand."""
        pieces = [self.texts[0]]
        for hole, text in zip(self.holes, self.texts[1:], strict=True):
            pieces += (values[hole], text)
        return SafeString("".join(pieces))


class Placeholders:
    """Stand-ins to write with, cut out afterwards. Nobody can guess them, so no customer's text holds one."""

    def __init__(self) -> None:
        self.secret = secrets.token_hex(16)

    def __getitem__(self, hole: str) -> SafeString:
        """What stands for a hole while a template writes."""
        return SafeString(f"[{self.secret}.{hole}]")

    def cut(self, written: str) -> Stencil:
        """Return the stencil of what was written with these."""
        pieces = re.split(rf"\[{self.secret}\.(\w+)\]", written)
        return Stencil(tuple(pieces[0::2]), tuple(pieces[1::2]))
