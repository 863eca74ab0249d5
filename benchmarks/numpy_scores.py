"""The least that scoring costs: numpy on answers already in memory.

Twelve histograms, twelve means, the Net Promoter Score and a three-level weighted index per answer,
then averaged, with the variance of its mean.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.answers import Sheets

BLOCK = 65_536
WEIGHTS = np.full(12, 1 / 12, dtype=np.float32)
Vector = npt.NDArray[np.float64]


def scores(sheets: Sheets) -> Vector:
    """Return histograms, means, score and index of all answers."""
    histograms = np.array([[np.count_nonzero(item == code) for code in range(1, 6)] for item in sheets.items], float)
    means = histograms @ np.arange(1, 6) / sheets.rows
    promoters = np.count_nonzero(sheets.nps >= 9) - np.count_nonzero(sheets.nps <= 6)
    index = [WEIGHTS @ ((part.astype(np.float32) - 1) * 25) for part in _blocks(sheets.items)]
    total = sum(float(part.sum(dtype=np.float64)) for part in index)
    squares = sum(float((part * part).sum(dtype=np.float64)) for part in index)
    return np.concatenate([histograms.ravel(), means, [promoters / sheets.rows, total / sheets.rows, squares]])


def scores_of_some(sheets: Sheets, chosen: npt.NDArray[np.bool_]) -> Vector:
    """Return the same for the chosen answers only."""
    return scores(Sheets(sheets.items[:, chosen], sheets.nps[chosen], sheets.region[chosen], sheets.tier[chosen]))


def _blocks(items: npt.NDArray[np.int8]) -> list[npt.NDArray[np.int8]]:
    return [items[:, first : first + BLOCK] for first in range(0, items.shape[1], BLOCK)]
