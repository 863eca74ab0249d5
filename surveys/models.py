"""All models of the app, so that Django finds them."""

from surveys.answering.models import RecomputeNote, Response, ResponseImport, ResponseSource, ResponseState
from surveys.contacts.models import (
    Contact,
    ContactAttribute,
    ContactImport,
    Segment,
    Suppression,
    SuppressionReason,
)
from surveys.design.models import DraftRevision, Questionnaire, QuestionnaireVersion
from surveys.sending.models import Campaign, CampaignState, DeliveryState, Invitation

__all__ = [
    "Campaign", "CampaignState", "Contact", "ContactAttribute", "ContactImport", "DeliveryState", "DraftRevision",
    "Invitation", "Questionnaire", "QuestionnaireVersion", "RecomputeNote", "Response",
    "ResponseImport", "ResponseSource", "ResponseState", "Segment", "Suppression", "SuppressionReason",
]
