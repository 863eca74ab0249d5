"""Pages for campaigns: the list, the four steps before sending, and the page while sending."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import Actor, TeamRequest, team_view
from accounts.roles import Permission
from surveys.contacts.models import Segment
from surveys.contacts.selectors import count_audience, list_attributes, list_segments
from surveys.contacts.sentences import LEFT_OUT
from surveys.sending import access, preview, selectors, services
from surveys.sending.drafts import FIRST_MESSAGE, FIRST_SUBJECT
from surveys.sending.forms import TEXT_FIELDS, WhatForm, WhenForm, WhoForm, what_initial
from surveys.sending.models import Campaign, CampaignState, DeliveryState
from surveys.sending.sentences import (
    FILTERS,
    PAUSE_REASONS,
    REASONS,
    Sentence,
    shown_state,
)
from surveys.sending.test_views import tester
from surveys.sending.timeline import list_timeline

PER_PAGE: Final = 50
# Mail needs inline styles; the sandbox takes everything else away.
MAIL_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox allow-popups; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


@require_safe
@team_view(Permission.DESIGN)
def campaign_list(request: TeamRequest) -> HttpResponse:
    """List the team's campaigns."""
    page = Paginator(selectors.list_campaigns(team=request.actor.team), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "sending/campaign_list.html", {"nav": "sendings", "page": page})


def _placeholders(actor: Actor) -> list[str]:
    return ["name", "company", *(a.key for a in list_attributes(team=actor.team) if a.key != "company")]


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def campaign_new(request: TeamRequest) -> HttpResponse:
    """Step 1 of a new campaign."""
    actor = request.actor
    initial = {
        "sender_name": actor.team.sender_name, "reply_to": actor.team.reply_to,
        "questionnaire": request.GET.get("questionnaire"), **_first_words(),
    }
    form = _what_form(request, initial)
    if request.method == "POST" and form.is_valid():
        changes = form.changes()
        campaign = services.create_campaign(
            team=actor.team, name=changes["name"], questionnaire=changes["questionnaire"], segment=None,
            sender_name=changes["sender_name"], user=actor.user, at=timezone.now(),
        )
        services.update_draft(campaign=campaign, changes=changes)
        return redirect("sending:who", campaign.pk)
    return _render_step(request, "what", None, {"form": form, "placeholders": _placeholders(actor)})


def _first_words() -> dict[str, str]:
    return {
        f"{part}_{short}": texts[language]
        for part, texts in (("subject", FIRST_SUBJECT), ("message", FIRST_MESSAGE)) for language, short in TEXT_FIELDS
    }


def _what_form(request: TeamRequest, initial: Mapping[str, Any]) -> WhatForm:
    return WhatForm(
        request.POST or None, initial=dict(initial), questionnaires=access.sendable_questionnaires(request.actor),
        placeholders=_placeholders(request.actor),
    )


