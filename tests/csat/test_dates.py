"""Days and moments as people read them: one form for each language, in the time zone of whoever reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from csat.demo.mailbox import list_mails

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVENING = datetime(2026, 11, 22, 18, 5, tzinfo=UTC)
"""Already the next day in Shanghai."""


def written(form: str, at: datetime | None, language: str) -> str:
    with translation.override(language), timezone.override(SHANGHAI):
        return Template("{% load ui %}{{ at|" + form + " }}").render(Context({"at": at}))


class TestTheFilters:
    @pytest.mark.parametrize("form, language, words", [
        ("moment", "en", "23 Nov 2026, 02:05"), ("moment", "zh-hans", "2026-11-23 02:05"),
        ("day", "en", "23 Nov 2026"), ("day", "zh-hans", "2026-11-23"),
    ])
    def test_write_the_readers_own_day(self, form: str, language: str, words: str) -> None:
        assert written(form, EVENING, language) == words and written(form, None, language) == "–"

    def test_leave_the_day_out_of_a_moment_of_today_only(self) -> None:
        now = timezone.now()
        assert written("recent", now, "en") == f"{now.astimezone(SHANGHAI):%H:%M}"
        assert written("recent", now - timedelta(days=2), "en").count(",") == 1
        assert written("recent", EVENING - timedelta(days=365), "zh-hans") == "2025-11-23 02:05"


class TestTheDemosMailbox:
    @pytest.mark.parametrize("date", ["Sun, 22 Nov 2026 18:05:00 -0000", "Mon, 23 Nov 2026 02:05:00 +0800"])
    def test_knows_when_a_mail_was_sent_in_any_zone(self, tmp_path: Path, date: str) -> None:
        mail = EmailMessage()
        mail["To"], mail["Subject"], mail["Date"] = "a@demo.example", "Hello", date
        (tmp_path / "1.eml").write_bytes(mail.as_bytes())
        assert [one.sent_at for one in list_mails(tmp_path)] == [EVENING]
