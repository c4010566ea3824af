"""Write a video with strips below its picture: every frame, at its true time."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import starmap
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.files import replacing
from ethocache.common.progress import progress
from ethocache.dataset.videos import VideoFacts
from ethocache.vision.canvas import Canvas, Place
from ethocache.vision.decode import decode_pictures, read_tags
from ethocache.vision.encode import ticks_of, write_film
from ethocache.vision.overlay_strip import Shown, Strip
from ethocache.vision.overlay_text import Pixels
from ethocache.vision.pictures import Picture
from ethocache.vision.read_ahead import read_ahead


def overlay_video(path: Path, video: Path, facts: VideoFacts, time_s: npt.NDArray[np.float64], shown: Sequence[Shown]) -> None:
    """Write a video that shows another one with strips below its picture; frame by frame, whatever its length.

    Parameters
    ----------
    path
        The mp4 to write; it is there at once when all frames are in it, and else stays as it was.
    video, facts, time_s
        What to show, and what `probe` returned for it.
    shown
        What the strips show of its T frames, from top to bottom.

    Raises
    ------
    InputError
        If the video is damaged, or holds other frames or times than `probe` found.
    """
    tags, place = read_tags(video), Place.of(facts.width, facts.height)
    strips = [Strip(one, time_s, place.width) for one in shown]
    canvas = Canvas(place, [strip.height for strip in strips], tags.matrix)
    with progress(f"drawing {path.name}", len(time_s)) as bar, replacing(path) as temporary:

        def drawn() -> Iterator[tuple[Picture, list[Pixels]]]:
            for frame, picture in enumerate(decode_pictures(video, facts, time_s)):
                yield picture, [strip.draw(frame) for strip in strips]
                bar.update()

        with closing(read_ahead(starmap(canvas.compose, drawn()))) as frames:
            write_film(temporary, frames, ticks_of(time_s, tags.ticks_per_second), tags.ticks_per_second)
