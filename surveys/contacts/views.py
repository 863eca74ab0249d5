"""Pages for contacts, attributes, segments and stopped addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from surveys.contacts import access, selectors, services
from surveys.contacts.forms import (
    AttributeForm,
    ContactForm,
    NewAttributeForm,
    SegmentForm,
    SuppressionForm,
    attribute_name,
    initial_of,
    level_name,
    segment_initial,
)
from surveys.contacts.models import Contact, ContactAttribute, Segment
from surveys.contacts.sentences import LEFT_OUT

PER_PAGE = 50


@require_safe
@team_view(Permission.DESIGN)
def contact_list(request: TeamRequest) -> HttpResponse:
    """List contacts, searched and filtered by the address of the page."""
    team = request.actor.team
    attributes = list(selectors.list_attributes(team=team))
    chosen = {a.key: request.GET.get(a.key, "") for a in attributes}
    search = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    rows = selectors.list_contacts(team=team, search=search, levels={k: v for k, v in chosen.items() if v})
    filters = [
        {"key": a.key, "name": attribute_name(a), "chosen": chosen[a.key],
         "levels": [(one, level_name(a, one)) for one in selectors.list_levels(team=team, key=a.key)]}
        for a in attributes if a.is_dimension
    ]
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    stopped = selectors.list_suppressed_hashes(team=team)
    columns = attributes[:4]
    shown = [
        (contact, [level_name(a, str(contact.attributes.get(a.key, ""))) for a in columns],
         LEFT_OUT.get(selectors.left_out_reason(contact.email_key, stopped), ""))
        for contact in page
    ]
    query = request.GET.copy()
    query.pop("page", None)
    return render(request, "contacts/contact_list.html", {
        "nav": "contacts",
        "page": page, "shown": shown, "filters": filters, "search": search, "query": query.urlencode(),
        "columns": [attribute_name(a) for a in columns],
        "is_filtered": bool(search or any(chosen.values())),
    })


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def contact_new(request: TeamRequest) -> HttpResponse:
    """Add one contact."""
    return _edit_contact(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def contact_edit(request: TeamRequest, contact_id: int) -> HttpResponse:
    """Change one contact."""
    return _edit_contact(request, access.get_contact(request.actor, contact_id))


def _edit_contact(request: TeamRequest, contact: Contact | None) -> HttpResponse:
    team = request.actor.team
    form = ContactForm(
        request.POST or None, attributes=selectors.list_attributes(team=team),
        initial=initial_of(contact) if contact else None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            _store_contact(request, contact, form)
        except services.ContactExistsError:
            form.add_error("email", _("There is already a contact with this address. Search for it and edit it."))
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:list")
    return render(request, "contacts/contact_form.html", {"nav": "contacts", "form": form, "contact": contact})


def _store_contact(request: TeamRequest, contact: Contact | None, form: ContactForm) -> None:
    at = timezone.now()
    if contact is None:
        services.create_contact(team=request.actor.team, at=at, **form.changes())
        return
    known = {**contact.attributes}
    changes = form.changes()
    changes["attributes"] = {**known, **changes["attributes"]}
    services.update_contact(contact=contact, at=at, **changes)


@require_POST
@team_view(Permission.DESIGN)
def contact_delete(request: TeamRequest, contact_id: int) -> HttpResponse:
    """Remove one contact; their answers stay, without a person."""
    contact = access.get_contact(request.actor, contact_id)
    services.delete_contact(contact=contact)
    record_event(actor=request.actor, action="contact.deleted", target=f"contact {contact_id}", at=timezone.now())
    messages.success(request, _("The contact was removed. Answers given so far stay, without a name."))
    return redirect("contacts:list")


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def attribute_list(request: TeamRequest) -> HttpResponse:
    """List attributes and add one."""
    team = request.actor.team
    form = NewAttributeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_attribute(
                team=team, key=form.cleaned_data["key"], names=form.names,
                is_dimension=form.cleaned_data["is_dimension"], at=timezone.now(),
            )
            return redirect("contacts:attribute-list")
        except services.AttributeExistsError:
            form.add_error("key", _("There is already an attribute with this key. Choose another key."))
    rows = [(a, attribute_name(a), [level_name(a, one) for one in selectors.list_levels(team=team, key=a.key)[:6]])
            for a in selectors.list_attributes(team=team)]
    return render(request, "contacts/attribute_list.html", {"nav": "contacts", "form": form, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def attribute_edit(request: TeamRequest, attribute_id: int) -> HttpResponse:
    """Rename an attribute or make it a dimension."""
    attribute = access.get_attribute(request.actor, attribute_id)
    form = AttributeForm(request.POST or None, initial=_attribute_initial(attribute))
    if request.method == "POST" and form.is_valid():
        services.update_attribute(
            attribute=attribute, names=form.names, is_dimension=form.cleaned_data["is_dimension"], at=timezone.now()
        )
        messages.success(request, _("Saved."))
        return redirect("contacts:attribute-list")
    return render(request, "contacts/attribute_form.html", {"nav": "contacts", "form": form, "attribute": attribute})


def _attribute_initial(attribute: ContactAttribute) -> dict[str, object]:
    return {
        "name_zh": attribute.names.get("zh-hans", ""), "name_en": attribute.names.get("en", ""),
        "is_dimension": attribute.is_dimension,
    }


@require_safe
@team_view(Permission.DESIGN)
def segment_list(request: TeamRequest) -> HttpResponse:
    """List segments with how many contacts each has now."""
    team = request.actor.team
    attributes = {a.key: a for a in selectors.list_attributes(team=team)}
    rows = [
        {"segment": segment, "count": selectors.count_audience(team=team, segment=segment),
         "rules": [_rule_words(attributes.get(r["attribute"]), r) for r in segment.rules]}
        for segment in selectors.list_segments(team=team)
    ]
    return render(request, "contacts/segment_list.html", {"nav": "contacts", "rows": rows})


def _rule_words(attribute: ContactAttribute | None, rule: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return a rule as the attribute's name and its values' names; the key where the attribute is gone."""
    if attribute is None:
        return rule["attribute"], rule["levels"]
    return attribute_name(attribute), [level_name(attribute, level) for level in rule["levels"]]


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def segment_new(request: TeamRequest) -> HttpResponse:
    """Add a segment."""
    return _edit_segment(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def segment_edit(request: TeamRequest, segment_id: int) -> HttpResponse:
    """Change a segment."""
    return _edit_segment(request, access.get_segment(request.actor, segment_id))


def _edit_segment(request: TeamRequest, segment: Segment | None) -> HttpResponse:
    team = request.actor.team
    levels = [(a, selectors.list_levels(team=team, key=a.key)) for a in selectors.list_attributes(team=team)]
    form = SegmentForm(request.POST or None, levels=levels, initial=segment_initial(segment) if segment else None)
    if request.method == "POST" and form.is_valid() and "count" not in request.POST:
        try:
            services.save_segment(
                team=team, name=form.cleaned_data["name"], rules=form.rules, at=timezone.now(), segment=segment
            )
            messages.success(request, _("Saved."))
            return redirect("contacts:segment-list")
        except services.SegmentExistsError:
            form.add_error("name", _("There is already a segment with this name. Choose another name."))
    rules = form.rules if form.is_bound and form.is_valid() else (segment.rules if segment else [])
    return render(request, "contacts/segment_form.html", {
        "nav": "contacts",
        "form": form, "segment": segment, "count": selectors.list_matching(team=team, rules=rules).count(),
    })


@require_safe
@team_view(Permission.DESIGN)
def segment_count(request: TeamRequest) -> HttpResponse:
    """Return the live count for the rules in the address, as the fragment that the form shows."""
    team = request.actor.team
    rules = [
        {"attribute": a.key, "levels": request.GET.getlist(f"rule-{a.key}")}
        for a in selectors.list_attributes(team=team) if request.GET.getlist(f"rule-{a.key}")
    ]
    count = selectors.list_matching(team=team, rules=rules).count()
    return render(request, "contacts/_segment_count.html", {"count": count})


@require_POST
@team_view(Permission.DESIGN)
def segment_delete(request: TeamRequest, segment_id: int) -> HttpResponse:
    """Remove a segment that no campaign uses."""
    try:
        services.delete_segment(segment=access.get_segment(request.actor, segment_id))
        messages.success(request, _("The segment was removed."))
    except services.SegmentInUseError:
        messages.error(request, _("A campaign uses this segment, so it stays. You can rename it."))
    return redirect("contacts:segment-list")


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def suppression_list(request: TeamRequest) -> HttpResponse:
    """List stopped addresses and stop one by hand."""
    team = request.actor.team
    form = SuppressionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.suppress(team=team, email=form.cleaned_data["email"], reason="manual", at=timezone.now())
        record_event(actor=request.actor, action="suppression.added", at=timezone.now())
        messages.success(request, _("No survey e-mail will be sent to this address any more."))
        return redirect("contacts:suppression-list")
    page = Paginator(selectors.list_suppressions(team=team), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "contacts/suppression_list.html", {"nav": "contacts", "form": form, "page": page})


@require_POST
@team_view(Permission.MANAGE_TEAM)
def suppression_lift(request: TeamRequest, suppression_id: int) -> HttpResponse:
    """Allow an address again; only the owner may, and the audit trail keeps it."""
    suppression = access.get_suppression(request.actor, suppression_id)
    suppression.delete()
    record_event(
        actor=request.actor, action="suppression.lifted", target=f"suppression {suppression_id}", at=timezone.now()
    )
    messages.success(request, _("The address may be written to again."))
    return redirect("contacts:suppression-list")
