"""What clips cost: memory and CPU of a camera's ring, and CPU of a clip with the shipped mask model."""

import statistics
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.figures import config_sha256, cpu_s, line
from benchmarks.film import measure_film, street_film
from stream_workers.build import open_models
from stream_workers.clips import AFTER_S, BEFORE_S, ClipMaker, ClipRequest
from stream_workers.returned_memory import return_freed_memory
from stream_workers.sources.decode import DecoderPool
from stream_workers.sources.files import FileSource
from stream_workers.sources.packet_ring import HeldPacket, PacketRing, StreamKind
from vision.privacy.cover import PrivacyZones

__all__ = ["bench_clips"]

RINGS = 10
CLIPS = 3
OPENED_S = 40.0
BOX = (800.0, 500.0, 1000.0, 640.0)


@dataclass(frozen=True, slots=True)
class _Clip:
    """CPU seconds, size, and memory beyond what was held before."""

    cpu_s: float
    kb: float
    peak_mb: float


class _Tap:
    """Keeps every packet of the film."""

    def __init__(self) -> None:
        self.packets: list[tuple[HeldPacket, StreamKind]] = []

    def take(self, packet: HeldPacket, kind: StreamKind) -> None:
        self.packets.append((packet, kind))


def bench_clips(film: Path | None) -> str:
    """Measure on a film of at least a minute (None: the benchmark's own) and give the JSON line.

    Raises:
        FileNotFoundError: The film is too short, or there is no mask model, so no clip could be made.
    """
    path = street_film() if film is None else film
    return_freed_memory()
    packets = _packets(path)
    seconds = packets[-1][0].time_s if packets else 0.0
    if seconds < OPENED_S + AFTER_S:
        raise FileNotFoundError(f"the film is shorter than {OPENED_S + AFTER_S:.0f} s")
    before_mb, rings = _rss_mb(), [PacketRing() for _ in range(RINGS)]
    before = cpu_s()
    _fill(rings, packets)
    tap_cpu = cpu_s() - before
    ring_mb = (_rss_mb() - before_mb) / RINGS
    held_mb = statistics.mean(ring.held_bytes for ring in rings) / 2**20
    for ring in rings:
        ring.clear()
    clips = _make_clips(packets)
    figures = {
        "rss_mb_per_camera": round(ring_mb, 1),
        "held_mb_per_camera": round(held_mb, 1),
        "ring_cpu_s_per_camera_hour": round(tap_cpu / RINGS / seconds * 3600, 2),
        "clips": len(clips),
        "cpu_s_per_clip": round(statistics.median(clip.cpu_s for clip in clips), 2),
        "cpu_s_per_clip_each": [round(clip.cpu_s, 2) for clip in clips],
        "kb_per_clip": round(statistics.median(clip.kb for clip in clips), 1),
        "peak_mb_per_clip": round(max(clip.peak_mb for clip in clips), 1),
        "config_sha256": config_sha256(),
    }
    return line("clips", {**figures, **measure_film(path).facts()})


def _packets(film: Path) -> list[tuple[HeldPacket, StreamKind]]:
    tap = _Tap()
    with FileSource(film, 3600.0, tap=tap) as source:
        for _ in source:
            pass
    return tap.packets


def _fill(rings: list[PacketRing], packets: list[tuple[HeldPacket, StreamKind]]) -> None:
    """Each ring gets bytes of its own, as each camera's packets are."""
    for ring in rings:
        for packet, kind in packets:
            ring.take(replace(packet, content=bytes(bytearray(packet.content))), kind)


def _make_clips(packets: list[tuple[HeldPacket, StreamKind]]) -> list[_Clip]:
    """What each clip costs; the first one, which warms the model up, is not counted."""
    ring = PacketRing()
    for packet, kind in packets:
        if packet.time_s <= OPENED_S + AFTER_S:
            ring.take(packet, kind)
    mask, pool, clips = open_models().mask, DecoderPool(workers=1), list[_Clip]()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(CLIPS + 1):
            maker = ClipMaker(mask, PrivacyZones(), Path(folder) / str(number))
            cut = ring.cut(OPENED_S - BEFORE_S, OPENED_S + AFTER_S)
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forgets the peak so far
            began, held_mb = cpu_s(), _rss_mb()
            result = maker.make(cut, ClipRequest("bench", OPENED_S, BOX), pool)
            if result.file is None:
                raise FileNotFoundError(result.note or "no clip was made")
            size_kb = result.file.path.stat().st_size / 1024
            clips.append(_Clip(cpu_s() - began, size_kb, _rss_mb("VmHWM") - held_mb))
    return clips[1:]


def _rss_mb(key: str = "VmRSS") -> float:
    """Resident memory of this process, MB."""
    for text in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if text.startswith(key):
            return int(text.split()[1]) / 1024
    return 0.0
