"""The API of questionnaires: the same services and checks as the pages."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import get_or_404
from accounts.api_permissions import actor_of
from accounts.audit import record_event
from accounts.roles import Permission
from surveys.design.access import every_questionnaire_for, get_questionnaire, get_version
from surveys.design.checks import check_for_publishing
from surveys.design.document import DocumentError, Problem, parse_document
from surveys.design.gallery import TEMPLATES
from surveys.design.models import Questionnaire
from surveys.design.selectors import list_versions, list_with_live_version
from surveys.design.sentences import describe
from surveys.design.services import (
    NameInvalidError,
    NameTakenError,
    NotPublishableError,
    StaleDraftError,
    UnchangedError,
    archive_questionnaire,
    create_from_document,
    create_questionnaire,
    publish,
    restore_questionnaire,
    save_draft,
)
from surveys.design.views.listing import name_error


class QuestionnaireOutput(serializers.Serializer[Any]):
    """A questionnaire without its texts."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    draft_revision = serializers.IntegerField()
    live_version = serializers.IntegerField(source="live_number", allow_null=True)
    is_anonymous = serializers.BooleanField()
    archived_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ProblemOutput(serializers.Serializer[Any]):
    """Something the checks found."""

    path = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()
    is_blocking = serializers.BooleanField()


class DraftOutput(serializers.Serializer[Any]):
    """The draft with what stands between it and publishing."""

    revision = serializers.IntegerField()
    document = serializers.JSONField()
    problems = ProblemOutput(many=True)


class VersionOutput(serializers.Serializer[Any]):
    """A published version without its document."""

    number = serializers.IntegerField()
    content_hash = serializers.CharField()
    published_at = serializers.DateTimeField()
    note = serializers.CharField()


class VersionDetailOutput(VersionOutput):
    """A published version with its document."""

    document = serializers.JSONField()


class QuestionnaireInput(serializers.Serializer[Any]):
    """A name, and either a template's key or a document."""

    name = serializers.CharField(max_length=160)
    template = serializers.ChoiceField(choices=sorted(TEMPLATES), required=False)
    document = serializers.DictField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for exactly one source."""
        if ("template" in attrs) == ("document" in attrs):
            raise ValidationError(_("Send either a template or a document."))
        return attrs


class ArchivedInput(serializers.Serializer[Any]):
    """Which questionnaires to list."""

    archived = serializers.BooleanField(required=False, default=False)


class DraftInput(serializers.Serializer[Any]):
    """A whole new draft and the revision it replaces."""

    revision = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    document = serializers.DictField()


class PublishInput(serializers.Serializer[Any]):
    """The revision that was checked, and an optional note."""

    revision = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    note = serializers.CharField(max_length=240, required=False, default="", allow_blank=True)


class ConflictError(APIException):
    """The state of the draft does not allow it."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class QuestionnaireList(ListAPIView[Questionnaire]):
    """All questionnaires of the team; POST makes a draft."""

    required_permissions = {"GET": Permission.VIEW_RESULTS, "POST": Permission.DESIGN}
    serializer_class = QuestionnaireOutput

    def get_queryset(self) -> Any:
        """Return the team's questionnaires, the last changed first."""
        if getattr(self, "swagger_fake_view", False):
            return Questionnaire.objects.none()
        chosen = ArchivedInput(data=self.request.query_params)
        chosen.is_valid(raise_exception=True)
        every = every_questionnaire_for(actor_of(self.request))
        return list_with_live_version(every.filter(archived_at__isnull=not chosen.validated_data["archived"]))

    @extend_schema(parameters=[ArchivedInput])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the questionnaires in use, or with `archived` those that are archived."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=QuestionnaireInput, responses={201: QuestionnaireOutput})
    def post(self, request: Request) -> Response:
        """Create a draft from a template or a document."""
        data = _valid(QuestionnaireInput(data=request.data))
        made = _create(request, data)
        record_event(actor=actor_of(request), action="questionnaire.created", target=f"questionnaire {made.pk}",
                     name=made.name, at=timezone.now())
        return Response(_with_live(request, made.pk), status=status.HTTP_201_CREATED)


class QuestionnaireDetail(APIView):
    """One questionnaire."""

    required_permissions = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(responses=QuestionnaireOutput)
    def get(self, request: Request, questionnaire_id: int) -> Response:
        """Return the questionnaire without its texts."""
        return Response(_with_live(request, questionnaire_id))


class Archiving(APIView):
    """Out of use: links shut, campaigns pause, answers stay."""

    required_permissions = {"POST": Permission.DESIGN}

    @extend_schema(request=None, responses=QuestionnaireOutput)
    def post(self, request: Request, questionnaire_id: int) -> Response:
        """Archive the questionnaire; one that is archived stays as it is."""
        actor = actor_of(request)
        questionnaire = get_or_404(every_questionnaire_for(actor), pk=questionnaire_id)
        archive_questionnaire(actor=actor, questionnaire=questionnaire, at=timezone.now())
        return Response(_with_live(request, questionnaire_id))


