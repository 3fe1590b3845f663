"""GStreamer's RTSP server as a camera; run by the system's Python, which alone sees GStreamer.

Usage: gst_rtsp_server.py NAME=CODEC:FILE... [--user NAME --password WORD] [--once] [--every-keyframe]
Prints its port, then serves until its standard input closes. Films are looped unless --once; the file
`live` is a drawn picture of four slices, encoded as it is watched.
"""

import argparse
import sys
import threading

import gi  # type: ignore[import-not-found,unused-ignore]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found,unused-ignore]  # noqa: E402

LOOPED = (
    "( multifilesrc location={file} loop=true ! {codec}parse "
    "! video/x-{codec},framerate={fps}/1,alignment=au ! {pay} )"
)
ONCE = "( filesrc location={file} ! qtdemux ! {parser} ! {pay} )"
LIVE = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate={fps}/1 "
    "! openh264enc gop-size={fps} slice-mode=n-slices num-slices=4 ! h264parse ! {pay} )"
)
PAY = "rtp{codec}pay name=pay0 pt=96 config-interval={interval}"


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("films", nargs="+")
    words.add_argument("--fps", type=int, default=10)
    words.add_argument("--user")
    words.add_argument("--password")
    words.add_argument("--once", action="store_true")
    words.add_argument("--every-keyframe", action="store_true", help="send the parameter sets so often")
    arguments = words.parse_args()

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    if arguments.user:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(arguments.user, arguments.password), token)
        server.set_auth(auth)
    for word in arguments.films:
        name, _, film = word.partition("=")
        codec, _, path = film.partition(":")
        factory = GstRtspServer.RTSPMediaFactory()
        parser = "mpeg4videoparse" if codec == "mp4v" else f"{codec}parse"
        pipeline = LIVE if path == "live" else ONCE if arguments.once else LOOPED
        pay = PAY.format(codec=codec, interval=-1 if arguments.every_keyframe else 1)
        factory.set_launch(pipeline.format(file=path, codec=codec, fps=arguments.fps, pay=pay, parser=parser))
        factory.set_shared(True)
        if arguments.user:
            allowed = Gst.Structure.new_empty("viewer")
            for right in ("media.factory.access", "media.factory.construct"):
                allowed.set_value(right, True)
            factory.add_role_from_structure(allowed)
        server.get_mount_points().add_factory(f"/{name}", factory)
    server.attach(None)
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    loop = GLib.MainLoop()

    def wait_for_parent() -> None:
        sys.stdin.read()
        loop.quit()

    threading.Thread(target=wait_for_parent, daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main()
