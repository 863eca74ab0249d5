"""From an empty installation to the first colleague, as docs/operations.md says it is done."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from accounts.models import AuditEvent, MemberInvitation, Membership, Team, User
from accounts.roles import Role
from accounts.tasks import sweep_accounts
from tests.cast import PASSWORD, client_of, make_cast, make_user, words_of
from tests.services.processes import PATIENCE, ROOT
from tests.services.site import child_environment
from tests.services.smtp import Mailbox

pytestmark = pytest.mark.django_db
OPERATIONS = ("docs/operations.md", "docs/operations.zh.md")
READMES = ("README.md", "README.zh-Hans.md")
COMMAND = re.compile(r"`docker compose exec web python (manage\.py create_team[^`]*)`")
OWNER = "olive@people.example"
COLLEAGUE = "nina@people.example"
ANSWERS = {
    "--language": "zh-hans", "--name": "Green", "--company-en": "Green Company", "--company-zh": "绿色公司",
    "--postal-address": "绿地路 1 号", "--time-zone": "Asia/Shanghai", "--email": OWNER, "--person": "Olive",
}


def commands_in(document: str) -> list[str]:
    return COMMAND.findall((ROOT / document).read_text(encoding="utf-8"))


def converse(command: list[str], answers: list[str]) -> tuple[int, str]:
    """Run a command in a terminal and type one answer at each prompt; return its exit code and all it showed."""
    outside, inside = pty.openpty()
    process = subprocess.Popen([sys.executable, *command], stdin=inside, stdout=inside, stderr=inside, cwd=ROOT,
                               env={**os.environ, **child_environment()}, start_new_session=True)
    os.close(inside)
    shown, left = b"", list(answers)
    while chunk := next_part(outside):
        shown += chunk
        if left and shown.endswith(b": "):
            os.write(outside, f"{left.pop(0)}\n".encode())
    os.close(outside)
    return process.wait(60), shown.decode()


def next_part(terminal: int) -> bytes:
    """Return what a terminal shows next; nothing once its program has ended."""
    assert select.select([terminal], [], [], 15 * PATIENCE)[0], "the command waits for an answer that nobody gives"
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def create(*, password: str | None = PASSWORD, **changed: str) -> str:
    """Run the command without a terminal; None for the password asks for an invitation."""
    options = {**ANSWERS, **{f"--{name.replace('_', '-')}": value for name, value in changed.items()}}
    given = [part for name, value in options.items() if value for part in (name, value)]
    how = ["--invite"] if password is None else ["--password-stdin"]
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        call_command("create_team", *given, *how, stdout=said)
    return said.getvalue()


def refusal(**changed: Any) -> str:
    with pytest.raises(CommandError) as caught:
        create(**changed)
    return str(caught.value)


def join_path(mailbox: Mailbox, email: str) -> str:
    link = next(link for link in mailbox.to(email)[-1].links if "/account/join/" in link)
    return re.sub(r"^https?://[^/]+", "", link)


def join(path: str) -> Client:
    client = Client()
    data = {"name": "Somebody", "new_password": PASSWORD, "repeated": PASSWORD}
    assert client.post(path, data).status_code == 302
    return client


@pytest.mark.django_db(transaction=True)
class TestANewInstallation:
    @pytest.mark.parametrize("document", OPERATIONS)
    def test_leads_from_an_empty_database_to_a_colleague_who_works(self, document: str, mailbox: Mailbox) -> None:
        [command] = commands_in(document)
        assert not User.objects.exists() and not Team.objects.exists()
        typed = ["zh-hans", "", "Green", "Green Company", "绿色公司", "绿地路 1 号", "Mars/Base", "Asia/Shanghai",
                 "olive", OWNER, "Olive", "short", PASSWORD, PASSWORD]
        code, shown = converse(command.split(), typed)
        assert code == 0, shown
        assert "请填写时区名称" in shown and "Traceback" not in shown and PASSWORD not in shown
        owner = Client()
        assert owner.post("/account/sign-in/", {"email": OWNER, "password": PASSWORD}).status_code == 302
        assert owner.get("/", follow=True).status_code == 200
        invited = owner.post("/account/settings/members/", {"email": COLLEAGUE, "role": "designer", "scope": ""})
        assert invited.status_code == 302
        sweep_accounts()
        assert join(join_path(mailbox, COLLEAGUE)).get("/questionnaires/").status_code == 200

    def test_is_told_of_in_the_readme_too(self) -> None:
        commands = [commands_in(document) for document in (*OPERATIONS, *READMES)]
        assert all(found == commands[0] and len(found) == 1 for found in commands), commands


class TestTheCommand:
    def test_makes_the_team_as_it_was_told(self) -> None:
        create()
        team = Team.objects.get()
        assert (team.name, team.time_zone, team.default_language) == ("Green", "Asia/Shanghai", "zh-hans")
        assert team.company_names == {"en": "Green Company", "zh-hans": "绿色公司"}
        assert team.postal_address == "绿地路 1 号"
        owner = Membership.objects.get()
        assert (owner.role, owner.user.email, owner.user.name, owner.user.language) == (Role.OWNER, OWNER, "Olive", "zh-hans")
        assert owner.user.check_password(PASSWORD)
        assert list(AuditEvent.objects.values_list("action", "user__email")) == [("team.created", OWNER)]

    @pytest.mark.parametrize("password", [PASSWORD, None])
    def test_changes_nothing_the_second_time(self, password: str | None) -> None:
        create()
        assert "未作任何修改" in create(password=password, postal_address="elsewhere", person="Other")
        assert (Team.objects.count(), User.objects.count(), Membership.objects.count()) == (1, 1, 1)
        assert Team.objects.get().postal_address == "绿地路 1 号" and User.objects.get().name == "Olive"
        assert not MemberInvitation.objects.exists()

    def test_lets_a_person_who_has_an_account_keep_it(self) -> None:
        user = make_user("Olive", email=OWNER)
        create(password=None, email=OWNER.upper(), person="")
        user.refresh_from_db()
        assert user.check_password(PASSWORD) and Membership.objects.get(user=user).role == Role.OWNER

    def test_gives_nobody_a_team_that_is_owned(self) -> None:
        create()
        assert OWNER not in refusal(email=COLLEAGUE) and COLLEAGUE in refusal(email=COLLEAGUE)
        assert User.objects.get().email == OWNER

    def test_opens_no_closed_account(self) -> None:
        user = make_user("Olive", email=OWNER)
        user.is_active = False
        user.save()
        assert OWNER in refusal(language="en") and not Team.objects.exists()

    @pytest.mark.parametrize(("changed", "named"), [
        ({"email": "olive"}, "--email"), ({"email": ""}, "--email"), ({"name": ""}, "--name"), ({"name": "x" * 121}, "--name"),
        ({"name": "a\nb"}, "--name"), ({"time_zone": "Mars/Base"}, "Asia/Shanghai"), ({"language": "fr"}, "zh-hans"),
        ({"person": ""}, "--person"), ({"postal_address": "x" * 241}, "--postal-address"),
        ({"password": "short"}, "10"), ({"password": ""}, "10"), ({"password": "x" * 129}, "128"),
    ])
    def test_refuses_what_will_not_do_and_makes_nothing(self, changed: dict[str, Any], named: str) -> None:
        assert named in refusal(**changed)
        assert not Team.objects.exists() and not User.objects.exists()

    def test_wants_to_know_how_the_owner_comes_in(self) -> None:
        with pytest.raises(CommandError, match="--invite"):
            call_command("create_team", "--no-input", "--name", "Green", "--email", OWNER, "--person", "Olive")
        assert not Team.objects.exists()


class TestAnInvitedOwner:
    def test_owns_the_team_with_the_link_from_the_mail(self, mailbox: Mailbox) -> None:
        assert OWNER in create(password=None)
        client = join(join_path(mailbox, OWNER))
        assert client.get("/account/settings/").status_code == 200
        assert Membership.objects.get().role == Role.OWNER

    def test_is_invited_anew_while_nobody_owns_the_team(self, mailbox: Mailbox) -> None:
        create(password=None)
        first = join_path(mailbox, OWNER)
        create(password=None)
        assert Client().get(first).status_code == 404
        join(join_path(mailbox, OWNER))
        assert Team.objects.count() == 1

    def test_may_have_a_password_instead(self, mailbox: Mailbox) -> None:
        create(password=None)
        create()
        assert Membership.objects.get().user.email == OWNER
        assert not MemberInvitation.objects.exists() and Team.objects.count() == 1

    def test_is_told_of_when_the_mail_server_is_down(self, mailbox: Mailbox, mail_server: Any) -> None:
        mail_server.stop()
        assert "邮件服务器未接收" in create(password=None)
        mail_server.start()
        sweep_accounts()
        assert join_path(mailbox, OWNER)


class TestAPersonWithoutATeam:
    @pytest.mark.parametrize(("language", "words"), [("en", "You belong to no team yet"), ("zh-hans", "您还不属于任何团队")])
    def test_reads_what_to_do_in_either_language(self, language: str, words: str) -> None:
        get_user_model().objects.create_superuser(OWNER, PASSWORD, name="Olive", language=language)
        client = Client()
        assert client.post("/account/sign-in/", {"email": OWNER, "password": PASSWORD}).status_code == 302
        reply = client.get("/", follow=True)
        assert reply.status_code == 403
        assert words in words_of(reply) and OWNER in words_of(reply)
        assert f"docker compose exec web python {commands_in(OPERATIONS[0])[0]}" in words_of(reply)

    def test_works_as_soon_as_there_is_one(self) -> None:
        client = client_of(make_user("Olive", email=OWNER))
        assert client.get("/overview/").status_code == 403
        create()
        assert client.get("/overview/").status_code == 200

    def test_is_not_who_lacks_a_right(self) -> None:
        cast = make_cast()
        reply = client_of(cast.bob).get("/account/settings/")
        assert reply.status_code == 403 and "You belong to no team yet" not in words_of(reply)
