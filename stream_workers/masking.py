"""Run the mask pass against a deadline: no mask in time, no picture."""

import queue
import threading
from time import monotonic
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vision.errors import MaskFailed
from vision.privacy.mask import Masked
from vision.types import Box

__all__ = ["DeadlineMask", "Masker"]

TIMEOUT_S = 60.0
"""Ten times what a 4K picture needs on one slow core; beyond it the run-time hangs."""


class Masker(Protocol):
    """Covers people and vehicles; `vision.privacy.mask.PrivacyMask`, or a test's stand-in."""

    def mask(self, image_bgr: NDArray[np.uint8], keep: Box | None = None) -> Masked:
        """A covered copy of the picture and a report."""
        ...


class DeadlineMask:
    """A masker that always answers in time: with a masked picture, or with MaskFailed.

    One pass at a time; threads of several cameras may share it.

    Args:
        masker: The mask pass; None where no mask model is installed.
        timeout_s: Longest that one pass may take.
    """

    def __init__(self, masker: Masker | None, timeout_s: float = TIMEOUT_S) -> None:
        self._masker = masker
        self._timeout_s = timeout_s
        self._running: threading.Thread | None = None
        self._one_at_a_time = threading.Lock()

    @property
    def is_there(self) -> bool:
        """Whether a mask model is installed at all."""
        return self._masker is not None

    def beside(self) -> "DeadlineMask":
        """The same pass for others, with its own queue: neither waits for the other, nor for its hang."""
        return DeadlineMask(self._masker, self._timeout_s)

    def mask(self, image_bgr: NDArray[np.uint8], keep: Box | None = None) -> Masked:
        """A covered copy of the picture and a report.

        Raises:
            MaskFailed: There is no model, the pass failed, or it took too long. A pass that hangs
                cannot be stopped, so the next ones are refused until it has ended.
        """
        masker = self._masker
        if masker is None:
            raise MaskFailed("no mask model is installed")
        deadline = monotonic() + self._timeout_s
        if not self._one_at_a_time.acquire(timeout=self._timeout_s):
            raise MaskFailed(f"the mask pass was busy for {self._timeout_s:g} s")
        try:
            answer = self._answer_by(masker, image_bgr, keep, deadline)
        finally:
            self._one_at_a_time.release()
        if isinstance(answer, MaskFailed):
            raise answer
        if answer[0].shape != image_bgr.shape:
            raise MaskFailed(f"the mask pass turned {image_bgr.shape} into {answer[0].shape}")
        return answer

    def _answer_by(
        self, masker: Masker, image: NDArray[np.uint8], keep: Box | None, deadline: float
    ) -> Masked | MaskFailed:
        if self._running is not None and self._running.is_alive():
            return MaskFailed("the mask pass of an earlier picture has not ended yet")
        answers: queue.SimpleQueue[Masked | MaskFailed] = queue.SimpleQueue()
        self._running = threading.Thread(
            target=_answer, args=(masker, image, keep, answers), name="mask-pass", daemon=True
        )
        self._running.start()
        try:
            answer = answers.get(timeout=max(0.0, deadline - monotonic()))
        except queue.Empty:
            return MaskFailed(f"the mask pass took longer than {self._timeout_s:g} s")
        # It has answered: on a busy machine its thread may live on for a moment, which is no hang.
        self._running = None
        return answer


def _answer(
    masker: Masker,
    image: NDArray[np.uint8],
    keep: Box | None,
    answers: "queue.SimpleQueue[Masked | MaskFailed]",
) -> None:
    try:
        answers.put(masker.mask(image, keep))
    except MaskFailed as failure:
        answers.put(failure)
    except Exception as error:  # noqa: BLE001 - whatever it was, the caller must hear of it, in time
        answers.put(MaskFailed(f"the mask pass failed: {error}"))
