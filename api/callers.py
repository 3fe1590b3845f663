"""Who is calling: a person or a key, with role, areas and unit."""

from dataclasses import dataclass

from api.roles import EVERYWHERE, NEEDS_OF, Needs, Role

__all__ = ["Caller"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever makes a request, as routes and the audit log know him.

    Args:
        actor: `user:NAME` or `key:ID`; stands in the audit log and in histories.
        name: For people to read.
        role: What he may do.
        areas: Ids of the site's areas that he is limited to; None: everywhere.
        unit: The unit that he works for, for the role `unit`.
        scopes: For keys: the part of what the role may that this key may; None: all of it.
    """

    actor: str
    name: str
    role: Role
    areas: frozenset[str] | None = None
    unit: str | None = None
    scopes: frozenset[Needs] | None = None

    def allows(self, *wanted: Needs) -> bool:
        """Whether he may do one of these."""
        may = NEEDS_OF[self.role] if self.scopes is None else NEEDS_OF[self.role] & self.scopes
        if self.areas is not None:
            may -= EVERYWHERE
        return not may.isdisjoint(wanted)

    def may_see(self, area: str | None) -> bool:
        """Whether something in this area is for him; what lies in no area is for those without limits."""
        return self.areas is None or area in self.areas
