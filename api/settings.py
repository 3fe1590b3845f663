"""Settings of the API process: arguments, then environment (`STREETKEEPER_API_*`), then defaults."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.retention import read_retention

__all__ = ["ApiSettings"]


class ApiSettings(BaseSettings):
    """Where the API keeps things, where it listens, and its limits."""

    model_config = SettingsConfigDict(env_prefix="STREETKEEPER_API_", extra="forbid", frozen=True)

    data_dir: Path = Field(default=Path("data"), description="Folder of the database and the evidence.")
    host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 for all.")
    port: int = Field(default=8600, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    behind_proxy: bool = Field(
        default=False, description="Believe X-Forwarded-For and X-Forwarded-Proto of a proxy on this machine."
    )
    max_batch_events: int = Field(default=500, ge=1, le=5000, description="Events in one request.")
    max_batch_bytes: int = Field(default=5_000_000, ge=1000, description="Body of one batch of events.")
    max_event_bytes: int = Field(default=262_144, ge=1000, description="One event as JSON.")
    max_picture_bytes: int = Field(default=10_000_000, ge=1000, description="One picture or clip.")
    body_timeout_s: float = Field(default=30, gt=0, description="How long a body may take to arrive.")
    max_failed_tries: int = Field(default=10, ge=1, description="Wrong keys per address and minute.")
    session_hours: float = Field(default=12, gt=0, le=24 * 30, description="How long a sign-in lasts.")
    max_connections: int = Field(default=200, ge=1, description="Connections at once; more get 503.")
    retention_days: dict[str, float] = Field(
        default_factory=dict, description="Days by state or state/category, where not the default; JSON."
    )
    purge_daily: bool = Field(default=True, description="Purge once a day what has been kept long enough.")

    @field_validator("retention_days")
    @classmethod
    def _known_states(cls, days: dict[str, float]) -> dict[str, float]:
        read_retention(days)
        return days
