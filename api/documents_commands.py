"""What replies of configuration, commands, leases and pictures from outside look like."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from api.wishes import DropFile
from contracts.command import Command, CommandKind
from contracts.incident import EvidenceRef

__all__ = [
    "ChangeList",
    "CommandList",
    "CommandShown",
    "ConfigList",
    "ConfigShown",
    "DropFolderList",
    "LeaseList",
    "LeasedCommands",
    "OutsideShown",
    "ResultKept",
]


class ConfigVersionShown(BaseModel):
    """One version of a document, without its text."""

    kind: str
    version: int
    label: str = Field(description="What the document calls itself; of the site what stands in events.")
    sha256: str = Field(description="Of the text.")
    author: str = Field(description="`user:NAME` or `key:ID`.")
    reason: str
    at: AwareDatetime
    restored: int | None = Field(description="The version whose text this brings back.")


class ConfigShown(ConfigVersionShown):
    """One version of a document."""

    text: str


class ConfigList(BaseModel):
    """Versions, the newest first."""

    versions: list[ConfigVersionShown]


class ChangeShown(BaseModel):
    """One key path that differs."""

    path: str = Field(description="Entries of a list by their ids: `cameras[gate].look_every_s`.")
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any


class ChangeList(BaseModel):
    """What changed between two versions."""

    since: int | None = Field(description="Null: there was nothing before.")
    until: int
    changes: list[ChangeShown]


class CommandShown(BaseModel):
    """A command and what became of it."""

    command_id: str
    kind: CommandKind
    camera: str | None
    body: dict[str, Any]
    asked_by: str
    state: Literal["queued", "leased", "done", "failed", "expired"]
    created_at: AwareDatetime
    expires_at: AwareDatetime
    attempts: int = Field(description="How often a worker began it.")
    progress: float = Field(ge=0, le=1)
    note: str
    answer: dict[str, Any] = Field(description="What the worker found; by kind, see docs/api.md.")
    evidence: list[EvidenceRef]
    reason: str = Field(description="Why it failed or expired.")
    ended_at: AwareDatetime | None


class CommandList(BaseModel):
    """Commands, the newest first."""

    commands: list[CommandShown]
    next: int | None = Field(description="`before` of the next page; null: this is the last.")


class LeasedCommands(BaseModel):
    """Commands for the worker that asked."""

    commands: list[Command]


class ResultKept(BaseModel):
    """It is kept."""

    kept: bool = Field(description="False: it was handed in before.")


class LeaseShown(BaseModel):
    """Who watches a camera."""

    camera_id: str
    holder: str = Field(description="Name of the worker.")
    fence: int = Field(description="Grows whenever the camera goes over to another.")
    expires_at: AwareDatetime


class LeaseList(BaseModel):
    """Leases as they are now."""

    leases: list[LeaseShown]


class DropFolderShown(BaseModel):
    """A worker's drop folder."""

    worker: str
    files: list[DropFile]
    told_at: AwareDatetime


class DropFolderList(BaseModel):
    """All drop folders."""

    folders: list[DropFolderShown]


class OutsideShown(BaseModel):
    """What became of a picture from outside."""

    picture_id: str
    state: Literal["quarantined", "released", "refused"]
    report: str | None
    received_at: AwareDatetime
    size_bytes: int = Field(description="Of what came.")
    evidence: str | None = Field(description="The masked picture, relative to /v1/, once it is released.")
    reason: str = Field(description="Why it was refused.")
    original_deleted_at: AwareDatetime | None
