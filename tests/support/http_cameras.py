"""Cameras over HTTP: a live HLS playlist that slides on, an FLV stream, and hostile answers.

Run as a process of its own, so that it can be killed: `python -m tests.support.http_cameras FOLDER`.
"""

import argparse
import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av

ROOT = Path(__file__).parents[2]
SEGMENT_S = 1.0
WINDOW = 6
LOG = "requests.log"
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"


def cut_into_segments(
    film: Path, folder: Path, name: str, kind: str = "mpegts", *, encrypted: bool = False
) -> None:
    """The film as segments of a second, and the playlist of them all: `NAME/index.m3u8`."""
    target = folder / name
    target.mkdir(parents=True)
    suffix = "ts" if kind == "mpegts" else "m4s"
    options = {
        "hls_time": str(SEGMENT_S),
        "hls_list_size": "0",
        "hls_segment_type": kind,
        "hls_segment_filename": str(target / f"%03d.{suffix}"),
    }
    key = target / "key.bin"
    if encrypted:
        options |= {"hls_enc": "1", "hls_enc_key": "sixteen letters.", "hls_enc_key_url": str(key)}
    playlist = target / "index.m3u8"
    _copy(film, playlist, "hls", options)
    playlist.write_text(playlist.read_text().replace(str(key), key.name))


def as_flv(film: Path, folder: Path, name: str) -> None:
    """The film as FLV: `NAME.flv`."""
    _copy(film, folder / f"{name}.flv", "flv", {})


def _copy(film: Path, path: Path, form: str, options: dict[str, str]) -> None:
    with av.open(str(film)) as source, av.open(str(path), "w", format=form, options=options) as output:
        stream = source.streams.video[0]
        target = output.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = target
                output.mux(packet)


@dataclass
class HttpCameras:
    """The running process.

    Args:
        folder: What it serves.
        credentials: `user:password` that it asks for; empty asks for none.
        port: 0 takes a free one.
    """

    folder: Path
    credentials: str = ""
    port: int = 0
    process: "subprocess.Popen[str] | None" = None

    def start(self) -> None:
        words = [sys.executable, "-m", "tests.support.http_cameras", str(self.folder)]
        words += ["--port", str(self.port), "--credentials", self.credentials]
        self.process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever it sends."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def requests(self) -> list[dict[str, str]]:
        """Path and authorization of every request so far."""
        log = self.folder / LOG
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@contextmanager
def http_cameras(folder: Path, credentials: str = "") -> Iterator[HttpCameras]:
    """Serve a folder until the end of the block."""
    made = HttpCameras(folder, credentials)
    made.start()
    try:
        yield made
    finally:
        made.kill()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path
    expected: str
    began = 0.0

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].strip("/")
        given = self.headers.get("Authorization", "")
        with (self.folder / LOG).open("a") as log:
            log.write(json.dumps({"path": path, "authorization": given}) + "\n")
        if self.expected and given != self.expected:
            self._answer(401, b"", {"WWW-Authenticate": 'Basic realm="cameras"'})
        elif path.startswith("live/") and path.endswith(".m3u8"):
            self._answer(200, self._window(path), {"Content-Type": PLAYLIST_TYPE})
        elif path.startswith("live/") and path.endswith(".flv"):
            self._stream(self.folder / path.removeprefix("live/"))
        elif (moved := self.folder / f"{path}.moved").is_file():
            self._answer(302, b"", {"Location": moved.read_text()})
        elif (self.folder / path).is_file():
            kind = PLAYLIST_TYPE if path.endswith(".m3u8") else "application/octet-stream"
            self._answer(200, (self.folder / path).read_bytes(), {"Content-Type": kind})
        else:
            self._answer(404, b"", {})

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the console."""

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _window(self, path: str) -> bytes:
        """The last six segments as of now; behind the film's last one it begins anew."""
        name = path.removeprefix("live/").removesuffix(".m3u8")
        segments = sorted((self.folder / name).glob("*.ts"))
        first = int((time.monotonic() - type(self).began) / SEGMENT_S)
        lines = [
            *("#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{SEGMENT_S:.0f}"),
            *(f"#EXT-X-MEDIA-SEQUENCE:{first}", f"#EXT-X-DISCONTINUITY-SEQUENCE:{first // len(segments)}"),
        ]
        for number in range(first, first + WINDOW):
            if number % len(segments) == 0 and number != first:
                lines.append("#EXT-X-DISCONTINUITY")
            lines += [f"#EXTINF:{SEGMENT_S},", f"/{name}/{segments[number % len(segments)].name}"]
        return "\n".join([*lines, ""]).encode()

    def _stream(self, film: Path) -> None:
        """The film's tags as fast as they were filmed, over and over, in one endless answer."""
        self.send_response(200)
        self.send_header("Content-Type", "video/x-flv")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        content = film.read_bytes()
        self.wfile.write(content[:13])
        began, offset_ms, last_ms, is_first = time.monotonic(), 0, 0, True
        while True:
            at = 13
            while at + 11 < len(content):
                size = int.from_bytes(content[at + 1 : at + 4], "big")
                tag = bytearray(content[at : at + 11 + size + 4])
                at += len(tag)
                stamp_ms = offset_ms + int.from_bytes(tag[4:7], "big") + (tag[7] << 24)
                is_setup = tag[0] != 9 or tag[12] == 0  # script data, or the codec's configuration
                if is_setup and not is_first:
                    continue
                last_ms = max(last_ms, stamp_ms)
                tag[4:8] = (stamp_ms & 0xFFFFFF).to_bytes(3, "big") + bytes([stamp_ms >> 24])
                time.sleep(max(0.0, began + stamp_ms / 1000 - time.monotonic()))
                self.wfile.write(tag)
            offset_ms, is_first = last_ms + 100, False


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle of an answer."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--credentials", default="")
    arguments = parser.parse_args()
    _Handler.folder = arguments.folder
    coded = base64.b64encode(arguments.credentials.encode()).decode()
    _Handler.expected = f"Basic {coded}" if arguments.credentials else ""
    _Handler.began = time.monotonic()
    server = _Server(("127.0.0.1", arguments.port), _Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
