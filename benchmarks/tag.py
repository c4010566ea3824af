"""How quick tagging with a pack is, and what memory it takes: a video, one ten times as long, and the bare steps of the pipeline.

Ends with one JSON line: `peak_mb` and `peak_10x_mb` of processes that tag a video and one that is ten times as long,
`growth_mb_per_hour` between them at the video's frame rate, `frames_per_second` of tagging the longer one with an empty store, and
`bare_frames_per_second` of the same steps (track, crop, embed, tag) called one after the other without a pack.

Run it with ``uv run python benchmarks/tag.py --model PACK --video VIDEO``; the pack must be one without tracks, or the video's
DeepLabCut file must lie beside it.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from itertools import chain, repeat
from pathlib import Path

import numpy as np

from ethocache.common.stage import Stopwatch, peak_memory_mb
from ethocache.common.store import Store
from ethocache.dataset.deeplabcut import match_tracks
from ethocache.dataset.videos import probe
from ethocache.endtoend.packs.one_video import Pipeline
from ethocache.endtoend.packs.opening import open_pack
from ethocache.endtoend.packs.tagging import Wanted, tag
from ethocache.endtoend.packs.videos import TrackFinder, look
from ethocache.vision.decode import decode_rgb
from ethocache.vision.encode import write_video

LONGER = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--once", choices=["tag", "bare"], help="one run, whose numbers are printed: how it is measured")
    arguments = parser.parse_args()
    if arguments.once:
        print(json.dumps(once(arguments.once, arguments.model, arguments.video)))
        return
    with tempfile.TemporaryDirectory() as folder:
        long = repeated(arguments.video, Path(folder))
        short = measured("tag", arguments.model, arguments.video)
        longer, bare = (measured(way, arguments.model, long) for way in ("tag", "bare"))
        hours = (longer["frames"] - short["frames"]) / probe(long)[0].fps / 3600
    print(
        json.dumps(
            {
                "frames": short["frames"],
                "peak_mb": short["peak_mb"],
                "peak_10x_mb": longer["peak_mb"],
                "growth_mb_per_hour": round((longer["peak_mb"] - short["peak_mb"]) / hours, 1),
                "frames_per_second": longer["frames_per_second"],
                "bare_frames_per_second": bare["frames_per_second"],
            }
        )
    )


def measured(way: str, model: Path, video: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--model", str(model), "--video", str(video), "--once", way]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    numbers: dict[str, float] = json.loads(said.splitlines()[-1])
    return numbers


def once(way: str, model: Path, video: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        store, frames = Store(Path(folder) / "store"), probe(video)[0].frames
        watch = Stopwatch()
        if way == "tag":
            tag([video], model, None, Path(folder) / "tagged", Wanted(), store)
        else:
            pack = open_pack(model, store)
            pipeline = Pipeline(pack, pack.recipes, store)
            watch = Stopwatch()
            ((unit,),) = look({"video": video}, pack, pack.recipes, pipeline.tracker, TrackFinder(None), store, [])
            pipeline.tag(unit)
        return {"frames": frames, "frames_per_second": round(frames / watch.seconds, 1), "peak_mb": peak_memory_mb()}


def repeated(video: Path, folder: Path) -> Path:
    """Write a video that shows another one again and again, with its track."""
    facts, time_s = probe(video)
    again = (
        np.ascontiguousarray(frame) for frame in chain.from_iterable(decode_rgb(*given) for given in repeat((video, facts, time_s), LONGER))
    )
    target = folder / f"long{video.suffix}"
    write_video(target, again, facts.fps, 18, 100)
    track = match_tracks(video.stem, video.parent.iterdir())
    if track and track.suffix == ".csv":
        lines = track.read_text(encoding="utf-8").splitlines(keepends=True)
        first = next(number for number, line in enumerate(lines) if line.split(",")[0] == "0")
        rows = [line.split(",", 1)[1] for line in lines[first:]] * LONGER
        (folder / track.name.replace(video.stem, "long")).write_text(
            "".join([*lines[:first], *(f"{number},{row}" for number, row in enumerate(rows))]), encoding="utf-8"
        )
    elif track:
        shutil.copy2(track, folder)
    return target


if __name__ == "__main__":
    main()
