"""Network abstraction layer units of H.264 and HEVC: which packets are really keyframes.

libav's key flag is also set by recovery-point messages, so that a stream with intra refresh
looks as if it had keyframes although none of its pictures can be decoded alone.

Source: ITU-T H.264 (08/2021) tables 7-1 and 7-6, section 7.3.3; ITU-T H.265 (08/2021) table 7-1,
section 7.3.6.1 (a slice header begins with whether it is the picture's first);
ISO/IEC 14496-15 for the `avcC` and `hvcC` records.
"""

from collections.abc import Iterable, Iterator
from typing import Final

__all__ = ["BitstreamReader", "split_units"]

_START_CODE: Final = b"\x00\x00\x00\x01"
_H264_NON_IDR: Final = 1
_H264_IDR: Final = 5
_H264_SLICES: Final = range(1, 6)
_H264_SETS: Final = frozenset({7, 8})
_H264_SPS: Final = 7
_H264_INTRA_SLICES: Final = frozenset({2, 7})
_HEVC_KEYS: Final = range(16, 22)
_HEVC_SLICES: Final = range(32)
_HEVC_FIRST_SLICE: Final = 0x80
_HEVC_SETS: Final = frozenset({32, 33, 34})
_HEVC_SPS: Final = 33
_SLICE_HEAD_BYTES: Final = 16


class BitstreamReader:
    """Judges and unwraps the packets of one H.264 or HEVC stream.

    Args:
        codec: `h264` or `hevc`.
        extradata: The stream's `avcC` or `hvcC` record, or its parameter sets with start codes.
    """

    def __init__(self, codec: str, extradata: bytes) -> None:
        self._is_hevc = codec == "hevc"
        self._set_kinds = _HEVC_SETS if self._is_hevc else _H264_SETS
        self._sps = _HEVC_SPS if self._is_hevc else _H264_SPS
        self._slices = _HEVC_SLICES if self._is_hevc else _H264_SLICES
        self._length_size: int | None = None
        self._sets: list[bytes] = []
        self.configure(extradata)

    def configure(self, extradata: bytes) -> None:
        """Take new parameter sets, as a container may bring them mid-stream."""
        if not extradata:
            return
        if extradata[:3] == b"\x00\x00\x01" or extradata[:4] == _START_CODE:
            self._sets = list(split_units(extradata, None))
        elif self._is_hevc:
            self._length_size = (extradata[21] & 3) + 1 if len(extradata) > 21 else 4
            self._sets = list(_hevc_record_units(extradata))
        else:
            self._length_size = (extradata[4] & 3) + 1 if len(extradata) > 4 else 4
            self._sets = list(_h264_record_units(extradata))

    @property
    def parameter_sets(self) -> list[bytes]:
        """The latest parameter sets, without start codes."""
        return list(self._sets)

    @property
    def has_start_codes(self) -> bool:
        """Whether units are parted by start codes (Annex B) and not by lengths."""
        return self._length_size is None

    def units(self, data: bytes) -> list[bytes]:
        """The units of one packet, without start codes or lengths."""
        return list(split_units(data, self._length_size))

    def is_keyframe(self, data: bytes) -> bool:
        """Whether the packet can be decoded without any other; learns its parameter sets.

        HEVC: types 16 to 21. H.264: type 5, and pictures of intra slices only, which open
        groups of pictures begin with.
        """
        brought: list[bytes] = []
        is_intra = False
        for unit in split_units(data, self._length_size):
            kind = self._kind(unit)
            if kind in self._set_kinds:
                brought.append(unit)
            elif kind in self._slices:
                is_intra = self._is_intra(kind, unit)
                if not is_intra or self._is_hevc or kind == _H264_IDR:
                    break  # only in other H.264 pictures the later slices may differ
        if any(self._kind(unit) == self._sps for unit in brought):
            self._sets = brought
        return is_intra

    def continues(self, data: bytes) -> bool:
        """Whether the packet begins in the middle of a picture.

        Senders that repeat the parameter sets before each slice of a keyframe make libav cut the
        picture at each of them. Only streams with start codes can be cut like that.
        """
        if not self.has_start_codes:
            return False
        for unit in split_units(data, None):
            if self._kind(unit) in self._slices:
                if self._is_hevc:
                    return len(unit) > 2 and not unit[2] & _HEVC_FIRST_SLICE
                return _h264_slice(unit)[0] > 0
        return False

    def joined(self, data: bytes, rest: bytes) -> bytes:
        """A picture and what continues it as one packet, the repeated parameter sets left out."""
        units = (unit for unit in split_units(rest, None) if self._kind(unit) not in self._set_kinds)
        return data + _with_start_codes(units)

    def standalone(self, data: bytes) -> bytes:
        """The packet with start codes and every parameter set that it needs."""
        units = self.units(data)
        if any(self._kind(unit) == self._sps for unit in units):
            return _with_start_codes(units)
        return _with_start_codes([*self._sets, *units])

    def _is_intra(self, kind: int, unit: bytes) -> bool:
        """Whether a slice says that its picture needs no other."""
        if self._is_hevc:
            return kind in _HEVC_KEYS
        return kind == _H264_IDR or (kind == _H264_NON_IDR and _h264_slice(unit)[1] in _H264_INTRA_SLICES)

    def _kind(self, unit: bytes) -> int:
        return (unit[0] >> 1) & 0x3F if self._is_hevc else unit[0] & 0x1F


