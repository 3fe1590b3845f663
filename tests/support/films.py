"""Small films for tests, drawn and encoded here: any codec, keyframe distance and fault."""

from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.video.stream import VideoStream

FPS = 10
SIZE_WH = (320, 180)
_PIXELS = {"gif": "gray", "mjpeg": "yuvj420p"}


def make_film(path: Path, *, codec: str = "libx264", seconds: int = 6, gop: int = 10, **changes: Any) -> Path:
    """A film of a moving bar whose grey level counts the seconds: 320x180, 10 fps.

    `changes`: `size_wh`, `fps`, `full_range`, `b_frames`, `slices` (of each picture), `open_gop`,
    `intra_refresh` (no keyframe but the first: a column of intra blocks wanders over the picture).
    """
    size = cast("tuple[int, int]", changes.get("size_wh", SIZE_WH))
    fps = int(changes.get("fps", FPS))
    with av.open(str(path), "w") as container:
        stream = cast("VideoStream", container.add_stream(codec, rate=fps))
        stream.width, stream.height = size
        stream.pix_fmt = _PIXELS.get(codec, "yuv420p")
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
            container.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        container.mux(stream.encode(None))
    return path


def turned(film: Path, degrees_clockwise: int) -> Path:
    """The MP4 with a rotation tag: how phones and some recorders mark a camera on its side."""
    one, none, minus = (value.to_bytes(4, "big", signed=True) for value in (1 << 16, 0, -1 << 16))
    a, b, c, d = {
        90: (none, one, minus, none),
        180: (minus, none, none, minus),
        270: (none, minus, one, none),
    }[degrees_clockwise]
    rest = none + none + (1 << 30).to_bytes(4, "big")
    content = film.read_bytes()
    upright = one + none * 3 + one + none + rest
    header = content.index(b"tkhd")  # the film's own matrix stands before, in its mvhd
    at = content.index(upright, header)
    path = film.with_name(f"turned-{degrees_clockwise}-{film.name}")
    path.write_bytes(content[:at] + a + b + none + c + d + none + rest + content[at + len(upright) :])
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
    opened, refreshed = int(changes.get("open_gop", 0)), int(changes.get("intra_refresh", 0))
    if codec == "libx264":
        facts = {"preset": "ultrafast", "sc_threshold": "0", "bf": str(b_frames), "keyint_min": str(gop)}
        return {
            **facts,
            "threads": "1",
            "x264-params": f"slices={slices}:open-gop={opened}:intra-refresh={refreshed}",
        }
    if codec == "libx265":
        words = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}:slices={slices}"
        words += f":open-gop={opened}:log-level=none"
        return {"preset": "ultrafast", "x265-params": words}
    return {}


def second_shown(luma: "np.ndarray[Any, np.dtype[np.uint8]]") -> int:
    """The second that a look of such a film shows."""
    return round((float(luma[: luma.shape[0] // 4].mean()) - 30) / 8)
