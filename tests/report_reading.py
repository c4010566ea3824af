"""What a reader does on the page of a video, and sees there."""

import base64
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numbered import BITS, BLOCK_PX, CONSTANT_MS, FLOOR
from report_pages import behaviour, video

if TYPE_CHECKING:
    from playwright.sync_api import Page

FRAMES = 60
LANES = "#slider canvas.moving"
PATIENCE_S = 60.0  # of a busy machine
_BITS = """([bits, block, floor]) => {
  const video = document.getElementById("video");
  if (video.dataset.shown !== document.getElementById("frame").textContent) return null;
  const canvas = Object.assign(document.createElement("canvas"), {width: bits * block, height: block});
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  pen.drawImage(video, 0, 0);
  const bit = (_, place) => (pen.getImageData((place + 0.5) * block, block / 2, 1, 1).data[1] > floor) << place;
  return String(Array.from({length: bits}, bit).reduce((sum, value) => sum + value, 0)); // text: 0 is no failure
}"""
_PLACE = """([frame, row, lane]) => {
  const {ethogram, data} = window.ethocachePage;
  const y = {axis: 5 - AXIS_PX}[row] ?? ethogram.layout.lanes[lane][row] + 4;
  return {x: ethogram.view.xOf(data.middleS(frame), ethogram.width), y: y + AXIS_PX};
}"""


def mouse(times_ms: Sequence[int] = CONSTANT_MS, **more: Any) -> dict[str, Any]:
    """Grooming is tagged two frames late, rearing is missed once, and nobody looked at the last ten of 60 frames."""
    looked = [(0, 50)]
    behaviours = [
        behaviour("grooming", "#332288", [(10, 20)], [(12, 22)], FRAMES, looked),
        behaviour("rearing", "#CC6677", [(30, 36), (44, 47)], [(30, 36)], FRAMES, looked),
    ]
    queue = [
        {"behaviour": "rearing", "start": 43, "stop": 48, "why": "uncertain", "wrong_frames": 2.5, "rank": 2},
        {"behaviour": "grooming", "start": 8, "stop": 14, "why": "next to a bout edge", "wrong_frames": 1.0, "rank": 5},
    ]
    doubts = [{"behaviour": "rearing", "start": 44, "stop": 47, "kind": "labelled, but the model sees nothing", "sureness": 0.93}]
    time_s = (np.array(times_ms) - times_ms[0]) / 1000
    return video(more.pop("behaviours", behaviours), time_s, **({"queue": queue, "doubts": doubts} | more))


def frame_of(page: "Page") -> int:
    """The frame that the page says it shows."""
    return int(page.inner_text("#frame"))


def picture_number(page: "Page") -> int:
    """The number that the picture of the video shows, once it is that of the frame that was asked for."""
    return int(until(page, _BITS, [BITS, BLOCK_PX, FLOOR]))


def until(page: "Page", holds: str, *argument: Any) -> Any:
    """Wait until an expression holds, and return it; the browser's own way to wait needs `eval`, which these pages forbid."""
    end = time.monotonic() + PATIENCE_S
    while not (found := page.evaluate(holds, *argument)):
        assert time.monotonic() < end, f"{holds} never held"
        page.wait_for_timeout(10)
    return found


def place_of(page: "Page", frame: int, row: str = "curve", lane: int = 0) -> Any:
    """Where the middle of a frame lies on a row of a lane, px from the top left of the lanes."""
    return page.evaluate(_PLACE, [frame, row, lane])


def click(page: "Page", frame: int, row: str = "curve", lane: int = 0) -> None:
    """Click a frame on a row of a lane, or on the axis."""
    page.locator(LANES).click(position=place_of(page, frame, row, lane))


def drag(page: "Page", first: int, last: int, lane: int = 0, row: str = "curve") -> None:
    """Press on one frame of a lane and let go on another."""
    box = page.locator(LANES).bounding_box()
    assert box is not None
    xs = [box["x"] + place_of(page, frame, row, lane)["x"] for frame in (first, last)]
    y = box["y"] + place_of(page, first, row, lane)["y"]
    page.mouse.move(xs[0], y)
    page.mouse.down()
    page.mouse.move(sum(xs) / 2, y)
    page.mouse.move(xs[1], y)
    page.mouse.up()


def saved_text(page: "Page") -> str:
    """What "Save corrections" downloads."""
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == "corrections.csv"
    return Path(download.value.path()).read_bytes().decode("utf-8")


def times_of(told: dict[str, Any]) -> npt.NDArray[np.float64]:
    """(T,) time stamps of a page's video in seconds."""
    return np.frombuffer(base64.b64decode(told["time_s"]), "<f8")


def labels_of(told: dict[str, Any]) -> npt.NDArray[np.int8]:
    """The (T, B) labels that a page begins with."""
    values = np.full((told["frames"], len(told["behaviours"])), -1, np.int8)
    for b, one in enumerate(told["behaviours"]):
        for value, spans in ((0, one["looked"]), (1, one["labels"])):
            for start, stop in spans:
                values[start:stop, b] = value
    return values


def now(page: "Page") -> npt.NDArray[np.int8]:
    """The (T, B) labels as they are corrected now."""
    values = np.array(page.evaluate("window.ethocachePage.corrections.now.map(values => [...values])"), np.int8)
    return np.ascontiguousarray(values.T)
