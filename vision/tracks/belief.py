"""What the checks of a track say it is: per class a probability, from hits and misses.

A check in which the detector finds a class at the track's place speaks for it by its calibrated
score, one in which it does not speaks against it by the detector's recall, one in which something
stands in front says nothing. The checks of one thing are much alike, so that many of them weigh
hardly more than two; old ones fade.

Source: docs/methods/detector.md.
"""

import math
from collections.abc import Mapping

from vision.odds import log_odds, probability
from vision.tracks.presence import Track

__all__ = ["DEFAULT_RECALL", "Recall", "class_probability", "hit_step", "miss_step", "weigh", "weigh_name"]

Recall = Mapping[str, float]
"""Share of things in plain view that the detector finds, by class."""

PRIOR = 0.1
"""How probable a class is at a place of which only that something stays is known."""
ALIKE = 0.5
"""Correlation of the checks of one thing: a cabinet that is taken for a stall once is taken so again.

Of the steps of one class within a track on the public clips, 0.52 (49 series, 411 checks, 2026-11-25)."""
FADE = 1 - 1 / 12
"""Weight of a check, one check later: what changes, as a bin that is emptied, is known anew in time."""
SURE = 0.95
"""Neither a box nor all checks together are believed beyond this: of the best boxes 95 % are right."""
DEFAULT_RECALL = 0.5
MOST_RECALL = 0.5
"""A measured recall is the mean of things: one that is far, dark or half hidden is missed in a row."""
NAMED_FROM = 0.5
CLAIMED_FROM = 0.25
"""A class that explains is believed sooner: what it would explain is not an incident."""
NAMED_UNTIL = 0.15
BETTER_BY = 0.5
"""Log-odds by which another class must be surer before a thing is renamed."""


def hit_step(score: float, recall: float) -> float:
    """Log-odds that one find adds: what leads from the prior to its calibrated score; never below a miss."""
    return max(miss_step(recall), log_odds(min(SURE, score)) - log_odds(PRIOR))


def miss_step(recall: float) -> float:
    """Log-odds that one check without a find adds: below 0, and 0 for a class that is never found."""
    return math.log(1 - min(MOST_RECALL, max(0.0, recall)))


def weigh(track: Track, found: Mapping[str, float], recall: Recall) -> None:
    """Add one check in which nothing hid the thing.

    Args:
        track: The track; its evidence is updated.
        found: Best calibrated score of each class that was found at its place.
        recall: The detector's.
    """
    for name in {**track.evidence, **found}:
        share = recall.get(name, DEFAULT_RECALL)
        # A class found for the first time was missed in all checks before.
        so_far = track.evidence.get(name, track.weight * miss_step(share))
        step = hit_step(found[name], share) if name in found else miss_step(share)
        track.evidence[name] = round(FADE * so_far + step, 4)
    track.weight = round(FADE * track.weight + 1, 4)


def class_probability(track: Track, name: str) -> float:
    """Probability that the track is of a class; 0 for one that was never found at its place."""
    evidence = track.evidence.get(name)
    return probability(_belief(track, evidence)) if evidence is not None else 0.0


def weigh_name(track: Track, context: tuple[str, ...]) -> None:
    """Name the track, or leave it its name: a name is given late, kept long, and never by a narrow margin.

    Args:
        track: The track; its name is updated.
        context: Classes that explain and are no incident.
    """
    beliefs = {name: _belief(track, evidence) for name, evidence in track.evidence.items()}
    if beliefs.get(track.named, -math.inf) < log_odds(NAMED_UNTIL):
        track.named = ""
    best = max(beliefs, key=lambda name: (beliefs[name], name), default="")
    if not best or beliefs[best] < log_odds(CLAIMED_FROM if best in context else NAMED_FROM):
        return
    if not track.named or beliefs[best] > beliefs[track.named] + BETTER_BY:
        track.named = best


def _belief(track: Track, evidence: float) -> float:
    """Log-odds of a class: what n checks say, as much as n / (1 + ALIKE (n - 1)) unlike ones would.

    Source: L. Kish, Survey Sampling, 1965, design effect of a cluster.
    """
    belief = log_odds(PRIOR) + evidence / (1 + ALIKE * max(0.0, track.weight - 1))
    return min(log_odds(SURE), belief)
