"""Small films for tests, drawn and encoded here: any codec, keyframe distance and fault."""

from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.video.stream import VideoStream

FPS = 10
SIZE_WH = (320, 180)


def make_film(path: Path, *, codec: str = "libx264", seconds: int = 6, gop: int = 10, **changes: Any) -> Path:
    """A film of a moving bar whose grey level counts the seconds: 320x180, 10 fps.

    `changes`: `size_wh`, `fps`, `full_range`, `b_frames`, `slices` (of each picture).
    """
    size = cast("tuple[int, int]", changes.get("size_wh", SIZE_WH))
    fps = int(changes.get("fps", FPS))
    with av.open(str(path), "w") as container:
        stream = cast("VideoStream", container.add_stream(codec, rate=fps))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        if changes.get("full_range"):
            stream.codec_context.color_range = 2
        stream.options = {"g": str(gop), **_options(codec, gop, changes)}
        rng = np.random.default_rng(3)
        ground = rng.integers(60, 180, (size[1], size[0]), dtype=np.uint8)
        for number in range(seconds * fps):
            luma = ground.copy()
            luma[: size[1] // 4] = 30 + 8 * (number // fps)
            x = number * 5 % (size[0] - 20)
            luma[size[1] // 2 :, x : x + 20] = 235
            planes = np.concatenate([luma, np.full((size[1] // 2, size[0]), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def elementary(film: Path, codec: str) -> Path:
    """The film as a bare bitstream (`h264` or `hevc`), which GStreamer can loop."""
    path = film.with_suffix(f".{codec}")
    with av.open(str(film)) as source, av.open(str(path), "w", format=codec) as output:
        stream = source.streams.video[0]
        target = output.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = target
                output.mux(packet)
    return path


def _options(codec: str, gop: int, changes: dict[str, Any]) -> dict[str, str]:
    b_frames, slices = int(changes.get("b_frames", 0)), int(changes.get("slices", 1))
    if codec == "libx264":
        facts = {"preset": "ultrafast", "sc_threshold": "0", "bf": str(b_frames), "keyint_min": str(gop)}
        return {**facts, "threads": "1", "x264-params": f"slices={slices}"}
    if codec == "libx265":
        words = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}:slices={slices}:log-level=none"
        return {"preset": "ultrafast", "x265-params": words}
    return {}


def second_shown(luma: "np.ndarray[Any, np.dtype[np.uint8]]") -> int:
    """The second that a look of such a film shows."""
    return round((float(luma[: luma.shape[0] // 4].mean()) - 30) / 8)
