"""Pictures of a track for people to look at: a sheet of frames with key points and crop drawn in."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ethocache.common.errors import InputError
from ethocache.common.files import replacing
from ethocache.common.progress import progress
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord, time_stamps
from ethocache.dataset.tracks import load_track
from ethocache.vision.contact_frames import Checked, check_track, choose_frames
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.decode import pick_frames

_COLUMNS = 4
_TILE_PX = 400  # long side of a frame on the sheet
_LINE_PX = 20
_POINT_PX = 3
_FONT_PX = 14
# Paul Tol's "bright" scheme: told apart with every common kind of colour vision, and on grey.
_USED, _UNUSED, _BOX, _FILLED = "#66CCEE", "#EE6677", "#CCBB44", "#AA3377"


def check_tracks(
    records: list[VideoRecord], tracks: Path, target: Path, params: CropParams, folder: DataFolder, store: Store
) -> Iterator[tuple[str, bool]]:
    """Write ``<video>.png`` into `target` for each video, and give a line about it and whether the crop stage will take it.

    Parameters
    ----------
    tracks
        Folder of the ``<video>.h5`` that the track stage wrote.

    Raises
    ------
    InputError
        If there are no tracks, or a video is not what was indexed.
    """
    found = [record for record in records if (tracks / f"{record.video}.h5").is_file()]
    if not found:
        raise InputError(f"there are no tracks in {tracks}: run 'dvc repro track'; with track.source: none there is nothing to check")
    for record in found:
        checked = check_track(record, load_track(tracks / f"{record.video}.h5"), params)
        where = ""
        if record.has_video:
            path = target / f"{record.id}.png"
            write_sheet(path, record, checked, folder.path(record.file), time_stamps(record, folder, store))
            where = f" ({path})"
        yield f"{record.id}: {checked.in_words()}{where}", checked.problem is None


def write_sheet(path: Path, record: VideoRecord, checked: Checked, video: Path, time_s: npt.NDArray[np.float64]) -> None:
    """Write the contact sheet of a video as PNG: the worst frames of its track, then evenly spaced ones.

    Key points that are used are blue and full, others red and hollow; the crop is yellow, and purple where the animal was
    not found and its place is filled in. Each frame has its number and time.
    """
    chosen = choose_frames(checked)
    tiles: dict[int, Image.Image] = {}
    with progress(f"looking at {record.id}", max(chosen) + 1) as bar:
        for frame, rgb in pick_frames(video, record.facts, time_s, chosen):
            text = f"frame {frame}   {_clock(time_s[frame])}   {chosen[frame]}"
            tiles[frame] = _tile(rgb, checked, frame, text)
            bar.update(frame + 1 - bar.n)
    sheet = _lay_out([tiles[frame] for frame in chosen], [f"{record.place}, {record.facts.frames} frames", checked.in_words()])
    with replacing(path) as temporary:
        sheet.save(temporary, format="png")


def _tile(rgb: npt.NDArray[np.uint8], checked: Checked, frame: int, text: str) -> Image.Image:
    scale = _TILE_PX / max(rgb.shape[:2])
    size = round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)
    picture = Image.fromarray(rgb).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(picture)
    if plan := checked.plan:
        corners = [plan.left_px[frame], plan.top_px[frame], plan.left_px[frame] + plan.side_px, plan.top_px[frame] + plan.side_px]
        draw.rectangle([float(corner * scale) for corner in corners], outline=_BOX if plan.valid[frame] else _FILLED, width=2)
    for x, y, likelihood in checked.points[frame].tolist():
        if np.isfinite(x) and np.isfinite(y):
            _draw_point(draw, (x + 0.5) * scale, (y + 0.5) * scale, likelihood >= checked.likelihood)
    tile = Image.new("RGB", (size[0], size[1] + _LINE_PX), "white")
    tile.paste(picture, (0, _LINE_PX))
    ImageDraw.Draw(tile).text((3, 2), text, fill="black", font=ImageFont.load_default(_FONT_PX))
    return tile


def _draw_point(draw: ImageDraw.ImageDraw, x: float, y: float, used: bool) -> None:
    around = (x - _POINT_PX, y - _POINT_PX, x + _POINT_PX, y + _POINT_PX)
    draw.ellipse(around, fill=_USED if used else None, outline="black" if used else _UNUSED)


def _lay_out(tiles: list[Image.Image], lines: list[str]) -> Image.Image:
    width, height = tiles[0].size
    gap = 4
    rows = -(-len(tiles) // _COLUMNS)
    font = ImageFont.load_default(_FONT_PX)
    lines = [part for line in lines for part in _wrapped(line, font, _COLUMNS * (width + gap))]
    sheet = Image.new("RGB", (_COLUMNS * (width + gap), len(lines) * _LINE_PX + rows * (height + gap)), "white")
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        draw.text((3, number * _LINE_PX + 2), line, fill="black", font=font)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, _COLUMNS)
        sheet.paste(tile, (column * (width + gap), len(lines) * _LINE_PX + row * (height + gap)))
    return sheet


def _wrapped(line: str, font: "ImageFont.FreeTypeFont | ImageFont.ImageFont", width: int) -> Iterator[str]:
    """Break a line between words, so that no part is wider than the sheet."""
    part = ""
    for word in line.split(" "):
        longer = f"{part} {word}".strip()
        if part and font.getlength(longer) > width - 6:
            yield part
            longer = word
        part = longer
    yield part


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{seconds % 60:05.2f}"
