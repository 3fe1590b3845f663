"""Signing in with a password, and the session that follows."""

from api.callers import Caller
from api.errors import NotSignedIn
from api.lockout import SignInPauses
from api.passwords import hash_password, is_outdated, is_password
from api.store import Store
from api.store.users import UserRecord, find_user_by_name, note_sign_in

__all__ = ["check_password", "user_caller"]

LONGEST_NAME = 100


def user_caller(record: UserRecord) -> Caller:
    """The caller behind a user."""
    rights = record.rights
    return Caller(f"user:{record.name}", record.name, rights.role, rights.areas, rights.unit)


def check_password(store: Store, pauses: SignInPauses, address: str, name: str, password: str) -> UserRecord:
    """The user of a name and password; takes about a tenth of a second, whoever it is.

    Args:
        store: Where users are kept.
        pauses: Counts wrong passwords.
        address: Where the try comes from.
        name: As typed, in any case of letters.
        password: As typed.

    Raises:
        NotSignedIn: Name or password is wrong, or the user is disabled; the reply does not say which.
        TooManyTries: Too many wrong passwords before.
    """
    name = name[:LONGEST_NAME]
    pauses.check(name, address)
    record = find_user_by_name(store, name)
    is_right = is_password(password, record.password if record else None)
    if record is None or record.password is None or not is_right or record.disabled_at is not None:
        pauses.failed(name, address)
        raise NotSignedIn(
            "Name or password is wrong.",
            "Try again, or ask an administrator for a new password.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    pauses.succeeded(name, address)
    note_sign_in(store, record.user_id, hash_password(password) if is_outdated(record.password) else None)
    return record
