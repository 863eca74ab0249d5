"""The suite's own servers do what tests rely on."""

from __future__ import annotations

import smtplib

import pytest
from django.core import mail
from django.db import connection
from playwright.sync_api import Page

from tests.services.smtp import Mailbox


class TestTheDatabase:
    def test_is_a_postgresql_without_extensions(self, db: None) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT extname FROM pg_extension")
            assert cursor.fetchall() == [("plpgsql",)]


class TestTheMailbox:
    def test_keeps_what_is_sent(self, mailbox: Mailbox) -> None:
        mail.send_mail("Hello", "See https://survey.example.com/a/x", "a@example.com", ["b@example.com"])
        (message,) = mailbox.to("b@example.com")
        assert (message.subject, message.links) == ("Hello", ["https://survey.example.com/a/x"])

    def test_refuses_one_address_as_told(self, mailbox: Mailbox) -> None:
        mailbox.rcpt_reply = lambda address: "550 No such person" if address.startswith("b@") else None
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            mail.send_mail("Hello", "", "a@example.com", ["b@example.com"])
        mail.send_mail("Hello", "", "a@example.com", ["c@example.com"])
        assert mailbox.recipients == ["c@example.com"]

    def test_takes_a_message_and_cuts_the_line(self, mailbox: Mailbox) -> None:
        mailbox.cut_after_data = True
        with pytest.raises(smtplib.SMTPServerDisconnected):
            mail.send_mail("Hello", "", "a@example.com", ["b@example.com"])
        assert len(mailbox.messages) == 1


class TestTheBrowser:
    def test_sees_the_site_and_reports_errors(self, page: Page) -> None:
        page.goto("/healthz")
        assert "ok" in page.content()
        problems = page.context.problems  # type: ignore[attr-defined]
        assert problems == []
        page.goto("/no/such/page")
        assert problems
        problems.clear()
