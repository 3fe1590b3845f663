"""Probabilities as log-odds and back: evidence adds up in one, decisions are read in the other."""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_odds", "log_odds_of", "probabilities", "probability"]

F64 = NDArray[np.float64]
LEAST = 1e-6
"""A score of exactly 0 or 1 is a rounded number, not certainty."""


def log_odds(probability: float) -> float:
    """ln(p / (1 - p)); 0 and 1 are taken as a millionth away from it."""
    bounded = min(1 - LEAST, max(LEAST, probability))
    return math.log(bounded / (1 - bounded))


def probability(log_odds: float) -> float:
    """The probability of log-odds."""
    return 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0


def log_odds_of(probabilities: NDArray[np.floating]) -> F64:
    """`log_odds` of (N,) values."""
    bounded = np.clip(np.asarray(probabilities, np.float64), LEAST, 1 - LEAST)
    return np.asarray(np.log(bounded / (1 - bounded)), np.float64)


def probabilities(log_odds: F64) -> F64:
    """`probability` of (N,) values."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -700, 700))), np.float64)
