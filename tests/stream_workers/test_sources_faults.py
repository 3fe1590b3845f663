"""Decoders that never return, pauses that grow, and connections that nobody answers."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_videos.replay import ReplayProcess
from stream_workers.errors import DecodeFailed, SourceRefused, SourceUnavailable, StreamError
from stream_workers.sources.connection import LiveOptions
from stream_workers.sources.decode import Contexts, DecoderPool, T
from stream_workers.sources.files import FileSource
from stream_workers.sources.media import DecodedLook, EncodedLook
from stream_workers.sources.reconnect import Backoff, LookStream, Reconnector, SourceState
from stream_workers.sources.rtsp import RtspSource
from tests.support.fake_cameras import a_decoded_look
from tests.support.films import make_film

pytestmark = pytest.mark.slow


class StuckPool(DecoderPool):
    """Decoders of which the next `stuck` jobs never return before the end of the test.

    Args:
        stuck: How many jobs.
        ends: Set at the end of the test.
    """

    def __init__(self, stuck: int, ends: threading.Event) -> None:
        super().__init__(workers=1, timeout_s=0.3)
        self.stuck = stuck
        self.ends = ends

    def run(self, job: Callable[[Contexts], T]) -> T:
        def work(contexts: Contexts) -> T:
            if self.stuck > 0:
                self.stuck -= 1
                self.ends.wait(60)
            return job(contexts)

        return super().run(work)


@pytest.fixture
def ends() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_decoder_that_never_returns_is_replaced_and_the_others_go_on(ends: threading.Event) -> None:
    pool = DecoderPool(workers=2, timeout_s=0.2)
    for number in range(1, 4):
        with pytest.raises(DecodeFailed, match="did not return within"):
            pool.run(lambda _: ends.wait(60))
        assert pool.abandoned == number
    busy, freed = threading.Event(), threading.Event()

    def hold(contexts: Contexts) -> None:
        busy.set()
        freed.wait(60)

    other = threading.Thread(target=lambda: pool.run(hold))
    pool._timeout_s = 60.0
    other.start()
    assert busy.wait(20)
    assert pool.run(lambda _: "answer") == "answer"  # there are two decoders still
    freed.set()
    other.join()
    pool.close()


def test_what_a_decoder_raises_is_raised_and_it_goes_on() -> None:
    pool = DecoderPool(workers=1, timeout_s=20.0)

    def fail(contexts: Contexts) -> None:
        raise TimeoutError("of the job itself")

    with pytest.raises(TimeoutError, match="of the job itself"):
        pool.run(fail)
    with pytest.raises(DecodeFailed, match="damaged"):
        pool.decode(EncodedLook("h264", b"", b"\x00\x00\x01\x65nonsense", 0))
    assert pool.run(lambda _: 7) == 7
    assert pool.abandoned == 0


def test_a_keyframe_whose_decoder_never_returns_costs_one_look(tmp_path: Path, ends: threading.Event) -> None:
    film = make_film(tmp_path / "a.ts", seconds=4)  # a form that needs no decoder to be described
    with FileSource(film, 1.0, pool=StuckPool(1, ends)) as source:
        looks = list(source)
        assert source.failed_looks == 1
    assert [round(look.media_time_s) for look in looks] == [1, 2, 3]


def test_a_live_stream_whose_decoder_never_returns_is_opened_anew(
    tmp_path: Path, ends: threading.Event
) -> None:
    """Where all pictures are decoded, the stuck decoder is the stream's own."""
    film = make_film(tmp_path / "rare.mp4", seconds=20, gop=50)
    options = LiveOptions(stall_timeout_s=5.0, keyframe_limit_s=1.0)
    pool, stop = StuckPool(0, ends), threading.Event()
    states: list[SourceState] = []
    with ReplayProcess({"cam": film}) as replay:

        def opened() -> RtspSource:
            return RtspSource(replay.url("cam"), 1.0, options=options, pool=pool, stop=stop)

        reconnector = Reconnector(opened, stop, backoff=Backoff(0.1, 0.2), on_state=states.append)
        sparse = 0
        for look in reconnector:
            sparse += not look.is_keyframe
            if sparse == 2 and reconnector.connections == 1:
                pool.stuck = 1
            if reconnector.connections == 2:
                stop.set()
    assert [state.is_online for state in states] == [True, False, True]
    assert "did not return" in states[1].reason
    assert pool.abandoned == 1


def test_rare_keyframes_of_a_live_camera_lead_to_decoding_all(tmp_path: Path) -> None:
    film = make_film(tmp_path / "rare.mp4", seconds=20, gop=50)
    options = LiveOptions(keyframe_limit_s=1.0)
    with (
        ReplayProcess({"cam": film}) as replay,
        RtspSource(replay.url("cam"), 1.0, options=options) as source,
    ):
        for look in source:
            if not look.is_keyframe:
                break
        assert source.mode == "sparse"
        assert not source.keys_fail
        assert source.keyframe_interval_s == pytest.approx(5.0, abs=0.2)


def test_a_camera_that_changes_its_resolution_is_watched_on(tmp_path: Path) -> None:
    films = [
        make_film(tmp_path / "a.mp4", seconds=2),
        make_film(tmp_path / "b.mp4", seconds=2, size_wh=(160, 96)),
    ]
    sizes: list[tuple[int, int]] = []
    with ReplayProcess({"cam": films}) as replay, RtspSource(replay.url("cam"), 1.0) as source:
        for look in source:
            sizes.append(look.planes.size_wh)
            if len(sizes) == 6:
                break
        assert source.failed_looks == 0
        assert source.mode == "keyframe"
    assert sizes == [(320, 180), (320, 180), (160, 96), (160, 96), (320, 180), (320, 180)]


@given(
    st.floats(0.1, 10.0),
    st.floats(10.0, 300.0),
    st.integers(1, 10_000),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_pauses_double_up_to_a_bound_and_chance_takes_off_at_most_half(
    first_s: float, most_s: float, failures: int, chance: float, other: float
) -> None:
    backoff = Backoff(first_s, most_s)
    longest_s = backoff.pause_s(failures, 1.0)
    assert longest_s == pytest.approx(min(most_s, first_s * 2.0 ** min(failures - 1, 40)))
    assert longest_s / 2 <= backoff.pause_s(failures, chance) <= longest_s <= most_s
    if chance < other:
        assert backoff.pause_s(failures, chance) <= backoff.pause_s(failures, other)


def test_failures_are_counted_until_a_look_comes_and_each_reason_is_told_once() -> None:
    errors: list[StreamError | None] = [
        SourceUnavailable("no route"),
        SourceUnavailable("no route"),
        SourceRefused("refuses user or password (401)"),
        None,
        SourceUnavailable("cut"),
    ]
    stop = threading.Event()
    states: list[SourceState] = []

    class OneLook:
        def __iter__(self) -> Iterator[DecodedLook]:
            yield a_decoded_look()

    def opened() -> AbstractContextManager[LookStream]:
        if not errors:
            stop.set()
            raise SourceUnavailable("the end of the test")
        error = errors.pop(0)
        if error is not None:
            raise error
        return nullcontext(OneLook())

    reconnector = Reconnector(
        opened, stop, backoff=Backoff(0.01, 0.02), on_state=states.append, rng=random.SystemRandom()
    )
    assert len(list(reconnector)) == 1
    assert [(state.is_online, state.needs_person, state.failures) for state in states] == [
        (False, False, 1),
        (False, True, 3),
        (True, False, 0),
        (False, False, 1),
        (False, False, 2),
    ]
    assert reconnector.failures == 5
