"""`manage.py create_team`: the first team of an installation and the person who owns it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from getpass import getpass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.forms import PASSWORD_MAX, PASSWORD_RULES, FoundingForm
from accounts.founding import ClosedAccountError, Founding, TeamTakenError, found_team
from accounts.mails import absolute, send_member_invitation
from accounts.models import User

OPTIONS = {
    "language": "language of the team's texts and of its owner: en or zh-hans",
    "name": "the team, such as a company or a department",
    "company_en": "the company as customers know it, in English",
    "company_zh": "the company as customers know it, in Chinese",
    "postal_address": "stands at the foot of each mail",
    "time_zone": "days and weeks are counted in it, such as Asia/Shanghai",
    "email": "the owner's address",
    "person": "the owner's name",
}


class Command(BaseCommand):
    """Asks for what the options leave open. Started again it changes nothing that is in use."""

    help = "Make a team and its owner, who then invites the others."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare one option for each question."""
        for name, words in OPTIONS.items():
            parser.add_argument(f"--{name.replace('_', '-')}", help=words)
        parser.add_argument("--invite", action="store_true", help="mail the owner a link to choose a password")
        parser.add_argument("--password-stdin", action="store_true", help="read the owner's password from the first line of input")
        parser.add_argument("--no-input", action="store_true", help="ask nothing; what is not given stays at its default")

    def handle(self, *args: Any, **options: Any) -> None:
        """Collect, check, make, and say what to do next."""
        with translation.override(settings.LANGUAGE_CODE):
            try:
                self.found(options)
            except (EOFError, KeyboardInterrupt) as stop:
                raise CommandError(_("Stopped. Nothing was made.")) from stop

    def found(self, options: dict[str, Any]) -> None:
        """Make the team of the answers; every refusal is a sentence."""
        may_ask = sys.stdin.isatty() and not (options["no_input"] or options["password_stdin"])
        form = ask(options) if may_ask else checked(options)
        values = form.cleaned_data
        try:
            founding = found_team(
                name=values["name"], fields=form.team_fields(), email=values["email"], person=values["person"],
                language=values["language"], password=password_for(values, options, may_ask), at=timezone.now(),
            )
        except TeamTakenError as error:
            words = _("The team “%(team)s” is there and has an owner, who can invite %(email)s.")
            raise CommandError(words % {"team": values["name"], "email": values["email"]}) from error
        except ClosedAccountError as error:
            raise CommandError(_("The account of %(email)s is closed. Use another address.") % values) from error
        self.stdout.write(report(founding))


def ask(options: dict[str, Any]) -> FoundingForm:
    """Put every question that has no option, again until its answer will do."""
    answers: dict[str, str] = {}
    for name, field in FoundingForm().fields.items():
        known = account_of(answers["email"]) if name == "person" else None
        answers[name] = str(known) if known else answer(name, field, options[name], default_of(name))
        if name == "language":
            translation.activate(answers[name])
    return valid(FoundingForm(answers))


def answer(name: str, field: forms.Field, given: str | None, default: str) -> str:
    """Return the given answer, or what is typed, once the field takes it."""
    while True:
        text = given if given is not None else input(prompt(name, field, default)).strip() or default
        try:
            field.clean(text)
        except forms.ValidationError as error:
            refuse(error)
            given = None
        else:
            return text


def prompt(name: str, field: forms.Field, default: str) -> str:
    """Write a question with its default."""
    label = "Language / 语言 (en, zh-hans)" if name == "language" else str(field.label)
    hint = f" [{default}]" if default else "" if field.required else f" ({_('may stay empty')})"
    return f"{label}{hint}: "


def refuse(error: forms.ValidationError) -> None:
    """Say why an answer will not do."""
    sys.stderr.write("".join(f"  {message}\n" for message in error.messages))


def default_of(name: str) -> str:
    """Return what an empty answer means."""
    return {"language": settings.LANGUAGE_CODE, "time_zone": settings.TIME_ZONE}.get(name, "")


def checked(options: dict[str, Any]) -> FoundingForm:
    """Take all answers from the options."""
    answers = {name: options[name] if options[name] is not None else default_of(name) for name in OPTIONS}
    known = account_of(answers["email"])
    return valid(FoundingForm({**answers, "person": str(known)} if known else answers))


def valid(form: FoundingForm) -> FoundingForm:
    """Return the form where every answer will do; else name the options that will not."""
    if not form.is_valid():
        raise CommandError("\n".join(
            f"--{name.replace('_', '-')}: {' '.join(map(str, messages))}" for name, messages in form.errors.items()
        ))
    translation.activate(form.cleaned_data["language"])
    return form


def account_of(email: str) -> User | None:
    """Find the person who has this address already: name and password stay theirs."""
    return User.objects.filter(email__iexact=email.strip()).first()


def password_for(values: dict[str, Any], options: dict[str, Any], may_ask: bool) -> str | None:
    """Return the first password of a new person; None leaves it to an invitation."""
    if options["invite"] or account_of(values["email"]):
        return None
    person = User(email=values["email"], name=values["person"])
    if options["password_stdin"]:
        return given_password(sys.stdin.readline().rstrip("\r\n"), person)
    if may_ask:
        return typed_password(person, getpass)
    raise CommandError(_("Say with --invite that a link is mailed, or give a password with --password-stdin."))


def given_password(password: str, person: User) -> str:
    """Return the password where the installation's rules allow it."""
    try:
        check_password(password, person)
    except forms.ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    return password


def typed_password(person: User, read: Callable[[str], str]) -> str | None:
    """Ask for a password twice, again until it will do; an empty one asks for an invitation."""
    sys.stderr.write(f"{PASSWORD_RULES}\n")
    while True:
        password = read(f"{_('Password (empty: a link to choose one is mailed)')}: ")
        if not password:
            return None
        try:
            check_password(password, person)
        except forms.ValidationError as error:
            refuse(error)
            continue
        if read(f"{_('Password once more')}: ") == password:
            return password
        sys.stderr.write(f"  {_('The two passwords differ. Type the new password again.')}\n")


def check_password(password: str, person: User) -> None:
    """Raise ValidationError for a password that the sign-in page would not take either."""
    if len(password) > PASSWORD_MAX:
        raise forms.ValidationError(_("Choose a password of at most %(most)s characters.") % {"most": PASSWORD_MAX})
    validate_password(password, person)


def report(founding: Founding) -> str:
    """Say what is there now, and what to do next."""
    if founding.invitation is not None:
        return say_invited(founding)
    facts = {"team": founding.team.name, "owner": founding.owner, "link": absolute("accounts:sign-in"),
             "email": founding.owner.email if founding.owner else ""}
    made = _("The team “%(team)s” is ready, and %(owner)s owns it.") if founding.is_new else _(
        "The team “%(team)s” is there already, and %(owner)s owns it. Nothing was changed.")
    todo = _("Sign in as %(email)s at %(link)s, then invite colleagues under Settings.")
    return f"{made % facts}\n{todo % facts}"


def say_invited(founding: Founding) -> str:
    """Mail the invitation at once, so that a mail server that refuses shows here."""
    assert founding.invitation is not None
    facts = {"team": founding.team.name, "email": founding.invitation.email}
    if send_member_invitation(invitation=founding.invitation, at=timezone.now()):
        return _("The team “%(team)s” is ready. %(email)s owns it with the link just mailed, which works for seven days.") % facts
    return _(
        "The team “%(team)s” is ready, but the mail server did not take the invitation to %(email)s. A worker goes on "
        "trying; or start this command again and set a password."
    ) % facts
