"""Resting between batches of packets: the camera is never left behind, and most packets are read at once."""

from hypothesis import given
from hypothesis import strategies as st

from stream_workers.sources.batched_reading import BatchedReading

KB = 1024
LONGEST_REST_S = 0.5


class Camera:
    """A camera and its reader, on a clock of their own.

    Args:
        step_s: Time between two packets.
        size: Bytes of a packet.
        read_s: What reading one packet takes.
    """

    def __init__(self, step_s: float, size: int, read_s: float) -> None:
        self.step_s, self.size, self.read_s = step_s, size, read_s
        self.now_s = 0.0
        self.behind_s: list[float] = []
        self.rests_s: list[float] = []
        self.waits = 0

    def read(self, packets: int) -> None:
        reading = BatchedReading(lambda: self.now_s)
        for number in range(packets):
            sent_s = number * self.step_s
            self.waits += sent_s > self.now_s
            self.now_s = max(self.now_s, sent_s) + self.read_s
            self.behind_s.append(self.now_s - sent_s)
            rest_s = reading.rest_s(sent_s, self.size)
            self.rests_s.append(rest_s)
            self.now_s += rest_s
            reading.ask()


@given(st.floats(0.02, 0.2), st.integers(KB, 32 * KB), st.floats(0.00005, 0.0015))
def test_no_packet_waits_for_longer_than_a_rest(step_s: float, size: int, read_s: float) -> None:
    camera = Camera(step_s, size, read_s)
    camera.read(600)
    assert max(camera.behind_s) <= LONGEST_REST_S + step_s + 30 * read_s


@given(st.floats(0.02, 0.1), st.floats(0.005, 0.0099))
def test_a_machine_on_which_every_read_seems_to_wait_keeps_up(step_s: float, read_s: float) -> None:
    camera = Camera(step_s, 20 * KB, min(read_s, step_s / 12))
    camera.read(2000)
    assert max(camera.behind_s) <= LONGEST_REST_S + 0.5


def test_most_packets_of_a_street_camera_are_read_without_waiting() -> None:
    camera = Camera(step_s=0.04, size=20 * KB, read_s=0.0003)
    camera.read(1500)
    assert camera.waits < 1500 / 8


def test_no_more_gathers_in_the_kernel_than_a_socket_holds() -> None:
    camera = Camera(step_s=0.04, size=160 * KB, read_s=0.0005)  # 32 Mb/s
    camera.read(500)
    assert max(camera.rests_s[100:]) <= 256 * KB / (160 * KB / 0.04) * 1.01


def test_where_pictures_come_rarely_or_time_jumps_it_does_not_rest() -> None:
    now_s = 0.0
    reading = BatchedReading(lambda: now_s)
    for media_s in (0.0, 1.0, 2.0, 900.0, 3.0, 3.0):
        now_s += 1.0
        assert reading.rest_s(media_s, 20 * KB) == 0.0
        reading.ask()


def test_a_network_that_becomes_slower_for_good_is_rested_on_again() -> None:
    now_s = 0.0
    reading = BatchedReading(lambda: now_s)
    rests = []
    for number in range(4000):
        now_s = max(now_s + 0.005, number * 0.04 + (0.6 if number > 500 else 0.0))
        rest_s = reading.rest_s(number * 0.04, 20 * KB)
        rests.append(rest_s)
        now_s += rest_s
        reading.ask()
    assert max(rests[3000:]) > 0.2
