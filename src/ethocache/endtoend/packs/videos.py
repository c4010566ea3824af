"""Find the videos that somebody names, and the track of each."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ethocache.common.batch import for_each
from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.deeplabcut import match_tracks
from ethocache.dataset.folder import DataFolder, DataParams, NamesByStem, plain_name
from ethocache.dataset.index import TrackSource, VideoRecord, look_at_video
from ethocache.dataset.individuals import split_individuals
from ethocache.endtoend.new_project.finding import VIDEO_ENDINGS
from ethocache.endtoend.packs.contents import Recipes
from ethocache.endtoend.packs.opening import Pack
from ethocache.vision.tracking import Tracker

ANYWHERE = DataFolder(".")
"""Finds files by the paths that were typed."""
_RUN_BY_A_MODEL = ("deeplabcut", "superanimal")


def find_videos(named: Sequence[Path]) -> list[Path]:
    """Return the videos that somebody names, each once; of a folder all that lie in it.

    Raises
    ------
    InputError
        If a folder holds none.
    """
    found: dict[Path, Path] = {}
    for path in named:
        videos = [path]
        if path.is_dir():
            videos = sorted(each for each in path.iterdir() if each.suffix.lower() in VIDEO_ENDINGS and not each.name.startswith("."))
        if not videos:
            raise InputError(f"{path}: expected videos in this folder, found none")
        for video in videos:
            found.setdefault(video.resolve(), video)
    return list(found.values())


def with_plain_names(videos: Sequence[Path], problems: list[str]) -> list[Path]:
    """Return the videos whose paths are text, as tables hold them; Linux allows any bytes."""

    def plain(video: Path) -> Path:
        try:
            str(video.resolve()).encode()
        except UnicodeEncodeError:
            raise InputError(f"{str(video)!a}: expected a path in Unicode (UTF-8), found other bytes; rename it") from None
        return video

    return for_each(videos, plain, keeps=False, problems=problems)


def with_tracks(recipes: Recipes, tracks: str | None) -> Recipes:
    """Return the recipes for tracks that are files, where some are named although a model made those of the training.

    Raises
    ------
    InputError
        If the pack takes no tracks.
    """
    source = recipes.track.source
    if tracks is None or source == "files":
        return recipes
    if source not in _RUN_BY_A_MODEL:
        how = "takes the whole frame" if source == "none" else "finds the animal itself"
        raise InputError(f"--tracks: this pack {how} (track.source: {source}), as its training did; leave --tracks away")
    return recipes.model_copy(update={"track": recipes.track.model_copy(update={"source": "files"})})


class TrackFinder:
    """Finds the DeepLabCut file of a video: beside it, or where somebody says.

    Parameters
    ----------
    place
        A folder, or a pattern such as ``tracks/**/*.h5``; None looks beside each video.

    Raises
    ------
    InputError
        If there is no such place.
    """

    def __init__(self, place: str | None) -> None:
        self._place = place
        self._names: dict[Path, tuple[NamesByStem, Mapping[str, Path]]] = {}
        self._taken: dict[Path, Path] = {}
        if place is not None and not self._files(Path(place))[1]:
            raise InputError(f"--tracks: expected a folder or a pattern of files of DeepLabCut, found nothing at '{place}'")

    def find(self, video: Path, store: Store) -> TrackSource:
        """Return the track of a video.

        Raises
        ------
        InputError
            If there is none or more than one, or it is that of another video of the same name.
        """
        place = video.parent if self._place is None else Path(self._place)
        names, files = self._files(place)
        stem = plain_name(video.stem)
        path = match_tracks(stem, [files[name] for name in names.starting_with(stem)])
        if path is None:
            raise InputError(
                f"{video}: this pack needs tracks: expected a DeepLabCut file '{stem}DLC*.csv' or '.h5' in '{place}', found none; "
                "put it there, or name the folder with --tracks"
            )
        if (other := self._taken.setdefault(path, video)) != video:
            raise InputError(f"{video}: {path} is taken for the track of {other}, which has the same name; put each beside its video")
        return TrackSource(path.as_posix(), store.fingerprint(path))

    def _files(self, place: Path) -> tuple[NamesByStem, Mapping[str, Path]]:
        if place not in self._names:
            pattern = str(place.relative_to(place.anchor)) if place.anchor else str(place)
            found = place.iterdir() if place.is_dir() else Path(place.anchor or ".").glob(pattern)
            files = {path.as_posix(): path for path in found if path.is_file() and not path.name.startswith((".", "~$"))}
            self._names[place] = NamesByStem(files), files
        return self._names[place]


def look(
    videos: Mapping[str, Path], pack: Pack, recipes: Recipes, tracker: Tracker, finder: TrackFinder, store: Store, problems: list[str]
) -> list[list[VideoRecord]]:
    """Return the units of work of each video: the video, or its individuals where the pack takes each.

    Parameters
    ----------
    videos
        What its results are called -> a video.
    problems
        Takes what is wrong with single videos.
    """
    about = DataParams(dir=".", behaviours=pack.head.behaviours, individuals=recipes.individuals)

    def units(named: tuple[str, Path]) -> list[VideoRecord]:
        name, path = named
        if not path.is_file():
            raise InputError(f"{path}: expected a video, found no file")
        facts = look_at_video(path, store)
        track = finder.find(path, store) if recipes.track.source == "files" else None
        record = VideoRecord(name, path.as_posix(), {"file": str(path)}, name, facts, track)
        return split_individuals([record], about, tracker.individuals(), ANYWHERE, store)

    return for_each(videos.items(), units, keeps=False, problems=problems)
