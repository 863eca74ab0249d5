"""Show the form; take it once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template import engines
from django.utils import timezone

from benchmarks.floor.models import Answer, Link

ITEMS: Final = tuple(f"item_{number}" for number in range(1, 13))
FORM: Final = """<!doctype html><title>Survey</title><form method="post">
<input type="hidden" name="csrfmiddlewaretoken" value="{{ csrf }}">
{% for item in items %}<fieldset><legend>{{ item }}</legend>{% for point in points %}
<label><input type="radio" name="{{ item }}" value="{{ point }}">{{ point }}</label>{% endfor %}</fieldset>{% endfor %}
<fieldset><legend>Recommend?</legend>{% for point in nps %}
<label><input type="radio" name="nps" value="{{ point }}">{{ point }}</label>{% endfor %}</fieldset>
<textarea name="why"></textarea><button>Send</button></form>"""


def page(request: HttpRequest, token: str) -> HttpResponse:
    """Both halves of answering."""
    if request.method == "POST":
        return take(request, token)
    if not Link._default_manager.filter(token=token, used_at__isnull=True).exists():
        raise Http404
    context = {"csrf": get_token(request), "items": ITEMS, "points": range(1, 6), "nps": range(11)}
    return HttpResponse(template().render(context))


@lru_cache(maxsize=1)
def template() -> Any:
    """The form's template, compiled once."""
    return engines["django"].from_string(FORM)


def take(request: HttpRequest, token: str) -> HttpResponse:
    """Validate, spend the token and insert, or nothing."""
    try:
        answers: dict[str, object] = {item: whole(request.POST[item], 1, 5) for item in ITEMS}
        answers |= {"nps": whole(request.POST["nps"], 0, 10), "why": request.POST["why"][:2000]}
    except (KeyError, ValueError):
        return HttpResponseBadRequest()
    at = timezone.now()
    with transaction.atomic():
        link = Link._default_manager.select_for_update().filter(token=token, used_at__isnull=True).first()
        if link is None:
            raise Http404
        Answer._default_manager.create(link=link, answers=answers, at=at)
        link.used_at = at
        link.save(update_fields=["used_at"])
    return HttpResponseRedirect(request.path)


def whole(text: str, low: int, high: int) -> int:
    """Read a whole number between two others."""
    number = int(text)
    if not low <= number <= high:
        raise ValueError(text)
    return number
