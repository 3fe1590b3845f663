"""A small RTSP server that replays films on this machine, for the demo, tests and load bench.

    python -m sample_videos.replay gate=film.mp4 market=other.mp4 --port 8554

It serves H.264 and H.265 over TCP in an endless loop with continuous time. Naming a camera twice
sends its films one after the other, also where their sizes differ.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

from sample_videos.replay_channel import Channel, Faults
from sample_videos.replay_rtp import Film, load_film
from sample_videos.replay_session import Authentication, Session

__all__ = ["Authentication", "Faults", "ReplayProcess", "ReplayServer", "serve"]

PASSWORD_VARIABLE: Final = "STREETKEEPER_REPLAY_CREDENTIALS"  # noqa: S105 - its name, not its value
_ROOT: Final = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class ReplayServer:
    """A running server.

    Args:
        host: Address that it listens on.
        port: Port that it listens on.
        channels: The cameras by name.
        server: asyncio's server.
        sessions: The tasks of its clients.
    """

    host: str
    port: int
    channels: Mapping[str, Channel]
    server: asyncio.Server
    sessions: set[asyncio.Task[None]]

    def url(self, name: str) -> str:
        """Address of one camera."""
        return f"rtsp://{self.host}:{self.port}/{name}"

    async def close(self) -> None:
        """End all connections and stop listening."""
        self.server.close()
        for session in list(self.sessions):
            session.cancel()
        await asyncio.gather(*self.sessions, return_exceptions=True)
        for channel in self.channels.values():
            await channel.close()
        await self.server.wait_closed()


async def serve(
    files: Mapping[str, Path | Sequence[Path]],
    host: str = "127.0.0.1",
    port: int = 0,
    credentials: Authentication | None = None,
    speed: float = 1.0,
    faults: Mapping[str, Faults] | None = None,
) -> ReplayServer:
    """Begin to serve films by name; a file that several names share is read once.

    Raises:
        SourceRefused: A file cannot be read.
        ValueError: A file is neither H.264 nor H.265.
    """
    films: dict[Path, Film] = {}
    channels: dict[str, Channel] = {}
    for name, given in files.items():
        paths = [given] if isinstance(given, Path) else list(given)
        for path in paths:
            if path not in films:
                films[path] = await asyncio.to_thread(load_film, path)
        fault = (faults or {}).get(name, Faults())
        channels[name] = Channel([films[path] for path in paths], speed, fault)
    sessions: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            sessions.add(task)
            task.add_done_callback(sessions.discard)
        await Session(channels, reader, writer, credentials).run()

    server = await asyncio.start_server(answer, host, port)
    bound = cast("int", server.sockets[0].getsockname()[1])
    return ReplayServer(host, bound, channels, server, sessions)


class ReplayProcess:
    """The server as a process of its own; a context manager.

    Args:
        files: Films by camera name.
        credentials: Whom it lets in; None everybody.
        speed: 2 sends twice as fast as the films were made.
        faults: What cameras do wrong, by name.
        port: 0 takes a free one.
    """

    def __init__(
        self,
        files: Mapping[str, Path | Sequence[Path]],
        *,
        credentials: Authentication | None = None,
        speed: float = 1.0,
        faults: Mapping[str, Faults] | None = None,
        port: int = 0,
    ) -> None:
        self._command = [sys.executable, "-m", "sample_videos.replay", f"--port={port}", f"--speed={speed}"]
        self._command.append("--until-stdin-closes")
        for name, given in files.items():
            paths = [given] if isinstance(given, Path) else given
            self._command += [f"{name}={path.resolve()}" for path in paths]
        for name, fault in (faults or {}).items():
            self._command += _fault_words(name, fault)
        self._environment = dict(os.environ)
        if credentials is not None:
            self._command.append(f"--scheme={credentials.scheme}")
            self._environment[PASSWORD_VARIABLE] = f"{credentials.user}:{credentials.password}"
        self._process: subprocess.Popen[str] | None = None
        self.port = port

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own module with our own arguments
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
            env=self._environment,
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            self._end()
            raise RuntimeError("the replay server did not start; its message stands above")
        self.port = int(json.loads(line)["port"])
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    @property
    def pid(self) -> int:
        """Id of the process."""
        if self._process is None:
            raise RuntimeError("the replay server is not running")
        return self._process.pid

    def url(self, name: str) -> str:
        """Address of one camera."""
        return f"rtsp://127.0.0.1:{self.port}/{name}"

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        self._process.communicate()
        self._process = None


def _fault_words(name: str, fault: Faults) -> list[str]:
    words = [f"--deaf={name}"] if fault.is_deaf else []
    words += [f"--mute={name}"] if fault.is_mute else []
    words += [f"--mute-after={name}:{fault.mute_after_s}"] if fault.mute_after_s is not None else []
    words += [f"--drop={name}:{fault.drop_after_s}"] if fault.drop_after_s is not None else []
    words += [f"--status={name}:{fault.status}"] if fault.status is not None else []
    return words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sample_videos.replay", description=__doc__)
    parser.add_argument("films", nargs="+", metavar="NAME=FILE", help="camera and film; may repeat a name")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8554, help="port to listen on; 0 takes a free one")
    parser.add_argument("--speed", type=float, default=1.0, help="2 sends twice as fast")
    parser.add_argument("--scheme", choices=["digest", "basic"], default="digest")
    parser.add_argument("--deaf", action="append", default=[], metavar="NAME", help="accept, never answer")
    parser.add_argument("--mute", action="append", default=[], metavar="NAME", help="send no picture")
    parser.add_argument(
        "--mute-after", action="append", default=[], metavar="NAME:SECONDS", help="then send no picture"
    )
    parser.add_argument("--drop", action="append", default=[], metavar="NAME:SECONDS", help="hang up")
    parser.add_argument("--status", action="append", default=[], metavar="NAME:CODE", help="refuse")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the parent process")
    parser.epilog = f"User and password are read from {PASSWORD_VARIABLE} (user:password)."
    return parser


async def _main(arguments: argparse.Namespace) -> None:
    files: dict[str, list[Path]] = {}
    for word in arguments.films:
        name, _, path = word.partition("=")
        files.setdefault(name, []).append(Path(path))
    mutes = dict(word.rsplit(":", 1) for word in arguments.mute_after)
    drops = dict(word.rsplit(":", 1) for word in arguments.drop)
    codes = dict(word.rsplit(":", 1) for word in arguments.status)
    faults = {
        name: Faults(
            is_deaf=name in arguments.deaf,
            is_mute=name in arguments.mute,
            mute_after_s=float(mutes[name]) if name in mutes else None,
            drop_after_s=float(drops[name]) if name in drops else None,
            status=int(codes[name]) if name in codes else None,
        )
        for name in files
    }
    user, colon, password = os.environ.get(PASSWORD_VARIABLE, "").partition(":")
    credentials = Authentication(user, password, arguments.scheme) if colon else None
    server = await serve(
        cast("Mapping[str, Sequence[Path]]", files),
        arguments.host,
        arguments.port,
        credentials,
        arguments.speed,
        faults,
    )
    sys.stdout.write(json.dumps({"port": server.port, "urls": [server.url(name) for name in files]}) + "\n")
    sys.stdout.flush()
    if arguments.until_stdin_closes:
        await asyncio.to_thread(sys.stdin.read)
    else:
        await asyncio.Event().wait()
    await server.close()


if __name__ == "__main__":
    try:
        asyncio.run(_main(_parser().parse_args()))
    except KeyboardInterrupt:
        sys.exit(0)
