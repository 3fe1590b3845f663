"""How far an administrator's own limits reach: he gives nobody more than he has, and sees nobody beyond."""

from api.callers import Caller
from api.errors import Forbidden
from api.roles import Role
from api.store.rights import Rights

__all__ = ["check_is_everywhere", "check_may_grant", "is_within"]


def is_within(caller: Caller, rights: Rights) -> bool:
    """Whether somebody with these rights is for this administrator to see and to change."""
    if caller.areas is None:
        return True
    return rights.areas is not None and rights.areas <= caller.areas


def check_is_everywhere(caller: Caller, what: str) -> None:
    """Refuse to somebody limited to areas what reaches beyond any.

    Raises:
        Forbidden: He is limited.
    """
    if caller.areas is not None:
        raise Forbidden(f"{what} reaches beyond your areas.", "Ask somebody without limits.")


def check_may_grant(caller: Caller, rights: Rights) -> None:
    """Refuse rights beyond the giver's own.

    Raises:
        Forbidden: They reach beyond his areas, or a limited administrator would make one of any kind.
    """
    if not is_within(caller, rights):
        raise Forbidden("These rights reach beyond your own areas.", "Name areas that are yours.")
    is_limited = caller.areas is not None or caller.scopes is not None
    if is_limited and rights.role in {Role.ADMIN, Role.AUDITOR}:
        raise Forbidden(
            f"A limited administrator gives nobody the role {rights.role}.", "Ask one without limits."
        )
