"""Settings of the API process: arguments, then environment (`STREETKEEPER_API_*`), then defaults."""

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.oidc.settings import OidcSettings
from api.retention import read_retention

__all__ = ["ApiSettings"]


class ApiSettings(BaseSettings):
    """Where the API keeps things, where it listens, and its limits."""

    model_config = SettingsConfigDict(
        env_prefix="STREETKEEPER_API_", extra="forbid", frozen=True, env_nested_delimiter="__"
    )

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
    session_hours: float = Field(
        default=12, gt=0, le=24 * 30, description="When a sign-in ends, however much it is used."
    )
    session_idle_minutes: float = Field(
        default=60, gt=0, le=60 * 24 * 30, description="When a sign-in ends that is not used."
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/\s]+$",
        description="The address that browsers use, such as https://city.example; needed for OIDC.",
    )
    claim_minutes: int = Field(default=10, ge=1, le=240, description="How long one holds a review item.")
    audit_looks_per_day: int = Field(
        default=20, ge=0, le=500, description="Random looks per operator and day; 0: none."
    )
    max_connections: int = Field(default=200, ge=1, description="Connections at once; more get 503.")
    retention_days: dict[str, float] = Field(
        default_factory=dict, description="Days by state or state/category, where not the default; JSON."
    )
    purge_daily: bool = Field(default=True, description="Purge once a day what has been kept long enough.")
    rate_per_s: float = Field(
        default=100, gt=0, description="Requests a second of one caller; a worker may make ten times as many."
    )
    rate_burst: int = Field(default=1000, ge=1, description="Requests of one caller at once.")
    address_rate_per_s: float = Field(
        default=50, gt=0, description="Requests a second of one address that come without a key or session."
    )
    address_rate_burst: int = Field(default=300, ge=1, description="Such requests at once.")
    cors_origins: tuple[str, ...] = Field(
        default=(), description="Other sites whose pages may call with a key; as JSON. None by default."
    )
    oidc: OidcSettings | None = Field(
        default=None, description="An identity provider; each of its settings as STREETKEEPER_API_OIDC__NAME."
    )

    @field_validator("retention_days")
    @classmethod
    def _known_states(cls, days: dict[str, float]) -> dict[str, float]:
        read_retention(days)
        return days

    @model_validator(mode="after")
    def _has_address_for_provider(self) -> Self:
        if self.oidc is not None and self.public_url is None:
            raise ValueError("public_url: must be set, because the identity provider sends people back to it")
        return self
