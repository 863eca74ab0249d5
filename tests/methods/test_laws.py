"""The laws that every method keeps."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx

from analytics.methods.errors import MethodError
from analytics.methods.summaries import MISSING_CODES
from tests.methods.catalogue import methods
from tests.methods.subjects import SUBJECTS, FromElements, FromNumbers, FromRespondents, Respondents, flat

SEEDS = st.integers(0, 2**31)
FEW = settings(max_examples=12, deadline=None)
CLOSE = {"rel": 1e-9, "abs": 1e-9}


def of_kind(kind):
    return {name: subject for name, subject in SUBJECTS.items() if isinstance(subject, kind)}


RESPONDENTS, ELEMENTS, NUMBERS = of_kind(FromRespondents), of_kind(FromElements), of_kind(FromNumbers)
POINTS = {name: subject for name, subject in RESPONDENTS.items() if subject.point is not None}
WEIGHTED = {name: subject for name, subject in RESPONDENTS.items() if subject.unweighted is not None}


def respondents(rows: int, seed: int, missing: float = 0.25) -> Respondents:
    rng = np.random.default_rng(seed)
    level = rng.normal(4, 1.2, size=(rows, 1))
    answers = np.clip(np.rint(level + rng.normal(0, 1, size=(rows, 4))), 1, 7).astype(np.int8)
    is_missing = rng.random(answers.shape) < missing
    answers[is_missing] = rng.choice(MISSING_CODES, size=int(is_missing.sum()))
    return Respondents(answers, rng.choice([0.5, 1.0, 1.5, 3.0], size=rows))


def rows_of(people: Respondents, rows: np.ndarray) -> Respondents:
    return Respondents(people.answers[rows], people.weights[rows])


class TestRegistry:
    def test_knows_every_method(self):
        assert set(methods()) - set(SUBJECTS) == set()

    def test_knows_no_other(self):
        assert set(SUBJECTS) - set(methods()) == set()

    def test_would_notice_a_method_without_laws(self):
        known = dict(SUBJECTS)
        del known["holm"]
        assert set(methods()) - set(known) == {"holm"}

    def test_leaves_no_method_of_respondents_without_the_law_of_copies(self):
        assert {
            name for name, subject in RESPONDENTS.items() if subject.point is None and not subject.is_count
        } == set()


@pytest.mark.parametrize("name", RESPONDENTS)
class TestEveryMethodOfRespondents:
    @FEW
    @given(SEEDS)
    def test_does_not_care_who_came_first(self, name, seed):
        people = respondents(60, seed)
        shuffled = rows_of(people, np.random.default_rng(seed).permutation(60))
        of = RESPONDENTS[name].whole
        assert flat(of(shuffled)) == approx(flat(of(people)), **CLOSE)

    @FEW
    @given(SEEDS, st.sampled_from(MISSING_CODES))
    def test_takes_who_answered_nothing_as_never_asked(self, name, seed, missing):
        people = respondents(60, seed)
        silent = np.full((7, 4), missing, dtype=np.int8)
        more = Respondents(np.vstack([people.answers, silent]), np.append(people.weights, np.full(7, 2.5)))
        of = RESPONDENTS[name].whole
        assert flat(of(more)) == approx(flat(of(people)), **CLOSE)

    @FEW
    @given(SEEDS)
    def test_does_not_care_in_what_unit_weights_are(self, name, seed):
        people = respondents(60, seed)
        scaled = Respondents(people.answers, people.weights * 8)
        of = RESPONDENTS[name].whole
        assert flat(of(scaled)) == approx(flat(of(people)), **CLOSE)

    @FEW
    @given(SEEDS)
    def test_stays_within_its_bounds(self, name, seed):
        subject = RESPONDENTS[name]
        found = flat(subject.whole(respondents(60, seed)))
        assert found
        assert all(math.isfinite(value) and subject.low <= value <= subject.high for value in found)

    @FEW
    @given(SEEDS, st.integers(0, 2), st.sampled_from([0.0, 0.5, 1.0]))
    def test_gives_a_number_or_a_reason_for_none_one_or_two(self, name, seed, rows, missing):
        subject = RESPONDENTS[name]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = flat(subject.whole(respondents(rows, seed, missing)))
            except MethodError as refusal:
                assert refusal.reason
                return
        assert all(math.isfinite(value) for value in found)


@pytest.mark.parametrize("name", POINTS)
class TestEveryPoint:
    @FEW
    @given(SEEDS, st.integers(2, 4))
    def test_of_copies_is_that_of_one_each(self, name, seed, copies):
        people = respondents(60, seed)
        of = POINTS[name].point
        assert flat(of(rows_of(people, np.tile(np.arange(60), copies)))) == approx(flat(of(people)), **CLOSE)


@pytest.mark.parametrize("name", WEIGHTED)
class TestEveryWeightedMethod:
    @FEW
    @given(SEEDS)
    def test_of_unit_weights_is_the_plain_one(self, name, seed):
        people = respondents(60, seed)
        people = Respondents(people.answers, np.ones(60))
        subject = WEIGHTED[name]
        plain = flat(subject.unweighted(people))
        assert flat(subject.whole(people))[: len(plain)] == approx(plain, **CLOSE)

    @FEW
    @given(SEEDS)
    def test_counts_weight_k_like_k_copies(self, name, seed):
        subject = WEIGHTED[name]
        if subject.is_count or name == "design_effect":
            return
        people = respondents(60, seed)
        times = np.random.default_rng(seed).integers(1, 5, size=60)
        weighted = Respondents(people.answers, times.astype(float))
        repeated = rows_of(people, np.repeat(np.arange(60), times))
        copies = Respondents(repeated.answers, np.ones(len(repeated.answers)))
        assert flat(subject.point(weighted)) == approx(flat(subject.point(copies)), **CLOSE)


@pytest.mark.parametrize("name", ELEMENTS)
class TestEveryMethodOfElements:
    @FEW
    @given(st.data())
    def test_follows_its_elements_into_any_order(self, name, data):
        subject = ELEMENTS[name]
        order = np.array(data.draw(st.permutations(range(subject.size))))
        plain = np.array(flat(subject.of(np.arange(subject.size))))
        assert plain.size == subject.size
        assert flat(subject.of(order)) == approx(plain[order].tolist(), rel=1e-7, abs=1e-9)

    def test_stays_within_its_bounds(self, name):
        subject = ELEMENTS[name]
        assert all(subject.low <= value <= subject.high for value in flat(subject.of(np.arange(subject.size))))


@pytest.mark.parametrize("name", NUMBERS)
class TestEveryClosedForm:
    def test_is_finite_and_within_its_bounds(self, name):
        subject = NUMBERS[name]
        found = flat(subject.of())
        assert found
        assert all(subject.low <= value <= subject.high for value in found if not math.isinf(value))
