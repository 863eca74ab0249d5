"""Intervals by leaving out groups of answers, and how many dimensions stand out of chance."""

import math

import numpy as np
import pytest
from pytest import approx
from scipy import stats

from analytics.methods.errors import InvalidLevelError, InvalidValueError, ShapeMismatchError, TooFewAnswersError
from analytics.methods.importance import relative_weights
from analytics.methods.jackknife import delete_group_intervals
from analytics.methods.retention import chance_eigenvalues, parallel_analysis
from tests.methods.figures import CLOSED, figures

MOBI = figures("mobi_covariance")


class TestDeleteGroupIntervals:
    def test_of_single_answers_is_the_standard_error_of_a_mean(self):
        values = np.array([2.0, 4.0, 4.0, 5.0, 9.0])
        without = [[np.delete(values, place).mean()] for place in range(5)]
        found = delete_group_intervals([values.mean()], without)
        assert found.standard_errors[0] == approx(values.std(ddof=1) / math.sqrt(5), rel=CLOSED)
        assert found.high[0] - values.mean() == approx(stats.t.ppf(0.975, 4) * found.standard_errors[0], rel=CLOSED)

    def test_covers_johnson_shares_about_as_often_as_it_says(self):
        stream = np.random.default_rng(5)
        r = np.array([[1, 0.5, 0.3], [0.5, 1, 0.2], [0.3, 0.2, 1]])
        outcome = np.array([0.6, 0.5, 0.3])
        truth = relative_weights(r, outcome).shares
        whole = np.block([[r, outcome[:, None]], [outcome[None], np.ones((1, 1))]])
        root = np.linalg.cholesky(whole)
        hits = sum(self.covers(stream.standard_normal((400, 4)) @ root.T, truth, stream) for _ in range(200))
        assert 0.91 < hits / 600 < 0.985

    @staticmethod
    def covers(answers, truth, stream):
        group = stream.integers(0, 32, len(answers))

        def shares(rows):
            found = np.corrcoef(rows.T)
            return relative_weights(found[:3, :3], found[:3, 3]).shares

        found = delete_group_intervals(shares(answers), [shares(answers[group != one]) for one in range(32)])
        return int(((found.low <= truth) & (truth <= found.high)).sum())

    @pytest.mark.parametrize(("estimates", "replicates", "error"), [
        ([1.0], [[1.0]], TooFewAnswersError),
        ([1.0], [], ShapeMismatchError),
        ([1.0], [[1.0, 2.0], [1.0, 2.0]], ShapeMismatchError),
        ([math.nan], [[1.0], [2.0]], InvalidValueError),
        ([math.nan, 1.0], [[1.0, 1.0], [2.0, 2.0]], InvalidValueError),
        ([1.0, 1.0], [[1.0, 1.0], [math.nan, 2.0]], InvalidValueError),
        ([[1.0]], [[1.0], [2.0]], ShapeMismatchError),
        ([1.0], [[[1.0]], [[2.0]]], ShapeMismatchError),
        ([1.0], [[1.0], [math.inf]], InvalidValueError),
    ])
    def test_refuses_what_is_no_set_of_replicates(self, estimates, replicates, error):
        with pytest.raises(error):
            delete_group_intervals(estimates, replicates)

    def test_says_how_many_groups_there_are_and_that_two_are_needed(self):
        with pytest.raises(TooFewAnswersError) as refusal:
            delete_group_intervals([1.0], [[1.0]])
        assert refusal.value.details == {"n": 1, "needed": 2}


class TestChanceEigenvalues:
    @pytest.mark.parametrize("n", [20, 100, 500])
    def test_of_two_items_agree_with_the_table_of_critical_correlations(self, n):
        # The first eigenvalue of two items is 1 + |r|, and critical values of r stand in every textbook.
        t = stats.t.ppf(0.975, n - 2)
        critical = t / math.sqrt(n - 2 + t * t)
        found = np.quantile(chance_eigenvalues(2, n, draws=60_000)[:, 0], 0.95)
        assert found == approx(1 + critical, abs=0.006)

    def test_agree_with_answers_drawn_one_by_one(self):
        stream = np.random.default_rng(9)
        plain = [np.linalg.eigvalsh(np.corrcoef(stream.standard_normal((60, 6)).T))[::-1] for _ in range(3000)]
        found = chance_eigenvalues(6, 60, draws=3000)
        assert found.mean(axis=0) == approx(np.mean(plain, axis=0), abs=0.015)
        assert np.quantile(found, 0.95, axis=0) == approx(np.quantile(plain, 0.95, axis=0), abs=0.03)

    def test_are_the_same_every_time(self):
        assert (chance_eigenvalues(5, 50, draws=20) == chance_eigenvalues(5, 50, draws=20)).all()


class TestParallelAnalysis:
    def test_keeps_fewer_than_eigenvalues_over_one(self):
        covariance = np.array(MOBI["covariance"])
        scale = np.sqrt(np.diag(covariance))
        found = parallel_analysis(covariance / np.outer(scale, scale), 250)
        assert (found.kept, found.above_one) == (2, 5)

    def test_keeps_nothing_of_unrelated_items(self):
        assert parallel_analysis(np.eye(6), 200).kept == 0

    @pytest.mark.parametrize(("correlation", "n", "share", "error"), [
        (np.eye(4), 5, 0.95, TooFewAnswersError), (np.eye(1), 50, 0.95, ShapeMismatchError),
        (np.eye(4), 50, 1.0, InvalidLevelError),
    ])
    def test_refuses_what_it_cannot_answer(self, correlation, n, share, error):
        with pytest.raises(error):
            parallel_analysis(correlation, n, share)
