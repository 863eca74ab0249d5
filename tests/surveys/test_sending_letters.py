"""The mail itself: two languages, two scales, and nothing that a person typed is ever executed."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.contacts.models import Contact
from surveys.contacts.services import create_contact
from surveys.design.document import parse_document
from surveys.sending import delivery
from surveys.sending.letters import (
    LetterError,
    Links,
    Person,
    build_letter,
    compile_pattern,
    embedded_item,
    greeting_for,
)
from surveys.sending.models import Campaign, Invitation
from surveys.sending.selectors import find_invitation, find_invitation_to_stop
from surveys.sending.services import launch_campaign
from surveys.sending.texts import fill, find_problems
from surveys.sending.tokens import hash_token, new_nonce, nonce_of_stop_token, stop_token_for, token_for
from tests.services.smtp import Mailbox
from tests.surveys.sending_builders import (
    AT,
    launched,
    make_campaign,
    make_team,
    nps_document,
    publish,
    rating_document,
    states,
)

LINKS = Links(answer="https://survey.example/a/TOKEN/", stop="https://survey.example/u/STOP/")
HOSTILE = [
    "{{7*7}}", "{% debug %}", "{{settings.SECRET_KEY}}", "${7*7}", "#{7*7}", "{0.__class__.__mro__}", "%(a)s",
    "<script>alert(1)</script>",
]


@pytest.fixture
def campaign(db: None) -> Campaign:
    team = make_team(postal_address="1 Example Road, Shanghai", privacy_url="https://team.example/privacy")
    return make_campaign(team, publish(team), closes_at=AT + timedelta(days=13), sender_title="Service director")


def written(campaign: Campaign, language: str, person: Person, document: dict[str, Any] | None = None) -> EmailMessage:
    pattern = compile_pattern(campaign=campaign, document=parse_document(document or nps_document()), language=language)
    letter = build_letter(pattern, person, LINKS, message_id="<inv-1@x.example>", at=AT, correlation="inv-1")
    return message_from_bytes(letter.raw, policy=policy.default)  # type: ignore[return-value]


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


class TestMail:
    def test_has_the_text_first_with_eleven_lines(self, campaign: Campaign) -> None:
        message = written(campaign, "en", Person("zhang@x.example", "Zhang Min", "Mr"))
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        text = body(message, "plain")
        lines = [line for line in text.splitlines() if "?s=" in line]
        assert lines == [f"{n:>2}  https://survey.example/a/TOKEN/?s={n}" for n in range(10, -1, -1)]
        assert text.startswith("Dear Mr Zhang Min,")
        assert "recommend Example Logistics to a friend" in text
        assert "(0 = Not at all likely, 10 = Extremely likely)" in text
        assert "\n\n\n" not in text

    def test_speaks_the_contacts_language(self, campaign: Campaign) -> None:
        message = written(campaign, "zh-hans", Person("zhang@x.example", "张敏", "先生"))
        text = body(message, "plain")
        assert text.startswith("张敏先生，您好：")
        assert "您有多大可能向朋友或同事推荐示例物流？" in text
        assert message["Subject"] == "张敏，我们的服务怎么样？"
        assert 'lang="zh-Hans"' in body(message, "html") and "English" in body(message, "html")

    def test_carries_the_scale_as_links_in_html_too(self, campaign: Campaign) -> None:
        html = body(written(campaign, "en", Person("a@x.example")), "html")
        assert re.findall(r'class="num" href="([^"]+)"', html) == [f"{LINKS.answer}?s={n}" for n in range(11)]
        assert len(html.encode()) * 4 / 3 < 100_000
        assert not re.search(r"<(script|form|button|svg|img)\b", html)

    def test_shows_a_rating_as_word_links(self, campaign: Campaign) -> None:
        message = written(campaign, "en", Person("a@x.example"), rating_document())
        assert "5  https://survey.example/a/TOKEN/?s=5  Very satisfied" in body(message, "plain")
        assert body(message, "html").count('class="num"') == 5

    def test_without_a_scale_has_one_link(self, campaign: Campaign) -> None:
        document = nps_document(pages=[{"key": "p", "questions": [{"key": "t", "type": "text", "text": {"en": "?"}}]}])
        text = body(written(campaign, "en", Person("a@x.example"), document), "plain")
        assert "Open the survey: https://survey.example/a/TOKEN/" in text and "?s=" not in text

    def test_can_be_stopped_visibly_and_by_one_click(self, campaign: Campaign) -> None:
        message = written(campaign, "en", Person("a@x.example"))
        assert message["List-Unsubscribe"] == f"<{LINKS.stop}>"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert LINKS.stop in body(message, "plain") and LINKS.stop in body(message, "html")

    def test_carries_its_fixed_id(self, campaign: Campaign) -> None:
        message = written(campaign, "en", Person("a@x.example"))
        assert (message["Message-ID"], message["X-Csat-Correlation"]) == ("<inv-1@x.example>", "inv-1")

    @pytest.mark.parametrize("hostile", HOSTILE)
    def test_shows_hostile_text_literally(self, campaign: Campaign, hostile: str) -> None:
        campaign.subject = {"en": f"S {hostile}"}
        campaign.message = {"en": f"M {hostile} {{name}}"}
        campaign.sender_name = hostile
        message = written(campaign, "en", Person("a@x.example", name=f"N {hostile}"))
        text = body(message, "plain")
        assert message["Subject"] == f"S {hostile}"
        assert f"M {hostile} N {hostile}" in text
        html = body(message, "html")
        assert "<script>" not in html and html.count("&lt;script&gt;") >= ("<script>" in hostile)

    def test_never_lets_one_value_fill_another(self, campaign: Campaign) -> None:
        campaign.message = {"en": "{name}"}
        text = body(written(campaign, "en", Person("a@x.example", name="{company} \x02LINK\x03")), "plain")
        assert "{company} LINK" in text

    @pytest.mark.parametrize("name", ["Li\r\nBcc: x@evil.example", "Li\u2028Bcc: x@evil.example", "Li\x00", "李" * 500])
    def test_of_a_hostile_name_has_no_header_more(self, campaign: Campaign, name: str) -> None:
        message = written(campaign, "en", Person("a@x.example", name=name))
        assert message["Bcc"] is None
        assert message["To"].addresses[0].addr_spec == "a@x.example"

    @pytest.mark.parametrize("email", ["a@x.example, b@evil.example", "a@x.example\r\nRCPT TO:<b@e.example>", "@x", "ä@x.example"])
    def test_to_a_hostile_address_is_not_written(self, campaign: Campaign, email: str) -> None:
        with pytest.raises(LetterError):
            written(campaign, "en", Person(email))

    def test_reaches_a_chinese_domain_in_ascii(self, campaign: Campaign) -> None:
        assert written(campaign, "en", Person("a@例子.example"))["To"] == "a@xn--fsqu00a.example"


@pytest.mark.django_db(transaction=True)
class TestOneBadMail:
    def test_never_stops_the_campaign(self, mailbox: Mailbox) -> None:
        team = make_team()
        for n in range(5):
            create_contact(team=team, email=f"p{n}@customer.example", at=AT, language="en")
        Contact.objects.filter(email_key="p2@customer.example").update(email="p2@x.example\r\nBcc: evil@x.example")
        campaign = make_campaign(team, publish(team))
        launch_campaign(campaign=campaign, at=AT)
        delivery.send_due(campaign_id=campaign.pk, worker="t", clock=lambda: AT, seconds=60)
        assert states(campaign) == {"sent": 4, "failed": 1}
        assert Invitation.objects.get(state="failed").reason == "cannot_be_written"


class TestGreeting:
    @pytest.mark.parametrize(("language", "person", "greeting"), [
        ("en", Person("a@x.example", "Zhang Min", "Mr"), "Dear Mr Zhang Min,"),
        ("en", Person("a@x.example", "Zhang Min"), "Dear Zhang Min,"),
        ("en", Person("a@x.example", " ", "Mr"), "Hello,"),
        ("zh-hans", Person("a@x.example", "张敏", "女士"), "张敏女士，您好："),
        ("zh-hans", Person("a@x.example", "张敏"), "您好："),
        ("zh-hans", Person("a@x.example"), "您好："),
    ])
    def test_never_has_a_gap(self, language: str, person: Person, greeting: str) -> None:
        assert greeting_for(person, language) == greeting


class TestEmbeddedItem:
    def test_is_the_nps_question_before_any_rating(self) -> None:
        both = nps_document(pages=rating_document()["pages"] + [{**nps_document()["pages"][0], "key": "p2"}])
        item = embedded_item(parse_document(both))
        assert item is not None and item.key == "nps"


class TestFill:
    def test_uses_the_value_the_fallback_or_the_languages_word(self) -> None:
        text = "{name}, {region|your region}, {unknown}"
        assert fill(text, {"region": "East"}, language="en") == "customer, East, {unknown}"
        assert fill(text, {"name": "Li"}, language="en") == "Li, your region, {unknown}"

    @given(st.text(), st.text())
    def test_never_fails_and_never_looks_twice(self, text: str, value: str) -> None:
        fill(text, {"name": value}, language="en")
        assert "SECRET" not in fill("{name}", {"name": "{company}", "company": "SECRET"}, language="en")

    def test_leaves_double_braces_alone(self) -> None:
        assert fill("{{name}} {name}}", {"name": "Li"}, language="en") == "{{name}} {name}}"
        assert find_problems("{{nonsense}}", known=(), is_line=True, longest=99) == []


class TestTokens:
    def test_are_strong_and_alike_in_nothing(self) -> None:
        tokens = [token_for(new_nonce()) for _ in range(10_000)]
        assert len(set(tokens)) == 10_000
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", token) for token in tokens)
        counts = Counter("".join(tokens))
        expected = 10_000 * 32 / 64
        chi_square = sum((counts[c] - expected) ** 2 / expected for c in counts)
        # 63 degrees of freedom: 1 in 100 000 random samples is above 123.
        assert len(counts) == 64 and chi_square < 123
        assert len({token[:8] for token in tokens}) > 9_990

    def test_are_not_interchangeable(self) -> None:
        nonce = new_nonce()
        assert nonce_of_stop_token(stop_token_for(nonce)) == nonce
        assert nonce_of_stop_token(token_for(nonce)) is None
        assert nonce_of_stop_token(token_for(nonce) + token_for(nonce)[:16]) is None

    def test_depend_on_the_secret(self, settings: Any) -> None:
        nonce = new_nonce()
        before = token_for(nonce), stop_token_for(nonce)
        settings.SECRET_KEY = "another secret that is long enough for everything here"
        assert token_for(nonce) != before[0] and nonce_of_stop_token(before[1]) is None

    @pytest.mark.django_db(transaction=True)
    def test_find_their_invitation_and_near_misses_find_none(self) -> None:
        launched(make_team(), 1)
        nonce = bytes(Invitation.objects.get().nonce)
        token, stop = token_for(nonce), stop_token_for(nonce)
        assert find_invitation(token=token) and find_invitation_to_stop(token=stop)
        assert find_invitation(token=stop) is None and find_invitation_to_stop(token=token) is None
        for near in (token[:-1], token + ".", token.swapcase(), token + "=", "\x00" + token, "é" * 32, ""):
            assert find_invitation(token=near) is None
        for near in (stop[:-1], stop + "=", stop + "A", stop.swapcase(), "é" * 48):
            assert find_invitation_to_stop(token=near) is None

    @pytest.mark.django_db(transaction=True)
    def test_are_looked_up_in_one_query(self, django_assert_num_queries: Any) -> None:
        launched(make_team(), 1)
        token = token_for(bytes(Invitation.objects.get().nonce))
        with django_assert_num_queries(1):
            found = find_invitation(token=token)
            assert found is not None
            assert found.campaign.version and found.campaign.questionnaire and found.campaign.team
        assert Invitation.objects.filter(token_hash=hash_token(token)).exists()
