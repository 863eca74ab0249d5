"""The compose file, read as it stands: which parts there are and who can reach them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OURS = {"migrate", "web", "worker", "beat"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services: dict[str, Any] = content["services"]
    return services


class TestTheComposeFile:
    def test_has_every_part(self, services: dict[str, Any]) -> None:
        assert set(services) == OURS | {"postgres", "redis"}

    def test_builds_one_image_for_all_our_processes(self, services: dict[str, Any]) -> None:
        assert {services[name]["image"] for name in OURS} == {"csat"}

    def test_publishes_the_web_port_alone(self, services: dict[str, Any]) -> None:
        assert [name for name, service in services.items() if "ports" in service] == ["web"]

    def test_publishes_to_this_machine_unless_told_otherwise(self, services: dict[str, Any]) -> None:
        assert services["web"]["ports"] == ["${WEB_PORT:-127.0.0.1:8000}:8000"]

    def test_checks_the_health_of_everything_that_stays(self, services: dict[str, Any]) -> None:
        assert {name for name, service in services.items() if "healthcheck" not in service} == {"migrate"}

    def test_runs_a_redis_that_keeps_its_queue(self, services: dict[str, Any]) -> None:
        command = " ".join(services["redis"]["command"])
        assert "--maxmemory-policy noeviction" in command
        assert "--appendonly yes" in command
        assert "--requirepass" in command

    def test_has_no_password_written_down(self, services: dict[str, Any]) -> None:
        assert services["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
        assert services["redis"]["environment"]["REDISCLI_AUTH"].startswith("${REDIS_PASSWORD:?")

    def test_serves_every_queue(self, services: dict[str, Any], settings: Any) -> None:
        served = set(services["worker"]["command"][services["worker"]["command"].index("-Q") + 1].split(","))
        routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
        assert served == routed | {settings.CELERY_TASK_DEFAULT_QUEUE}

    def test_runs_our_processes_without_privileges(self, services: dict[str, Any]) -> None:
        for name in OURS:
            assert services[name]["cap_drop"] == ["ALL"]
            assert services[name]["read_only"]
        assert re.search(r"^USER csat$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    def test_names_only_variables_that_are_documented(self) -> None:
        used = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
        assert used == {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "WEB_PORT"}
