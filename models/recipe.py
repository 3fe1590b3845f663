"""Recipes: what a fine-tuned model is made of, so that the next one can be made the same way."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vision.errors import ModelRejected

__all__ = ["Drawn", "Recipe", "Stage", "read_recipe"]


class Drawn(BaseModel):
    """Pictures of drawn things; seeds below 100 belong to the demo's films."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_seed: int = Field(ge=100)
    pictures: int = Field(ge=1)


class Stage(BaseModel):
    """One run of training; the next one goes on from its weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    last_share: float = Field(gt=0, le=1, description="Of the learning rate, left at the end of the cosine.")
    warmup_epochs: float = Field(ge=0)
    with_drawn: bool = False


class Recipe(BaseModel):
    """What a model is made of; data folders are relative to STREETKEEPER_DATA or ../shared/data."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    data: list[str] = Field(min_length=1)
    start: str
    classes: dict[str, int] = Field(min_length=1, description="Each class's slot in the COCO head.")
    pseudo_least_score: float = Field(gt=0, lt=1)
    teacher_px: int = Field(ge=320)
    repeat: dict[str, int] = Field(
        default_factory=dict, description="How often pictures with a labelled box of a class are shown."
    )
    one_empty_in: int = Field(
        default=1, ge=1, description="Of the pictures without any box, one in so many is kept."
    )
    drawn: Drawn | None = None
    input_px: int = Field(ge=160)
    batch: int = Field(ge=1)
    freeze: int = Field(ge=0, description="Layers, from the input on, that stay as they are.")
    mosaic_off_epochs: int = Field(ge=0, description="Epochs at the end of each stage without mosaics.")
    stages: list[Stage] = Field(min_length=1)


def read_recipe(path: Path) -> Recipe:
    """The recipe in a file.

    Raises:
        ModelRejected: It is none; the message names the key.
    """
    try:
        return Recipe.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise ModelRejected(f"{path.name}: {error}") from error
