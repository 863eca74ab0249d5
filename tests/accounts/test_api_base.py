"""What holds for every route of the API: keys, JSON, errors, limits."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test import Client
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from accounts.access import Actor
from accounts.api_permissions import HasPermission
from accounts.keys import is_key
from accounts.models import AccessKey, AuditEvent, User
from accounts.parsers import StrictJSONParser
from accounts.roles import Permission, Role
from accounts.throttling import ActorThrottle
from tests.cast import Cast, api_client, client_of, make_cast, make_key
from tests.services.redis_server import RedisServer

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
ME = "/api/v1/me/"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


class TestMe:
    def test_describes_a_key(self, cast: Cast) -> None:
        _row, key = make_key(cast.team, Role.MANAGER, {"region": ["East"]}, by=cast.alice)
        body = api_client(key).get(ME).json()
        assert (body["kind"], body["role"], body["scope"]) == ("access_key", "manager", {"region": ["East"]})
        assert (body["team"]["name"], body["permissions"]) == ("Blue", ["view_results"])

    def test_describes_a_member(self, cast: Cast) -> None:
        body = client_of(cast.dora).get(ME).json()
        assert (body["kind"], body["name"], body["role"]) == ("member", "Dora", "designer")


class TestAnAccessKey:
    def test_is_shown_once_and_stored_as_a_hash(self, cast: Cast) -> None:
        client = client_of(cast.alice)
        reply = client.post("/account/settings/keys/", {"name": "CRM", "role": "manager", "scope": "region = East"})
        [key] = re.findall(r"csat_[0-9a-f]{10}_[\w-]{43}", reply.content.decode())
        assert reply.status_code == 201
        assert key not in client.get("/account/settings/keys/").content.decode()
        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(k)::text FROM accounts_accesskey k")
            assert key.split("_", 2)[2] not in str(cursor.fetchall())
        assert api_client(key).get(ME).json()["scope"] == {"region": ["East"]}
        assert AuditEvent.objects.filter(action="key.created", user=cast.alice).count() == 1

    def test_dies_when_it_is_revoked(self, cast: Cast) -> None:
        row, key = make_key(cast.team, by=cast.alice)
        assert api_client(key).get(ME).status_code == 200
        client_of(cast.alice).post(f"/account/settings/keys/{row.pk}/revoke/")
        assert api_client(key).get(ME).status_code == 401

    def test_dies_with_the_account_of_who_made_it(self, cast: Cast) -> None:
        _row, key = make_key(cast.team, by=cast.alice)
        User.objects.filter(pk=cast.alice.pk).update(is_active=False)
        assert api_client(key).get(ME).status_code == 401

    @pytest.mark.parametrize("change", [
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"), str.upper, lambda key: key + ".", lambda key: key + "x" * 9000,
        lambda key: "", lambda key: key.split("_")[1], lambda key: key.replace("csat_", ""), lambda key: "é" * 43,
    ])
    def test_is_not_found_by_a_near_miss(self, cast: Cast, change: Any) -> None:
        _row, key = make_key(cast.team)
        reply = api_client(change(key).encode().decode("latin-1")).get(ME)
        assert (reply.status_code, reply.json()["code"], reply["WWW-Authenticate"]) == (401, "authentication_failed", "Bearer")

    def test_does_not_open_pages(self, cast: Cast) -> None:
        _row, key = make_key(cast.team)
        assert api_client(key).get("/account/settings/").status_code == 302

    def test_notes_its_use_at_most_once_an_hour(self, cast: Cast) -> None:
        row, key = make_key(cast.team)
        AccessKey.objects.update(last_used_at=None)
        api_client(key).get(ME)
        first = AccessKey.objects.get(pk=row.pk).last_used_at
        api_client(key).get(ME)
        assert first is not None
        assert AccessKey.objects.get(pk=row.pk).last_used_at == first

    def test_has_one_form(self) -> None:
        assert not is_key("csat_0123456789_short")
        assert is_key("csat_0123456789_" + "a" * 43)


class TestASessionsWrite:
    def test_needs_its_token(self, cast: Cast) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.alice)
        reply = client.post(ME, "{}", content_type="application/json")
        assert (reply.status_code, reply.json()["code"]) == (403, "permission_denied")


BAD_JSON = [
    b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1e400}', b'{"a": 1, "a": 2}', b"[" * 100_000, b"[" * 40 + b"]" * 40,
    b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', b'{"\\u0000": 1}', b"\xff\xfe", b"", b"{", b"{} {}", b'{"a": ' + b"9" * 5000 + b"}",
]


class TestJSON:
    @pytest.mark.parametrize("body", BAD_JSON, ids=range(len(BAD_JSON)))
    def test_that_could_mean_two_things_is_refused(self, body: bytes) -> None:
        with pytest.raises(ParseError):
            StrictJSONParser().parse(BytesIO(body))

    def test_that_is_plain_is_read_as_it_stands(self) -> None:
        value = {"a": [1, 2.5, None, True, "文字 🙂"], "b": {"c": {}}}
        assert StrictJSONParser().parse(BytesIO(json.dumps(value).encode())) == value

    def test_needs_a_strict_reader(self) -> None:
        assert JSONParser().parse(BytesIO(b'{"a": 1, "a": 2}')) == {"a": 2}


class Sample(serializers.Serializer[object]):
    score = serializers.IntegerField(min_value=1, max_value=5)


class SampleView(APIView):
    required_permissions = {"GET": Permission.VIEW_RESULTS, "POST": Permission.DESIGN}

    def get(self, request: Request) -> Response:
        return Response({})

    def post(self, request: Request) -> Response:
        Sample(data=request.data).is_valid(raise_exception=True)
        return Response({}, status=201)

    def delete(self, request: Request) -> Response:
        return Response({}, status=204)


def ask(cast: Cast, role: str, method: str = "post", body: Any = None, language: str = "en") -> Response:
    _row, key = make_key(cast.team, role)
    factory = APIRequestFactory()
    request = getattr(factory, method)("/", body, format="json", headers={"authorization": f"Bearer {key}"})
    reply: Response = SampleView.as_view()(request)
    return reply


class TestAView:
    def test_opens_each_method_to_the_roles_it_declares(self, cast: Cast) -> None:
        assert ask(cast, "designer", body={"score": 3}).status_code == 201
        assert ask(cast, "manager", body={"score": 3}).status_code == 403
        assert ask(cast, "manager", "get").status_code == 200

    def test_keeps_shut_what_it_does_not_declare(self, cast: Cast) -> None:
        assert ask(cast, "owner", "delete").status_code == 403

    def test_that_declares_nothing_opens_to_nobody(self, cast: Cast) -> None:
        request = APIRequestFactory().get("/")
        request.auth = Actor(team=cast.team, role="owner")
        assert not HasPermission().has_permission(request, object())

    def test_names_the_wrong_field_in_words(self, cast: Cast) -> None:
        reply = ask(cast, "designer", body={"score": 9})
        assert (reply.status_code, reply.data["code"]) == (400, "invalid")
        assert set(reply.data) == {"code", "message", "fields"}
        assert reply.data["fields"]["score"] == ["Ensure this value is less than or equal to 5."]

    def test_speaks_the_callers_language(self, cast: Cast) -> None:
        reply = Client().get(ME, headers={"accept-language": "zh-CN"})
        assert reply.json()["message"] == "身份认证信息未提供。"


class TestTheThrottle:
    def limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ActorThrottle, "rate", "3/min", raising=False)

    def test_counts_each_key_for_itself(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        self.limit(monkeypatch)
        one, two = make_key(cast.team)[1], make_key(cast.team)[1]
        replies = [api_client(one).get(ME) for _ in range(5)]
        assert [reply.status_code for reply in replies] == [200, 200, 200, 429, 429]
        assert int(replies[-1]["Retry-After"]) > 0
        assert replies[-1].json()["code"] == "throttled"
        assert api_client(two).get(ME).status_code == 200

    def test_believes_no_forwarded_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.limit(monkeypatch)
        found = [ActorThrottle().get_cache_key(strangers_request(number), None) for number in range(5)]
        assert len(set(found)) == 1

    def test_lets_requests_pass_without_the_cache(self, cast: Cast, redis_server: RedisServer) -> None:
        key = make_key(cast.team)[1]
        redis_server.stop()
        assert api_client(key).get(ME).status_code == 200


def strangers_request(number: int) -> Request:
    request = APIRequestFactory().get("/", headers={"x-forwarded-for": f"203.0.113.{number}"})
    return Request(request)


class TestTheSchema:
    def test_is_the_one_checked_in(self, client: Client) -> None:
        served = yaml.safe_load(client.get("/api/schema/").content)
        kept = yaml.safe_load((ROOT / "docs/api/openapi.yaml").read_text(encoding="utf-8"))
        assert served == kept, "Run: python3 manage.py spectacular --file docs/api/openapi.yaml"

    def test_names_both_ways_to_prove_who_calls(self, client: Client) -> None:
        schemes = yaml.safe_load(client.get("/api/schema/").content)["components"]["securitySchemes"]
        assert set(schemes) == {"accessKey", "session"}

    def test_names_what_is_sent_and_what_is_taken_in_one_way(self, client: Client) -> None:
        known = yaml.safe_load(client.get("/api/schema/").content)["components"]["schemas"]
        odd = {name for name, one in known.items() if one.get("type") == "object"
               and not name.endswith(("Output", "InputRequest", "OutputList"))}
        assert not odd

    def test_is_made_without_a_warning(self) -> None:
        done = subprocess.run([sys.executable, "manage.py", "spectacular", "--validate", "--fail-on-warn"], cwd=ROOT,
                              capture_output=True, text=True, env={**os.environ, "CSAT_NO_BOOTSTRAP": "1"})
        assert done.returncode == 0, done.stderr[-2000:]
