"""The clock of a case: limit, extensions and pauses in, due time and colour out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from api.duty.calendar import Span, advance
from contracts.responsibility import Limit, WorkCalendar

__all__ = ["CaseClock", "Colour", "Span", "colour_at", "due_at", "moment_at"]

WARN_AT_SHARE = 0.75


class Colour(StrEnum):
    """What the clock shows."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class CaseClock:
    """What a case's clock runs by.

    Args:
        started: When the case was dispatched.
        limit: How much time there is.
        extensions: What was added (延期), in order; each runs after what was there before.
        pauses: When it stood still (缓办); the last one may go on.
    """

    started: datetime
    limit: Limit
    extensions: tuple[Limit, ...] = ()
    pauses: tuple[Span, ...] = ()

    def extended(self, by: Limit) -> "CaseClock":
        """The clock with more time at its end."""
        return replace(self, extensions=(*self.extensions, by))

    def suspended(self, at: datetime) -> "CaseClock":
        """The clock standing still from a moment on; nothing changes where it stands still already."""
        if self.is_paused:
            return self
        return replace(self, pauses=(*self.pauses, Span(at)))

    def resumed(self, at: datetime) -> "CaseClock":
        """The clock going on from a moment; nothing changes where it runs already."""
        if not self.is_paused:
            return self
        last = self.pauses[-1]
        return replace(self, pauses=(*self.pauses[:-1], Span(last.start, max(at, last.start))))

    @property
    def is_paused(self) -> bool:
        """Whether it stands still with no end yet."""
        return bool(self.pauses) and self.pauses[-1].end is None


def due_at(
    limit: Limit, start: datetime, calendar: WorkCalendar, pauses: Sequence[Span] = ()
) -> datetime | None:
    """When a limit that starts at a moment has run out, UTC; None while a pause has no end before that.

    Raises:
        NeverWorks: The calendar has no working time ahead.
    """
    return moment_at(CaseClock(start, limit, pauses=tuple(pauses)), 1.0, calendar)


def moment_at(clock: CaseClock, share: float, calendar: WorkCalendar) -> datetime | None:
    """When a share of the limit has run: 1 is the due time, 1.5 half a limit later.

    After an extension, the share is of the last extension: what came before it must have run out.

    Returns: UTC; None while the clock stands still before that moment.

    Raises:
        NeverWorks: The calendar has no working time ahead.
    """
    stages = (clock.limit, *clock.extensions)
    reached: datetime | None = clock.started
    for number, stage in enumerate(stages):
        if reached is None:
            return None
        part = Fraction(str(share)) if number == len(stages) - 1 else Fraction(1)
        amount = Fraction(str(stage.value)) * part
        reached = advance(stage.unit, reached, amount, calendar, clock.pauses)
    return reached


def colour_at(
    clock: CaseClock, at: datetime, calendar: WorkCalendar, warn_at_share: float = WARN_AT_SHARE
) -> Colour:
    """What the clock shows at a moment: red after the due time, yellow from the warning share on."""
    due = moment_at(clock, 1.0, calendar)
    if due is not None and at > due:
        return Colour.RED
    warned = moment_at(clock, warn_at_share, calendar)
    return Colour.YELLOW if warned is not None and at >= warned else Colour.GREEN
