"""What is done by itself for cases: reminders and escalation every minute, months kept once they are over."""

from collections.abc import Callable

from api.configuration import responsibility_of
from api.periodic import Duty
from api.store import Store
from api.store.duty.evaluation import freeze_months
from api.store.duty.moments import CASES_AT_ONCE, tell_due, work_out_moments
from api.store.times import now_ms

__all__ = ["case_duties", "keep_months", "remind"]

REMIND_EVERY_S = 60.0
FREEZE_EVERY_S = 3600.0


def case_duties(store: Store, clock: Callable[[], int] = now_ms) -> list[Duty]:
    """The duties of cases, for `api.periodic`."""
    return [
        Duty("reminders", REMIND_EVERY_S, lambda: remind(store, clock())),
        Duty("months", FREEZE_EVERY_S, lambda: keep_months(store, clock())),
    ]


def remind(store: Store, at_ms: int) -> int:
    """Tell whatever is due by now; gives how many messages were written."""
    document = responsibility_of(store)
    if document is None:
        return 0
    while store.write(lambda raw: work_out_moments(raw, document)).result() == CASES_AT_ONCE:
        pass
    told = 0
    while (turn := store.write(lambda raw: tell_due(raw, document, at_ms)).result()).looked_at:
        told += turn.told
    return told


def keep_months(store: Store, at_ms: int) -> list[str]:
    """Keep the figures of the months whose time for late entries is over; gives their names."""
    document = responsibility_of(store)
    if document is None:
        return []
    return store.write(lambda raw: freeze_months(raw, document, at_ms)).result()
