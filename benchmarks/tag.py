"""How quick tagging with a pack is, and what memory it takes: a video, one ten times as long, and the bare steps of the pipeline.

The shorter one is long enough that every buffer is full (batches, segments, blocks of frames), so that what differs is growth.
Ends with one JSON line: `peak_mb` and `peak_10x_mb` of fresh processes that tag a video and one that is ten times as long,
`memory_ratio_10x` and `bytes_per_frame` between them, `frames_per_second` of tagging the longer one with an empty store, and
`bare_frames_per_second` of the same steps (track, crop, embed, tag) called one after the other without a pack.

Run it with ``uv run python benchmarks/tag.py --model PACK --video VIDEO``; the pack must be one without tracks, or the video's
DeepLabCut file must lie beside it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import av

from ethocache.common.stage import Stopwatch, peak_memory_mb
from ethocache.common.store import Store
from ethocache.dataset.deeplabcut import match_tracks
from ethocache.dataset.videos import probe
from ethocache.endtoend.packs.one_video import Pipeline
from ethocache.endtoend.packs.opening import open_pack
from ethocache.endtoend.packs.tagging import Wanted, tag
from ethocache.endtoend.packs.videos import TrackFinder, look

LONGER = 10
SETTLED = 3000  # frames, from which on every buffer is full


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=SETTLED, help="of the shorter video, at least")
    parser.add_argument("--once", choices=["tag", "bare"], help="one run, whose numbers are printed: how it is measured")
    arguments = parser.parse_args()
    if arguments.once:
        print(json.dumps(once(arguments.once, arguments.model, arguments.video)))
        return
    with tempfile.TemporaryDirectory() as folder:
        times = -(-arguments.frames // probe(arguments.video)[0].frames)
        short, long = (repeated(arguments.video, Path(folder), times * more) for more in (1, LONGER))
        shorter = measured("tag", arguments.model, short)
        print(json.dumps(shorter), flush=True)
        longer, bare = (measured(way, arguments.model, long) for way in ("tag", "bare"))
    print(
        json.dumps(
            {
                "frames": shorter["frames"],
                "frames_10x": longer["frames"],
                "peak_mb": shorter["peak_mb"],
                "peak_10x_mb": longer["peak_mb"],
                "memory_ratio_10x": round(longer["peak_mb"] / shorter["peak_mb"], 3),
                "bytes_per_frame": round((longer["peak_mb"] - shorter["peak_mb"]) * 1e6 / (longer["frames"] - shorter["frames"])),
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


def repeated(video: Path, folder: Path, times: int) -> Path:
    """Write a video that shows another one again and again, with its track; its packets are copied, not encoded again."""
    target = folder / f"shown_{times}_times{video.suffix}"
    with av.open(str(target), "w") as out:
        copy, shift = None, 0
        for _ in range(times):
            with av.open(str(video)) as source:
                stream = source.streams.video[0]
                copy = copy or out.add_stream_from_template(stream)
                packets = [packet for packet in source.demux(stream) if packet.size]
                for packet in packets:
                    packet.pts, packet.dts, packet.stream = (packet.pts or 0) + shift, (packet.dts or 0) + shift, copy
                    out.mux(packet)
                shift += len(packets) * (packets[0].duration or 1)
    track = match_tracks(video.stem, video.parent.iterdir())
    if track and track.suffix != ".csv":
        raise SystemExit(f"{track}: expected a track in CSV, which can be repeated; export it as CSV, or take a pack without tracks")
    if track:
        lines = track.read_text(encoding="utf-8").splitlines(keepends=True)
        first = next(number for number, line in enumerate(lines) if line.split(",")[0] == "0")
        rows = [line.split(",", 1)[1] for line in lines[first:]] * times
        (folder / track.name.replace(video.stem, target.stem)).write_text(
            "".join([*lines[:first], *(f"{number},{row}" for number, row in enumerate(rows))]), encoding="utf-8"
        )
    return target


if __name__ == "__main__":
    main()
