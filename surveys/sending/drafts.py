"""The mail of a questionnaire that nobody has prepared a sending for: the usual words, the team's sender."""

from __future__ import annotations

from typing import Final

from surveys.design.models import Questionnaire
from surveys.sending.letters import company_name
from surveys.sending.models import Campaign

FIRST_SUBJECT: Final = {"zh-hans": "{name}，我们的服务怎么样？", "en": "{name}, how was our service?"}
FIRST_MESSAGE: Final = {
    "zh-hans": "想请您花 1 分钟告诉我们做得怎么样。",
    "en": "Please tell us how we did. It takes about one minute.",
}
"""What a new sending's mail says until somebody writes something better."""


def unsaved_campaign(*, questionnaire: Questionnaire) -> Campaign:
    """Return a campaign that is only ever rendered: it has no id and must not be saved."""
    team = questionnaire.team
    return Campaign(
        team=team, questionnaire=questionnaire, name=questionnaire.name, reply_to=team.reply_to,
        sender_name=team.sender_name or company_name(team, team.default_language),
        subject=dict(FIRST_SUBJECT), message=dict(FIRST_MESSAGE),
    )
