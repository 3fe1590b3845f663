"""Background stills on disk: thinned with age, bounded, whole, and never unmasked."""

import weakref
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_workers.errors import DecodeFailed, StorageFull
from stream_workers.look_ring import LookRing
from stream_workers.masking import DeadlineMask
from stream_workers.picture_files import encode_jpeg
from stream_workers.stills import (
    MOST_BYTES,
    MOST_STILLS,
    BackgroundStills,
    MaskedStill,
    StillMaker,
    StillStore,
)
from tests.support.clip_films import passer_by, recognised
from tests.support.colour_people import BrokenDetector, ColourDetector, draw, ground, shows
from tests.support.full_disk import full_disk
from tests.support.png_looks import PngLook, decode, encode
from vision.errors import MaskFailed
from vision.privacy.cover import PrivacyZones
from vision.privacy.mask import MaskReport, PrivacyMask
from vision.types import Planes

pytestmark = pytest.mark.slow

START = datetime(2026, 5, 1, 8, 3, tzinfo=UTC)
SIZE = (96, 64)


def still_at(at: datetime) -> MaskedStill:
    return MaskedStill(ground((16, 16)), at, 7, MaskReport(0, 0, 0.0, ()))


def maker_with(mask: PrivacyMask | None) -> StillMaker[PngLook]:
    return StillMaker(decode, DeadlineMask(mask, timeout_s=20))


def fill(store: StillStore, days: int, shade: np.ndarray) -> datetime:
    """A still every ten minutes in the last 26 hours, every six hours before; the time of the last."""
    at = START
    while at < START + timedelta(days=days):
        at += timedelta(minutes=360 if at < START + timedelta(days=days, hours=-26) else 10)
        store.add(MaskedStill(shade, at, 5, MaskReport(0, 0, 0.0, ())))
    return at


def check_retention(store: StillStore, now: datetime) -> None:
    """All of two hours, one an hour to a day, one a day to 30 days."""
    ages = [now - still.captured_at for still in store.all()]
    assert [age for age in ages if age <= timedelta(hours=2)] == [
        timedelta(minutes=10 * index) for index in reversed(range(13))
    ]
    hourly = [age for age in ages if timedelta(hours=2) < age <= timedelta(days=1)]
    assert 21 <= len(hourly) <= 23
    assert all(a - b == timedelta(hours=1) for a, b in pairwise(hourly))
    daily = [age for age in ages if age > timedelta(days=1)]
    assert 28 <= len(daily) <= 30
    assert all(a - b <= timedelta(days=1, hours=6) for a, b in pairwise(daily))
    assert max(ages) <= timedelta(days=30)
    assert len(ages) <= MOST_STILLS


def test_a_month_of_stills_is_thinned_with_age(tmp_path: Path) -> None:
    store = StillStore(tmp_path / "view")
    check_retention(store, fill(store, 33, ground((16, 16))))


def test_stills_too_large_for_their_share_are_encoded_so_that_the_whole_month_fits(tmp_path: Path) -> None:
    """Half of what they would take in the best quality."""
    noisy = np.random.default_rng(1).integers(90, 160, (64, 96, 3), dtype=np.uint8)
    best = len(encode_jpeg(noisy).content)
    store = StillStore(tmp_path / "view", most_bytes=MOST_STILLS * best // 2)
    check_retention(store, fill(store, 33, noisy))
    assert all(still.size_bytes < best // 2 for still in store.all())


def test_a_still_that_fits_is_kept_in_the_best_quality(tmp_path: Path) -> None:
    store = StillStore(tmp_path)
    assert store.add(still_at(START)).path.read_bytes() == encode_jpeg(still_at(START).image, 85).content
    assert MOST_BYTES <= 12_000_000


def test_stills_take_no_more_than_they_may_and_the_newest_stays(tmp_path: Path) -> None:
    store = StillStore(tmp_path, most_bytes=2000)
    for index in range(30):
        store.add(still_at(START + timedelta(minutes=index)))
    held = store.all()
    assert sum(still.size_bytes for still in held) <= 2000
    assert len(held) >= 2
    assert held[-1].captured_at == START + timedelta(minutes=29)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=12), st.integers(0, 100_000))
def test_nearest_is_the_newest_still_not_later(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[int], at: int
) -> None:
    store = StillStore(tmp_path_factory.mktemp("stills"))
    for second in sorted(seconds):
        store.add(still_at(START + timedelta(seconds=second)))
    held = [still.captured_at for still in store.all()]
    when = START + timedelta(seconds=at)
    found = store.nearest(when)
    assert (found.captured_at if found else None) == max((t for t in held if t <= when), default=None)
    since = store.first_since(when)
    assert (since.captured_at if since else None) == min((t for t in held if t >= when), default=None)


def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path: Path) -> None:
    store = StillStore(tmp_path)
    store.add(still_at(START))
    with full_disk(), pytest.raises(StorageFull):
        store.add(still_at(START + timedelta(minutes=10)))
    assert [still.captured_at for still in store.all()] == [START]
    assert len(list(tmp_path.iterdir())) == 1


def test_half_a_file_of_a_killed_worker_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "20260501T080000.jpg.partial").write_bytes(b"half")
    (tmp_path / "notes.jpg").write_bytes(b"not ours")
    (tmp_path / "TTT.jpg").write_bytes(b"not ours")
    assert StillStore(tmp_path).all() == ()
    assert not (tmp_path / "20260501T080000.jpg.partial").exists()


def street_look(index: int) -> PngLook:
    street = draw(ground(SIZE), "car", (60, 30, 90, 50))
    return encode(draw(street, "person", (2 + 9 * index, 5, 8 + 9 * index, 25)))