def split_units(data: bytes, length_size: int | None) -> Iterator[bytes]:
    """The units of a packet, without start codes or lengths; damaged lengths end it early.

    Args:
        data: One packet.
        length_size: Bytes of the length before each unit; None for start codes (Annex B).
    """
    if length_size is None:
        yield from _split_start_codes(data)
        return
    at = 0
    while at + length_size < len(data):
        size = int.from_bytes(data[at : at + length_size], "big")
        at += length_size
        if size:
            yield data[at : at + size]
        at += size


def _split_start_codes(data: bytes) -> Iterator[bytes]:
    begin = data.find(b"\x00\x00\x01")
    while begin >= 0:
        begin += 3
        following = data.find(b"\x00\x00\x01", begin)
        end = len(data) if following < 0 else following
        # Zero bytes before a start code belong to it or are padding, never to the unit.
        unit = data[begin:end].rstrip(b"\x00")
        if unit:
            yield unit
        begin = following


def _with_start_codes(units: Iterable[bytes]) -> bytes:
    return b"".join(_START_CODE + unit for unit in units)


def _h264_slice(unit: bytes) -> tuple[int, int]:
    """`first_mb_in_slice` and `slice_type` of a slice header; -1 where it is too short."""
    head = unit[1 : 1 + _SLICE_HEAD_BYTES].replace(b"\x00\x00\x03", b"\x00\x00")
    bits = int.from_bytes(head, "big")
    left = len(head) * 8
    values = [-1, -1]
    for index in range(2):  # both are Exp-Golomb codes
        zeros = left - bits.bit_length()
        left -= 2 * zeros + 1
        if left < 0 or not bits:
            break
        values[index] = (bits >> left) - 1
        bits &= (1 << left) - 1
    return values[0], values[1]


def _h264_record_units(record: bytes) -> Iterator[bytes]:
    at = 5
    for mask in (0x1F, 0xFF):  # sequence parameter sets, then picture parameter sets
        if at >= len(record):
            return
        count = record[at] & mask
        at += 1
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2], "big")
            if size:
                yield record[at + 2 : at + 2 + size]
            at += 2 + size


def _hevc_record_units(record: bytes) -> Iterator[bytes]:
    at = 23
    for _ in range(record[22] if len(record) > 22 else 0):
        count = int.from_bytes(record[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2], "big")
            if size:
                yield record[at + 2 : at + 2 + size]
            at += 2 + size
