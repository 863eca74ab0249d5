"""Reference figures on their whole way through the product: file or sheets, import, run, values.

Everything here writes to the database; whoever calls it takes that back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import QueryDict

from accounts.models import Membership, Team, User
from accounts.roles import Role
from analytics.dashboards.change.request import parse_change_request, read_requested
from analytics.dashboards.selection import parse_selection
from analytics.dashboards.verdicts import ComparisonFamily
from analytics.indicators import experts
from analytics.indicators.models import Indicator, IndicatorTree
from analytics.indicators.panel_results import panel_result
from analytics.indicators.services import PlannedNode, PlannedRoles, create_tree
from analytics.indicators.weight_choice import choose_weight_set, propose_panel_weights
from analytics.scoring.models import Run
from analytics.scoring.periods import EVERYTHING, wave
from analytics.scoring.results import PeriodResult, Verdict
from analytics.scoring.selectors import read_period
from analytics.scoring.services import recompute
from analytics.scoring.weighted import read_weighted
from analytics.scoring.weighting import Imported, PopulationPlan, report_on
from csat.demo import airport
from csat.demo.seed import AIRPORT_ANSWERS, read_answers
from surveys.answering.importing import ImportReport, import_responses
from surveys.answering.mapping import parse_map
from surveys.answering.models import RecomputeNote, Response, ResponseState
from surveys.contacts.models import ContactAttribute
from surveys.design.models import Questionnaire
from surveys.design.services import create_from_document, publish
from tests.analytics.builders import AFTERWARDS
from tests.methods.checks.airport import CHANGED, SFO
from tests.methods.checks.check import Check, check
from tests.methods.checks.derived import CELLS, RAKING
from tests.methods.checks.experts import CITY, CITY_SOURCE, city_sheets

AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ITEM_OF_COLUMN = {column: item for item, column in airport.COLUMN_OF_ITEM.items()}
COLUMNS = [row["item"] for row in SFO["change_2017_2018"]]
SURVEY = "R survey svymean"
WAY = "service: import, run"


def text(words: str) -> dict[str, str]:
    """The same words in both languages."""
    return {"en": words, "zh-hans": words}


def make_owner(name: str) -> tuple[Team, User]:
    """Return a team of its own with its owner."""
    team = Team.objects.create(name=name)
    user = User.objects.create_user(f"{name}@reference.example", "a long reference password", name="Owner")
    Membership.objects.create(user=user, team=team, role=Role.OWNER)
    return team, user


def import_airport() -> tuple[Run, ImportReport]:
    """Read the published file into the demo's questionnaire, one leaf for each of 22 items, and make a run."""
    team, user = make_owner("airport")
    for key, levels in (("area", airport.AREA_LEVELS), ("age", airport.AGE_LEVELS), ("gender", airport.GENDER_LEVELS)):
        ContactAttribute.objects.create(team=team, key=key, names=text(key), level_names=levels, is_dimension=True)
    questionnaire = create_from_document(team=team, document=airport.document(), name="Airport", user=user, at=AT)
    publish(questionnaire=questionnaire, user=user, at=AT)
    items = [ITEM_OF_COLUMN[column] for column in COLUMNS]
    leaves = tuple(PlannedNode(f"leaf_{item}", text(item), questions=(item,)) for item in items)
    tree = create_tree(
        team=team, names=airport.TREE_NAMES, root=PlannedNode("root", airport.ROOT_NAMES, children=leaves),
        questionnaire=questionnaire, roles=PlannedRoles(nps=["nps"]), user=user, at=AT,
    )
    report = import_responses(
        questionnaire=questionnaire, table=read_answers(AIRPORT_ANSWERS), mapping=parse_map(airport.import_map()), at=AT)
    run = recompute(tree=tree, at=AT).run
    assert run is not None
    return run, report


def airport_checks(run: Run) -> Iterator[Check]:
    """Item means, satisfied shares, indices and NPS of the waves, plain and weighted, and what changed."""
    years = sorted({one["year"] for one in SFO["waves"]})
    plain = {year: read_period(run, period=wave(str(year)), at=AFTERWARDS) for year in years}
    weighted = {year: read_weighted(run, period=wave(str(year)), weighting=Imported()) for year in years}
    for one in SFO["waves"]:
        yield from _item_checks(one, plain[one["year"]], weighted[one["year"]])
    for one in SFO["nps"]:
        yield from _nps_checks(one, plain[one["year"]], weighted[one["year"]])
    yield from _change_checks(run)


