"""What all tests share: where optional data lies, one OpenCV thread, and no deadline on a busy machine."""

import os
from pathlib import Path

import cv2
import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
cv2.setNumThreads(1)
# A deadline would test the machine, not the code.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real footage and pictures; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("STREETKEEPER_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "footage" / "manifest.json").is_file():
        pytest.skip(f"no real footage in {folder}; set STREETKEEPER_DATA to its folder")
    return folder
