"""What cutting, scaling and encoding a crop does to its embeddings, on a real video with real weights.

The raw crop is cut from the decoded frame in RGB at full size and goes straight to the network; the kept
one went through the crop file (scaled, chroma subsampled, x264). Neighbouring raw frames give the scale:
what happens to a frame on its way through the file should be less than what happens from one frame to the
next. Ends with one JSON line: `median_cosine`, `min_cosine`, `neighbour_cosine` (median), `bytes_per_frame`,
and `encoding_median_cosine`, against a lossless crop file, which leaves the encoder's part alone.

Run it with ``uv run python benchmarks/crop_fidelity.py VIDEO [--quality 8]``; the video's DeepLabCut file
lies beside it.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from ethocache.common.store import Store
from ethocache.dataset.deeplabcut import match_tracks
from ethocache.dataset.tracks import fit_track, read_track
from ethocache.dataset.videos import probe
from ethocache.vision.backbones.running import Run
from ethocache.vision.crop_plan import CropPlan, plan_crops, read_plan
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.cropping import crop_video
from ethocache.vision.decode import decode_frames
from ethocache.vision.embedding import load_embedder

NETWORK = {"kind": "image", "model": "tf_efficientnet_lite0", "weights": "package"}
Vectors = npt.NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--quality", type=float, default=CropParams().quality)
    arguments = parser.parse_args()
    embed = load_embedder(NETWORK, Run("torch", "fp32", "cpu"))
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(scratch))
        kept = make_crop(arguments.video, CropParams(quality=arguments.quality), store)
        lossless = make_crop(arguments.video, CropParams(quality=0), store)
        plan = read_plan(kept.with_name("crop.json")).plan
        raw = embedded(embed, raw_crops(arguments.video, plan))
        from_kept, from_lossless = (embedded(embed, decode_frames(path, view=embed.view)) for path in (kept, lossless))
        size = kept.stat().st_size
    print(
        json.dumps(
            {
                "quality": arguments.quality,
                "frames": len(raw),
                **compare(raw, from_kept, from_lossless),
                "bytes_per_frame": round(size / len(raw)),
            }
        )
    )


def make_crop(video: Path, params: CropParams, store: Store) -> Path:
    facts, time_s = probe(video)
    found = match_tracks(video.stem, video.parent.iterdir())
    if found is None:
        raise SystemExit(f"{video}: its DeepLabCut file is not beside it")
    track, _ = fit_track(read_track(found), facts.frames, found.name)
    plan = plan_crops(track, facts.width, facts.height, facts.fps, params, frames=facts.frames)
    recipe = {"benchmark": params.model_dump(mode="json")}
    return store.make("crop", recipe, lambda bench: crop_video(video, facts, time_s, plan, params, bench, "benchmark")).path("crop.mp4")


def raw_crops(video: Path, plan: CropPlan) -> Iterator[npt.NDArray[np.uint8]]:
    with av.open(str(video)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            left, top = int(plan.left_px[number]), int(plan.top_px[number])
            picture = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            yield picture[top : top + plan.side_px, left : left + plan.side_px]


def embedded(embed: Any, pictures: Iterable[npt.NDArray[np.uint8]]) -> Vectors:
    waiting, parts = iter(pictures), []
    while batch := list(islice(waiting, 16)):
        parts.append(embed(np.stack(batch)))
    return np.concatenate(parts)


def compare(raw: Vectors, kept: Vectors, lossless: Vectors) -> dict[str, float]:
    through_file, neighbours = cosine(raw, kept), cosine(raw[1:], raw[:-1])
    values = {
        "median_cosine": np.median(through_file),
        "min_cosine": through_file.min(),
        "neighbour_cosine": np.median(neighbours),
        "encoding_median_cosine": np.median(cosine(lossless, kept)),
    }
    return {name: round(float(value), 4) for name, value in values.items()}


def cosine(a: Vectors, b: Vectors) -> Vectors:
    result: Vectors = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return result


if __name__ == "__main__":
    main()
