"""When a pipeline held a view for moved."""

from dataclasses import dataclass, field

__all__ = ["MovedWatch"]


@dataclass(slots=True)
class MovedWatch:
    """Notes, look by look, when the pipeline held the view for moved, and from which look on to where.

    Args:
        spans: From when to when, seconds, one for each place that it was pushed to; complete after `end`.
        since: Beginning of the span that has not ended.
        place: Where it was held to be pushed to.
    """

    spans: list[tuple[float, float]] = field(default_factory=list)
    since: float | None = None
    place: tuple[float, ...] = ()

    def note(self, at: float, pushed: tuple[float, ...]) -> None:
        """Where it was held to be pushed to after the look at a time; empty: nowhere."""
        if pushed == self.place:
            return
        self.end(at)
        self.place = pushed
        if pushed:
            self.since = at

    def end(self, at: float) -> None:
        """Close the span that has not ended."""
        if self.since is not None:
            self.spans.append((self.since, at))
            self.since = None