def ring_of_street() -> LookRing[PngLook]:
    ring: LookRing[PngLook] = LookRing()
    for index in range(9):
        ring.add(street_look(index), START + timedelta(seconds=10 * index))
    return ring


def test_a_still_is_kept_every_ten_minutes_and_shows_no_passer_by(tmp_path: Path) -> None:
    store = StillStore(tmp_path)
    stills = BackgroundStills(ring_of_street(), maker_with(PrivacyMask(ColourDetector())), store)
    kept = [stills.keep_if_due(START + timedelta(minutes=minute)) for minute in range(31)]
    assert [minute for minute, still in enumerate(kept) if still] == [10, 20, 30]
    image = cv2.imread(str(store.all()[-1].path))
    assert image is not None
    assert image.shape == (64, 96, 3)
    assert shows(np.asarray(image, np.uint8), "person") == 0


def test_who_rests_in_every_look_is_covered_in_the_still_on_disk_which_is_whole_and_sharp(
    tmp_path: Path,
) -> None:
    resting = passer_by(ground((320, 240)), (100, 80))
    resting[::4, 200:] = 60
    ring: LookRing[PngLook] = LookRing()
    for index in range(9):
        ring.add(encode(resting), START + timedelta(seconds=10 * index))
    store = StillStore(tmp_path)
    stills = BackgroundStills(ring, maker_with(PrivacyMask(ColourDetector())), store)
    stills.keep_if_due(START)
    stills.keep_if_due(START + timedelta(minutes=10))
    (still,) = store.all()
    image = np.asarray(cv2.imread(str(still.path)), np.uint8)
    assert recognised(resting, (100, 80)) > 0.9
    assert abs(recognised(image, (100, 80))) < 0.3
    assert image.shape == (240, 320, 3)
    assert image[:, 210:310].std() > 0.8 * resting[:, 210:310].std()


def test_after_a_restart_the_next_still_is_due_ten_minutes_after_the_last(tmp_path: Path) -> None:
    store = StillStore(tmp_path)
    store.add(still_at(START))
    stills = BackgroundStills(ring_of_street(), maker_with(PrivacyMask(ColourDetector())), store)
    assert stills.keep_if_due(START + timedelta(minutes=9)) is None
    assert stills.keep_if_due(START + timedelta(minutes=10)) is not None


def test_a_still_that_cannot_be_masked_is_not_kept(tmp_path: Path) -> None:
    for mask in (None, PrivacyMask(BrokenDetector("raises"))):
        stills = BackgroundStills(ring_of_street(), maker_with(mask), StillStore(tmp_path))
        stills.keep_if_due(START)
        assert stills.keep_if_due(START + timedelta(minutes=10)) is None
    assert list(tmp_path.iterdir()) == []


def test_on_a_full_disk_the_worker_goes_on_and_tries_again_later(tmp_path: Path) -> None:
    store = StillStore(tmp_path)
    stills = BackgroundStills(ring_of_street(), maker_with(PrivacyMask(ColourDetector())), store)
    stills.keep_if_due(START)
    with full_disk():
        assert stills.keep_if_due(START + timedelta(minutes=10)) is None
    assert stills.keep_if_due(START + timedelta(minutes=20)) is not None
    assert len(list(tmp_path.iterdir())) == 1


def test_an_empty_ring_gives_no_still(tmp_path: Path) -> None:
    ring: LookRing[PngLook] = LookRing()
    stills = BackgroundStills(ring, maker_with(PrivacyMask(ColourDetector())), StillStore(tmp_path))
    stills.keep_if_due(START)
    assert stills.keep_if_due(START + timedelta(minutes=10)) is None


def test_looks_that_do_not_decode_or_have_another_size_are_left_out() -> None:
    ring: LookRing[PngLook] = LookRing()
    for index, look in enumerate([encode(ground((32, 32))), PngLook(b"torn"), encode(ground(SIZE))]):
        ring.add(look, START + timedelta(seconds=index))
    still = maker_with(PrivacyMask(ColourDetector())).make(ring.all())
    assert still.looks == 1
    assert still.image.shape == (64, 96, 3)


def test_when_no_look_decodes_there_is_no_still() -> None:
    ring: LookRing[PngLook] = LookRing()
    ring.add(PngLook(b"torn"), START)
    with pytest.raises(DecodeFailed):
        maker_with(PrivacyMask(ColourDetector())).make(ring.all())


def test_a_privacy_zone_is_black_in_a_still() -> None:
    zone = [(60.0, 30.0), (90.0, 30.0), (90.0, 50.0), (60.0, 50.0)]
    maker = StillMaker(decode, DeadlineMask(PrivacyMask(ColourDetector())), PrivacyZones([zone]))
    image = maker.make(ring_of_street().latest(7)).image
    assert image[32:48, 62:88].max() <= 2


def test_the_look_that_is_being_handled_is_not_decoded_again_and_not_kept_for_it() -> None:
    decoded: list[PngLook] = []

    def counting(look: PngLook) -> Planes:
        decoded.append(look)
        return decode(look)

    maker = StillMaker(counting, DeadlineMask(PrivacyMask(ColourDetector())))
    looks = ring_of_street().latest(5)
    plain = maker.make(looks).image
    planes = decode(looks[-1].encoded)
    kept = weakref.ref(planes)
    decoded.clear()
    maker.remember(looks[-1].encoded, planes)
    assert np.array_equal(maker.make(looks).image, plain)
    assert decoded == [look.encoded for look in looks[:-1]]
    del planes
    assert kept() is None
    decoded.clear()
    assert np.array_equal(maker.make(looks).image, plain)
    assert decoded == [look.encoded for look in looks]


def test_without_a_mask_model_there_is_no_still() -> None:
    with pytest.raises(MaskFailed, match="no mask model"):
        maker_with(None).make(ring_of_street().all())
