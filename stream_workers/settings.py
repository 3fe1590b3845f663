"""Settings of a worker: arguments over environment (`STREETKEEPER_WORKER_...`) over defaults."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["WorkerSettings", "unknown_settings"]

PREFIX = "STREETKEEPER_WORKER_"
PLACEHOLDERS = frozenset({"changeme", "change-me", "secret", "password", "key", "xxx"})


class WorkerSettings(BaseSettings):
    """Where a worker finds its site, keeps its state and sends its events."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", hide_input_in_errors=True)

    site: Path = Field(default=Path("site.yaml"), description="Site file; watched for changes.")
    site_from_api: bool = Field(
        default=False,
        description="Take the site from the case API; so too where no site file is named and none is there.",
    )
    drop_dir: Path | None = Field(
        default=None, description="Folder of recordings that the case API may have analysed."
    )
    data_dir: Path = Field(default=Path("worker-data"), description="State, spool, evidence and stills.")
    api_url: str | None = Field(default=None, description="Case API; without one, events wait in the spool.")
    api_key: SecretStr | None = Field(default=None, description="Key of role worker.")
    api_key_file: Path | None = Field(
        default=None, description="File that holds the key; better than the variable."
    )
    threads: int | None = Field(
        default=None, ge=1, le=256, description="Looks handled at once; default: one per core."
    )
    metrics_port: int | None = Field(
        default=None, ge=0, le=65535, description="Prometheus metrics on 127.0.0.1; 0 takes a free port."
    )
    log_format: Literal["json", "text"] = Field(default="json", description="Form of the log lines.")
    lease_s: float = Field(
        default=30.0, gt=1, le=600, description="How long a camera's lease lasts unrenewed."
    )
    stuck_after_s: float = Field(
        default=300.0, gt=0, le=3600, description="A look that takes longer is given up with its thread."
    )
    keep_sent_s: float = Field(
        default=86400.0, ge=0, description="How long events and pictures are kept after they were sent."
    )
    keep_rejected_s: float = Field(
        default=30 * 86400.0, ge=0, description="How long those are kept that the API refused."
    )

    @property
    def takes_site_from_api(self) -> bool:
        """Whether the case API says what is watched."""
        if self.api_url is None or self.site_from_api:
            return self.site_from_api
        return "site" not in self.model_fields_set and not self.site.exists()

    @field_validator("api_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write it as http://host:port or https://host")
        if "@" in parts.netloc or parts.query:
            raise ValueError("the key does not belong into the address; use api_key_file")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _has_an_api_to_ask(self) -> Self:
        if self.site_from_api and self.api_url is None:
            raise ValueError("site_from_api needs api_url")
        return self

    @model_validator(mode="after")
    def _is_no_placeholder(self) -> Self:
        if self.api_key is not None and self.api_key.get_secret_value().strip().lower() in PLACEHOLDERS:
            raise ValueError("api_key is a placeholder: make a key with `streetkeeper api keys create`")
        return self

    def read_api_key(self) -> str:
        """The key, without white space around it; empty where none is set.

        Raises:
            OSError: The file that should hold it cannot be read.
        """
        if self.api_key_file is not None:
            return self.api_key_file.read_text(encoding="utf-8").strip()
        return self.api_key.get_secret_value().strip() if self.api_key is not None else ""


def unknown_settings(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Variables that begin like settings and are none: misspelt, most likely."""
    known = {f"{PREFIX}{name}".upper() for name in WorkerSettings.model_fields}
    return sorted(
        name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known
    )
