"""What Blender's Python runs: `python -m sample_videos.district.render.run WHAT ...`.

Blender talks on standard output; it is sent nowhere, progress and faults go to standard error.
"""

import argparse
import os
from pathlib import Path

__all__ = ["main"]


def main() -> None:
    """Parse the arguments and do the work."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("objects", "plates", "changes", "fresh", "list"))
    parser.add_argument("--work", type=Path)
    parser.add_argument("--parts", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--category", default="")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", default="train")
    parser.add_argument("--out", type=Path)
    wanted = parser.parse_args()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    from sample_videos.district.render.listing import list_parts

    if wanted.what == "objects":
        from sample_videos.district.render.objects import render_atlases

        render_atlases(wanted.work, wanted.parts, wanted.only or None)
        list_parts(wanted.work, wanted.parts)
    elif wanted.what == "plates":
        from sample_videos.district.render.plates import render_plates

        render_plates(wanted.work, wanted.parts, wanted.only or None)
        list_parts(wanted.work, wanted.parts)
    elif wanted.what == "changes":
        from sample_videos.district.render.change_cuts import render_changes

        render_changes(wanted.work, wanted.parts, wanted.only or None)
        list_parts(wanted.work, wanted.parts)
    elif wanted.what == "list":
        list_parts(wanted.work, wanted.parts)
    else:
        from sample_videos.district.render.objects import fresh_pictures

        fresh_pictures(wanted.category, wanted.count, wanted.seed, wanted.split, wanted.out)


if __name__ == "__main__":
    main()
