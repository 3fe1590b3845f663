"""What can go wrong in a worker; the leaves say what the caller can do.

StreamError
├── SourceUnavailable  try again later (camera off, network cut)
├── SourceRefused      a person is needed (wrong password, forbidden protocol, not a video)
├── SourceEnded        the recording is over
├── DecodeFailed       skip this look
├── StorageFull        the disk is full: keep running, tell, try again
├── StorageBusy        another process holds the store: likewise
├── LeaseLost          another worker has the camera now: stop, keep nothing of this look
├── SinkUnavailable    keep in the spool, try again
└── SinkRejected       the API will never take it: set aside and report
"""

__all__ = [
    "DecodeFailed",
    "LeaseLost",
    "SinkRejected",
    "SinkUnavailable",
    "SourceEnded",
    "SourceRefused",
    "SourceUnavailable",
    "StorageBusy",
    "StorageFull",
    "StreamError",
]


class StreamError(Exception):
    """Anything that keeps a worker from reading, keeping or sending."""


class SourceUnavailable(StreamError):
    """The source does not answer now; trying again may help."""


class SourceRefused(StreamError):
    """The source cannot be used as it is; a person must change something."""


class SourceEnded(StreamError):
    """The source has no more pictures."""


class DecodeFailed(StreamError):
    """This look could not be decoded; the next one may be fine."""


class StorageFull(StreamError):
    """The disk is full."""


class StorageBusy(StreamError):
    """Another process holds the store; trying again helps."""


class LeaseLost(StreamError):
    """Another worker has this camera's lease; what this one did since is not kept."""


class SinkUnavailable(StreamError):
    """The case API does not answer now."""


class SinkRejected(StreamError):
    """The case API refuses this message for good."""
