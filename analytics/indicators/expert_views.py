"""The expert's pages: no account, no cookie; a look records nothing, and without script every page still works.

With script the page asks while the expert judges how well the judgements fit together so far.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.loader import get_template
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.limits import Limit, TooManyTriesError, note_attempt
from accounts.tokens import hash_secret
from analytics.indicators.changing import TreeError
from analytics.indicators.expert_sheet import (
    PAIRS_PER_PAGE,
    Given,
    fields_of,
    missing_link,
    named_strengths,
    names_of,
    page_count,
    page_number,
    pair_number,
    pointer,
    read_page,
    strength_words,
)
from analytics.indicators.experts import LANGUAGES, PURPOSE, save_judgements, submit_sheet, with_judgements
from analytics.indicators.panel_models import Expert, Panel
from analytics.indicators.panel_results import SheetResult, list_pairs, sheet_result
from surveys.answering import notices
from surveys.answering.origin import is_foreign
from surveys.answering.visits import site_language
from surveys.design.document import text_in
from surveys.sending.letters import company_name

WRONG_LINKS: Final = Limit("expert-links", 60, timedelta(minutes=15))
OTHER: Final = {"en": ("zh-hans", "中文"), "zh-hans": ("en", "English")}


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def sheet(request: HttpRequest, token: str) -> HttpResponse:
    """Show or take one page of an expert's sheet; the page after the last is the overview."""
    if request.method == "POST" and is_foreign(request):
        return notices.unknown_reply(language=site_language())
    expert = find_expert(token)
    if expert is None:
        return _unknown(request)
    language = _language(request, expert)
    if request.method != "POST" or not expert.panel.is_open:
        return _show(request, expert, language)
    try:
        return _take(request, expert, language)
    except TreeError:  # Closed since the page was opened: the page says so.
        return HttpResponseRedirect(request.path)
    except Expert.DoesNotExist:  # Withdrawn since the link was looked up.
        return _unknown(request)


def find_expert(token: str) -> Expert | None:
    """Return whom a link names."""
    found = Expert.objects.filter(token_hash=hash_secret(token, purpose=PURPOSE))
    return found.select_related("panel__tree__team").first()


def _unknown(request: HttpRequest) -> HttpResponse:
    try:
        note_attempt(limit=WRONG_LINKS, subject=request.META.get("REMOTE_ADDR", ""), at=timezone.now())
    except TooManyTriesError as error:
        return notices.too_many_reply(language=site_language(), retry_after=error.retry_after)
    return notices.unknown_reply(language=site_language())


def _language(request: HttpRequest, expert: Expert) -> str:
    asked = request.POST.get("_lang") or request.GET.get("lang", "")
    return asked if asked in LANGUAGES else expert.language


def _show(request: HttpRequest, expert: Expert, language: str) -> HttpResponse:
    page = page_number(request.GET.get("p", ""), expert.panel, default=expert.page)
    return _rendered(request, expert, language, page)


def _take(request: HttpRequest, expert: Expert, language: str) -> HttpResponse:
    posted = request.POST
    page = page_number(posted.get("_page", "1"), expert.panel, default=0)
    move = posted.get("_to", "next")
    if move == "look":
        return _looked(expert, language, page, posted)
    if page == page_count(expert.panel):
        return _take_overview(request, expert, language, page, move)
    with translation.override(language):
        given = read_page(expert.panel, page, posted)
    if given.problems and move == "next":
        return _rendered(request, expert, language, page, given=given)
    target, language = _target(page, move, language, expert.panel)
    save_judgements(expert=expert, given=given.values, page=target, language=language, at=timezone.now())
    return _to(request, target, language, move)


def _looked(expert: Expert, language: str, page: int, posted: QueryDict) -> HttpResponse:
    """Say how well the judgements fit together with those of this page, and save nothing."""
    with translation.override(language):
        given = read_page(expert.panel, page, posted)
        # A side without a strength is no judgement yet, whatever was saved before.
        unfinished = {pair: None for pair in list_pairs(expert.panel) if "|".join(pair) in given.problems}
        result = sheet_result(expert.panel, with_judgements(expert, {**given.values, **unfinished}))
        html = get_template("indicators/_expert_ratio.html").render(_fit(expert, result, language))
    return notices.reply(str(html))


def _fit(expert: Expert, result: SheetResult, language: str) -> dict[str, Any]:
    """What the page says about how well the judgements fit together."""
    ratio = "" if result.ratio is None else _("%(ratio)s of at most 0.10") % {"ratio": f"{result.ratio:.2f}"}
    return {
        "result": result, "pointer": pointer(expert, result, language), "ratio_text": ratio,
        "table": expert.panel.get_random_index_display(),
    }


def _take_overview(request: HttpRequest, expert: Expert, language: str, page: int, move: str) -> HttpResponse:
    target, language = _target(page, move, language, expert.panel)
    if move == "send":
        try:
            submit_sheet(expert=expert, at=timezone.now())
        except TreeError:
            target = 0
        return _to(request, min(target, page), language, move)
    save_judgements(expert=expert, given={}, page=min(target, page), language=language, at=timezone.now())
    return _to(request, min(target, page), language, move)


def _target(page: int, move: str, language: str, panel: Panel) -> tuple[int, str]:
    """Return the page and language to go to; `go:7` leads to the page of pair number 7."""
    if move.startswith("lang:") and move.removeprefix("lang:") in LANGUAGES:
        return page, move.removeprefix("lang:")
    number = pair_number(move, panel)
    if number is not None:
        return number // PAIRS_PER_PAGE, language
    return (max(0, page - 1) if move == "back" else page + 1 if move == "next" else page), language


def _to(request: HttpRequest, page: int, language: str, move: str = "") -> HttpResponse:
    anchor = f"#pair-{move.removeprefix('go:')}" if move.startswith("go:") else ""
    return HttpResponseRedirect(f"{request.path}?p={page + 1}&lang={language}{anchor}")


def _rendered(
    request: HttpRequest, expert: Expert, language: str, page: int, *, given: Given | None = None
) -> HttpResponse:
    with translation.override(language):
        context = _context(request, expert, language, page, given)
        html = get_template("indicators/expert_sheet.html").render(context)
    return notices.reply(str(html), status=422 if given else 200)


def _context(
    request: HttpRequest, expert: Expert, language: str, page: int, given: Given | None
) -> dict[str, Any]:
    panel, pages = expert.panel, page_count(expert.panel)
    result = sheet_result(panel, expert.judgements)
    names = names_of(panel, language)
    weights = sorted(zip(result.eigenvector, panel.keys, strict=False), reverse=True)
    return {
        "language": language, "other": OTHER[language], "path": request.path, "expert": expert, "panel": panel,
        "company": company_name(panel.tree.team, language), "node": text_in(panel.node_names, language),
        "page": page + 1, "pages": pages, "is_overview": page == pages, "is_last": page == pages - 1,
        "fields": fields_of(expert, page, language, request.POST if given else None, given.problems if given else None),
        "strengths": strength_words(), "named_strengths": named_strengths(), **_fit(expert, result, language),
        "weights": [(names[key], weight) for weight, key in weights],
        "elements": list(names.values()), "can_send": result.is_linked, "gap": missing_link(expert, language),
        "problem_count": len(given.problems) if given else 0,
    }
