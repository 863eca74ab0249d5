"""From an exported file back to the answers: what it names suffices to make its figures again with numpy alone."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from openpyxl import load_workbook

from accounts.models import User
from analytics.scoring.models import WeightingScheme
from analytics.scoring.schemes import save_scheme
from analytics.scoring.weighting import PopulationPlan
from tests.analytics.builders import AT, ITEMS, answer_many
from tests.analytics.dashboard_builders import Shop, make_shop
from tests.cast import Cast, api_client, client_of, make_key, words_of

pytestmark = pytest.mark.django_db
Rows = list[dict[str, str]]
Z = 1.959963984540054
PEOPLE = {"East": 500, "West": 300, "North": 200}


@pytest.fixture
def shop(cast: Cast) -> Shop:
    """Two waves of three regions; one answer in nine is blank, one in seven does not apply, some leave out most."""
    shop = make_shop(cast.team)
    random = np.random.default_rng(4)
    for wave, middle in (("2017", 3.6), ("2018", 3.2)):
        for place, region in enumerate(PEOPLE):
            rows = []
            for number in range(50 + 20 * place):
                scores = np.clip(np.rint(random.normal(middle + 0.3 * place, 1.1, 5)), 1, 5).astype(int).tolist()
                given: dict[str, Any] = dict(zip((*ITEMS, "overall"), scores, strict=True)) | {"nps": int(random.integers(0, 11))}
                if number % 9 == 4:
                    del given["quality"]
                if number % 7 == 3:
                    given["speed"] = "NA"
                if number % 10 == 6:
                    given = {"quality": given.get("quality", 3), "nps": given["nps"]}
                rows.append(given)
            answer_many(shop.version, rows, wave=wave, attributes={"region": region}, source="import",
                        at=datetime(int(wave), 5, 1, tzinfo=UTC))
    shop.compute()
    plan = PopulationPlan("rake", ("region",), tuple(((region,), float(n)) for region, n in PEOPLE.items()))
    save_scheme(tree=shop.tree, name="Regions", plan=plan, user=None, at=AT)
    return shop


def table(user: User, address: str) -> Rows:
    reply = client_of(user).get(address)
    return list(csv.DictReader(io.StringIO(b"".join(reply.streaming_content).decode("utf-8-sig"))))


def answers(user: User, shop: Shop, wave: str, region: str = "") -> Rows:
    """The raw export by the keys of its questions, which stand in brackets at the end of a heading."""
    rows = table(user, f"/questionnaires/{shop.version.questionnaire_id}/responses.csv")
    keyed = [{re.sub(r"^.*\[(\w+)\]$", r"\1", name): value for name, value in row.items()} for row in rows]
    return [row for row in keyed if row["wave"] == wave and region in ("", row["region"])]


def column(rows: Rows, key: str) -> Any:
    return np.array([float(row[key]) if row[key].isdigit() else np.nan for row in rows])


def index_of(rows: Rows, definition: dict[str, Any], coverage: float) -> Any:
    """Each respondent's index by estimator A, NaN for who does not count; the score vector is the linear one."""
    feeds = {one["node"]: one for one in definition["sources"] if one["role"] == "leaf"}

    def value(key: str) -> tuple[Any, Any]:
        """Values, and which share of the weight below was answered."""
        if key in feeds:
            found = (column(rows, feeds[key]["key"]) - feeds[key]["low"]) / (feeds[key]["high"] - feeds[key]["low"]) * 100
            return found, np.where(np.isnan(found), 0.0, 1.0)
        parts = [(node["weight"], *value(node["key"])) for node in definition["nodes"] if node["parent"] == key]
        weights = np.array([[weight] for weight, _, _ in parts])
        values, shares = np.array([one for _, one, _ in parts]), np.array([one for _, _, one in parts])
        known = ~np.isnan(values)
        with np.errstate(invalid="ignore"):
            mean = (weights * np.where(known, values, 0)).sum(0) / (weights * known).sum(0)
        return mean, (weights * shares).sum(0) / weights.sum()

    found, share = value(definition["nodes"][0]["key"])
    return found[~np.isnan(found) & (share >= coverage - 1e-12)]


def told(row: dict[str, str], *names: str) -> list[float]:
    return [float(row[name]) for name in names]


