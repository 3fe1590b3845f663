"""What clips cost: memory and CPU of a camera's ring, and CPU of a clip with the shipped mask model."""

import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import config_sha256, cpu_of, cpu_s, line
from benchmarks.film import measure_film, street_film
from stream_workers.build import open_models
from stream_workers.clips import AFTER_S, BEFORE_S, ClipMaker, ClipRequest
from stream_workers.returned_memory import return_freed_memory
from stream_workers.sources.decode import DecoderPool
from stream_workers.sources.files import FileSource
from stream_workers.sources.packet_ring import HeldPacket, PacketRing, StreamKind

__all__ = ["bench_clips"]

RINGS = 10
CLIPS = 3
OPENED_S = 40.0
BOX = (800.0, 500.0, 1000.0, 640.0)


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
    tap_cpu = cpu_of(lambda: _fill(rings, packets))
    ring_mb = (_rss_mb() - before_mb) / RINGS
    held_mb = statistics.mean(ring.held_bytes for ring in rings) / 2**20
    cpu, sizes = _clips(packets)
    figures = {
        "rss_mb_per_camera": round(ring_mb, 1),
        "held_mb_per_camera": round(held_mb, 1),
        "ring_cpu_s_per_camera_hour": round(tap_cpu / RINGS / seconds * 3600, 2),
        "clips": len(cpu),
        "cpu_s_per_clip": round(statistics.median(cpu), 2),
        "cpu_s_per_clip_each": [round(value, 2) for value in cpu],
        "kb_per_clip": round(statistics.median(sizes) / 1024, 1),
        "peak_mb_of_process": round(_rss_mb("VmHWM"), 1),
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


def _clips(packets: list[tuple[HeldPacket, StreamKind]]) -> tuple[list[float], list[int]]:
    """CPU seconds and bytes of each clip."""
    ring = PacketRing()
    for packet, kind in packets:
        if packet.time_s <= OPENED_S + AFTER_S:
            ring.take(packet, kind)
    pool, cpu, sizes = DecoderPool(workers=1), list[float](), list[int]()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(CLIPS):
            maker = ClipMaker(open_models().mask, (), Path(folder) / str(number))
            cut = ring.cut(OPENED_S - BEFORE_S, OPENED_S + AFTER_S)
            began = cpu_s()
            result = maker.make(cut, ClipRequest("bench", OPENED_S, BOX), pool)
            if result.file is None:
                raise FileNotFoundError(result.note or "no clip was made")
            cpu.append(cpu_s() - began)
            sizes.append(result.file.path.stat().st_size)
    return cpu, sizes


def _rss_mb(key: str = "VmRSS") -> float:
    """Resident memory of this process, MB."""
    for text in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if text.startswith(key):
            return int(text.split()[1]) / 1024
    return 0.0
