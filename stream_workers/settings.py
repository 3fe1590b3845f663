"""Settings of a worker: arguments over environment (`STREETKEEPER_WORKER_...`) over defaults."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["WorkerSettings"]


class WorkerSettings(BaseSettings):
    """Where a worker finds its site, keeps its state and sends its events."""

    model_config = SettingsConfigDict(env_prefix="STREETKEEPER_WORKER_", extra="forbid")

    site: Path = Field(default=Path("site.yaml"), description="Site file.")
    data_dir: Path = Field(default=Path("worker-data"), description="State, spool, evidence and stills.")
    api_url: str | None = Field(default=None, description="Case API; without one, events wait in the spool.")
    api_key: SecretStr | None = Field(default=None, description="Key of role worker.")
    api_key_file: Path | None = Field(
        default=None, description="File that holds the key; better than the variable."
    )
    metrics_port: int | None = Field(
        default=None, ge=0, le=65535, description="Prometheus metrics on 127.0.0.1."
    )
    log_format: Literal["json", "text"] = Field(default="json", description="Form of the log lines.")
    lease_s: float = Field(
        default=30.0, gt=1, le=600, description="How long a camera's lease lasts unrenewed."
    )
    keep_sent_s: float = Field(default=86400.0, ge=0, description="How long what was sent is kept.")

    def read_api_key(self) -> str:
        """The key, without white space around it; empty where none is set."""
        if self.api_key_file is not None:
            return self.api_key_file.read_text(encoding="utf-8").strip()
        return self.api_key.get_secret_value().strip() if self.api_key is not None else ""
