"""The last seconds of a stream as undecoded packets, in memory only; there only where clips are on."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

__all__ = ["Cut", "HeldPacket", "PacketRing", "PacketTap", "StreamKind"]

LONGEST_S: Final = 20.0
MOST_BYTES: Final = 16 * 1024 * 1024
"""20 s of 6.7 Mb/s; of a fatter stream fewer seconds are held."""


@dataclass(frozen=True, slots=True)
class HeldPacket:
    """One packet as it arrived.

    Args:
        time_s: Media time at which its picture is shown, seconds.
        is_keyframe: Whether decoding can begin here.
        content: Its bytes.
    """

    time_s: float
    is_keyframe: bool
    content: bytes


@dataclass(frozen=True, slots=True)
class StreamKind:
    """What a decoder must know before the first packet.

    Args:
        codec: libav's name of the codec.
        extradata: Parameter sets and the like.
        rotation: Degrees counter-clockwise by which pictures are turned to be displayed.
    """

    codec: str
    extradata: bytes
    rotation: int


class PacketTap(Protocol):
    """Sees every packet of a stream."""

    def take(self, packet: HeldPacket, kind: StreamKind) -> None:
        """Take the newest packet, in decoding order; must not wait for anything."""
        ...


@dataclass(frozen=True, slots=True)
class Cut:
    """Packets from a keyframe on; empty where none were held.

    Args:
        kind: Of the stream; None where nothing was held.
        packets: In decoding order.
    """

    kind: StreamKind | None
    packets: tuple[HeldPacket, ...]


class PacketRing:
    """At most 20 s and 16 MB of packets; begins at a keyframe or is empty. Threads may share it.

    Whole groups of pictures leave it, so a stream whose keyframes are further apart than the ring is
    long is held from its last keyframe on for as long as it fits, and then not at all until the next.

    Args:
        longest_s: Longest time that is held.
        most_bytes: Most that is held.
    """

    def __init__(self, longest_s: float = LONGEST_S, most_bytes: int = MOST_BYTES) -> None:
        self._longest_s = longest_s
        self._most_bytes = most_bytes
        self._packets: deque[HeldPacket] = deque()
        self._kind: StreamKind | None = None
        self._lock = threading.Lock()
        self.held_bytes = 0
        self.now_s = 0.0

    def take(self, packet: HeldPacket, kind: StreamKind) -> None:
        """Take the newest packet in; a stream of another kind begins the ring anew."""
        with self._lock:
            if kind != self._kind:
                self._forget()
                self._kind = kind
            self.now_s = max(self.now_s, packet.time_s)
            if not self._packets and not packet.is_keyframe:
                return
            self._packets.append(packet)
            self.held_bytes += len(packet.content)
            while self._packets and self._is_too_much():
                self._drop_group()

    def cut(self, from_s: float, until_s: float) -> Cut:
        """What shows `from_s` to `until_s` (media time), from the keyframe before it on; the ring stays."""
        with self._lock:
            packets = tuple(self._packets)
            kind = self._kind
        begins = [at for at, packet in enumerate(packets) if packet.is_keyframe and packet.time_s <= from_s]
        ends = [at for at, packet in enumerate(packets) if packet.time_s <= until_s]
        if not ends:
            return Cut(kind, ())
        # Up to the last one wanted in decoding order: a later picture before it is one that it needs.
        return Cut(kind, packets[begins[-1] if begins else 0 : ends[-1] + 1])

    def clear(self) -> None:
        """Forget everything; the connection is lost."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._packets.clear()
        self.held_bytes = 0

    def _is_too_much(self) -> bool:
        return self.now_s - self._packets[0].time_s > self._longest_s or self.held_bytes > self._most_bytes

    def _drop_group(self) -> None:
        """Drop the oldest keyframe with all that can only be decoded after it."""
        while self._packets:
            self.held_bytes -= len(self._packets.popleft().content)
            if self._packets and self._packets[0].is_keyframe:
                return
