"""Tag frames while they come in: cut, embedded and tagged one after the other, each line out as soon as it is known."""

import os
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.files import read_json
from ethocache.common.interrupts import undisturbed
from ethocache.common.params import read_section
from ethocache.common.stage import Stopwatch
from ethocache.common.store import Store, find_own_store, find_store
from ethocache.dataset.tags import csv_line, tags_header, tags_lines
from ethocache.dataset.views import refuse_several
from ethocache.endtoend.packs.opening import Pack, check_networks, open_pack
from ethocache.sequence.model_file import load_model
from ethocache.sequence.streaming import TaggedFrames, TagStream
from ethocache.vision.backbones import parse_recipe
from ethocache.vision.backbones.settings import ImageSettings, MeanColourSettings, PoseSettings
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.embedding import ExtractParams, describe_network, load_embedder, resolve_run
from ethocache.vision.live import STANDARD_INPUT, Box, Frame, Live, LiveCrop, LiveView, open_film, raw_frames, standard_input
from ethocache.vision.tracking import TrackParams

_BY_ITSELF = (ImageSettings, MeanColourSettings)  # backbones that see one frame at a time
_REMEMBERED = 100_000  # frames whose time is kept for the summary
_PARAMS, _RECIPES, _MODELS = Path("params.yaml"), Path("data/recipes"), Path("models")


@dataclass(frozen=True)
class LiveRecipe:
    """How frames become features.

    Attributes
    ----------
    streams
        Resolved recipe of each stream of the backbone.
    extract, crop
        The sections of params.yaml.
    track_source
        ``track.source``: where the crop's place comes from.
    """

    streams: Mapping[str, Any]
    extract: ExtractParams
    crop: CropParams
    track_source: str


@dataclass(frozen=True)
class Source:
    """Where frames come from.

    Attributes
    ----------
    place
        A video file, or ``-`` for standard input.
    size
        Width and height of raw frames on standard input; None where it is a video in a container.
    fps
        Frames per second; None: as the video says.
    box
        What is cut out of every frame; None: the whole frame.
    """

    place: str
    size: tuple[int, int] | None = None
    fps: float | None = None
    box: Box | None = None

    def __post_init__(self) -> None:
        if self.size and self.place != STANDARD_INPUT:
            raise InputError("--size is for raw frames on standard input: name - as the source, or leave --size away")
        if self.size and not self.fps:
            raise InputError("raw frames do not say how many come in a second: give --fps")

    @contextmanager
    def open(self) -> Iterator[Live]:
        """Give its frames."""
        if self.size:
            yield raw_frames(standard_input(), *self.size, self.fps or 0.0)
            return
        with open_film(self.place, self.fps) as live:
            yield live


def source_of(place: str, size: str, fps: float | None, box: str) -> Source:
    """Return the source that a command names; size and box in its words, empty where they are not given."""
    square = parse_box(box) if box else None
    return Source(place, parse_size(size) if size else None, fps, square)


def parse_size(text: str) -> tuple[int, int]:
    """Return width and height of ``640x480``.

    Raises
    ------
    InputError
        If it is anything else.
    """
    width, _, height = text.lower().partition("x")
    if width.isascii() and width.isdecimal() and height.isascii() and height.isdecimal() and int(width) and int(height):
        return int(width), int(height)
    raise InputError(f"--size: expected width x height in pixels such as 640x480, found '{text}'")


def parse_box(text: str) -> Box:
    """Return the square of ``80,20,400``: left, top and side in pixels.

    Raises
    ------
    InputError
        If it is anything else.
    """
    numbers = text.split(",")
    if len(numbers) != 3 or not all(number.isascii() and number.isdecimal() for number in numbers):
        raise InputError(f"--box: expected left, top and side in pixels such as 80,20,400, found '{text}'")
    return Box(*map(int, numbers))


def project_recipe() -> LiveRecipe:
    """Return how the project in this folder makes features."""
    backbone = read_json(_RECIPES / "backbone.json")
    refuse_several(backbone, "ethocache stream")
    return LiveRecipe(
        backbone["streams"],
        read_section(_PARAMS, "extract", ExtractParams),
        read_section(_PARAMS, "crop", CropParams),
        read_section(_PARAMS, "track", TrackParams).source,
    )


def project_model() -> Path:
    """Return the folder of the model that the project in this folder trained last."""
    return _MODELS / str(read_json(_RECIPES / "head.json")["name"])


