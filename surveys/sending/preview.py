"""The mail before it is sent: the same code writes it, the links lead to the preview."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from surveys.contacts.selectors import list_audience
from surveys.design.document import parse_document
from surveys.design.models import QuestionnaireVersion
from surveys.sending.delivery import person_of
from surveys.sending.letters import Links, Person, Written, compile_pattern, write
from surveys.sending.models import Campaign


def list_languages(*, version: QuestionnaireVersion | None) -> list[str]:
    """List the languages of a version."""
    return list(parse_document(version.document).languages) if version else []


def preview_links(*, campaign: Campaign) -> Links:
    """Return links that open the questionnaire's preview, where nothing is stored."""
    here = f"{settings.SITE_URL}/questionnaires/{campaign.questionnaire_id}/preview/"
    return Links(answer=here, stop=f"{settings.SITE_URL}{reverse('sending:stop-preview')}")


def write_preview(*, campaign: Campaign, version: QuestionnaireVersion, language: str) -> Written:
    """Write the mail for the first person of the audience who has that language, else for nobody."""
    audience = list_audience(team=campaign.team, segment=campaign.segment)
    contact = audience.filter(language=language).first() or audience.first()
    person = person_of(contact) if contact else Person(email="")
    pattern = compile_pattern(campaign=campaign, document=parse_document(version.document), language=language)
    return write(pattern, person, preview_links(campaign=campaign))
