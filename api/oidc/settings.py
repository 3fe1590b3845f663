"""Which identity provider, and what its claims mean here."""

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.roles import Role

__all__ = ["OidcSettings"]

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class OidcSettings(BaseModel):
    """An OpenID Connect provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(description="As the provider spells itself, such as https://id.city.example/realm.")
    client_id: str = Field(min_length=1, description="What this installation is called there.")
    client_secret_file: Path | None = Field(
        default=None, description="File with the client's secret; none for a public client."
    )
    name: str = Field(default="City account", max_length=60, description="What the button says.")
    scopes: str = Field(default="openid profile", description="Scopes that are asked for.")
    name_claim: str = Field(default="preferred_username", description="Claim with the name for histories.")
    role_claim: str = Field(
        default="groups", description="Claim with what `roles` maps; dots lead into it, such as realm.roles."
    )
    roles: dict[str, Role] = Field(
        min_length=1, description="Values of that claim and the role of each; the first that is there counts."
    )
    areas_claim: str | None = Field(
        default=None, description="Claim with ids of areas, or `*`; not set: everybody is for everywhere."
    )
    unit_claim: str | None = Field(default=None, description="Claim with the id of the unit.")
    skew_s: float = Field(default=60, ge=0, le=300, description="How far the provider's clock may be off.")

    @model_validator(mode="after")
    def _is_private(self) -> Self:
        address = urlsplit(self.issuer)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in LOOPBACK):
            raise ValueError("issuer: must be https, but for a provider on this machine")
        if "openid" not in self.scopes.split():
            raise ValueError("scopes: openid is missing")
        return self
