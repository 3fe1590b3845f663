"""The models that are shipped, by manifest: a file that is not what its entry says is refused."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vision.detectors.calibration import ScoreMap
from vision.detectors.onnx import OnnxDetector, OnnxOptions
from vision.errors import ModelRejected
from vision.protocols import Detector
from vision.types import Detections

__all__ = [
    "ClassCalibration",
    "Manifest",
    "ModelEntry",
    "ModelMissing",
    "OpenModel",
    "load_manifest",
    "open_detector",
]

FOLDER = Path(__file__).parent
MANIFEST = FOLDER / "manifest.yaml"


class ModelMissing(ModelRejected, FileNotFoundError):
    """A file of the manifest, or the manifest itself, is not there; also Python's own error for that."""


class ClassCalibration(BaseModel):
    """How the scores of one class become probabilities; written by `streetkeeper models calibrate`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slope: float = Field(gt=0, le=20, description="Of the log-odds of the scores.")
    shift: float = Field(ge=-20, le=20, description="Of the log-odds of the scores.")
    recall: float = Field(ge=0, lt=1, description="Share of things in plain view that are found.")


class ModelEntry(BaseModel):
    """One model of the manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: str
    file: str = Field(description="Relative to the manifest.")
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: int = Field(gt=0, description="Size of the file.")
    licence: str
    card: str
    classes: list[str] = Field(min_length=1)
    input_px: int = Field(ge=32, le=4096)
    threshold: float = Field(ge=0, le=1, description="Least probability, or score without calibration.")
    thresholds: dict[str, float] = Field(default_factory=dict)
    iou: float = Field(default=0.6, gt=0, le=1)
    calibration: dict[str, ClassCalibration] = Field(
        default_factory=dict, description="By class, all of them or none."
    )

    @model_validator(mode="after")
    def _calibrates_its_classes(self) -> Self:
        strange = sorted({*self.calibration, *self.thresholds} - set(self.classes))
        if strange:
            raise ValueError(f"{self.name} has no class {strange}; it has {self.classes}")
        missing = sorted(set(self.classes) - set(self.calibration)) if self.calibration else []
        if missing:
            raise ValueError(
                f"{self.name}'s calibration leaves out {missing}: scores of one model must mean the same; "
                "`streetkeeper models calibrate` gives all classes"
            )
        return self

    @property
    def maps(self) -> dict[str, ScoreMap]:
        """From scores to probabilities, by class; empty without calibration."""
        return {name: ScoreMap(one.slope, one.shift) for name, one in self.calibration.items()}

    @property
    def recall(self) -> dict[str, float]:
        """Share of things in plain view that are found, by class; empty without calibration."""
        return {name: one.recall for name, one in self.calibration.items()}


class Manifest(BaseModel):
    """All models of a folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: list[ModelEntry]

    def entry(self, name: str) -> ModelEntry:
        """The entry of a name.

        Raises:
            ModelRejected: There is none; the message lists those that exist.
        """
        for entry in self.models:
            if entry.name == name:
                return entry
        raise ModelRejected(
            f"no model '{name}' in the manifest; it has {[entry.name for entry in self.models]}"
        )

    def lines(self, folder: Path = FOLDER) -> list[str]:
        """A line per model: name, version, classes, and whether its file is in order."""
        return [
            f"{entry.name} {entry.version} ({entry.licence}): {', '.join(entry.classes)}; "
            f"{entry.input_px} px; {_state(folder / entry.file, entry)}; card {entry.card}"
            for entry in self.models
        ]


class OpenModel:
    """A detector with what the manifest says of it.

    Args:
        info: Its entry.
        detector: The back-end, or what stands in for it.
    """

    def __init__(self, info: ModelEntry, detector: Detector) -> None:
        self.info = info
        self._detector = detector

    @property
    def names(self) -> tuple[str, ...]:
        """Class names in the order of the class indices."""
        return self._detector.names

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[Detections]:
        """Detections for each (h, w, 3) uint8 BGR picture, in that picture's own pixels."""
        return self._detector.detect(images)


def load_manifest(path: Path | None = None) -> Manifest:
    """The manifest.

    Raises:
        ModelMissing: It is not there.
        ModelRejected: It is not what a manifest must be; the message names the entry and key.
    """
    path = path or MANIFEST
    try:
        return Manifest.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ModelMissing(
            f"{path.name} is not there: restore it from the release or the repository"
        ) from error
    except (ValidationError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ModelRejected(f"{path.name}: {error}") from error


def open_detector(
    name: str = "detector",
    *,
    manifest: Path | None = None,
    threads: int = 1,
    least_score: float | None = None,
) -> OpenModel:
    """Open a model of the manifest.

    Args:
        name: Its name.
        manifest: The manifest; by default the shipped one.
        threads: Threads of one run.
        least_score: Give the model's own scores from here on, uncalibrated; for calibrating it.

    Raises:
        ModelMissing: Its file is not there.
        ModelRejected: Its file's SHA-256 is another than its entry's, or it cannot be run.
    """
    path = manifest or MANIFEST
    entry = load_manifest(path).entry(name)
    try:
        content = (path.parent / entry.file).read_bytes()
    except FileNotFoundError as error:
        raise ModelMissing(
            f"{entry.file} is not there: restore it from the release or the repository"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise ModelRejected(
            f"{entry.file} has SHA-256 {found} and {len(content)} bytes, the manifest says {entry.sha256} "
            f"and {entry.bytes}: the file is damaged or was exchanged; restore it, or enter the new hash if "
            "the change was yours"
        )
    options = OnnxOptions(entry.input_px, entry.thresholds, entry.threshold, entry.iou, threads, entry.maps)
    if least_score is not None:
        options = OnnxOptions(entry.input_px, {}, least_score, entry.iou, threads)
    return OpenModel(entry, OnnxDetector(content, entry.classes, options))


def _state(path: Path, entry: ModelEntry) -> str:
    if not path.is_file():
        return "file missing"
    same = hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256
    return "file in order" if same else "FILE DIFFERS FROM THE MANIFEST"
