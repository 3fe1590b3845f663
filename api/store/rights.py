"""What users and keys have in common: a role, and where and for whom it holds."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from api.errors import Unprocessable
from api.roles import NEEDS_OF, Needs, Role

__all__ = ["Rights", "checked_rights", "read_rights", "rights_columns"]

ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z")
MAX_AREAS = 500


@dataclass(frozen=True, slots=True)
class Rights:
    """A role within its limits.

    Args:
        role: What its holder is here for.
        areas: Ids of areas that it is limited to; None: everywhere.
        unit: The unit that its holder works for.
        scopes: The part of what the role may; None: all of it.
    """

    role: Role
    areas: frozenset[str] | None = None
    unit: str | None = None
    scopes: frozenset[Needs] | None = None

    def shown(self) -> dict[str, object]:
        """As JSON, for replies and the audit log."""
        return {
            "role": self.role.value,
            "areas": None if self.areas is None else sorted(self.areas),
            "unit": self.unit,
            "scopes": None if self.scopes is None else sorted(scope.name.lower() for scope in self.scopes),
        }


def checked_rights(
    role: str,
    areas: Iterable[str] | None = None,
    unit: str | None = None,
    scopes: Iterable[str] | None = None,
) -> Rights:
    """Rights from words; scopes are the names of needs in small letters, such as `send`.

    Raises:
        Unprocessable: A role, area, unit or scope is none, or the role needs a unit.
    """
    if role not in list(Role):
        raise Unprocessable(f"There is no role '{role}'.", f"Choose one of {', '.join(Role)}.")
    known = Role(role)
    named = None if areas is None else frozenset(areas)
    for text in [*(named or ()), *(() if unit is None else (unit,))]:
        if not ID.match(text):
            raise Unprocessable(
                f"'{text[:64]}' cannot be the id of an area or unit.",
                "Ids are letters, digits, dots, underscores, colons and hyphens, as in the site.",
            )
    if named is not None and not 0 < len(named) <= MAX_AREAS:
        raise Unprocessable(f"Name 1 to {MAX_AREAS} areas.", "Leave areas out where there is no limit.")
    if known is Role.AUDITOR and named is not None:
        raise Unprocessable("The audit log knows no areas.", "An auditor reads all of it: leave areas out.")
    if known is Role.UNIT and unit is None:
        raise Unprocessable("The role unit needs a unit.", "Name the unit that it works for.")
    return Rights(known, named, unit, None if scopes is None else _scopes(known, frozenset(scopes)))


def _scopes(role: Role, names: frozenset[str]) -> frozenset[Needs]:
    may = {need.name.lower(): need for need in Needs if need in NEEDS_OF[role]}
    for name in sorted(names):
        if name not in may:
            raise Unprocessable(
                f"The role {role} has no scope '{name[:30]}'.",
                f"It has {', '.join(may)}; leave it out for all.",
            )
    if not names:
        raise Unprocessable("A key without scopes may do nothing.", "Leave scopes out for all of the role's.")
    return frozenset(may[name] for name in names)


def rights_columns(rights: Rights) -> tuple[str, str | None, str | None, str | None]:
    """Role, areas, unit and scopes as the database keeps them."""
    shown = rights.shown()
    areas, scopes = (None if shown[name] is None else json.dumps(shown[name]) for name in ("areas", "scopes"))
    return rights.role.value, areas, rights.unit, scopes


def read_rights(role: str, areas: str | None, unit: str | None, scopes: str | None) -> Rights:
    """Rights from the database."""
    return Rights(
        role=Role(role),
        areas=None if areas is None else frozenset(json.loads(areas)),
        unit=unit,
        scopes=None if scopes is None else frozenset(Needs[name.upper()] for name in json.loads(scopes)),
    )
