"""How fast videos are cropped, beside bare decoding and beside what a script with OpenCV does.

Interleaved rounds over one video with its DeepLabCut file beside it: `decode_fps`, PyAV decoding alone, with the better of its two
ways to use threads; `crop_fps`, the whole of `crop_video` at the default quality; `opencv_fps`, a script that reads whole frames, cuts
the same squares, scales and writes them (MPEG-4, what its packages can encode). Medians; ends with one JSON line, with
`ratio_to_decode` (crop / decode), `speedup_vs_opencv` and `peak_rss_mb`, the most memory that a process held which only crops, and
`peak_rss_10x_mb` for a video ten times as long. Without cv2, `opencv_fps` is null and `opencv_skipped` says why.

Run it with ``uv run python benchmarks/crop.py VIDEO [--scale 1920x1080] [--rounds 5]``; with a scale, the video is first
encoded at that size, in its own chroma layout, as FFmpeg does by default.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from ethocache.common.stage import peak_memory_mb
from ethocache.common.workbench import Workbench
from ethocache.dataset.deeplabcut import match_tracks
from ethocache.dataset.tracks import Track, fit_track, load_track, read_track, write_track
from ethocache.dataset.videos import VideoFacts, probe
from ethocache.vision.crop_plan import CropPlan, plan_crops
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.cropping import crop_video

LONGER = 10  # times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--scale", type=size, help="such as 1920x1080")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only-crop", type=Path, metavar="TRACK", help="crop once and print the peak memory: how it is measured")
    arguments = parser.parse_args()
    if arguments.only_crop:
        crop(planned(arguments.video, arguments.only_crop))
        print(json.dumps(peak_memory_mb()))
        return
    with tempfile.TemporaryDirectory() as scratch:
        video, track = prepared(arguments.video, arguments.scale, Path(scratch))
        print(json.dumps(speeds(video, track, arguments.rounds) | memory(video, track, Path(scratch))))


def size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def prepared(video: Path, scale: tuple[int, int] | None, scratch: Path) -> tuple[Path, Path]:
    """Return the video, encoded at another size if one is given, and its track."""
    found = match_tracks(video.stem, video.parent.iterdir())
    if found is None:
        raise SystemExit(f"{video}: its DeepLabCut file is not beside it")
    facts = probe(video)[0]
    track = fit_track(read_track(found), facts.frames, found.name)[0]
    if scale:
        video = scaled(video, scale, scratch / f"{video.stem}.mp4")
        track = Track(
            track.points * np.array([scale[0] / facts.width, scale[1] / facts.height, 1], np.float32), track.names, track.individuals
        )
    write_track(scratch / "track.h5", track)
    return video, scratch / "track.h5"


def scaled(video: Path, scale: tuple[int, int], path: Path) -> Path:
    with av.open(str(video)) as source, av.open(str(path), "w") as target:
        film = source.streams.video[0]
        film.thread_type = "AUTO"
        stream = target.add_stream("libx264", rate=film.average_rate, options={"crf": "23", "preset": "medium"})
        stream.width, stream.height = scale
        stream.pix_fmt = film.format.name
        for frame in source.decode(film):
            target.mux(stream.encode(frame.reformat(*scale)))
        target.mux(stream.encode(None))
    return path


def speeds(video: Path, track: Path, rounds: int) -> dict[str, Any]:
    work = planned(video, track)
    ways: dict[str, Callable[[], object]] = {
        "decode_frames": lambda: decode(video, "FRAME"),
        "crop": lambda: crop(work),
        "decode_auto": lambda: decode(video, "AUTO"),
    }
    skipped = {}
    try:
        import cv2  # noqa: F401 (only whether it is there)

        ways["opencv"] = lambda: read_cut_write(work)
    except ImportError as error:
        skipped = {"opencv_skipped": f"{error}; it comes with DeepLabCut"}
    fps: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            fps[name].append(work.facts.frames / (time.perf_counter() - start))
    medians = {name: statistics.median(values) for name, values in fps.items()}
    decoding, opencv = max(medians["decode_frames"], medians["decode_auto"]), medians.get("opencv")
    return {
        "size": f"{work.facts.width}x{work.facts.height}",
        "frames": work.facts.frames,
        "side_px": work.plan.side_px,
        "crop_fps": round(medians["crop"]),
        "decode_fps": round(decoding),
        "opencv_fps": opencv and round(opencv),
        "ratio_to_decode": round(medians["crop"] / decoding, 3),
        "speedup_vs_opencv": opencv and round(medians["crop"] / opencv, 2),
        **skipped,
    }


@dataclass(frozen=True)
class Work:
    """What is known of a video before it is cropped."""

    video: Path
    facts: VideoFacts
    time_s: npt.NDArray[np.float64]
    plan: CropPlan


def planned(video: Path, track_file: Path) -> Work:
    facts, time_s = probe(video)
    plan = plan_crops(load_track(track_file), facts.width, facts.height, facts.fps, CropParams(), frames=facts.frames)
    return Work(video, facts, time_s, plan)


def decode(video: Path, threads: str) -> None:
    with av.open(str(video)) as container:
        container.streams.video[0].thread_type = threads
        for _ in container.decode(video=0):
            pass


def crop(work: Work) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        bench = Workbench(Path(scratch) / "output", Path(scratch) / "segments")
        for folder in (bench.output, bench.segments):
            folder.mkdir()
        crop_video(work.video, work.facts, work.time_s, work.plan, CropParams(), bench, "benchmark")


def crop_to(folder: Path, video: Path) -> Path:
    """Crop a video at the default settings for another benchmark; return the crop."""
    work = planned(*prepared(video, None, folder))
    bench = Workbench(folder / "crop", folder / "crop-segments")
    for place in (bench.output, bench.segments):
        place.mkdir()
    crop_video(work.video, work.facts, work.time_s, work.plan, CropParams(), bench, "benchmark")
    return bench.output / "crop.mp4"


def read_cut_write(work: Work) -> None:
    """Do what scripts do: every whole frame comes as an array of BGR, a square of it goes into another video."""
    import cv2

    plan, side, out_px = work.plan, work.plan.side_px, CropParams().size_px
    with tempfile.TemporaryDirectory() as scratch:
        source = cv2.VideoCapture(str(work.video))
        target = cv2.VideoWriter(f"{scratch}/crop.mp4", cv2.VideoWriter.fourcc(*"mp4v"), source.get(cv2.CAP_PROP_FPS), (out_px, out_px))
        if not source.isOpened() or not target.isOpened():
            raise SystemExit(f"{work.video}: OpenCV cannot read it, or cannot write MPEG-4")
        for left, top in zip(plan.left_px.tolist(), plan.top_px.tolist(), strict=True):
            read, frame = source.read()
            if not read:
                raise SystemExit(f"{work.video}: OpenCV reads fewer than its {plan.frames} frames")
            target.write(cv2.resize(frame[top : top + side, left : left + side], (out_px, out_px)))
        source.release()
        target.release()


def memory(video: Path, track_file: Path, scratch: Path) -> dict[str, float]:
    track = load_track(track_file)
    write_track(scratch / "longer.h5", Track(np.tile(track.points, (LONGER, 1, 1, 1)), track.names, track.individuals))
    cases = {"peak_rss_mb": (video, track_file), f"peak_rss_{LONGER}x_mb": (repeated(video, scratch / "longer.mp4"), scratch / "longer.h5")}
    return {name: peak_of(*case) for name, case in cases.items()}


def repeated(video: Path, path: Path) -> Path:
    """Return the video several times in a row, without encoding it again."""
    with av.open(str(path), "w") as target:
        stream, offset = None, 0
        for _ in range(LONGER):
            with av.open(str(video)) as source:
                film = source.streams.video[0]
                stream = stream or target.add_stream_from_template(film)
                for packet in source.demux(film):
                    if packet.size and packet.pts is not None and packet.dts is not None:
                        packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                        target.mux(packet)
                offset += round(film.frames / Fraction(film.average_rate or 25) / Fraction(film.time_base or 1))
    return path


def peak_of(video: Path, track: Path) -> float:
    command = (sys.executable, __file__, str(video), "--only-crop", str(track))
    peak: float = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return peak


if __name__ == "__main__":
    main()
