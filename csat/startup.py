"""Reasons to refuse a production start, each a sentence that says what to change."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

logger = logging.getLogger(__name__)

SHORTEST_SECRET = 50
FEWEST_CHARACTERS = 5
KNOWN_SECRETS = {"changeme", "change-me", "secret", "secretkey", "password", "default"}
EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"


def stop_if_refused() -> None:
    """End the process with the reasons on stderr where this is an unsafe production."""
    if refusals := list_refusals():
        sys.exit("This installation will not start:\n" + "\n".join(f"- {line}" for line in refusals))


def list_refusals() -> list[str]:
    """Every reason not to start; empty outside production."""
    if not settings.IS_PRODUCTION:
        return []
    return list_setting_refusals() + list_redis_refusals()


def list_setting_refusals() -> list[str]:
    """The reasons that can be seen without asking another server."""
    rules = {
        "SECRET_KEY is missing, short or publicly known. Set it to at least 50 random characters; "
        "`python3 manage.py new_secret` prints one.": is_weak_secret(get_secret()),
        "DEBUG is on. Remove DEBUG from the environment: its error pages show secrets.": settings.DEBUG,
        "ALLOWED_HOSTS has a wildcard. Name the hosts of this installation.": has_wildcard_host(),
        "SITE_URL must begin with https://, since links in mails are made from it.": not settings.SITE_URL.startswith(
            "https://"
        ),
        "DATABASE_URL must name a PostgreSQL database with a user and a password.": not has_database_password(),
        "REDIS_URL must name a Redis with a password (redis://:PASSWORD@host:6379/0).": not has_redis_password(),
    }
    return [sentence for sentence, broken in rules.items() if broken]


def get_secret() -> str:
    """The key, empty where there is none; Django itself raises on an empty one."""
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:
        return ""


def is_weak_secret(secret: str) -> bool:
    """Whether the secret is short, of few characters, or one that was published."""
    published = secret in example_values() or secret.lower() in KNOWN_SECRETS
    marked = secret.startswith(("django-insecure", "demonstration-only", "only-for-the-test-suite"))
    return published or marked or len(secret) < SHORTEST_SECRET or len(set(secret)) < FEWEST_CHARACTERS


def example_values() -> set[str]:
    """All values written in `.env.example`."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines() if EXAMPLE.exists() else []
    return {line.partition("=")[2].strip().strip("\"'") for line in lines if "=" in line} - {""}


def has_wildcard_host() -> bool:
    return any(host.startswith(("*", ".")) or not host for host in settings.ALLOWED_HOSTS)


def has_database_password() -> bool:
    database = settings.DATABASES["default"]
    password = database.get("PASSWORD", "")
    return database["ENGINE"].endswith("postgresql") and bool(password) and password not in example_passwords()


def has_redis_password() -> bool:
    password = urlsplit(settings.REDIS_URL).password
    return bool(password) and password not in example_passwords()


def example_passwords() -> set[str]:
    """Passwords inside the addresses of `.env.example`, and what everybody tries first."""
    inside = {urlsplit(value).password or "" for value in example_values() if "://" in value}
    return inside | KNOWN_SECRETS | {"postgres", "redis", "csat"}


def list_redis_refusals() -> list[str]:
    """Refuse a queue that may throw messages away. A Redis that is down is no reason to stay down."""
    policy = get_redis_policy()
    if policy in {None, "noeviction"}:
        return []
    return [f"Redis may drop the queue: its maxmemory-policy is {policy}. Set it to noeviction."]


def get_redis_policy() -> str | None:
    """The eviction policy, or None where it cannot be asked."""
    if not settings.REDIS_URL:
        return None
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
    try:
        return str(client.info("memory")["maxmemory_policy"])
    except (redis.RedisError, KeyError):
        logger.warning("Redis could not be asked for its eviction policy")
        return None
    finally:
        client.close()
