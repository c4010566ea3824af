"""Pages of videos as the report has them: data made by hand, and films whose frames carry their number."""

import base64
import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from numbered import numbered_frame

from ethocache.vision.encode import write_film

SIDE_PX = 96
Spans = Sequence[tuple[int, int]]


def behaviour(
    name: str, colour: str, labels: Spans, tags: Spans, frames: int, looked: Spans | None = None, corrected: Spans = ()
) -> dict[str, Any]:
    """What a page is told of a behaviour; its probability is .9 where it is tagged and .1 elsewhere, and rises towards the end."""
    probability = np.full(frames, 0.1)
    for start, stop in tags:
        probability[start:stop] = 0.9
    probability += np.linspace(-0.05, 0.05, frames)
    return {
        "name": name,
        "colour": colour,
        "threshold": 0.5,
        "labels": [list(span) for span in labels],
        "looked": [[0, frames]] if looked is None else [list(span) for span in looked],
        "tags": [list(span) for span in tags],
        "corrected": [list(span) for span in corrected],
        "probability": base64.b64encode(np.round(probability * 254).astype(np.uint8).tobytes()).decode(),
    }


def video(behaviours: Sequence[dict[str, Any]], time_s: npt.NDArray[np.float64], **more: Any) -> dict[str, Any]:
    """What a page is told of its video."""
    told = {
        "format": 1,
        "id": "m1",
        "file": "videos/m1.mp4",
        "about": {"animal": "m1", "treatment": "saline"},
        "media": None,
        "frames": len(time_s),
        "fps": 25.0,
        "time_s": base64.b64encode(np.asarray(time_s, "<f8").tobytes()).decode(),
        "judged_by": "models that never saw this animal",
        "labelled": True,
        "exclusive": False,
        "behaviours": list(behaviours),
        "queue": [],
        "doubts": [],
        "previous": None,
        "next": None,
        "next_moment": None,
    }
    assert set(more) <= set(told)
    return told | more


def write_page(folder: Path, told: dict[str, Any], slug: str = "m1", title: str | None = None) -> Path:
    """Write the page of a video into a report, with the assets that it needs."""
    package = files("ethocache.scoring") / "report"
    for name in ("assets", "videos"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for asset in (package / "assets").iterdir():
        (folder / "assets" / asset.name).write_bytes(asset.read_bytes())
    if not (folder / "assets" / "report.css").exists():
        (folder / "assets" / "report.css").touch()
    template = jinja2.Environment(autoescape=True).from_string((package / "templates" / "video.html").read_text("utf-8"))
    page = folder / "videos" / f"{slug}.html"
    page.write_text(template.render(title=title or told["id"], project="4f2a", slug=slug), "utf-8")
    (folder / "videos" / f"{slug}.js").write_text(f"ethocacheVideo({json.dumps(told)});\n", "utf-8")
    return page


def write_numbered_media(folder: Path, times_ms: Sequence[int], name: str = "m1.mp4") -> str:
    """Write a film as the crop stage does, whose frames show their number; return how a page calls it."""
    (folder / "media").mkdir(parents=True, exist_ok=True)
    write_film(folder / "media" / name, _frames(len(times_ms)), np.asarray(times_ms, np.int64), 1000)
    return f"../media/{name}"


def _frames(count: int) -> Iterator[VideoFrame]:
    for number in range(count):
        yield VideoFrame.from_ndarray(numbered_frame(number, SIDE_PX, SIDE_PX), format="rgb24").reformat(format="yuv420p")
