"""Passwords: what makes one good enough, and how it is kept."""

import threading
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.errors import Unprocessable

__all__ = ["check_password_rules", "hash_password", "is_outdated", "is_password"]

SHORTEST, LONGEST = 12, 256
AT_ONCE = threading.BoundedSemaphore(2)
"""A hash takes 64 MiB; a crowd of sign-ins must not take the machine's memory."""
COMMON = frozenset(
    (  # noqa: SIM905  a list of quoted words is no easier to read
        "123456789012 1234567890123 12345678901234 123456123456 111111111111 000000000000 121212121212 "
        "qwertyuiop12 qwertyuiop123 qwertyuiopas qwertyqwerty qwerty123456 1qaz2wsx3edc 1q2w3e4r5t6y "
        "zaq12wsxcde3 passwordpassword password1234 password12345 password123456 passw0rd1234 "
        "p@ssw0rd1234 p@ssword1234 adminadminadmin administrator administrator1 admin1234567 "
        "admin12345678 rootrootroot changemechangeme changeme1234 letmeinletmein letmein12345 "
        "welcome12345 welcome123456 iloveyou1234 iloveyouiloveyou woaini1314520 woaini520520 "
        "5201314520131 abcdefghijkl abcdefghijklm abcd12345678 abc123abc123 a1b2c3d4e5f6 aaaaaaaaaaaa "
        "asdfghjkl123 asdfghjklasd zxcvbnm12345 football1234 baseball1234 superman1234 dragondragon "
        "monkeymonkey sunshine1234 princess1234 trustno1trustno1 streetkeeper streetkeeper1 "
        "streetkeeper12 streetkeeper123 streetkeeper1234 correcthorsebatterystaple "
    ).split()
)
"""Long passwords that stand high in published lists of leaked ones, and our own name."""


@lru_cache
def _hasher() -> PasswordHasher:
    # argon2id, 64 MiB, 3 passes, 4 lanes: RFC 9106, section 4, the second recommended choice.
    return PasswordHasher()


@lru_cache
def _nobodys() -> str:
    return _hasher().hash("a password that opens nothing")


def check_password_rules(password: str, name: str) -> None:
    """Accept any password that is long enough and not known to everybody; no rules about kinds of characters.

    Source: NIST SP 800-63B-4, section 3.1.1.2: length and a list of common ones, no composition rules.

    Raises:
        Unprocessable: It is too short, too long, common, or made of the name.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise Unprocessable(
            f"A password has {SHORTEST} to {LONGEST} characters.",
            "A few words in a row are good and easy to keep.",
        )
    folded = password.casefold()
    if folded in COMMON or len(set(folded)) < 5:
        raise Unprocessable("Everybody's list of passwords begins with this one.", "Choose another.")
    if len(name) >= 4 and name.casefold() in folded and len(password) < len(name) + SHORTEST:
        raise Unprocessable("The password is little more than the name.", "Choose another.")


def hash_password(password: str) -> str:
    """The argon2id hash as it is kept, with its own salt and parameters."""
    with AT_ONCE:
        return _hasher().hash(password)


def is_password(password: str, kept: str | None) -> bool:
    """Whether the password is the one of a hash; takes as long where there is no hash.

    Args:
        password: What somebody typed.
        kept: The hash; None where the account has no password or does not exist.
    """
    with AT_ONCE:
        try:
            return _hasher().verify(kept or _nobodys(), password[: LONGEST + 1]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(kept)
