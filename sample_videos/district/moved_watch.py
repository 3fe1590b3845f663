"""When a pipeline held a view for moved."""

from dataclasses import dataclass, field

__all__ = ["MovedWatch"]


@dataclass(slots=True)
class MovedWatch:
    """Notes, look by look, when the pipeline held the view for moved.

    Args:
        spans: From when to when, seconds; complete after `end`.
        since: Beginning of the span that has not ended.
    """

    spans: list[tuple[float, float]] = field(default_factory=list)
    since: float | None = None

    def note(self, at: float, *, is_moved: bool) -> None:
        """Whether it was held for moved after the look at a time."""
        if is_moved and self.since is None:
            self.since = at
        elif not is_moved:
            self.end(at)

    def end(self, at: float) -> None:
        """Close the span that has not ended."""
        if self.since is not None:
            self.spans.append((self.since, at))
            self.since = None
