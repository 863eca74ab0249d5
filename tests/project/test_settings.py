"""The documented environment, and settings that a review would look at."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

from celery import Celery
from django.conf import settings
from django.core.management import call_command

from csat.celery import app, sweeps

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTED = ("base", "demo", "development", "production")
COMPOSE_ONLY = {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "WEB_PORT"}


def names_read(source: str) -> set[str]:
    """Names that a settings file reads through csat.env."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and call.func.attr in {"text", "flag", "number", "names"}
        and isinstance(call.args[0], ast.Constant)
    }


def names_documented() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))


class TestTheEnvironment:
    def test_is_documented_name_by_name(self) -> None:
        read = {n for kind in DOCUMENTED for n in names_read((ROOT / f"csat/settings/{kind}.py").read_text())}
        assert read == names_documented() - COMPOSE_ONLY

    def test_is_read_by_no_other_way_in_settings(self) -> None:
        for path in (ROOT / "csat/settings").glob("*.py"):
            assert "os.environ" not in path.read_text(), path.name

    def test_names_are_found_where_they_are_read(self) -> None:
        assert names_read('x = env.text("A") or env.flag("B", True)\ny = other.text("C")') == {"A", "B"}


class TestTheQueue:
    def test_takes_json_alone(self) -> None:
        assert app.conf.accept_content == ["json"]
        assert app.conf.task_serializer == "json"

    def test_gives_a_task_back_when_its_worker_dies(self) -> None:
        assert app.conf.task_acks_late
        assert app.conf.task_reject_on_worker_lost
        assert app.conf.worker_prefetch_multiplier == 1

    def test_hands_nothing_out_twice_while_it_runs(self) -> None:
        visibility = app.conf.broker_transport_options["visibility_timeout"]
        assert app.conf.task_soft_time_limit < app.conf.task_time_limit < visibility

    def test_keeps_no_page_waiting(self) -> None:
        assert not app.conf.task_publish_retry
        assert app.conf.broker_transport_options["socket_timeout"] <= 5

    def test_sweeps_every_kind_of_work(self) -> None:
        tasks = {entry["task"] for entry in sweeps(every=60).values()}
        assert tasks == {
            "accounts.tasks.sweep_accounts", "surveys.sending.tasks.sweep_due", "analytics.scoring.tasks.sweep_stale",
            "analytics.indicators.tasks.sweep_experts", "surveys.answering.tasks.sweep_imports",
        }
        assert set(app.conf.beat_schedule) == tasks

    def test_is_the_application_of_every_thread(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        from celery import current_app

        with ThreadPoolExecutor(1) as pool:
            main: Celery = pool.submit(lambda: current_app.main).result()
        assert main == "csat"


class TestTheDatabase:
    def test_checks_a_connection_before_it_is_used(self) -> None:
        assert settings.DATABASES["default"]["CONN_HEALTH_CHECKS"]

    def test_needs_no_migration_that_is_not_written(self, db: None) -> None:
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)

    def test_limits_a_page_more_than_a_worker(self) -> None:
        def options(kind: str) -> str:
            code = "from csat.settings import base; print(base.DATABASES['default']['OPTIONS']['options'])"
            env = {"PROCESS_KIND": kind, "DATABASE_URL": "postgresql://u:p@h/n", "PATH": ""}
            return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True).stdout

        assert "statement_timeout=10s" in options("web")
        assert "idle_in_transaction_session_timeout=15s" in options("web")
        assert "lock_timeout=5s" in options("web")
        assert "statement_timeout=280s" in options("worker")
        assert "statement_timeout=0s" in options("command")
