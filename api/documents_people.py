"""What replies and requests about people, sessions, keys and the audit log look like."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.documents import Link
from api.roles import Role
from contracts.incident import Identifier

__all__ = [
    "AuditList",
    "KeyList",
    "KeyMade",
    "KeyRequest",
    "KeyShown",
    "OwnPassword",
    "PasswordRequest",
    "SessionShown",
    "SignInRequest",
    "SignInWays",
    "UserChange",
    "UserList",
    "UserRequest",
    "UserShown",
]

Areas = Annotated[
    list[Identifier] | None,
    Field(max_length=500, description="Ids of areas that it is limited to; null: everywhere."),
]
Unit = Annotated[Identifier | None, Field(description="The unit that it works for; the role unit needs one.")]
Scope = Literal[
    "send",
    "read",
    "review",
    "dispatch",
    "handle",
    "supervise",
    "evaluate",
    "configure",
    "administer",
    "audit",
]
Secret = Annotated[str, Field(min_length=1, max_length=300)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignInRequest(_Request):
    """Name and password of a user."""

    name: str = Field(min_length=1, max_length=100)
    password: Secret


class SessionShown(BaseModel):
    """Who is calling, and what he may do."""

    actor: str = Field(description="`user:NAME` or `key:ID`.")
    name: str
    role: Role
    may: list[Scope] = Field(description="What the role and the scopes allow.")
    areas: list[str] | None = Field(description="Areas that he is limited to; null: everywhere.")
    unit: str | None
    csrf_token: str | None = Field(
        description="Goes with each change as `X-CSRF-Token`; null where there is no session."
    )
    ends_at: AwareDatetime | None = Field(description="When the session ends at the latest.")


class ProviderShown(BaseModel):
    """An identity provider to sign in with."""

    name: str
    href: str


class SignInWays(BaseModel):
    """How people sign in here."""

    password: bool
    provider: ProviderShown | None


class OwnPassword(_Request):
    """The present password and a new one."""

    present: Secret
    password: Secret


class PasswordRequest(_Request):
    """A new password for somebody."""

    password: Secret


class UserRequest(_Request):
    """A wish for a user."""

    name: str = Field(min_length=1, max_length=64, description="What he signs in with.")
    password: Secret
    role: Role
    areas: Areas = None
    unit: Unit = None


class UserChange(_Request):
    """What shall be otherwise; what is left out stays."""

    role: Role | None = None
    areas: Areas = None
    unit: Unit = None
    is_disabled: bool | None = None


class UserShown(BaseModel):
    """A user."""

    user_id: str
    name: str
    role: Role
    areas: list[str] | None
    unit: str | None
    signs_in_with: Literal["password", "provider"]
    created_at: AwareDatetime
    signed_in_at: AwareDatetime | None
    disabled_at: AwareDatetime | None


class UserList(BaseModel):
    """Users by name."""

    users: list[UserShown]


class KeyRequest(_Request):
    """A wish for a key."""

    role: Role
    name: str = Field(min_length=1, max_length=100, description="Who uses it.")
    areas: Areas = None
    unit: Unit = None
    scopes: list[Scope] | None = Field(
        default=None, description="The part of what the role may that the key may; null: all of it."
    )
    expires_at: AwareDatetime | None = Field(default=None, description="When it ends by itself.")


class KeyShown(BaseModel):
    """A key without its secret."""

    key_id: str
    name: str
    role: Role
    areas: list[str] | None
    unit: str | None
    scopes: list[Scope] | None
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    used_at: AwareDatetime | None = Field(description="When it was last used, to the minute.")
    revoked_at: AwareDatetime | None


class KeyMade(KeyShown):
    """A new key; `key` is shown this once."""

    key: str


class KeyList(BaseModel):
    """Keys, newest first."""

    keys: list[KeyShown]


class AuditEntryShown(BaseModel):
    """One entry of the audit log."""

    number: int
    at: AwareDatetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    hash: str = Field(description="SHA-256 of the hash before it and this entry.")


class AuditList(BaseModel):
    """A page of the audit log, the newest first."""

    entries: list[AuditEntryShown]
    head: str | None = Field(
        description="Newest entry as NUMBER:HASH; note it elsewhere, `streetkeeper audit verify` compares it."
    )
    links: list[Link]