class Restoring(APIView):
    """Into use again."""

    required_permissions = {"POST": Permission.DESIGN}

    @extend_schema(request=None, responses=QuestionnaireOutput)
    def post(self, request: Request, questionnaire_id: int) -> Response:
        """Restore the questionnaire; its links open again, paused campaigns wait for a person."""
        actor = actor_of(request)
        questionnaire = get_or_404(every_questionnaire_for(actor), pk=questionnaire_id)
        restore_questionnaire(actor=actor, questionnaire=questionnaire, at=timezone.now())
        return Response(_with_live(request, questionnaire_id))


class DraftView(APIView):
    """The draft: read it, replace it."""

    required_permissions = {"GET": Permission.DESIGN, "PUT": Permission.DESIGN}

    @extend_schema(responses=DraftOutput)
    def get(self, request: Request, questionnaire_id: int) -> Response:
        """Return the document, its revision and what the checks found."""
        return Response(_draft(get_questionnaire(actor_of(request), questionnaire_id)))

    @extend_schema(request=DraftInput, responses=DraftOutput)
    def put(self, request: Request, questionnaire_id: int) -> Response:
        """Replace the document; 409 when the revision is no longer current."""
        questionnaire = get_questionnaire(actor_of(request), questionnaire_id)
        data = _valid(DraftInput(data=request.data))
        try:
            saved = save_draft(questionnaire=questionnaire, at=timezone.now(), **data)
        except DocumentError as error:
            raise ValidationError({"document": _sentences(error.problems)}) from error
        except StaleDraftError as error:
            raise _stale(error) from error
        return Response(_draft(saved))


class VersionList(ListAPIView[Any]):
    """The published versions, newest first; POST publishes the draft."""

    required_permissions = {"GET": Permission.VIEW_RESULTS, "POST": Permission.DESIGN}
    serializer_class = VersionOutput

    def get_queryset(self) -> Any:
        """Return the versions of the team's questionnaire."""
        if getattr(self, "swagger_fake_view", False):
            return list_versions(questionnaire=Questionnaire())
        return list_versions(questionnaire=get_questionnaire(actor_of(self.request), self.kwargs["questionnaire_id"]))

    @extend_schema(request=PublishInput, responses={201: VersionOutput})
    def post(self, request: Request, questionnaire_id: int) -> Response:
        """Freeze the draft as the next version; it is live at once."""
        actor = actor_of(request)
        questionnaire = get_questionnaire(actor, questionnaire_id)
        data = _valid(PublishInput(data=request.data))
        version = _publish(questionnaire, actor.user, data)
        record_event(actor=actor, action="questionnaire.published", target=f"questionnaire {questionnaire.pk}",
                     name=questionnaire.name, detail={"version": version.number}, at=timezone.now())
        return Response(VersionOutput(version).data, status=status.HTTP_201_CREATED)


class VersionDetail(APIView):
    """One published version."""

    required_permissions = {"GET": Permission.VIEW_RESULTS}

    @extend_schema(responses=VersionDetailOutput)
    def get(self, request: Request, questionnaire_id: int, number: int) -> Response:
        """Return the frozen document."""
        return Response(VersionDetailOutput(get_version(actor_of(request), questionnaire_id, number)).data)


def _valid(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _create(request: Request, data: dict[str, Any]) -> Questionnaire:
    actor = actor_of(request)
    shared = {"team": actor.team, "name": data["name"], "user": actor.user, "at": timezone.now()}
    try:
        if "template" in data:
            return create_questionnaire(template=TEMPLATES[data["template"]], **shared)
        return create_from_document(document=data["document"], **shared)
    except (NameTakenError, NameInvalidError) as error:
        raise ValidationError({"name": [name_error(error)]}) from error
    except DocumentError as error:
        raise ValidationError({"document": _sentences(error.problems)}) from error


def _publish(questionnaire: Questionnaire, user: Any, data: dict[str, Any]) -> Any:
    try:
        return publish(questionnaire=questionnaire, user=user, at=timezone.now(), **data)
    except NotPublishableError as error:
        raise ValidationError({"document": _sentences(error.problems)}) from error
    except UnchangedError as error:
        words = _("Nothing has changed since the live version, so there is nothing to publish.")
        raise ConflictError(words, "unchanged") from error
    except StaleDraftError as error:
        raise _stale(error) from error


def _stale(error: StaleDraftError) -> ConflictError:
    words = _("The draft is now at revision %(revision)s. Read it again before you save.")
    return ConflictError(words % {"revision": error.questionnaire.draft_revision}, "stale")


def _sentences(problems: tuple[Problem, ...]) -> list[str]:
    return [f"{problem.path}: {describe(problem)}" for problem in problems[:50]]


def _draft(questionnaire: Questionnaire) -> dict[str, Any]:
    problems = check_for_publishing(parse_document(questionnaire.draft))
    found = [{"path": p.path, "code": p.code, "message": describe(p), "is_blocking": p.is_blocking} for p in problems]
    value = {"revision": questionnaire.draft_revision, "document": questionnaire.draft, "problems": found}
    return dict(DraftOutput(value).data)


def _with_live(request: Request, questionnaire_id: int) -> dict[str, Any]:
    found = list_with_live_version(every_questionnaire_for(actor_of(request)))
    return dict(QuestionnaireOutput(get_or_404(found, pk=questionnaire_id)).data)
