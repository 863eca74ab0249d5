"""Headers of every reply, addresses behind a proxy, and logs without secrets."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from csat.logs import JsonFormatter, mask
from csat.middleware import RequestLogMiddleware, SecurityHeadersMiddleware, TrustedProxyMiddleware


def handle(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.META["REMOTE_ADDR"] + ("s" if request.is_secure() else ""))


class TestHeaders:
    def test_stand_on_an_error_page_too(self, client: Client, db: None) -> None:
        reply = client.get("/no/such/page")
        policy = reply["Content-Security-Policy"]
        assert reply.status_code == 404
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert reply["X-Content-Type-Options"] == "nosniff"
        assert reply["X-Frame-Options"] == "DENY"
        assert reply["Referrer-Policy"] == "same-origin"
        assert reply["Cross-Origin-Opener-Policy"] == "same-origin"
        assert reply["Permissions-Policy"] == "camera=(), microphone=(), geolocation=()"
        assert reply["Cache-Control"] == "private, no-store"

    def test_allow_the_empty_style_of_a_chart_and_no_other(self, settings: Any) -> None:
        style = settings.CONTENT_SECURITY_POLICY["style-src"]
        assert style == "'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"

    @pytest.mark.parametrize("path", ["/a/secret-key", "/u/secret-key"])
    def test_send_no_referrer_from_a_page_with_a_key(self, rf: RequestFactory, path: str) -> None:
        assert SecurityHeadersMiddleware(handle)(rf.get(path))["Referrer-Policy"] == "no-referrer"

    @pytest.mark.parametrize("path", ["/account/join/secret-key/", "/account/reset/secret-key/uid/", "/account/reset/"])
    def test_name_the_origin_alone_where_a_form_needs_it(self, rf: RequestFactory, path: str) -> None:
        assert SecurityHeadersMiddleware(handle)(rf.get(path))["Referrer-Policy"] == "strict-origin"

    def test_leave_a_view_its_own_caching(self, rf: RequestFactory) -> None:
        view = SecurityHeadersMiddleware(lambda _: HttpResponse(headers={"Cache-Control": "max-age=60"}))
        assert view(rf.get("/"))["Cache-Control"] == "max-age=60"


class TestTrustedProxy:
    @pytest.mark.parametrize(
        ("peer", "forwarded", "seen"),
        [
            ("10.0.0.5", "203.0.113.9", "203.0.113.9"),
            ("10.0.0.5", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
            ("10.0.0.5", "203.0.113.9, 10.0.0.6", "203.0.113.9"),
            ("10.0.0.5", "<script>", "10.0.0.5"),
            ("10.0.0.5", "", "10.0.0.5"),
            ("198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ],
    )
    def test_sees_the_visitor_only_through_our_own_proxy(
        self, rf: RequestFactory, settings: Any, peer: str, forwarded: str, seen: str
    ) -> None:
        settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
        request = rf.get("/", REMOTE_ADDR=peer, headers={"x-forwarded-for": forwarded})
        assert TrustedProxyMiddleware(handle)(request).content.decode() == seen

    def test_believes_nobody_else_that_the_line_is_encrypted(self, rf: RequestFactory, settings: Any) -> None:
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
        for peer, secure in (("10.0.0.5", True), ("198.51.100.1", False)):
            request = rf.get("/", REMOTE_ADDR=peer, headers={"x-forwarded-proto": "https"})
            assert TrustedProxyMiddleware(handle)(request).content.decode().endswith("s") is secure


class TestLogs:
    @pytest.mark.parametrize(
        ("line", "shown"),
        [
            ("/a/abcDEF123", "/a/***"),
            ("/a/abcDEF123/2", "/a/***/2"),
            ("GET /u/abcDEF123?x=1", "GET /u/***?x=1"),
            ("https://survey.example.com/a/abcDEF123", "https://survey.example.com/a/***"),
            ("mail to li.na@firma.example failed", "mail to <e-mail> failed"),
            ("/questionnaires/12/", "/questionnaires/12/"),
        ],
    )
    def test_hold_no_key_and_no_address(self, line: str, shown: str) -> None:
        assert mask(line) == shown

    def test_have_one_line_per_request_with_its_id(self, rf: RequestFactory, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO, "csat.request"):
            reply = RequestLogMiddleware(handle)(rf.get("/a/abcDEF123", REMOTE_ADDR="203.0.113.9"))
        (record,) = caplog.records
        line = JsonFormatter().format(record)
        assert (json.loads(line)["path"], json.loads(line)["status"]) == ("/a/***", 200)
        assert len(reply["X-Request-Id"]) == 16
        assert "abcDEF123" not in line
        assert "203.0.113.9" not in line

    def test_mask_an_exception(self) -> None:
        try:
            raise ValueError("no answer for /a/abcDEF123 of li.na@firma.example")
        except ValueError:
            import sys

            record = logging.LogRecord("x", logging.ERROR, "", 1, "broken", (), sys.exc_info())
        line = JsonFormatter().format(record)
        assert "abcDEF123" not in line
        assert "li.na" not in line
        assert "ValueError" in line

    def test_keep_a_forged_line_on_its_own_line(self) -> None:
        record = logging.LogRecord("x", logging.INFO, "", 1, "a\n{\"level\": \"error\"}", (), None)
        assert "\n" not in JsonFormatter().format(record)
