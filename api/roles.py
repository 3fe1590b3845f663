"""Who may do what: roles, and what routes ask of them, in one table."""

from enum import StrEnum

__all__ = ["EVERYWHERE", "NEEDS_OF", "Needs", "Role", "roles_with"]


class Role(StrEnum):
    """What a person or a machine is here for; each has exactly one."""

    WORKER = "worker"
    READER = "reader"
    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    UNIT = "unit"
    SUPERVISOR = "supervisor"
    EVALUATOR = "evaluator"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Needs(StrEnum):
    """What a route asks of a caller; the value completes the sentence 'may not ...'."""

    SEND = "send events and evidence"
    READ = "read"
    REVIEW = "review"
    DISPATCH = "dispatch cases"
    HANDLE = "handle cases"
    SUPERVISE = "supervise"
    EVALUATE = "evaluate"
    CONFIGURE = "change the configuration"
    ADMINISTER = "manage users and keys"
    AUDIT = "read the audit log"


NEEDS_OF: dict[Role, frozenset[Needs]] = {
    Role.WORKER: frozenset({Needs.SEND}),
    Role.READER: frozenset({Needs.READ}),
    Role.OPERATOR: frozenset({Needs.READ, Needs.REVIEW}),
    Role.DISPATCHER: frozenset({Needs.READ, Needs.REVIEW, Needs.DISPATCH}),
    Role.UNIT: frozenset({Needs.READ, Needs.HANDLE}),
    Role.SUPERVISOR: frozenset({Needs.READ, Needs.REVIEW, Needs.DISPATCH, Needs.SUPERVISE, Needs.EVALUATE}),
    Role.EVALUATOR: frozenset({Needs.READ, Needs.EVALUATE}),
    # Who gives rights does not also read who used them, nor send what others will believe.
    Role.ADMIN: frozenset({Needs.READ, Needs.CONFIGURE, Needs.ADMINISTER}),
    Role.AUDITOR: frozenset({Needs.READ, Needs.AUDIT}),
}


EVERYWHERE: frozenset[Needs] = frozenset({Needs.CONFIGURE, Needs.AUDIT})
"""What reaches into every area, so that somebody limited to areas may not do it whatever his role."""


def roles_with(*wanted: Needs) -> list[Role]:
    """The roles that may do one of these, in the order of their list."""
    return [role for role in Role if not NEEDS_OF[role].isdisjoint(wanted)]
