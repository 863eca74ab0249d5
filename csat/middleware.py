"""What every request and reply passes: who asks, what is logged, what the browser may do."""

from __future__ import annotations

import ipaddress
import logging
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware

from csat.errors import API_PATH
from csat.logs import request_id

Handler = Callable[[HttpRequest], HttpResponse]
logger = logging.getLogger("csat.request")
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT")


class TrustedProxyMiddleware:
    """Believe X-Forwarded-* only from our own proxies; put the visitor's address in REMOTE_ADDR."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.proxies = [ipaddress.ip_network(name, strict=False) for name in settings.TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.is_proxy(request.META.get("REMOTE_ADDR", "")):
            chain = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
            request.META["REMOTE_ADDR"] = self.visitor_of(chain) or request.META["REMOTE_ADDR"]
        else:
            for name in FORWARDED:
                request.META.pop(name, None)
        return self.get_response(request)

    def visitor_of(self, chain: list[str]) -> str | None:
        """The last address that is not ours: what stands left of it, anyone may have written."""
        return next((part for part in reversed(chain) if is_address(part) and not self.is_proxy(part)), None)

    def is_proxy(self, address: str) -> bool:
        return is_address(address) and any(ipaddress.ip_address(address) in net for net in self.proxies)


def is_address(text: str) -> bool:
    """Whether this is one IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class SlashMiddleware(CommonMiddleware):
    """Lead an address without its last slash to the one with it, but no write of a program.

    A program that follows asks by GET for what it meant to write, and takes the reply for success.
    """

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        """Whether to lead on."""
        is_write = request.method not in ("GET", "HEAD") and request.path_info.startswith(API_PATH)
        return not is_write and super().should_redirect_with_slash(request)


class RequestLogMiddleware:
    """Give the request an id and log one line: method, masked path, status, time. No address."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        mark = request_id.set(uuid.uuid4().hex[:16])
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request_id.get()
            self.log(request, response, time.perf_counter() - began)
            return response
        finally:
            request_id.reset(mark)

    def log(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        if request.path_info.startswith(f"/{settings.STATIC_URL.strip('/')}/"):
            return
        extra = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "milliseconds": round(seconds * 1000, 1),
        }
        logger.info("request", extra=extra)


class SecurityHeadersMiddleware:
    """Tell the browser to run and send nothing but our own, and to keep no copy."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.policy = "; ".join(f"{name} {value}" for name, value in settings.CONTENT_SECURITY_POLICY.items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy_for(response))
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if not request.path_info.startswith(f"/{settings.STATIC_URL.strip('/')}/"):
            response.headers.setdefault("Cache-Control", "private, no-store")
        if request.path_info.startswith(tuple(settings.TOKEN_PATHS)):
            response["Referrer-Policy"] = self.referrer_for(request.path_info)
        return response

    def referrer_for(self, path: str) -> str:
        """Keep the address to the page itself; forms behind Django's own check need their origin to be named.

        Under "no-referrer" a browser sends `Origin: null` with a form, which that check refuses.
        """
        return "strict-origin" if path.startswith(tuple(settings.CHECKED_TOKEN_PATHS)) else "no-referrer"

    def policy_for(self, response: HttpResponse) -> str:
        """Let our own pages frame what a view has opened to them (Django's xframe_options_sameorigin)."""
        if response.headers.get("X-Frame-Options") == "SAMEORIGIN":
            return self.policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
        return self.policy