class TestAFigureOfAFile:
    def test_leads_to_its_definition_and_is_made_again(self, cast, shop):
        """The index of a filtered overview, by the definition of the run that the row names."""
        row = next(one for one in table(cast.bob, "/overview/export/?period=wave:2018&region=North") if one["section"] == "index")
        run = api_client(make_key(cast.team)[1]).get(f"/api/v1/runs/{row['run']}/").json()
        assert (row["definition_hash"], row["tree"], row["filters"]) == (run["definition_hash"], str(shop.tree.pk), "region=North")
        assert run["definition"]["score_vector"] == row["score_vector"] == "linear"
        assert run["definition"]["methods"]["index"].startswith("A:") and int(row["coverage"]) == run["definition"]["coverage"]
        found = index_of(answers(cast.bob, shop, "2018", "North"), run["definition"], int(row["coverage"]) / 100)
        expected = [found.mean(), found.std(ddof=1) / np.sqrt(len(found)), len(found)]
        assert told(row, "value", "standard_error", "n") == pytest.approx(expected, abs=2e-6)
        assert len(found) < len(answers(cast.bob, shop, "2018", "North"))

    def test_leads_to_its_weights_and_is_made_again(self, cast, shop):
        """A weighted Net Promoter Score, by the population of the weighting that the row names."""
        scheme = WeightingScheme.objects.get(tree=shop.tree)
        rows = table(cast.bob, f"/overview/export/?period=wave:2018&weighting={scheme.pk}")
        row = next(one for one in rows if one["section"] == "nps" and one["metric"] == "nps")
        listed = api_client(make_key(cast.team)[1]).get("/api/v1/weightings/?period=wave:2018").json()["weightings"]
        named = next(one for one in listed if str(one["weighting"]["id"]) == row["weighting"])
        assert row["weighting_hash"] == named["weighting"]["hash"] and row["weighting_hash"]
        people = {one["levels"][0]: one["people"] for one in named["population"]}
        given = answers(cast.bob, shop, "2018")
        regions = np.array([one["region"] for one in given])
        weights = np.array([people[one] / (regions == one).sum() for one in regions])
        scores = column(given, "nps")
        values = 100 * ((scores >= 9).astype(float) - (scores <= 6))
        mean = (weights * values).sum() / weights.sum()
        n = len(values)
        error = np.sqrt(n / (n - 1) * (weights**2 * (values - mean) ** 2).sum()) / weights.sum()
        expected = [mean, error, n, weights.sum() ** 2 / (weights**2).sum()]
        assert told(row, "value", "standard_error", "n", "n_eff") == pytest.approx(expected, abs=1e-6)

    def test_of_a_change_is_made_again(self, cast, shop):
        """The difference of two satisfied shares with Newcombe's interval."""
        row = next(one for one in table(cast.bob, "/overview/change/export/?before=wave:2017&period=wave:2018")
                   if one["family"] == "headline" and one["metric"] == "satisfied_share")
        shares = []
        for wave in ("2017", "2018"):
            scores = column(answers(cast.bob, shop, wave), "overall")
            scores = scores[~np.isnan(scores)]
            n, p = len(scores), (scores >= 4).mean()
            middle, half = (p + Z**2 / 2 / n) / (1 + Z**2 / n), Z * np.sqrt(p * (1 - p) / n + Z**2 / 4 / n**2) / (1 + Z**2 / n)
            shares.append((p, middle - half, middle + half, n))
        (p, low, high, n), (q, down, up, m) = shares
        assert told(row, "before", "before_low", "before_high", "before_n") == pytest.approx([p, low, high, n], abs=1e-12)
        assert told(row, "after", "after_low", "after_high", "after_n") == pytest.approx([q, down, up, m], abs=1e-12)
        expected = [q - p, q - p - np.hypot(q - down, high - p), q - p + np.hypot(up - q, p - low)]
        assert told(row, "difference", "low", "high") == pytest.approx(expected, abs=1e-12)


class TestTheMethodPage:
    def test_shows_the_definition_that_files_name(self, cast, shop):
        row = table(cast.bob, "/overview/export/")[0]
        assert f"Fingerprint of the definition {row['definition_hash'][:16]}…" in words_of(client_of(cast.bob).get("/overview/method/"))


class TestAWorkbook:
    def test_names_tree_definition_methods_and_weighting(self, cast, shop):
        scheme = WeightingScheme.objects.get(tree=shop.tree)
        run = shop.tree.runs.first()
        reply = client_of(cast.bob).get(f"/overview/export.xlsx?weighting={scheme.pk}")
        lines = dict(load_workbook(io.BytesIO(reply.content))["About"].iter_rows(values_only=True))
        row = table(cast.bob, f"/overview/export/?weighting={scheme.pk}")[0]
        assert (lines["Tree"], lines["Run"], lines["Fingerprint of the definition"]) == (shop.tree.pk, run.pk, run.definition_hash)
        assert lines["Fingerprint of the weighting"] == row["weighting_hash"]
        assert "index A:nested-renormalised" in lines["Method versions"]
