"""What a respondent-level index is made of: tree, scales, score vectors, rule."""

from dataclasses import dataclass

from analytics.methods.errors import InvalidScaleError, ShapeMismatchError
from analytics.methods.inputs import FloatArray, checked_codes, checked_fraction, checked_scores
from analytics.methods.trees import IndicatorTree

HIGHEST_CODE = 126


@dataclass(frozen=True)
class IndexDefinition:
    """All that decides a respondent-level index.

    Parameters
    ----------
    tree : IndicatorTree
    codes : tuple of tuple of int
        For each leaf, in the order of `tree.leaves`, its scale: rising codes
        between 0 and 126. Every negative code means a missing answer.
    scores : tuple of tuple of float
        For each leaf the score of each code, 0-100.
    min_coverage : float
        Share of a node's weight, 0-1, that a respondent's answered leaves must
        carry for the respondent to count at the node.

    Raises
    ------
    InvalidScaleError
        If codes or scores are out of range or do not fit one another.
    ShapeMismatchError
        If there is not one scale per leaf.
    InvalidLevelError
        If the coverage is outside 0-1.
    """

    tree: IndicatorTree
    codes: tuple[tuple[int, ...], ...]
    scores: tuple[tuple[float, ...], ...]
    min_coverage: float = 0.5

    def __post_init__(self) -> None:
        checked_fraction(self.min_coverage, "Coverage")
        if not len(self.codes) == len(self.scores) == len(self.tree.leaves):
            raise ShapeMismatchError("Every leaf needs one scale and one score vector.")
        for codes, scores in zip(self.codes, self.scores, strict=True):
            _check_scale(checked_codes(codes), checked_scores(scores, len(codes)))


def _check_scale(codes: tuple[int, ...], scores: FloatArray) -> None:
    if codes[0] < 0 or codes[-1] > HIGHEST_CODE:
        raise InvalidScaleError("Scale codes lie between 0 and 126.")
    if (scores < 0).any() or (scores > 100).any():
        raise InvalidScaleError("Scores of an index lie between 0 and 100.")
