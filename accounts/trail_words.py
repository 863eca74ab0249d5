"""How the audit trail reads to people: what was done, the facts beside it, and to which object.

Every room writes its own actions; their words stand here together, because the page that shows them does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.forms import TeamForm
from accounts.roles import Role

ACTIONS: Final[Mapping[str, Promise]] = {
    "session.started": _("Signed in"),
    "password.changed": _("Changed their password"),
    "password.reset": _("Chose a new password by mail"),
    "team.created": _("Began a team"),
    "team.changed": _("Changed the settings"),
    "member.invited": _("Invited a colleague"),
    "member.joined": _("Joined the team"),
    "member.changed": _("Changed a member's rights"),
    "member.removed": _("Removed a member"),
    "invitation.withdrawn": _("Withdrew an invitation"),
    "key.created": _("Created an access key"),
    "key.revoked": _("Revoked an access key"),
    "questionnaire.created": _("Created a questionnaire"),
    "questionnaire.published": _("Published a questionnaire"),
    "questionnaire.archived": _("Archived a questionnaire"),
    "questionnaire.restored": _("Restored a questionnaire"),
    "questionnaire.promised": _("Chose whether a questionnaire is anonymous"),
    "responses.imported": _("Imported responses"),
    "responses.taken_back": _("Took an import of responses back"),
    "contacts.imported": _("Imported contacts"),
    "contact.deleted": _("Removed a contact"),
    "suppression.added": _("Stopped mail to an address"),
    "suppression.lifted": _("Allowed mail to an address again"),
    "campaign.launched": _("Started a campaign"),
    "campaign.paused": _("Paused a campaign"),
    "campaign.resumed": _("Resumed a campaign"),
    "campaign.resent": _("Sent failed mail again"),
    "campaign.halted": _("A campaign paused by itself"),
    "campaign.finished": _("A campaign finished"),
    "campaign.tested": _("Sent a test mail"),
    "campaign.cancelled": _("Ended a campaign"),
    "indicator_tree.created": _("Created an indicator tree"),
    "indicator_tree.renamed": _("Renamed an indicator tree"),
    "indicator_tree.rules_set": _("Changed the rules of an indicator tree"),
    "indicator.added": _("Added an indicator"),
    "indicator.edited": _("Changed an indicator"),
    "indicator.moved": _("Moved an indicator"),
    "indicator.move_undone": _("Undid the move of an indicator"),
    "indicator.removed": _("Removed an indicator"),
    "question.mapped": _("Let a question feed an indicator"),
    "question.unmapped": _("Took a question off an indicator"),
    "weights.set": _("Set weights by hand"),
    "weights.equalised": _("Made weights equal"),
    "weights.chosen": _("Chose a weight set"),
    "weighting.saved": _("Saved a respondent weighting"),
    "weighting.chosen": _("Chose a respondent weighting"),
    "panel.opened": _("Opened an expert panel"),
    "panel.closed": _("Closed an expert panel"),
    "panel.reopened": _("Opened an expert panel again"),
    "panel.experts_invited": _("Invited experts"),
    "panel.expert_reminded": _("Reminded an expert"),
    "panel.expert_withdrawn": _("Withdrew an expert's sheet"),
    "panel.weights_made": _("Made weights from an expert panel"),
}
FACTS: Final[Mapping[str, str | Promise]] = {
    "member.invited": _("as %(role)s"),
    "member.joined": _("as %(role)s"),
    "member.changed": _("from %(from)s to %(to)s"),
    "key.created": _("as %(role)s"),
    "team.changed": "%(fields)s",
    "questionnaire.published": _("version %(version)s"),
    "questionnaire.promised": _("anonymous: %(is_anonymous)s"),
    "responses.imported": _("%(created)s new, %(wrong)s wrong"),
    "responses.taken_back": _("%(file)s, %(responses)s erased: %(reason)s"),
    "contacts.imported": _("%(new)s new, %(updated)s changed, %(stopped)s stopped, %(wrong)s wrong"),
    "indicator_tree.renamed": _("formerly “%(before)s”"),
    "indicator_tree.rules_set": "%(reason)s",
    "indicator.added": "%(indicator)s",
    "indicator.edited": "%(indicator)s",
    "indicator.moved": "%(indicator)s",
    "indicator.move_undone": "%(indicator)s",
    "indicator.removed": "%(indicator)s",
    "question.mapped": _("key %(key)s"),
    "question.unmapped": _("key %(key)s"),
    "weights.set": "%(indicator)s",
    "weights.chosen": _("number %(number)s: %(reason)s"),
    "weighting.saved": _("number %(number)s: %(name)s"),
    "panel.weights_made": _("number %(number)s"),
    "panel.experts_invited": _("%(count)s invited"),
}
KINDS: Final[Mapping[str, Promise]] = {
    "user": _("User %(number)s"),
    "team": _("Team %(number)s"),
    "invitation": _("Invitation %(number)s"),
    "key": _("Access key %(number)s"),
    "questionnaire": _("Questionnaire %(number)s"),
    "campaign": _("Campaign %(number)s"),
    "import": _("Import %(number)s"),
    "contact": _("Contact %(number)s"),
    "suppression": _("Stopped address %(number)s"),
    "tree": _("Indicator tree %(number)s"),
    "panel": _("Expert panel %(number)s"),
}

NAMED_KINDS: Final[Mapping[str, Promise]] = {
    "team": _("Team “%(name)s”"),
    "invitation": _("Invitation to %(name)s"),
    "key": _("Access key “%(name)s”"),
    "questionnaire": _("Questionnaire “%(name)s”"),
    "campaign": _("Campaign “%(name)s”"),
    "import": _("Import of %(name)s"),
    "tree": _("Indicator tree “%(name)s”"),
    "panel": _("Expert panel on “%(name)s”"),
}


def say_action(action: str) -> str:
    """Say an action in words; one that has none (written by a newer version) stays as it is."""
    return str(ACTIONS.get(action, action))


def say_facts(action: str, detail: Mapping[str, Any]) -> str:
    """Say the facts noted beside an action, empty where there are none or one is missing."""
    try:
        facts = {"indicator": detail["key"], **detail} if "key" in detail else detail
        return str(FACTS.get(action, "")) % {name: _value(name, value) for name, value in facts.items()}
    except KeyError:
        return ""


def say_object(target: str, name: str) -> str:
    """Say which object was touched: kind and name, people by the name alone; without a name kind and number."""
    kind, _space, number = target.rpartition(" ")
    if kind == "user" and name:
        return name
    if name and kind in NAMED_KINDS:
        return str(NAMED_KINDS[kind]) % {"name": name}
    return str(KINDS[kind]) % {"number": number} if kind in KINDS else target


def _value(name: str, value: Any) -> str:
    if name in ("role", "from", "to"):
        return str(dict(Role.choices).get(value, value))
    if name == "fields" and isinstance(value, list):
        return translate(", ").join(_field_name(str(one)) for one in value)
    if name in ("indicator", "before") and isinstance(value, Mapping):
        return str(value.get(get_language() or "en") or next((text for text in value.values() if text), ""))
    if isinstance(value, bool):
        return translate("yes") if value else translate("no")
    return str(value)


def _field_name(name: str) -> str:
    field = TeamForm.base_fields.get({"company_names": "company_en"}.get(name, name))
    return str(field.label) if field is not None and field.label else name