class LiveFeatures:
    """The features of frames that come in, by the backbone's own networks; one frame at a time.

    Raises
    ------
    InputError
        If the recipe needs frames that have not come yet.
    """

    def __init__(self, recipe: LiveRecipe, streams: tuple[str, ...], store: Store, box: Box | None = None) -> None:
        _refuse_looking_ahead(recipe, streams)
        self._crop, self._networks = LiveCrop(recipe.crop, box), {}
        for stream in streams:
            run = resolve_run(recipe.extract, describe_network(recipe.streams[stream], store))
            network = load_embedder(recipe.streams[stream], run)
            if network.context.before or network.context.after:
                raise InputError(
                    f"the backbone '{stream}' looks at frames around each frame and cannot tag a stream: take one of kind image"
                )
            self._networks[stream] = (network, LiveView(network.view))

    def of(self, frame: Frame) -> dict[str, npt.NDArray[np.float32]]:
        """Return the features (1, D) of each stream."""
        square = self._crop.cut(frame)
        return {stream: network(view.of(square)) for stream, (network, view) in self._networks.items()}


def stream_tags(source: Source, model_folder: Path, recipe: LiveRecipe, out: TextIO, store: Store) -> str:
    """Write a line of a table of tags for each frame of a source as soon as it is known; return a summary with the latency.

    Ctrl-C ends the stream as the end of the source does.

    Raises
    ------
    InputError
        If the source cannot be read, or model or recipe look ahead. Where a source breaks off, every whole frame has its line.
    """
    model = load_model(model_folder)
    with source.open() as live:
        tagger = TagStream(model, live.fps)
        features = LiveFeatures(recipe, model.card.streams, store, source.box)
        latency, frames = deque[float](maxlen=_REMEMBERED), 0
        _write(out, csv_line(tags_header(model.card.behaviours)))
        try:
            for frame, time_s in live.frames:
                with undisturbed():  # a line is never cut in two
                    watch, frames = Stopwatch(), frames + 1
                    _tell(out, tagger.push(features.of(frame), np.array([time_s])))
                    latency.append(watch.seconds)
        except KeyboardInterrupt:
            pass  # how a camera's stream ends
        finally:
            _tell(out, tagger.finish())  # also of a source that breaks off: what came is tagged
    return f"{frames} frames of {source.place}; {in_words(latency)}; tags come {tagger.delay_frames} frames after theirs"


def pack_recipe(pack: Pack) -> LiveRecipe:
    """Return how the frames of a pack's training became features."""
    return LiveRecipe(pack.recipes.streams, pack.recipes.extract, pack.recipes.crop, pack.recipes.track.source)


def stream_with(source: Source, model: Path | None) -> None:
    """Tag a source with a pack, or as the project in this folder does: lines to standard output, the summary to standard error.

    When whoever reads the lines has had enough, the stream ends.

    Parameters
    ----------
    model
        A pack, which needs no project, or the folder of a model; None takes the project's own.

    Raises
    ------
    InputError
        As `open_pack` and `stream_tags`.
    """
    notes = []
    if model is not None and model.is_file():
        store = find_own_store()
        pack = open_pack(model, store)
        notes, folder, recipe = check_networks(pack, store), pack.folder, pack_recipe(pack)
    else:
        store, folder, recipe = find_store(), model or project_model(), project_recipe()
    try:
        told = stream_tags(source, folder, recipe, sys.stdout, store)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more when it ends
        told = "nobody reads the lines any more; stopped"
    print("\n".join([f"ethocache: {told}", *(f"  note: {note}" for note in notes)]), file=sys.stderr)


def in_words(latency: "deque[float]") -> str:
    """Return median, 95 % and 99 % of seconds as milliseconds, in words."""
    if not latency:
        return "no latency without frames"
    median, most, nearly_all = np.percentile(np.array(latency) * 1e3, [50, 95, 99])
    return f"from frame to line {median:.1f} ms in the median, {most:.1f} ms in 95 %, {nearly_all:.1f} ms in 99 %"


def _tell(out: TextIO, known: TaggedFrames) -> None:
    if len(known.frame):
        _write(out, tags_lines(known.frame, known.time_s, known.probability, known.tags))


def _write(out: TextIO, text: str) -> None:
    out.write(text)
    out.flush()


def _refuse_looking_ahead(recipe: LiveRecipe, streams: tuple[str, ...]) -> None:
    if missing := [stream for stream in streams if stream not in recipe.streams]:
        raise InputError(f"the model reads features of '{missing[0]}', which the project's backbone does not give; run dvc repro")
    for stream in streams:
        settings = parse_recipe(recipe.streams[stream])
        if not isinstance(settings, _BY_ITSELF):
            looks = "reads tracks" if isinstance(settings, PoseSettings) else "looks at the frames around each one"
            raise InputError(f"the backbone '{stream}' {looks}, and cannot feed a stream of frames; take one of kind image")
    if recipe.track_source != "none":
        raise InputError(
            f"the crops of this model follow the animal (track.source: {recipe.track_source}): their size and smoothed path are known only "
            "when the video is over. Train on whole frames (track.source: none) to tag a stream"
        )
