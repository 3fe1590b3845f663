"""What the routes of configuration, commands, leases and drop folders take in their bodies."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.command import CommandKind, CommandResult
from contracts.incident import Identifier

__all__ = [
    "WISHES",
    "CommandProgress",
    "CommandWish",
    "CommandsWanted",
    "ConfigWish",
    "DropFile",
    "DropFolderTold",
    "LeaseWish",
    "LeasesWanted",
    "RollbackWish",
]

MOST_CAMERAS = 2000
MOST_FILES = 5000
WorkerName = Field(
    min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", description="Unique for each start of a worker."
)


class _Taken(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConfigWish(_Taken):
    """A new version of a document."""

    text: str = Field(max_length=8_000_000, description="The whole document, as in its file (YAML).")
    reason: str = Field(min_length=3, max_length=500, description="Why; it stands in the history.")
    base: int | None = Field(
        default=None, ge=1, description="The version that it was made from; left out: there was none."
    )


class RollbackWish(_Taken):
    """An old text as a new version."""

    version: int = Field(ge=1, description="The version whose text shall hold again.")
    reason: str = Field(min_length=3, max_length=500, description="Why; it stands in the history.")
    base: int = Field(ge=1, description="The version that holds now.")


class CommandWish(_Taken):
    """Something that a worker shall do."""

    kind: CommandKind
    camera: Identifier | None = Field(default=None, description="The camera; not for any worker's kinds.")
    body: dict[str, Any] = Field(default_factory=dict, description="As its kind wants it; docs/api.md.")
    ttl_s: float = Field(default=3600, ge=1, le=30 * 86400, description="How long it may wait.")


class CommandsWanted(_Taken):
    """A worker asks for work."""

    worker: str = WorkerName
    kinds: list[CommandKind] = Field(min_length=1, max_length=20, description="What it can do now.")
    limit: int = Field(default=1, ge=1, le=20, description="At most so many.")


class CommandProgress(_Taken):
    """A worker is alive."""

    token: str = Field(min_length=1, max_length=64)
    progress: float = Field(default=0, ge=0, le=1)
    note: str = Field(default="", max_length=300)


class LeaseWish(_Taken):
    """A worker wants a camera."""

    worker: str = WorkerName
    lease_s: float = Field(default=30, gt=0, le=600, description="How long it lasts unrenewed.")


class LeasesWanted(LeaseWish):
    """A worker renews what it has."""

    cameras: list[Identifier] = Field(max_length=MOST_CAMERAS)


class DropFile(_Taken):
    """A recording in a drop folder."""

    name: str = Field(min_length=1, max_length=255)
    size_bytes: int = Field(ge=0)
    modified_at: AwareDatetime


class DropFolderTold(_Taken):
    """What lies in a worker's drop folder."""

    worker: str = Field(min_length=1, max_length=200, description="Name of the machine; stays over restarts.")
    files: list[DropFile] = Field(max_length=MOST_FILES)


WISHES: tuple[type[BaseModel], ...] = (
    ConfigWish,
    RollbackWish,
    CommandWish,
    CommandsWanted,
    CommandProgress,
    LeaseWish,
    LeasesWanted,
    DropFolderTold,
    CommandResult,
)
"""All of these, for the OpenAPI document."""
