"""Chinese pages use Chinese marks: no half-width comma, colon or bracket touches a Chinese character."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, Final

import pytest
from django.test import Client
from django.urls import reverse

from tests.analytics.dashboard_builders import fill_waves, make_shop, say
from tests.cast import Cast, client_of, make_cast
from tests.project.route_samples import RULES

pytestmark = pytest.mark.django_db
INLINE: Final = {"a", "abbr", "b", "bdi", "code", "em", "i", "label", "mark", "q", "small", "span", "strong", "sub", "sup", "time"}
UNSEEN: Final = {"script", "style", "template", "svg"}
HALF_WIDTH: Final = re.compile(r"[一-鿿”）]\s?[,:;()]|[,:;()]\s?[一-鿿“（]")


class Visible(HTMLParser):
    """The words of a page as the eye reads them: inline elements run on, all others begin anew."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unseen += tag in UNSEEN
        self.parts.append("" if tag in INLINE else "\x00")

    def handle_endtag(self, tag: str) -> None:
        self.unseen -= tag in UNSEEN
        self.parts.append("" if tag in INLINE else "\x00")

    def handle_data(self, data: str) -> None:
        self.parts += [] if self.unseen else [data]


def lines_of(page: str) -> list[str]:
    """Return the lines of a page."""
    reader = Visible()
    reader.feed(page)
    return [" ".join(line.split()) for line in "".join(reader.parts).split("\x00") if line.strip()]


def half_width(page: str) -> list[str]:
    """Return the lines of a page in which a half-width mark touches a Chinese character."""
    return [line for line in lines_of(page) if HALF_WIDTH.search(line)]


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    cast.alice.language = "zh-hans"
    cast.alice.save(update_fields=["language"])
    return cast


@pytest.fixture
def filled(cast: Cast) -> Cast:
    """A team with results, an example among them."""
    for is_example in (False, True):
        shop = make_shop(cast.team, is_example=is_example, name=f"Shop {is_example:d}")
        fill_waves(shop)
        say(shop, "服务很好。", wave="2018")
        shop.compute()
    return cast


def chinese_of(reply: Any) -> str:
    is_page = reply.status_code < 500 and reply.get("Content-Type", "").startswith("text/html") and not reply.streaming
    body = reply.content.decode() if is_page else ""
    return body if 'lang="zh-Hans"' in body[:200] else ""


class TestChinesePages:
    def test_touch_no_chinese_character_with_a_half_width_mark(self, filled: Cast) -> None:
        found, seen = {}, 0
        guest = Client(headers={"accept-language": "zh-Hans"})
        for name, rule in RULES.items():
            path = reverse(name, kwargs=rule.build(filled.team, filled.alice) if rule.build else {})
            for client in (client_of(filled.alice), guest):
                page = chinese_of(client.get(path))
                seen += bool(page)
                found |= {f"{path} {line}": "" for line in half_width(page)}
        assert list(found) == [], "\n".join(found)
        assert seen > 60, seen

    def test_touch_none_in_forms_that_refuse(self, filled: Cast) -> None:
        found, seen = [], 0
        for name, rule in RULES.items():
            if "POST" not in rule.methods:
                continue
            path = reverse(name, kwargs=rule.build(filled.team, filled.alice) if rule.build else {})
            page = chinese_of(client_of(filled.alice).post(path, {}))
            seen += "err-summary" in page
            found += [(path, line) for line in half_width(page)]
        assert found == []
        assert seen > 5, seen


class TestTheSearch:
    @pytest.mark.parametrize("page", [
        "<p>权重: <a>等权</a>, 自</p>", "<p>示例公司 <span>(示例)</span></p>", "<p>不满意 0%, 一般 16%</p>", "<td>NPS: 评论</td>",
    ])
    def test_finds_marks_across_inline_elements(self, page: str) -> None:
        assert len(half_width(page)) == 1

    @pytest.mark.parametrize("page", [
        "<p>权重：等权，自</p>", "<td>名称</td><td>(A)</td>", "<script>'中, 文'</script>", "<p>周一 10:24</p>", "<b>CSV, A–B</b>",
    ])
    def test_leaves_all_others_alone(self, page: str) -> None:
        assert half_width(page) == []