def _item_checks(expected: dict[str, Any], plain: PeriodResult, weighted: PeriodResult) -> Iterator[Check]:
    name = f"airport {expected['year']} {expected['item']}"
    key = f"leaf_{ITEM_OF_COLUMN[expected['item']]}"
    node, other = plain.node(key), weighted.node(key)
    assert node is not None and other is not None
    yield check(
        WAY, f"{name}: answers at each level", expected["hist"], [level.count for level in node.distribution],
        source="R table", within=0,
    )
    for word, kind, mine, theirs in (
        ("mean", "mean", node.items[0].mean, other.items[0].mean),
        ("satisfied share", "top2", node.items[0].satisfied, other.items[0].satisfied),
        ("index", "score100", node.index, other.index),
    ):
        reference = expected[kind]
        yield check(
            WAY, f"{name}: {word}, unweighted", reference["unweighted_mean"], mine.value, source="R mean", within=1e-12,
            relative=True,
        )
        yield check(
            WAY, f"{name}: {word}, weighted: n, value, error, n_eff",
            (reference["n"], reference["weighted_mean"], reference["se"], reference["n_eff_kish"]),
            (theirs.n, theirs.value, theirs.standard_error, theirs.n_eff), source=SURVEY, within=1e-8, relative=True,
        )


def _nps_checks(expected: dict[str, Any], plain: PeriodResult, weighted: PeriodResult) -> Iterator[Check]:
    assert plain.nps is not None and weighted.nps is not None
    mine, theirs = plain.nps.score, weighted.nps.score
    name = f"airport {expected['year']} NPS"
    yield check(
        WAY, f"{name}, unweighted: n, score", (sum(expected["hist"]), expected["unweighted"]["nps"]), (mine.n, mine.value),
        source="R package NPS", within=1e-12, relative=True,
    )
    reference = expected["weighted"]
    yield check(
        WAY, f"{name}, weighted: score, error, n_eff",
        (reference["weighted_mean"], reference["se"], reference["n_eff_kish"]),
        (theirs.value, theirs.standard_error, theirs.n_eff), source=SURVEY, within=1e-8, relative=True,
    )


def _change_checks(run: Run) -> Iterator[Check]:
    query = QueryDict("weighting=imported&period=wave:2018&before=wave:2017")
    selection = parse_selection(tree=run.tree, run=run, query=query, scope={}, today=AT.date(), at=AFTERWARDS)
    changes, problem = read_requested(parse_change_request(selection=selection, query=query))
    assert changes is not None, problem
    rows = {row.key: row for row in changes.family(ComparisonFamily.ITEMS)}
    for one in SFO["change_2017_2018"]:
        row = rows[ITEM_OF_COLUMN[one["item"]]]
        yield check(
            WAY, f"airport 2017-2018 {one['item']}: difference, p, Holm, Benjamini-Hochberg",
            (one["diff"], one["p"], one["p_holm"], one["p_bh"]), (row.difference, row.p, row.p_holm, row.p_bh),
            source="R svymean, p.adjust", within=1e-6, relative=True,
        )
    beyond = [rows[ITEM_OF_COLUMN[column]].verdict == Verdict.BEYOND for column in COLUMNS]
    yield check(
        WAY, "airport 2017-2018: number of 22 items that changed, which",
        (len(CHANGED), *(column in CHANGED for column in COLUMNS)), (sum(beyond), *beyond), source="R p.adjust", within=0,
    )


def make_plain_tree(team: Team, keys: list[str], user: User) -> IndicatorTree:
    """Publish one rating for each key, and a tree with a leaf for each."""
    scale = {"min": 1, "max": 5, "labels": {str(point): text(f"Point {point}") for point in range(1, 6)}}
    document = {
        "schema": 1, "languages": ["en", "zh-hans"], "title": text("Survey"),
        "pages": [{"key": "p1", "questions": [
            {"key": key, "type": "rating", "text": text(key), "scale": scale} for key in keys]}],
    }
    questionnaire = create_from_document(team=team, document=document, name=team.name, user=user, at=AT)
    publish(questionnaire=questionnaire, user=user, at=AT)
    leaves = tuple(PlannedNode(key, text(key), questions=(key,)) for key in keys)
    return create_tree(
        team=team, names=text("Tree"), root=PlannedNode("root", text("Index"), children=leaves),
        questionnaire=questionnaire, roles=PlannedRoles(), user=user, at=AT,
    )


def store(questionnaire: Questionnaire, answers: list[tuple[Mapping[str, int], Mapping[str, str]]]) -> None:
    """Store completed responses with the contacts' attributes, and the note that asks for a run."""
    version = questionnaire.versions.get()
    Response.objects.bulk_create(
        Response(
            team_id=questionnaire.team_id, questionnaire=questionnaire, version=version, language="en", answers=given,
            attributes=levels, state=ResponseState.COMPLETE, completed_at=AT,
        )
        for given, levels in answers
    )
    RecomputeNote.objects.create(questionnaire=questionnaire, at=AT)