def _render_step(
    request: TeamRequest, step: str, campaign: Campaign | None, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    form = context.get("form")
    number = {"what": 1, "who": 2, "when": 3, "check": 4}[step]
    return render(
        request, f"sending/step_{step}.html",
        {"nav": "sendings", "step": number, "campaign": campaign, **context},
        status=400 if form is not None and form.errors else status,
    )


def _draft(request: TeamRequest, campaign_id: int) -> Campaign | None:
    campaign = access.get_campaign(request.actor, campaign_id)
    return campaign if campaign.state == CampaignState.DRAFT else None


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def campaign_what(request: TeamRequest, campaign_id: int) -> HttpResponse:
    """Step 1 of a draft."""
    campaign = _draft(request, campaign_id)
    if campaign is None:
        return redirect("sending:detail", campaign_id)
    form = _what_form(request, what_initial(campaign))
    if request.method == "POST" and form.is_valid():
        services.update_draft(campaign=campaign, changes=form.changes())
        return redirect("sending:who", campaign.pk)
    return _render_step(request, "what", campaign, {"form": form, "placeholders": _placeholders(request.actor)})


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def campaign_who(request: TeamRequest, campaign_id: int) -> HttpResponse:
    """Step 2 of a draft: all contacts or a segment, with who is left out and why."""
    campaign = _draft(request, campaign_id)
    if campaign is None:
        return redirect("sending:detail", campaign_id)
    segments = list_segments(team=request.actor.team)
    form = WhoForm(request.POST or None, segments=segments)
    if request.method == "POST" and form.is_valid():
        services.update_draft(campaign=campaign, changes={"segment": form.cleaned_data["segment"]})
        return redirect("sending:when", campaign.pk)
    choices = [_choice(campaign, one) for one in [None, *segments]]
    has_contacts = any(choice["count"].total for choice in choices)
    return _render_step(request, "who", campaign, {"form": form, "choices": choices, "has_contacts": has_contacts})


def _choice(campaign: Campaign, segment: Segment | None) -> dict[str, Any]:
    count = count_audience(team=campaign.team, segment=segment)
    return {
        "segment": segment, "count": count, "left_out": left_out_lines(count.left_out),
        "is_chosen": campaign.segment_id == (segment.pk if segment else None),
    }


def left_out_lines(left_out: Mapping[str, int]) -> list[tuple[Sentence, int]]:
    """Return why contacts are left out, in words, the most frequent first."""
    return [(LEFT_OUT.get(code, code), n) for code, n in sorted(left_out.items(), key=lambda item: -item[1])]


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def campaign_when(request: TeamRequest, campaign_id: int) -> HttpResponse:
    """Step 3 of a draft: now, and until when."""
    campaign = _draft(request, campaign_id)
    if campaign is None:
        return redirect("sending:detail", campaign_id)
    zone = ZoneInfo(request.actor.team.time_zone)
    closes = campaign.closes_at.astimezone(zone).date() if campaign.closes_at else None
    form = WhenForm(
        request.POST or None, initial={"closes_date": closes, "wave": campaign.wave}, zone=zone, at=timezone.now()
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        services.update_draft(campaign=campaign, changes={"closes_at": data["closes_date"], "wave": data["wave"]})
        return redirect("sending:check", campaign.pk)
    return _render_step(request, "when", campaign, {"form": form, "zone": request.actor.team.time_zone})


@require_safe
@team_view(Permission.DESIGN)
def campaign_check(request: TeamRequest, campaign_id: int) -> HttpResponse:
    """Step 4: everything once more, the mail as it will look, a test mail, and the button."""
    campaign = _draft(request, campaign_id)
    if campaign is None:
        return redirect("sending:detail", campaign_id)
    audience = count_audience(team=campaign.team, segment=campaign.segment)
    version = selectors.get_latest_version(campaign=campaign)
    response = _render_step(request, "check", campaign, {
        "audience": audience, "left_out": left_out_lines(audience.left_out), "version": version,
        "languages": preview.list_languages(version=version), "address": tester(request).email,
    })
    # The mail is shown in a frame, which the site's policy otherwise forbids.
    policy = {**settings.CONTENT_SECURITY_POLICY, "frame-src": "'self'"}
    response["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
    return response


@require_safe
@team_view(Permission.DESIGN)
def campaign_mail(request: TeamRequest, campaign_id: int, language: str) -> HttpResponse:
    """Show the mail's HTML as it will be sent, for an iframe."""
    campaign = access.get_campaign(request.actor, campaign_id)
    version = selectors.get_latest_version(campaign=campaign)
    if version is None or language not in preview.list_languages(version=version):
        raise Http404
    written = preview.write_preview(campaign=campaign, version=version, language=language)
    return HttpResponse(
        written.html, headers={"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    )


@require_safe
@team_view(Permission.DESIGN)
def campaign_detail(request: TeamRequest, campaign_id: int) -> HttpResponse:
    """Show how far a campaign is, what was not delivered and each recipient."""
    campaign = access.get_campaign(request.actor, campaign_id)
    if campaign.state == CampaignState.DRAFT:
        return redirect("sending:check", campaign_id)
    state, search = request.GET.get("state", ""), request.GET.get("q", "").replace("\x00", "").strip()[:100]
    rows = selectors.list_recipients(campaign=campaign, state=state, search=search)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    funnel = selectors.get_funnel(campaign=campaign)
    query = request.GET.copy()
    query.pop("page", None)
    return render(request, "sending/campaign_detail.html", {
        "nav": "sendings", "campaign": campaign, "timeline": list_timeline(campaign=campaign),
        "funnel": funnel, "fingerprint": _fingerprint(campaign, funnel),
        "steps": _steps(funnel), "not_delivered": _not_delivered(campaign), "state": state, "search": search,
        "left_out": left_out_lines(campaign.left_out), "left_out_total": sum(campaign.left_out.values()),
        "page": page, "recipients": [(row, shown_state(row), _last_event(row)) for row in page],
        "filters": FILTERS.items(), "query": query.urlencode(),
        "pause_reason": PAUSE_REASONS.get(campaign.pause_reason, ""),
        "is_live": campaign.state == CampaignState.SENDING,
        "pace": selectors.get_pace(campaign=campaign, funnel=funnel, at=timezone.now()),
    })


def _fingerprint(campaign: Campaign, funnel: selectors.Funnel) -> str:
    return f"{campaign.state}-{funnel.final}-{funnel.sent}-{funnel.opened}-{funnel.started}-{funnel.completed}"


def _steps(funnel: selectors.Funnel) -> list[dict[str, Any]]:
    names = [
        ("planned", _("Planned")), ("sent", _("Sent")), ("opened", _("Opened (at least)")),
        ("started", _("Started")), ("completed", _("Completed")),
    ]
    counts = [(key, name, getattr(funnel, key)) for key, name in names]
    return [
        {"key": key, "name": name, "n": n, "width": 100 * n / funnel.planned if funnel.planned else 0,
         "share": funnel.share(n) if key in ("opened", "started", "completed") else None}
        for key, name, n in counts
    ]


def _not_delivered(campaign: Campaign) -> list[dict[str, Any]]:
    lines = []
    for row in selectors.count_undelivered(campaign=campaign):
        what, then = REASONS.get(row.reason, (_("Other"), _("See the list of recipients")))
        lines.append({"what": what, "then": then, "n": row.n, "state": row.state})
    return lines


def _last_event(row: Any) -> tuple[datetime | None, Sentence]:
    reason: Sentence = ""
    if row.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.RETRY):
        reason = REASONS.get(row.reason, ("", ""))[0]
    return row.completed_at or row.started_at or row.opened_at or row.sent_at or row.claimed_at, reason


@require_safe
@team_view(Permission.DESIGN)
def campaign_progress(request: TeamRequest, campaign_id: int) -> JsonResponse:
    """Return a fingerprint that changes when the page would: what the page asks every few seconds."""
    campaign = access.get_campaign(request.actor, campaign_id)
    funnel = selectors.get_funnel(campaign=campaign)
    return JsonResponse({"run": _fingerprint(campaign, funnel), "stamp": ""})


@require_POST
@team_view(Permission.DESIGN)
def campaign_duplicate(request: TeamRequest, campaign_id: int) -> HttpResponse:
    """Start a new sending from this one, at its first step."""
    campaign = access.get_campaign(request.actor, campaign_id)
    made = services.duplicate_campaign(campaign=campaign, user=request.actor.user, at=timezone.now())
    messages.success(request, _("This is a copy. Give it a name of its own and check each step."))
    return redirect("sending:what", made.pk)
