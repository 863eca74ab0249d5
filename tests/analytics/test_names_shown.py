"""What pages of results call things: names of the team, never the keys and codes behind them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from analytics.dashboards.weighting.refusals import refusal_text
from analytics.indicators.models import Indicator, IndicatorTree, WeightOrigin, WeightSet
from analytics.indicators.services import PlannedRoles, create_tree
from analytics.indicators.weight_choice import choose_weight_set
from analytics.scoring.recompute_requests import request_recompute
from analytics.scoring.results import Dimension
from analytics.scoring.schemes import save_scheme
from analytics.scoring.selectors import get_latest_run
from analytics.scoring.services import recompute
from analytics.scoring.weighting import PopulationPlan, WeightingError
from surveys.contacts.models import ContactAttribute
from surveys.design.models import QuestionnaireVersion
from tests.analytics.builders import AT, ITEMS, answer_many, document, publish, publish_again, standard_plan
from tests.analytics.dashboard_builders import codes
from tests.cast import Cast, api_client, client_of, make_key
from tests.cast import words_of as words

pytestmark = pytest.mark.django_db


def asked(key: str, high: int = 5) -> dict[str, object]:
    scale = {"min": 1, "max": high, "labels": {}}
    return {"key": key, "type": "rating", "text": both(f"How was the {key}?", f"{key} 怎么样？"), "scale": scale}


def both(english: str, chinese: str) -> dict[str, str]:
    return {"en": english, "zh-hans": chinese}


@pytest.fixture
def version(cast: Cast) -> QuestionnaireVersion:
    ContactAttribute.objects.create(
        team=cast.team, key="sex", names=both("Gender", "性别"), is_dimension=True,
        level_names={"m": both("Men", "男"), "f": both("Women", "女")},
    )
    return publish(cast.team, document(*(asked(key) for key in (*ITEMS, "overall"))), name="Visit")


@pytest.fixture
def tree(cast: Cast, version: QuestionnaireVersion) -> IndicatorTree:
    made = create_tree(
        team=cast.team, names=both("Shop", "商店"), root=standard_plan(), at=AT, questionnaire=version.questionnaire,
        roles=PlannedRoles(overall=("overall",)),
    )
    Indicator.objects.filter(tree=made, key="product").update(names=both("The goods", "商品"))
    for year in (2017, 2018):
        answer_many(version, codes(4, 40), wave=str(year), at=datetime(year, 5, 1, tzinfo=UTC), attributes={"sex": "m"})
    recompute(tree=made, at=AT)
    return made


def put_in_force(cast: Cast, tree: IndicatorTree, name: str, origin: str) -> None:
    old = tree.weight_sets.get(valid_to_at=None)
    other = WeightSet.objects.create(
        tree=tree, number=old.number + 1, name=name, origin=origin,
        weights=old.weights | {"product": 0.7, "service": 0.3},
    )
    choose_weight_set(weight_set=other, user=cast.alice, reason="A trial.", at=AT)
    recompute(tree=tree, at=AT)


@pytest.mark.parametrize(("name", "origin", "shown"), [
    ("johnson", WeightOrigin.DERIVED, "No. 2: Derived importance (Johnson)"), ("csi", WeightOrigin.AHP, "No. 2: AHP expert panel"),
    ("", WeightOrigin.MANUAL, "No. 2: Set by hand"),
])
class TestAWeightSet:
    def test_is_named_by_number_and_origin(self, cast, tree, name, origin, shown):
        first = get_latest_run(tree=tree)
        put_in_force(cast, tree, name, origin)
        run, client = get_latest_run(tree=tree), client_of(cast.bob)
        for address in ("/overview/change/", "/overview/method/", f"/runs/{run.pk}/value/",
                        f"/runs/{run.pk}/compare/{first.pk}/"):
            page = words(client.get(address))
            assert shown in page, address
            assert re.search(rf"{re.escape(name)} · 2(?!\d)", page) is None, address
        key = make_key(cast.team)[1]
        assert api_client(key).get("/api/v1/overview/").json()["weight_set"] == shown


class TestTwoRuns:
    def test_are_compared_in_the_names_of_the_tree(self, cast, tree, version):
        first = get_latest_run(tree=tree)
        put_in_force(cast, tree, "", WeightOrigin.MANUAL)
        again = publish_again(version.questionnaire, version.document)
        answer_many(again, codes(4, 7), wave="2018", at=AT, attributes={"sex": "f"})
        tree.sources.get(question_key="design").delete()
        tree.score_vector = "cn_practice"
        tree.save(update_fields=["score_vector"])
        request_recompute(trees=[tree.pk], at=AT)
        recompute(tree=tree, at=AT)
        page = words(client_of(cast.bob).get(f"/runs/{get_latest_run(tree=tree).pk}/compare/{first.pk}/"))
        for text in ("Weight of The goods", "Visit, version 1: 80", "Visit, version 2: 7", "How was the design?",
                     "0 / 30 / 60 / 80 / 100 (five points)"):
            assert text in page, text
        for raw in ("Weight of product", f"{version.pk}: 80", "cn_practice", "design→design"):
            assert raw not in page, raw


class TestQuestions:
    def test_are_shown_by_what_they_ask(self, cast, tree, version):
        answer_many(version, codes(4, 9), at=AT, attributes={"sex": "f"}, respondent_weight=2)
        recompute(tree=tree, at=AT)
        run = get_latest_run(tree=tree)
        page = words(client_of(cast.bob).get(f"/runs/{run.pk}/value/?node=speed&sex=m&weighting=imported"))
        assert "Mean: How was the speed?" in page and "Mean: speed" not in page
        assert "Gender: Men" in page and "sex: m" not in page


class TestTheQuestionOfTheSatisfiedShare:
    def satisfied(self, cast: Cast, question: dict[str, object]) -> tuple[str, dict[str, str]]:
        version = publish(cast.team, document(*(asked(key) for key in ITEMS), question))
        tree = create_tree(
            team=cast.team, names=both("Shop", "商店"), root=standard_plan(), at=AT, questionnaire=version.questionnaire,
            roles=PlannedRoles(overall=("overall",)),
        )
        answer_many(version, codes(4, 40), at=AT)
        recompute(tree=tree, at=AT)
        served = api_client(make_key(cast.team)[1]).get(f"/api/v1/overview/?survey={tree.pk}").json()
        return words(client_of(cast.bob).get(f"/overview/?survey={tree.pk}", follow=True)), served["satisfied"]["names"]

    def test_may_be_a_row_of_a_table(self, cast):
        row = {"key": "overall", "text": both("All in all", "总体而言")}
        page, names = self.satisfied(cast, asked("parts") | {"type": "matrix", "rows": [row]})
        assert names == both("All in all", "总体而言")
        assert "All in all" in page and "Levels of the index" not in page

    def test_has_the_company_filled_in(self, cast):
        cast.team.company_names = both("Blue Ltd", "蓝色公司")
        cast.team.save(update_fields=["company_names"])
        page, names = self.satisfied(cast, asked("overall") | {"text": both("How is {company}?", "{company}怎么样？")})
        assert names == both("How is Blue Ltd?", "蓝色公司怎么样？")
        assert "How is Blue Ltd?" in page and "{company}" not in page


class TestARefusal:
    def test_names_level_and_dimension_as_the_team_does(self, cast, tree):
        plan = PopulationPlan("rake", ("sex",), ((("m",), 5), (("f",), 5)))
        scheme = save_scheme(tree=tree, name="Half", plan=plan, user=None, at=AT)
        run = get_latest_run(tree=tree).pk
        for address in ("/weighting/?", f"/overview/change/?weighting={scheme.pk}&", f"/runs/{run}/value/?weighting={scheme.pk}&"):
            page = words(client_of(cast.bob).get(f"{address}period=wave:2018"))
            assert "“Women” (Gender) has a population" in page, address

    def test_is_not_needed_to_name_the_dimensions_of_a_weighting(self, cast, tree):
        plan = PopulationPlan("rake", ("sex",), ((("m",), 5), (("f",), 5)))
        save_scheme(tree=tree, name="Half", plan=plan, user=None, at=AT)
        page = client_of(cast.bob).get("/weighting/").content.decode()
        assert "<summary>Half</summary>" in page and "<td>Gender</td>" in page

    def test_of_a_cell_names_each_part(self):
        known = (Dimension("sex", {"en": "Gender"}, ("m",), {"m": {"en": "Men"}}), Dimension("area", {"en": "Area"}, ("e",), {}))
        error = WeightingError("level_twice", dimension="sex × area", level="m · e")
        assert refusal_text(error, known) == "The level “Men · e” of “Gender × Area” is given twice."