def panel_checks() -> Iterator[Check]:
    """200 experts judge five indicators; their weights become those of a run."""
    team, user = make_owner("panel")
    keys = CITY["attributes"]
    tree = make_plain_tree(team, keys, user)
    panel = experts.open_panel(
        node=Indicator.objects.get(tree=tree, parent=None), random_index="saaty_1980", user=user, at=AT)
    sheets = city_sheets()
    people = experts.invite_experts(
        panel=panel, emails=[f"judge{n:03}@experts.example" for n in range(len(sheets))], language="en", at=AT)
    sent = []
    for expert, sheet in zip(people, sheets, strict=True):
        given = {(keys[one], keys[other]): value for (one, other), value in sheet.items()}
        experts.save_judgements(expert=expert, given=given, page=0, language="en", at=AT)
        sent.append(experts.submit_sheet(expert=expert, at=AT + timedelta(hours=1)))
    result = panel_result(panel, sent)
    assert result is not None and result.consistent is not None
    aij, kept = CITY["aij"], CITY["aij_only_CR_le_0.1"]
    yield check(
        "service: panel", "200 judges: weights, ratio", (*aij["eigen"], aij["CR_saaty1980"]),
        (*result.everybody.eigenvector, result.everybody.ratio), source=CITY_SOURCE,
    )
    yield check(
        "service: panel", "consistent judges only: number, weights, ratio",
        (CITY["n_CR_le_0.1"], *kept["eigen"], kept["CR"]),
        (result.consistent.experts, *result.consistent.eigenvector, result.consistent.ratio), source=CITY_SOURCE,
    )
    weight_set = propose_panel_weights(
        panel=panel, result=result, scope="all", method="eigenvector", user=user, at=AT)
    choose_weight_set(weight_set=weight_set, user=user, reason="reference", at=AT)
    store(Questionnaire.objects.get(team=team), [
        ({key: 1 + (place + number) % 5 if number % 3 else 5 - place for place, key in enumerate(keys)}, {})
        for number in range(30)
    ])
    run = recompute(tree=tree, at=AT).run
    assert run is not None
    found = read_period(run, period=EVERYTHING, at=AFTERWARDS)
    by_hand = sum(
        weight * sum(25 * ((place + n) % 5 if n % 3 else 4 - place) for n in range(30)) / 30
        for place, weight in enumerate(aij["eigen"])
    )
    # Every respondent's index is rounded to a millionth of a point once.
    yield check(
        "service: panel, run", "index under the panel's weights", by_hand, found.root.index.value,
        source=f"{CITY_SOURCE}, by hand", within=1e-6,
    )


def raking_checks() -> Iterator[Check]:
    """183 schools with their two attributes, and a population known by its margins."""
    team, user = make_owner("schools")
    for key, levels in (("stype", ("E", "H", "M")), ("wide", ("No", "Yes"))):
        names = {level: text(level) for level in levels}
        ContactAttribute.objects.create(team=team, key=key, names=text(key), level_names=names, is_dimension=True)
    tree = make_plain_tree(team, ["rating"], user)
    store(Questionnaire.objects.get(team=team), [
        ({"rating": 3}, {"stype": cell["stype"], "wide": cell["sch_wide"]}) for cell in CELLS for _ in range(cell["n"])
    ])
    run = recompute(tree=tree, at=AT).run
    assert run is not None
    margins = RAKING["margins"]
    people = {**{(kind, ""): n for kind, n in margins["stype"].items()}, **{("", w): n for w, n in margins["sch_wide"].items()}}
    found = report_on(run, weighting=PopulationPlan("rake", ("stype", "wide"), tuple(people.items())), period=EVERYTHING)
    mean = sum(cell["weight"] * cell["n"] for cell in CELLS) / sum(cell["n"] for cell in CELLS)
    weights = [cell["weight"] / mean for cell in CELLS]
    yield check(
        "service: weighting", "raking: n, lowest, highest, design effect, n_eff",
        (sum(cell["n"] for cell in CELLS), min(weights), max(weights), RAKING["kish_deff"], RAKING["n_eff"]),
        (found.n, found.lowest, found.highest, found.design_effect, found.n_eff), source="R survey apiclus1", within=1e-8,
        relative=True,
    )


def every_check() -> Iterator[Check]:
    """Return all checks that need a database."""
    run, _report = import_airport()
    yield from airport_checks(run)
    yield from panel_checks()
    yield from raking_checks()
