"""Damaged files: looks or a clear refusal, whatever bytes they hold."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_workers.errors import StreamError
from stream_workers.sources.inputs import open_input
from tests.support.films import make_film


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("films") / "whole.mp4", seconds=4)


def looks_of(path: Path) -> int:
    with open_input(path, 1.0) as source:
        return sum(1 for _ in source)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_title_in_another_encoding_than_utf_8_is_no_reason_to_refuse_a_film(
    tmp_path: Path, suffix: str
) -> None:
    path, title = tmp_path / f"titled{suffix}", "TITLETITLE"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = title
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number, np.uint8))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert title.encode() in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(title.encode(), "交通路口机".encode("gbk")))
    assert looks_of(path) == 2


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    cut=st.floats(0.01, 1.0),
    wrong=st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), max_size=30),
    lost=st.tuples(st.floats(0, 0.9999), st.integers(0, 2000)),
)
def test_a_damaged_film_gives_looks_or_a_refusal_and_nothing_else(
    tmp_path: Path,
    whole: Path,
    cut: float,
    wrong: list[tuple[float, int]],
    lost: tuple[float, int],
) -> None:
    content = bytearray(whole.read_bytes())
    for at, value in wrong:
        content[int(at * len(content))] = value
    begin = int(lost[0] * len(content))
    del content[begin : begin + lost[1]]
    path = tmp_path / "damaged.mp4"
    path.write_bytes(content[: max(1, int(cut * len(content)))])
    try:
        looks = looks_of(path)
    except StreamError as refusal:
        assert "damaged.mp4" in str(refusal)
    else:
        assert looks >= 1
