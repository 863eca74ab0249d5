"""What each route of the site needs: the table that the authorization test walks.

A feature that adds a route adds one entry here; a route without an entry fails the test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import MemberInvitation, Membership, Team, User
from accounts.roles import Permission
from analytics.indicators.experts import invite_experts, open_panel
from analytics.indicators.models import Indicator, IndicatorTree, QuestionSource, WeightSet
from analytics.indicators.panel_models import Panel
from analytics.scoring.recompute_requests import request_recompute
from analytics.scoring.services import recompute
from surveys.answering.uploads import start_import as start_response_import
from surveys.contacts.importing import set_mapping, start_import
from surveys.contacts.matching import EMAIL
from surveys.contacts.models import Contact, ContactAttribute, Segment, Suppression, SuppressionReason
from surveys.contacts.tables import read_table
from surveys.design.document import parse_document
from surveys.design.document_json import document_to_json
from surveys.design.models import Questionnaire
from tests.analytics import builders as analytics
from tests.cast import make_key
from tests.surveys.answering_builders import document, make_version
from tests.surveys.sending_builders import make_campaign

Build = Callable[[Team, User], dict[str, Any]]
PUBLIC, SIGNED_IN = "public", "signed in"


@dataclass(frozen=True)
class Rule:
    """Who may call a route, how, and with which sample arguments.

    `access` is PUBLIC, SIGNED_IN or a Permission. `build` makes an object of the given team and returns
    the route's arguments; `ids` names those that belong to a team and so must be 404 for another.
    `statuses` are the replies to a permitted GET. `by_link` marks routes whose argument is a secret.
    """

    access: str
    methods: tuple[str, ...] = ("GET",)
    build: Build | None = None
    ids: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)


def a_member(team: Team, _owner: User) -> dict[str, Any]:
    email = f"member-{team.pk}-{User.objects.count()}@people.example"
    user = User.objects.create_user(email, "a long test password", name="Member")
    return {"pk": Membership.objects.create(user=user, team=team, role="manager").pk}


def an_invitation(team: Team, owner: User) -> dict[str, Any]:
    number, at = MemberInvitation.objects.count(), timezone.now()
    return {"pk": MemberInvitation.objects.create(
        team=team, email=f"new-{team.pk}-{number}@people.example", role="manager", token_hash=f"{team.pk}-{number}",
        invited_by=owner, created_at=at, expires_at=at + timedelta(days=7),
    ).pk}


def a_key(team: Team, owner: User) -> dict[str, Any]:
    return {"pk": make_key(team, by=owner)[0].pk}


def a_questionnaire(name: str) -> Build:
    """Make a published questionnaire; `name` is what the route calls its id."""

    def build(team: Team, _owner: User) -> dict[str, Any]:
        return {name: make_version(team, document_to_json(parse_document(document()))).questionnaire_id}

    return build


def a_version(team: Team, _owner: User) -> dict[str, Any]:
    return {"questionnaire_id": make_version(team).questionnaire_id, "number": 1}


def a_campaign(team: Team, _owner: User) -> dict[str, Any]:
    return {"campaign_id": make_campaign(team, make_version(team)).pk}


def a_mail(team: Team, owner: User) -> dict[str, Any]:
    return {**a_campaign(team, owner), "language": "en"}


def a_contact(team: Team, _owner: User) -> dict[str, Any]:
    email = f"c{Contact.objects.count()}@customer.example"
    return {"contact_id": Contact.objects.create(team=team, email=email, email_key=email, language="en").pk}


def an_attribute(team: Team, _owner: User) -> dict[str, Any]:
    key = f"attribute_{ContactAttribute.objects.count()}"
    return {"attribute_id": ContactAttribute.objects.create(team=team, key=key, names={"en": "Tier"}).pk}


def a_segment(team: Team, _owner: User) -> dict[str, Any]:
    return {"segment_id": Segment.objects.create(team=team, name=f"East {Segment.objects.count()}").pk}


def a_suppression(team: Team, _owner: User) -> dict[str, Any]:
    number = Suppression.objects.count()
    return {"suppression_id": Suppression.objects.create(
        team=team, email_hash=f"{number:064}", reason=SuppressionReason.MANUAL, at=timezone.now()).pk}


def an_import(team: Team, owner: User) -> dict[str, Any]:
    table = read_table(content=b"email,region\na@customer.example,East\n", encoding="")
    started = start_import(team=team, file_name="people.csv", table=table, user=owner, at=timezone.now())
    set_mapping(contact_import=started, targets={"0": EMAIL, "1": ""}, rule="fill", source="test")
    return {"import_id": started.pk}


def a_response_import(team: Team, owner: User) -> dict[str, Any]:
    version = analytics.publish(team, analytics.standard_document(), name=f"Read in {Questionnaire.objects.count()}")
    table = read_table(content=f"id,{analytics.ITEMS[0]}\n1,5\n".encode())
    started = start_response_import(
        questionnaire=version.questionnaire, file_name="answers.csv", table=table, user=owner, at=timezone.now())
    return {"import_id": started.pk}


def planted(team: Team) -> IndicatorTree:
    """Make an indicator tree over a published questionnaire."""
    name = f"Measured {Questionnaire.objects.count()}"
    return analytics.make_tree(analytics.publish(team, analytics.standard_document(), name=name))


def a_tree(team: Team, _owner: User) -> dict[str, Any]:
    return {"tree_id": planted(team).pk}


def a_weight_set(team: Team, _owner: User) -> dict[str, Any]:
    return {"weight_set_id": WeightSet.objects.filter(tree=planted(team)).values_list("pk", flat=True)[0]}


def an_indicator(key: str) -> Build:
    """Take a node of a tree by its key: some routes are for branches, some for leaves."""

    def build(team: Team, _owner: User) -> dict[str, Any]:
        return {"indicator_id": Indicator.objects.get(tree=planted(team), key=key).pk}

    return build


def a_source(team: Team, _owner: User) -> dict[str, Any]:
    return {"source_id": QuestionSource.objects.filter(tree=planted(team)).values_list("pk", flat=True)[0]}


def a_run(team: Team, _owner: User) -> dict[str, Any]:
    tree = planted(team)
    run = recompute(tree=tree, at=timezone.now()).run
    assert run is not None
    return {"run_id": run.pk}


def a_panel(team: Team, owner: User) -> dict[str, Any]:
    root = Indicator.objects.get(tree=a_tree(team, owner)["tree_id"], parent=None)
    return {"panel_id": open_panel(node=root, random_index="saaty_1980", user=owner, at=timezone.now()).pk}


def an_expert(team: Team, owner: User) -> dict[str, Any]:
    panel = Panel.objects.get(pk=a_panel(team, owner)["panel_id"])
    (expert,) = invite_experts(panel=panel, emails=["ann@experts.example"], language="en", at=timezone.now())
    return {"expert_id": expert.pk}


def two_runs(team: Team, _owner: User) -> dict[str, Any]:
    tree = planted(team)
    first = recompute(tree=tree, at=timezone.now()).run
    tree.coverage = 60
    tree.save(update_fields=["coverage"])
    request_recompute(trees=[tree.pk], at=timezone.now())
    second = recompute(tree=tree, at=timezone.now()).run
    assert first is not None and second is not None and first != second
    return {"run_id": first.pk, "other_id": second.pk}


def a_dead_link(_team: Team, _owner: User) -> dict[str, Any]:
    return {"token": "no-such-token"}


MANAGE, DESIGN, VIEW = Permission.MANAGE_TEAM, Permission.DESIGN, Permission.VIEW_RESULTS

RULES: dict[str, Rule] = {
    "home": Rule(PUBLIC, statuses=(301, 302, 410)),
    "api-schema": Rule(PUBLIC),
    "api:me": Rule(VIEW),
    "accounts:sign-in": Rule(PUBLIC, ("GET", "POST"), statuses=(200, 302)),
    "accounts:sign-out": Rule(PUBLIC, ("POST",)),
    "accounts:language": Rule(PUBLIC, ("POST",)),
    "accounts:theme": Rule(PUBLIC, ("POST",)),
    "accounts:reset": Rule(PUBLIC, ("GET", "POST")),
    "accounts:reset-sent": Rule(PUBLIC),
    "accounts:reset-confirm": Rule(
        PUBLIC, ("GET", "POST"), build=lambda team, owner: {"uid": "MQ", "token": "x-y"}, statuses=(404,)
    ),
    "accounts:join": Rule(PUBLIC, ("GET", "POST"), build=lambda team, owner: {"token": "unknown"}, statuses=(404,)),
    "accounts:profile": Rule(SIGNED_IN, ("GET", "POST")),
    "accounts:change-password": Rule(SIGNED_IN, ("GET", "POST")),
    "accounts:switch-team": Rule(SIGNED_IN, ("POST",)),
    "accounts:settings": Rule(MANAGE, ("GET", "POST")),
    "accounts:audit": Rule(MANAGE),
    "accounts:members": Rule(MANAGE, ("GET", "POST")),
    "accounts:member": Rule(MANAGE, ("GET", "POST"), build=a_member, ids=("pk",)),
    "accounts:member-remove": Rule(MANAGE, ("POST",), build=a_member, ids=("pk",)),
    "accounts:invitation-withdraw": Rule(MANAGE, ("POST",), build=an_invitation, ids=("pk",)),
    "accounts:invitation-resend": Rule(MANAGE, ("POST",), build=an_invitation, ids=("pk",)),
    "accounts:keys": Rule(MANAGE, ("GET", "POST")),
    "accounts:key-revoke": Rule(MANAGE, ("POST",), build=a_key, ids=("pk",)),
    "dashboards:overview": Rule(VIEW),
    "dashboards:live": Rule(VIEW, statuses=(200, 204, 302)),
    "dashboards:export": Rule(VIEW, statuses=(200, 204, 302)),
    "dashboards:workbook": Rule(VIEW, statuses=(200, 302)),
    "dashboards:method": Rule(VIEW, statuses=(200, 204, 302)),
    "dashboards:comments": Rule(VIEW, statuses=(200, 204, 302)),
    "dashboards:change": Rule(VIEW, statuses=(200, 302)),
    "dashboards:change-export": Rule(VIEW, statuses=(200, 302)),
    "dashboards:contributions-export": Rule(VIEW, statuses=(200, 302)),
    "dashboards:weighting": Rule(VIEW, statuses=(200, 302)),
    "dashboards:weighting-choose": Rule(DESIGN, ("POST",)),
    "dashboards:weighting-new": Rule(DESIGN, ("GET", "POST"), statuses=(200, 302)),
    "dashboards:value": Rule(VIEW, build=a_run, ids=("run_id",)),
    "dashboards:runs-compare": Rule(VIEW, build=two_runs, ids=("run_id", "other_id")),
    "answering:page": Rule(PUBLIC, ("GET", "POST"), build=a_dead_link, statuses=(404,)),
    "answering:thanks": Rule(PUBLIC, ("GET", "POST"), build=a_dead_link, statuses=(404,)),
    "answering:preview": Rule(VIEW, ("GET", "POST"), build=a_questionnaire("pk"), ids=("pk",)),
    "answering:import": Rule(DESIGN, ("GET", "POST"), build=a_questionnaire("pk"), ids=("pk",)),
    "answering:import-match": Rule(DESIGN, ("GET", "POST"), build=a_response_import, ids=("import_id",), statuses=(200, 302)),
    "answering:import-check": Rule(DESIGN, ("GET", "POST"), build=a_response_import, ids=("import_id",), statuses=(200, 302)),
    "answering:import-done": Rule(DESIGN, build=a_response_import, ids=("import_id",), statuses=(200, 302)),
    "answering:import-mapping": Rule(DESIGN, build=a_response_import, ids=("import_id",)),
    "answering:import-take-back": Rule(DESIGN, ("GET", "POST"), build=a_response_import, ids=("import_id",), statuses=(200, 302)),
    "answering:import-discard": Rule(DESIGN, ("POST",), build=a_response_import, ids=("import_id",)),
    "answering:responses-csv": Rule(VIEW, build=a_questionnaire("pk"), ids=("pk",)),
    "design:list": Rule(DESIGN),
    "design:new": Rule(DESIGN, ("GET", "POST")),
    "design:import": Rule(DESIGN, ("GET", "POST")),
    "design:builder": Rule(DESIGN, build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "design:checks": Rule(DESIGN, build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "design:translations": Rule(DESIGN, ("GET", "POST"), build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "design:logic": Rule(DESIGN, build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "design:versions": Rule(DESIGN, build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "design:export": Rule(DESIGN, build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "design:remove": Rule(DESIGN, build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",), statuses=(200, 302, 404)),
    "design:edit": Rule(DESIGN, ("POST",), build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "design:rename": Rule(DESIGN, ("POST",), build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "design:undo": Rule(DESIGN, ("POST",), build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "design:promise": Rule(DESIGN, ("POST",), build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "design:archive": Rule(DESIGN, ("GET", "POST"), build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "design:restore": Rule(DESIGN, ("POST",), build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "design:publish": Rule(DESIGN, ("POST",), build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "contacts:list": Rule(DESIGN),
    "contacts:new": Rule(DESIGN, ("GET", "POST")),
    "contacts:edit": Rule(DESIGN, ("GET", "POST"), build=a_contact, ids=("contact_id",)),
    "contacts:delete": Rule(DESIGN, ("POST",), build=a_contact, ids=("contact_id",)),
    "contacts:attribute-list": Rule(DESIGN, ("GET", "POST")),
    "contacts:attribute-edit": Rule(DESIGN, ("GET", "POST"), build=an_attribute, ids=("attribute_id",)),
    "contacts:segment-list": Rule(DESIGN),
    "contacts:segment-new": Rule(DESIGN, ("GET", "POST")),
    "contacts:segment-count": Rule(DESIGN),
    "contacts:segment-edit": Rule(DESIGN, ("GET", "POST"), build=a_segment, ids=("segment_id",)),
    "contacts:segment-delete": Rule(DESIGN, ("POST",), build=a_segment, ids=("segment_id",)),
    "contacts:suppression-list": Rule(DESIGN, ("GET", "POST")),
    "contacts:suppression-lift": Rule(MANAGE, ("POST",), build=a_suppression, ids=("suppression_id",)),
    "contacts:import-upload": Rule(DESIGN, ("GET", "POST")),
    "contacts:import-match": Rule(DESIGN, ("GET", "POST"), build=an_import, ids=("import_id",), statuses=(200, 302)),
    "contacts:import-check": Rule(DESIGN, ("GET", "POST"), build=an_import, ids=("import_id",), statuses=(200, 302)),
    "contacts:import-done": Rule(DESIGN, build=an_import, ids=("import_id",), statuses=(200, 302)),
    "contacts:import-wrong-rows": Rule(DESIGN, build=an_import, ids=("import_id",), statuses=(200, 302)),
    "contacts:import-discard": Rule(DESIGN, ("POST",), build=an_import, ids=("import_id",)),
    "sending:list": Rule(DESIGN),
    "sending:new": Rule(DESIGN, ("GET", "POST")),
    "sending:what": Rule(DESIGN, ("GET", "POST"), build=a_campaign, ids=("campaign_id",)),
    "sending:who": Rule(DESIGN, ("GET", "POST"), build=a_campaign, ids=("campaign_id",)),
    "sending:when": Rule(DESIGN, ("GET", "POST"), build=a_campaign, ids=("campaign_id",)),
    "sending:check": Rule(DESIGN, build=a_campaign, ids=("campaign_id",), statuses=(200, 302)),
    "sending:detail": Rule(DESIGN, build=a_campaign, ids=("campaign_id",), statuses=(200, 302)),
    "sending:progress": Rule(DESIGN, build=a_campaign, ids=("campaign_id",), statuses=(200, 302)),
    "sending:mail": Rule(DESIGN, build=a_mail, ids=("campaign_id",)),
    "sending:test": Rule(DESIGN, ("POST",), build=a_campaign, ids=("campaign_id",)),
    "sending:draft-test": Rule(DESIGN, ("POST",), build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "sending:launch": Rule(DESIGN, ("POST",), build=a_campaign, ids=("campaign_id",)),
    "sending:pause": Rule(DESIGN, ("POST",), build=a_campaign, ids=("campaign_id",)),
    "sending:resume": Rule(DESIGN, ("POST",), build=a_campaign, ids=("campaign_id",)),
    "sending:duplicate": Rule(DESIGN, ("POST",), build=a_campaign, ids=("campaign_id",)),
    "sending:cancel": Rule(DESIGN, ("POST",), build=a_campaign, ids=("campaign_id",)),
    "sending:resend": Rule(DESIGN, ("POST",), build=a_campaign, ids=("campaign_id",)),
    "sending:stop-preview": Rule(PUBLIC),
    "sending:unsubscribe": Rule(PUBLIC, ("GET", "POST"), build=a_dead_link, statuses=(404,)),
    "sending:unsubscribe-undo": Rule(PUBLIC, ("POST",), build=a_dead_link),
    "api:questionnaire-list": Rule(VIEW),
    "api:questionnaire-detail": Rule(VIEW, build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "api:questionnaire-archive": Rule(DESIGN, ("POST",), build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "api:questionnaire-restore": Rule(DESIGN, ("POST",), build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "api:questionnaire-draft": Rule(DESIGN, build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "api:version-list": Rule(VIEW, build=a_questionnaire("questionnaire_id"), ids=("questionnaire_id",)),
    "api:version-detail": Rule(VIEW, build=a_version, ids=("questionnaire_id",)),
    "api:contacts": Rule(DESIGN, ("GET", "POST")),
    "api:contact": Rule(DESIGN, build=a_contact, ids=("contact_id",)),
    "api:campaigns": Rule(DESIGN),
    "api:campaign": Rule(DESIGN, build=a_campaign, ids=("campaign_id",)),
    "api:campaign-invitations": Rule(DESIGN, build=a_campaign, ids=("campaign_id",)),
    "api:response-list": Rule(VIEW),
    "api:overview": Rule(VIEW, statuses=(200, 404)),
    "api:overview-workbook": Rule(VIEW, statuses=(200, 404)),
    "api:changes": Rule(VIEW, statuses=(200, 404)),
    "api:weightings": Rule(VIEW, statuses=(200, 404)),
    "indicators:list": Rule(VIEW),
    "indicators:new": Rule(DESIGN, ("GET", "POST")),
    "indicators:tree": Rule(VIEW, build=a_tree, ids=("tree_id",)),
    "indicators:rename": Rule(DESIGN, ("POST",), build=a_tree, ids=("tree_id",)),
    "indicators:rules": Rule(DESIGN, ("POST",), build=a_tree, ids=("tree_id",)),
    "indicators:equal": Rule(DESIGN, ("GET", "POST"), build=a_tree, ids=("tree_id",)),
    "indicators:role-map": Rule(DESIGN, ("POST",), build=a_tree, ids=("tree_id",)),
    "indicators:weight-set-choose": Rule(DESIGN, ("GET", "POST"), build=a_weight_set, ids=("weight_set_id",)),
    "indicators:weight-set-undo": Rule(DESIGN, ("POST",), build=a_weight_set, ids=("weight_set_id",)),
    "indicators:indicator": Rule(DESIGN, ("GET", "POST"), build=an_indicator("quality"), ids=("indicator_id",)),
    "indicators:indicator-add": Rule(DESIGN, ("POST",), build=an_indicator("product"), ids=("indicator_id",)),
    "indicators:indicator-remove": Rule(DESIGN, ("POST",), build=an_indicator("quality"), ids=("indicator_id",)),
    "indicators:indicator-shift": Rule(DESIGN, ("POST",), build=an_indicator("quality"), ids=("indicator_id",)),
    "indicators:indicator-place": Rule(DESIGN, ("POST",), build=an_indicator("quality"), ids=("indicator_id",)),
    "indicators:indicator-move": Rule(DESIGN, ("POST",), build=an_indicator("quality"), ids=("indicator_id",)),
    "indicators:indicator-weights": Rule(DESIGN, ("GET", "POST"), build=an_indicator("product"), ids=("indicator_id",)),
    "indicators:indicator-map": Rule(DESIGN, ("POST",), build=an_indicator("quality"), ids=("indicator_id",)),
    "indicators:weights-home": Rule(VIEW, statuses=(200, 302)),
    "indicators:weights": Rule(VIEW, build=a_tree, ids=("tree_id",)),
    "indicators:weights-compare": Rule(DESIGN, ("POST",), build=a_tree, ids=("tree_id",)),
    "indicators:weights-choose": Rule(DESIGN, ("POST",), build=a_tree, ids=("tree_id",)),
    "indicators:panel-open": Rule(DESIGN, ("POST",), build=a_tree, ids=("tree_id",)),
    "indicators:panel": Rule(DESIGN, build=a_panel, ids=("panel_id",)),
    "indicators:panel-invite": Rule(DESIGN, ("POST",), build=a_panel, ids=("panel_id",)),
    "indicators:panel-close": Rule(DESIGN, ("POST",), build=a_panel, ids=("panel_id",)),
    "indicators:panel-weights": Rule(DESIGN, ("POST",), build=a_panel, ids=("panel_id",)),
    "indicators:expert-again": Rule(DESIGN, ("POST",), build=an_expert, ids=("expert_id",)),
    "indicators:expert-remove": Rule(DESIGN, ("POST",), build=an_expert, ids=("expert_id",)),
    "experts:sheet": Rule(PUBLIC, ("GET", "POST"), build=a_dead_link, statuses=(404,)),
    "api:weight-set": Rule(VIEW, build=a_weight_set, ids=("weight_set_id",)),
    "api:weight-set-choose": Rule(DESIGN, ("POST",), build=a_weight_set, ids=("weight_set_id",)),
    "api:weight-comparison": Rule(VIEW, build=a_tree, ids=("tree_id",)),
    "api:panels": Rule(DESIGN, build=a_tree, ids=("tree_id",)),
    "api:panel": Rule(DESIGN, build=a_panel, ids=("panel_id",)),
    "indicators:source-remove": Rule(DESIGN, ("POST",), build=a_source, ids=("source_id",)),
    "api:indicators": Rule(VIEW),
    "api:indicator-tree": Rule(VIEW, build=a_tree, ids=("tree_id",)),
    "api:weight-sets": Rule(VIEW, build=a_tree, ids=("tree_id",)),
    "api:metrics": Rule(VIEW),
    "api:runs": Rule(VIEW),
    "api:run": Rule(VIEW, build=a_run, ids=("run_id",)),
    "api:run-value": Rule(VIEW, build=a_run, ids=("run_id",)),
    "api:run-values": Rule(VIEW, build=a_run, ids=("run_id",)),
}
