"""Films as RTP packets, prepared once so that sending costs almost nothing.

Source: RFC 3550 (RTP and RTCP), RFC 6184 (H.264 payload), RFC 7798 (H.265 payload),
RFC 7826 section 14 (interleaving in the RTSP connection).
"""

import base64
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from stream_workers.sources.containers import file_name, first_video, open_recording
from stream_workers.sources.nal import BitstreamReader

__all__ = ["CLOCK_HZ", "AccessUnit", "Film", "load_film", "sender_report"]

CLOCK_HZ: Final = 90_000
_MTU: Final = 1400
_PAYLOAD_TYPE: Final = 96
_SSRC: Final = 0x53747265
_HEAD: Final = struct.Struct("!cBHBBHII")
_SEQUENCE_AT: Final = 6
_NTP_EPOCH_S: Final = 2_208_988_800
_PARAMETER_SETS: Final = {"h264": frozenset({7, 8}), "hevc": frozenset({32, 33, 34})}


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture, packed for an interleaved connection.

    Args:
        send_s: When it is sent, seconds since the film's first picture is sent.
        show_s: When it is shown on the same clock.
        is_key: Whether a client can begin here.
        template: The interleaved RTP packets; sequence numbers and times are still zero.
        offsets: Where in `template` each packet's sequence number and time stand.
    """

    send_s: float
    show_s: float
    is_key: bool
    template: bytes
    offsets: tuple[int, ...]

    def stamped(self, sequence: int, ticks: int) -> bytearray:
        """The packets, numbered from `sequence` on and timed, ready to be written."""
        packets = bytearray(self.template)
        for index, offset in enumerate(self.offsets):
            struct.pack_into("!HI", packets, offset, (sequence + index) & 0xFFFF, ticks & 0xFFFFFFFF)
        return packets


@dataclass(frozen=True, slots=True)
class Film:
    """A whole film in memory.

    Args:
        codec: `h264` or `hevc`.
        units: Its pictures in the order of decoding.
        length_s: Time after which it begins anew.
        parameter_sets: Those it begins with.
    """

    codec: str
    units: Sequence[AccessUnit]
    length_s: float
    parameter_sets: tuple[bytes, ...]

    def media_description(self) -> str:
        """Its part of the session description."""
        coded = [base64.b64encode(unit).decode("ascii") for unit in self.parameter_sets]
        if self.codec == "h264":
            profile = self.parameter_sets[0][1:4].hex()
            name = "H264"
            details = (
                f"packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={','.join(coded)}"
            )
        else:
            name = "H265"
            kinds = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}
            named = zip(self.parameter_sets, coded, strict=True)
            details = ";".join(f"{kinds[(unit[0] >> 1) & 0x3F]}={text}" for unit, text in named)
        return (
            f"m=video 0 RTP/AVP {_PAYLOAD_TYPE}\r\n"
            f"a=rtpmap:{_PAYLOAD_TYPE} {name}/{CLOCK_HZ}\r\n"
            f"a=fmtp:{_PAYLOAD_TYPE} {details}\r\n"
            "a=control:trackID=0\r\n"
        )


def load_film(path: Path) -> Film:
    """The film of a file; it is held in memory whole.

    Raises:
        SourceRefused: The file cannot be read, or is neither H.264 nor H.265.
    """
    with open_recording(path) as container:
        stream = first_video(container, file_name(path))
        codec = stream.codec_context.name
        if codec not in _PARAMETER_SETS:
            raise ValueError(f"{file_name(path)} is {codec}; the replay server sends H.264 and H.265")
        reader = BitstreamReader(codec, stream.codec_context.extradata or b"")
        base = stream.time_base or Fraction(1, CLOCK_HZ)
        frame_s = float(1 / (stream.average_rate or Fraction(25)))
        units: list[AccessUnit] = []
        first_sets: tuple[bytes, ...] = ()
        began: float | None = None
        for packet in container.demux(stream):
            if not packet.size or packet.pts is None:
                continue
            coded = bytes(packet)
            is_key = reader.is_keyframe(coded)
            if is_key:
                first_sets = first_sets or _ordered_sets(codec, reader.parameter_sets)
            send_s = float((packet.pts if packet.dts is None else packet.dts) * base)
            began = send_s if began is None else began
            sets = _ordered_sets(codec, reader.parameter_sets) if is_key else ()
            parts = [*sets, *(unit for unit in reader.units(coded) if unit not in sets)]
            template, offsets = _pack(codec, parts)
            show_s = float(packet.pts * base) - began
            units.append(AccessUnit(send_s - began, show_s, is_key, template, offsets))
    if not units or not first_sets:
        raise ValueError(f"{file_name(path)} holds no keyframe")
    return Film(codec, units, units[-1].send_s + frame_s, first_sets)


def sender_report(unix_s: float, ticks: int, packets: int, octets: int) -> bytes:
    """An interleaved RTCP sender report: at this time the stream's clock showed these ticks."""
    seconds = int(unix_s)
    fraction = int((unix_s - seconds) * (1 << 32))
    report = struct.pack(
        "!BBHIIIIII",
        *(0x80, 200, 6, _SSRC),
        *((seconds + _NTP_EPOCH_S) & 0xFFFFFFFF, fraction, ticks & 0xFFFFFFFF),
        *(packets & 0xFFFFFFFF, octets & 0xFFFFFFFF),
    )
    return struct.pack("!cBH", b"$", 1, len(report)) + report


def _ordered_sets(codec: str, units: Sequence[bytes]) -> tuple[bytes, ...]:
    kinds = _PARAMETER_SETS[codec]
    return tuple(unit for unit in units if _kind(codec, unit) in kinds)


def _kind(codec: str, unit: bytes) -> int:
    return unit[0] & 0x1F if codec == "h264" else (unit[0] >> 1) & 0x3F


def _pack(codec: str, units: Sequence[bytes]) -> tuple[bytes, tuple[int, ...]]:
    payloads = [payload for unit in units for payload in _payloads(codec, unit)]
    template = bytearray()
    offsets: list[int] = []
    for index, payload in enumerate(payloads):
        marker = 0x80 if index == len(payloads) - 1 else 0
        offsets.append(len(template) + _SEQUENCE_AT)
        template += _HEAD.pack(b"$", 0, len(payload) + 12, 0x80, _PAYLOAD_TYPE | marker, 0, 0, _SSRC)
        template += payload
    return bytes(template), tuple(offsets)


def _payloads(codec: str, unit: bytes) -> Iterator[bytes]:
    """One unit as RTP payloads: whole where it fits, else in fragments."""
    most = _MTU - 12
    if len(unit) <= most:
        yield unit
        return
    if codec == "h264":
        head, kind, skip = bytes([(unit[0] & 0xE0) | 28]), unit[0] & 0x1F, 1
    else:
        head, kind, skip = bytes([(unit[0] & 0x81) | (49 << 1), unit[1]]), (unit[0] >> 1) & 0x3F, 2
    step = most - len(head) - 1
    for at in range(skip, len(unit), step):
        first = 0x80 if at == skip else 0
        last = 0x40 if at + step >= len(unit) else 0
        yield head + bytes([first | last | kind]) + unit[at : at + step]
