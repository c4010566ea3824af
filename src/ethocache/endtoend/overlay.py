"""Draw the tags of a video of the project in this folder on its pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.files import read_json
from ethocache.common.params import read_section
from ethocache.common.stage import Stopwatch
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder, DataParams, plain_name
from ethocache.dataset.index import VideoRecord, every_view, look_at_video, read_index, time_stamps
from ethocache.dataset.label_snapshot import labelled_in_files, read_snapshot
from ethocache.dataset.predictions import Prediction, read_prediction
from ethocache.dataset.tags import read_tags
from ethocache.dataset.text import shown
from ethocache.dataset.videos import VideoFacts, probe
from ethocache.scoring.pictures import colour_of
from ethocache.sequence.model_file import threshold_of
from ethocache.vision.overlay_strip import Shown
from ethocache.vision.overlaying import overlay_video

Source = Literal["tags", "labels", "both"]
SOURCES: tuple[Source, ...] = ("tags", "labels", "both")
INDEX, LABELS, TAGS, PREDICTIONS, CROPS = (Path("data") / name for name in ("index.json", "labels", "tags", "predictions", "crops"))
HEAD, MODELS = Path("data/recipes/head.json"), Path("models")
LABEL, TAG = "label", "tag"
"""What the columns of colour blocks are called."""
_RESULTS = tuple(map(Path, ("data", "models", "plots", "metrics", "store", ".git", ".dvc")))


def overlay(name: str, to: Path | None, crop: bool, source: str, store: Store) -> str:
    """Write a video of the project with its tags and probabilities below the picture, and return a line about it.

    Parameters
    ----------
    name
        Its id or file name; of one animal of several ``<video>.<individual>``.
    to
        The mp4 to write; ``overlays/<id>.mp4`` if none is named.
    crop
        Show the crop around the animal, not the whole frame.
    source
        One of `SOURCES`; ``both`` is what there is.

    Raises
    ------
    InputError
        If the video is not known, nothing is known of it yet, what is known is of another number of frames, or the target
        lies among the lab's own files or results.
    """
    chosen = next((each for each in SOURCES if each == source), None)
    if chosen is None:
        raise InputError(f"--from: '{source}' is no source of tags{did_you_mean(source, SOURCES)}; known: {', '.join(SOURCES)}")
    watch = Stopwatch()
    folder = DataFolder(read_section(Path("params.yaml"), "data", DataParams).dir)
    records = find_units(name, read_index(INDEX))
    if crop and len(records) > 1:
        raise InputError(
            f"{records[0].video} holds several animals, each with a crop of its own: name one of {', '.join(each.id for each in records)}"
        )
    title = records[0].id if len(records) == 1 else records[0].video
    target = to or Path("overlays") / f"{title}{'-crop' if crop else ''}.mp4"
    check_film(target, [root for root, _ in folder.places("*")])
    video, facts, time_s = _pictures(records[0], crop, folder, store)
    strips = [strip_of(record, chosen, len(time_s)) for record in records]
    overlay_video(target, video, facts, time_s, strips)
    drawn = " and ".join(f"{state}s" for state in strips[0].states)
    return f"{target}: {len(time_s)} frames of {title} with {drawn}, {len(time_s) / watch.seconds:.0f} frames/s"


def find_units(name: str, records: Sequence[VideoRecord]) -> list[VideoRecord]:
    """Return the records of a video, or of one of its animals, by id or file name.

    Raises
    ------
    InputError
        If there is none, naming near ones.
    """
    name = plain_name(name)
    file = PurePosixPath(name.replace("\\", "/")).name
    for of in (lambda each: each.id, lambda each: each.video, lambda each: PurePosixPath(each.file).name):
        for wanted in (name, file):
            if found := [record for record in records if of(record) == wanted]:
                return found
    _refuse_views(name, file, records)
    known = list(dict.fromkeys(text for record in records for text in (record.id, record.video, PurePosixPath(record.file).name)))
    raise InputError(
        f"'{shown(name)}' is no video of this project{did_you_mean(file, known)}; "
        f"data/index.json lists its {len({record.video for record in records})} videos, and 'dvc repro' looks for new ones"
    )


def _refuse_views(name: str, file: str, records: Sequence[VideoRecord]) -> None:
    """Refuse the name of one camera's video: tags are drawn on the one whose frames its session has, by the session's name."""
    for record in records:
        for video in every_view([record]) if record.view else ():
            if {name, file} & {PurePosixPath(video.file).name, PurePosixPath(video.file).stem}:
                raise InputError(
                    f"'{shown(name)}' is a view of '{record.id}', which has the frames of its view '{record.view}'; name '{record.id}', "
                    "whose tags are drawn on that one"
                )


def check_film(target: Path, kept: Sequence[Path]) -> None:
    """Refuse to write a film among the lab's own files, or where the pipeline writes and removes.

    Raises
    ------
    InputError
        If the target lies there, is a folder, or is called otherwise than ``.mp4``.
    """
    place = target.resolve()
    for folder in (*kept, *_RESULTS):
        if place.is_relative_to(folder.resolve()):
            raise InputError(f"--to: '{target}' lies in '{folder}', which holds your own files or results; name a place outside of it")
    if target.suffix.lower() != ".mp4":
        raise InputError(f"--to: expected the name of an .mp4 file, found '{target}'")
    if target.is_dir():
        raise InputError(f"--to: expected a file, found a folder at '{target}'; name another")


def strip_of(record: VideoRecord, source: Source, frames: int) -> Shown:
    """Return what is drawn of one video, or of one of its animals.

    Labelled videos have the tags of models that did not learn from their animal, the others those of the final model.

    Raises
    ------
    InputError
        If there is nothing to draw yet, or it is of another number of frames.
    """
    labels, held_out = LABELS / f"{record.id}.json", PREDICTIONS / f"{record.id}.h5"
    if labels.is_file() and (source == "labels" or held_out.is_file() or labelled_in_files(labels)):
        drawn = _of_labelled(record, source)
    elif source == "labels":
        raise InputError(f"{record.id}: nobody labelled it, so only its tags can be drawn; leave --from away")
    else:
        model = MODELS / str(read_json(HEAD)["name"]) if HEAD.is_file() else None
        drawn = strip_of_tags(record, TAGS / f"{record.id}.csv", model)
    if drawn.frames != frames:
        raise InputError(
            f"{record.id}: expected tags or labels of {frames} frames, as its video has, found {drawn.frames}; "
            "run 'dvc repro' to make them again"
        )
    return drawn


def _pictures(record: VideoRecord, crop: bool, folder: DataFolder, store: Store) -> tuple[Path, VideoFacts, npt.NDArray[np.float64]]:
    if not record.has_video:
        raise InputError(f"{record.id}: it has a track but no video, so there is nothing to draw on")
    if crop:
        path = CROPS / f"{record.id}.mp4"
        if not path.is_file():
            raise InputError(f"{path} is not there: run 'dvc repro', which makes it")
        return path, *probe(path)
    path = folder.path(record.file)
    if look_at_video(path, store) != record.facts:
        raise InputError(f"{path}: this is not the video that was indexed; run 'dvc repro' to index again")
    return path, record.facts, time_stamps(record, folder, store)


def _of_labelled(record: VideoRecord, source: Source) -> Shown:
    path = PREDICTIONS / f"{record.id}.h5"
    if source == "labels" or (source == "both" and not path.is_file()):
        table = read_snapshot(LABELS / f"{record.id}.json")
        return _shown(record, table.behaviours, {LABEL: table.values})
    said = read_prediction(path)
    states = {TAG: said.tag} if source == "tags" else {LABEL: said.label, TAG: said.tag}
    return replace(_shown(record, said.behaviours, states), probability=said.probability, threshold=_threshold_of(said))


def _threshold_of(said: Prediction) -> npt.NDArray[np.float32] | None:
    """Return from where on a frame is tagged; of exclusive behaviours that depends on the others, so there is no such place."""
    return None if said.exclusive else said.threshold


def strip_of_tags(record: VideoRecord, path: Path, model: Path | None) -> Shown:
    """Return what is drawn of a table of tags.

    Parameters
    ----------
    path
        Of the table.
    model
        Folder of the model that tagged, for the lines from where on it tags; None draws none.

    Raises
    ------
    InputError
        If the table is not there, or was edited.
    """
    behaviours, _, probability, tags = read_tags(path)
    if not ((probability >= 0) & (probability <= 1)).all() or not np.isin(tags, (0, 1)).all():
        raise InputError(f"{path}: expected probabilities from 0 to 1 and tags 0 or 1, found others; delete it and run 'dvc repro'")
    threshold = threshold_of(model, behaviours) if model else None
    return replace(_shown(record, behaviours, {TAG: tags}), probability=probability, threshold=threshold)


def _shown(record: VideoRecord, behaviours: tuple[str, ...], states: Mapping[str, npt.NDArray[np.int8]]) -> Shown:
    title = f"{record.video}  ·  {record.individual}" if record.individual else record.id
    colours = [tuple(bytes.fromhex(colour_of(number)[1:])) for number in range(len(behaviours))]
    return Shown(title, behaviours, [(red, green, blue) for red, green, blue in colours], states)
