"""Refuse posts that another site makes a browser send. See docs/decisions/answer-pages-without-cookies.md."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest

OWN = frozenset({"same-origin", "none"})


def is_foreign(request: HttpRequest) -> bool:
    """Tell whether a browser says that another site made this request.

    Our pages send no referrer, so their own posts carry `Origin: null`: the fetch metadata decide, which
    no page can forge, and without them an origin that names somebody else.
    """
    site = request.headers.get("Sec-Fetch-Site", "")
    if site:
        return site not in OWN
    origin = request.headers.get("Origin", "null")
    return origin != "null" and urlsplit(origin).netloc != request.get_host()
