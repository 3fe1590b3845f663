"""From a provider's claims to a person with rights here."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.errors import Conflict, Forbidden, Unprocessable
from api.oidc.settings import OidcSettings
from api.store import Store
from api.store.rights import Rights, checked_rights
from api.store.users import (
    UserRecord,
    change_user,
    create_user,
    find_user_by_identity,
    note_sign_in,
)

__all__ = ["Person", "admit", "claim_values", "person_of"]

ACTOR = "provider"
EVERYWHERE = "*"
REMEDY = "Ask an administrator of the identity provider."


@dataclass(frozen=True, slots=True)
class Person:
    """Who the provider says it is."""

    issuer: str
    subject: str
    name: str
    rights: Rights


def claim_values(claims: Mapping[str, Any], path: str) -> list[str]:
    """The texts of a claim, one or a list; empty where it is missing or something else."""
    value: Any = claims
    if path in claims:
        value = claims[path]
    else:
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str) and one]


def person_of(claims: Mapping[str, Any], settings: OidcSettings) -> Person:
    """The person in verified claims, with the rights that the settings map.

    Raises:
        Forbidden: No role is mapped for him, or his areas are missing.
    """
    held = set(claim_values(claims, settings.role_claim))
    role = next((role for value, role in settings.roles.items() if value in held), None)
    if role is None:
        raise Forbidden("Your account has no role here.", REMEDY)
    areas: list[str] | None = None
    if settings.areas_claim is not None:
        areas = claim_values(claims, settings.areas_claim)
        if not areas:
            raise Forbidden("Your account is for no area here.", REMEDY)
        areas = None if EVERYWHERE in areas else areas
    units = claim_values(claims, settings.unit_claim) if settings.unit_claim else []
    try:
        rights = checked_rights(role, areas, units[0] if units else None)
    except Unprocessable as error:
        raise Forbidden(f"Your account's rights do not fit: {error.detail}", REMEDY) from None
    subject = str(claims["sub"])
    return Person(settings.issuer, subject, _name(claims, settings, subject), rights)


def _name(claims: Mapping[str, Any], settings: OidcSettings, subject: str) -> str:
    """A name for histories, of letters that names here have."""
    claimed = (claim_values(claims, settings.name_claim) or [subject])[0]
    cleaned = re.sub(r"[^A-Za-z0-9._@-]+", "-", claimed).lstrip("._@-")[:50]
    return cleaned or f"person-{_mark(settings.issuer, subject)}"


def _mark(issuer: str, subject: str) -> str:
    return hashlib.sha256(f"{issuer} {subject}".encode()).hexdigest()[:8]


def admit(store: Store, person: Person) -> UserRecord:
    """The user that the person is here, made at his first sign-in; his rights follow the provider's.

    Raises:
        Forbidden: The user was disabled here.
    """
    user = find_user_by_identity(store, person.issuer, person.subject)
    if user is None:
        user = _made(store, person)
    elif user.disabled_at is not None:
        raise Forbidden("Your account was disabled here.", "Ask an administrator.")
    elif user.rights != person.rights:
        user = change_user(store, user.user_id, rights=person.rights, actor=ACTOR)
    note_sign_in(store, user.user_id)
    return user


def _made(store: Store, person: Person) -> UserRecord:
    identity = (person.issuer, person.subject)
    try:
        return create_user(store, person.name, person.rights, password=None, identity=identity, actor=ACTOR)
    except Conflict:
        # Somebody else has that name: histories must tell the two apart.
        name = f"{person.name}-{_mark(*identity)}"
        return create_user(store, name, person.rights, password=None, identity=identity, actor=ACTOR)
