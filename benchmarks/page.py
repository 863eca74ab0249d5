"""How heavy the answer page is for someone who opens it for the first time."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from typing import Final

from django.test import Client

from benchmarks.answering import make_campaign
from benchmarks.figures import Row
from surveys.sending.models import Invitation
from surveys.sending.tokens import token_for

GROUP: Final = "page"
PARTS: Final = re.compile(r"""<(link|script|img)\b[^>]*?(?:href|src)="([^"]+)"[^>]*>""")
LOADED_LINKS: Final = ("stylesheet", "icon", "preload", "modulepreload")
NGINX_LEVEL: Final = 1
"""How a reverse proxy compresses a page unless it is told otherwise."""


def measure(_sizes: Sequence[int]) -> Iterator[Row]:
    """Fetch the page and all it names."""
    campaign = make_campaign(1, "page")
    token = token_for(bytes(Invitation.objects.get(campaign=campaign).nonce))
    client = Client(headers={"host": "127.0.0.1", "accept-encoding": "gzip"})
    html = client.get(f"/a/{token}/").content
    parts = {found.group(2): found.group(1) for found in PARTS.finditer(html.decode()) if is_loaded(found.group(0))}
    weights = {address: weight_of(client, address) for address in parts if not address.startswith("data:")}
    total = len(gzip.compress(html, NGINX_LEVEL)) + sum(weights.values())
    yield Row(GROUP, "answer page, cold, gzip", total / 1000, 15, "kB", "15 kB", 1)
    yield Row(GROUP, "requests for it", 1 + len(weights), 3, "", "3", 1)
    scripts = sum(weight for address, weight in weights.items() if parts[address] == "script")
    works_by_itself = b"<form" in html and b"<button" in html
    needed = 0 if works_by_itself else scripts
    yield Row(GROUP, "JavaScript it cannot do without", needed / 1000, 1, "kB", "1 kB", 0)


def is_loaded(tag: str) -> bool:
    """Tell what a browser fetches from what it only links to."""
    return not tag.startswith("<link") or any(f'rel="{kind}"' in tag for kind in LOADED_LINKS)


def weight_of(client: Client, address: str) -> int:
    """Bytes over the line for one part."""
    reply = client.get(address)
    assert reply.status_code == 200, address
    return len(reply.getvalue())
