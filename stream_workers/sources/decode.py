"""Shared decoders: one keyframe in, three planes out, and no decoder is waited for forever."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from functools import cache
from queue import Queue, SimpleQueue
from typing import Any, Final, TypeVar

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.plane import VideoPlane
from numpy.typing import NDArray

from stream_workers.errors import DecodeFailed
from stream_workers.sources.media import EncodedLook
from vision.types import Planes

__all__ = [
    "MAX_PIXELS",
    "DecoderPool",
    "calm_decoder",
    "decode_encoded",
    "jpeg_of",
    "planes_of",
    "shared_pool",
]

MAX_PIXELS: Final = 64_000_000
"""Larger pictures are refused before memory is taken for them."""

_FULL_RANGE: Final = 2
_JPEG_QUALITY: Final = 90
_CONTEXTS_PER_WORKER: Final = 4
_LOG = logging.getLogger(__name__)

Contexts = OrderedDict[tuple[str, bytes], VideoCodecContext]
T = TypeVar("T")


class DecoderPool:
    """A few decoders that all cameras of a process share.

    Args:
        workers: Threads, each with its own decoders; about one per core.
        timeout_s: A decoder that takes longer is abandoned with its thread and replaced.
    """

    def __init__(self, workers: int = 2, timeout_s: float = 20.0) -> None:
        self._timeout_s = timeout_s
        self._idle: Queue[_Worker] = Queue()
        self._lock = threading.Lock()
        self.abandoned = 0
        for _ in range(workers):
            self._idle.put(_Worker())

    def decode(self, encoded: EncodedLook) -> Planes:
        """The picture of one keyframe or JPEG.

        Raises:
            DecodeFailed: Damaged, larger than 64 megapixels, or the decoder did not return.
        """
        return self.run(lambda contexts: _decode_alone(contexts, encoded))

    def run(self, job: Callable[[Contexts], T]) -> T:
        """Result of `job` on one of the threads.

        Raises:
            DecodeFailed: The job did not return in time; its thread is left behind.
        """
        worker = self._idle.get()
        future = worker.submit(job)
        try:
            value: T = future.result(self._timeout_s)
        except FutureTimeout:
            if future.done():  # the job itself raised a time-out
                self._idle.put(worker)
                raise
            with self._lock:
                self.abandoned += 1
            worker.retire()
            self._idle.put(_Worker())
            _LOG.exception("decoder_abandoned", extra={"timeout_s": self._timeout_s})
            raise DecodeFailed(f"the decoder did not return within {self._timeout_s:g} s") from None
        except BaseException:
            self._idle.put(worker)
            raise
        self._idle.put(worker)
        return value

    def close(self) -> None:
        """End the idle threads; the pool is not used afterwards."""
        while not self._idle.empty():
            self._idle.get_nowait().retire()


class _Worker:
    """One thread with its decoders; started by its first job."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[[Contexts], Any], Future[Any]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[Contexts], T]) -> Future[T]:
        future: Future[T] = Future()
        self._jobs.put((job, future))
        if self._thread is None:
            # A daemon: a thread that is stuck in a decoder must not keep the process alive.
            self._thread = threading.Thread(target=self._work, name="decoder", daemon=True)
            self._thread.start()
        return future

    def retire(self) -> None:
        self._jobs.put(None)

    def _work(self) -> None:
        contexts: Contexts = OrderedDict()
        while (entry := self._jobs.get()) is not None:
            job, future = entry
            try:
                future.set_result(job(contexts))
            except BaseException as error:  # noqa: BLE001 - it belongs to the waiting thread
                future.set_exception(error)
            # Neither a frame nor a packet may live on until the next job.
            del entry, job, future


@cache
def shared_pool() -> DecoderPool:
    """The decoders that all sources of this process share unless told otherwise."""
    return DecoderPool()


def decode_encoded(encoded: EncodedLook) -> Planes:
    """The picture of a look that waited undecoded, by the shared decoders.

    Raises:
        DecodeFailed: As of `DecoderPool.decode`.
    """
    return shared_pool().decode(encoded)


def calm_decoder(context: VideoCodecContext) -> None:
    """Keep a decoder that is not open yet to one thread and 64 megapixels."""
    context.thread_type = "NONE"
    context.thread_count = 1
    context.options = {**context.options, "max_pixels": str(MAX_PIXELS)}


def _decode_alone(contexts: Contexts, encoded: EncodedLook) -> Planes:
    key = (encoded.codec, encoded.extradata)
    context = _context(contexts, key)
    # A stream that does not say its range must not inherit that of the camera decoded before it.
    context.color_range = 0
    try:
        # Draining gives the picture at once, also where the stream reorders pictures.
        frames = [*context.decode(av.Packet(encoded.data)), *context.decode(None)]
        context.flush_buffers()
    except av.FFmpegError as error:
        del contexts[key]
        raise DecodeFailed(
            f"a {encoded.codec} picture is damaged or larger than 64 megapixels: {error.strerror}"
        ) from None
    if not frames or frames[0].is_corrupt:
        raise DecodeFailed(f"a {encoded.codec} picture of {len(encoded.data)} bytes is not whole")
    frame = next((frame for frame in frames if frame.pict_type == PictureType.I), frames[0])
    return planes_of(frame, encoded.rotation)


def _context(contexts: Contexts, key: tuple[str, bytes]) -> VideoCodecContext:
    if key in contexts:
        contexts.move_to_end(key)
        return contexts[key]
    codec, extradata = key
    created = av.CodecContext.create("mjpeg" if codec == "jpeg" else codec, "r")
    if not isinstance(created, VideoCodecContext):
        raise DecodeFailed(f"{codec} is no picture codec")
    calm_decoder(created)
    if extradata:
        created.extradata = extradata
    contexts[key] = created
    while len(contexts) > _CONTEXTS_PER_WORKER:
        contexts.popitem(last=False)
    return created


def planes_of(frame: VideoFrame, rotation: int = 0) -> Planes:
    """Copies of a frame's planes, limited range, turned to how it is displayed.

    Args:
        frame: Any pixel format.
        rotation: The container's rotation, degrees counter-clockwise; the frame's own comes first.

    Raises:
        DecodeFailed: The frame is larger than 64 megapixels.
    """
    if frame.width * frame.height > MAX_PIXELS:
        raise DecodeFailed(f"a picture of {frame.width}x{frame.height} is larger than 64 megapixels")
    turns = round((frame.rotation or rotation) / 90) % 4
    if frame.format.name != "yuv420p" or frame.color_range == _FULL_RANGE:
        frame = frame.reformat(format="yuv420p", dst_color_range="MPEG", threads=1)
    width, height = frame.width, frame.height
    chroma = ((height + 1) // 2, (width + 1) // 2)
    y, u, v = (
        _turned(plane, hw, turns)
        for plane, hw in zip(frame.planes, ((height, width), chroma, chroma), strict=True)
    )
    return Planes(y, u, v)


def _turned(plane: VideoPlane, hw: tuple[int, int], turns: int) -> NDArray[np.uint8]:
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return np.array(np.rot90(rows[: hw[0], : hw[1]], turns), order="C")


def jpeg_of(planes: Planes) -> EncodedLook:
    """The picture as a JPEG, for a look that cannot wait as a keyframe."""
    done, coded = cv2.imencode(".jpg", planes.bgr(), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise DecodeFailed("the look could not be kept as JPEG")
    return EncodedLook("jpeg", b"", coded.tobytes(), 0)
