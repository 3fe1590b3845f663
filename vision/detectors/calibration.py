"""From a model's scores to probabilities that its boxes are right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.odds import log_odds, log_odds_of, probabilities, probability

__all__ = ["AS_IT_IS", "ScoreMap", "calibrated"]

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ScoreMap:
    """A monotone map of one class's scores: log-odds out = slope * log-odds in + shift.

    Args:
        slope: Greater than 0; below 1 the model is too sure of itself.
        shift: In log-odds; below 0 it finds more than there is.

    Source: J. Platt, Probabilities for SV Machines, 1999; docs/methods/detector.md.
    """

    slope: float = 1.0
    shift: float = 0.0

    def apply(self, scores: NDArray[np.floating]) -> F32:
        """Probabilities (N,) of scores (N,)."""
        return probabilities(self.slope * log_odds_of(scores) + self.shift).astype(np.float32)

    def score_of(self, wanted: float) -> float:
        """The score that becomes a probability: where a threshold on probabilities cuts the scores."""
        if wanted <= 0:
            return 0.0
        return probability((log_odds(wanted) - self.shift) / self.slope)


AS_IT_IS = ScoreMap()


def calibrated(
    scores: F32, classes: NDArray[np.int64], names: Sequence[str], maps: Mapping[str, ScoreMap]
) -> F32:
    """Scores (N,) of boxes whose classes (N,) are indices into `names`, each by its class's map."""
    if not maps:
        return scores
    slopes = np.array([maps.get(name, AS_IT_IS).slope for name in names])
    shifts = np.array([maps.get(name, AS_IT_IS).shift for name in names])
    return probabilities(slopes[classes] * log_odds_of(scores) + shifts[classes]).astype(np.float32)
