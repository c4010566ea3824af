"""``ethocache tag``: videos anywhere, with a packed model."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError
from ethocache.common.files import link, sha256_of
from ethocache.common.progress import one_bar
from ethocache.common.store import Store
from ethocache.common.wording import counted
from ethocache.common.workbench import Workbench
from ethocache.dataset.boris import write_boris_project
from ethocache.dataset.folder import TOGETHER
from ethocache.dataset.index import VideoRecord, time_stamps
from ethocache.dataset.tagged_video import TaggedVideo, read_tagged
from ethocache.endtoend.overlay import strip_of_tags
from ethocache.endtoend.packs.one_video import Pipeline, Tagged
from ethocache.endtoend.packs.opening import Pack, check_networks, open_pack
from ethocache.endtoend.packs.results import Results
from ethocache.endtoend.packs.tables import Tables
from ethocache.endtoend.packs.unlike import Finding, compare
from ethocache.endtoend.packs.videos import ANYWHERE, TrackFinder, find_videos, look, with_plain_names, with_tracks
from ethocache.vision.overlaying import overlay_video

_FILM = 1  # raise it when the same tags would be drawn otherwise
_SHOWN = 20  # lines of videos that are unlike


@dataclass(frozen=True)
class Wanted:
    """What is written beside the tables.

    Attributes
    ----------
    films
        Each video with its tags below the picture.
    boris
        A BORIS project for each video.
    """

    films: bool = False
    boris: bool = False


def tag(named: Sequence[Path], model: Path, tracks: str | None, to: Path, wanted: Wanted, store: Store) -> str:
    """Tag videos with a pack, and return what was done in a few lines.

    Parameters
    ----------
    named
        Videos, or folders of videos.
    tracks
        Folder or pattern of DeepLabCut files; None looks beside the videos.
    to
        Folder of the results.

    Raises
    ------
    InputError
        At the end, with a line for each video that could not be tagged; the others are. At the beginning, if the pack or the
        folder cannot be used.
    """
    pack = open_pack(model, store)
    recipes = with_tracks(pack.recipes, tracks)
    videos = find_videos(named)
    finder, pipeline, results = TrackFinder(tracks), Pipeline(pack, recipes, store), Results(to, pack.key)
    tracker = pipeline.tracker
    notes = check_networks(pack, store)
    failed: list[str] = []
    units = look(results.name(with_plain_names(videos, failed)), pack, recipes, tracker, finder, store, failed)
    before = store.made
    work = _Work(pack, pipeline, results, wanted, store)
    done = work.tag_all(units, failed)
    findings = {one.record.id: one.findings for one in done}
    notes += _write_tables(results, done, pack)
    notes += _in_words(findings)
    if failed:
        print(*(f"  note: {note}\n" for note in notes), sep="", end="", flush=True)  # an error says nothing of the others
        raise _not_tagged(failed, len(videos), len({one.record.video for one in done}), to)
    said = f"{counted(len(videos), 'video')} tagged with {pack.card['model']}, {'all kept before' if store.made == before else 'see'} {to}"
    return "\n".join([said.replace("all kept before", "all kept from before, see"), *(f"  note: {note}" for note in notes)])


def _not_tagged(failed: Sequence[str], videos: int, tagged: int, to: Path) -> InputError:
    """Return what is said where videos failed: how many of how many, then each with its reason on a line of its own."""
    reasons = list(dict.fromkeys(failed))
    if videos == 1:
        return InputError("\n".join(reasons))
    others = f"; {counted(tagged, 'other is', 'others are')} tagged, see {to}" if tagged else ""
    return InputError("\n".join([f"{videos - tagged} of {videos} videos not tagged{others}", *(f"  {reason}" for reason in reasons)]))


@dataclass(frozen=True)
class Done:
    """A unit that is tagged, and how it compares with the training videos."""

    record: VideoRecord
    findings: list[Finding]


class _Work:
    def __init__(self, pack: Pack, pipeline: Pipeline, results: Results, wanted: Wanted, store: Store) -> None:
        self._pack, self._pipeline, self._results, self._wanted, self._store = pack, pipeline, results, wanted, store

    def tag_all(self, videos: Sequence[Sequence[VideoRecord]], failed: list[str]) -> list[Done]:
        done = []
        passes = self._pipeline.passes
        with one_bar("tagging", passes * sum(unit.facts.frames for units in videos for unit in units)) as bar:
            behind = 0
            for units in videos:
                try:
                    done += self._tag(units)
                except InputError as error:
                    failed += str(error).splitlines()
                behind += passes * sum(unit.facts.frames for unit in units)
                bar.update(behind - bar.n)  # what was kept from before moved no bar
        return done

    def _tag(self, units: Sequence[VideoRecord]) -> list[Done]:
        tagged = [self._pipeline.tag(unit) for unit in units]
        for one in tagged:
            self._results.put(one.record.id, one.tags)
        if self._wanted.boris:
            self._results.path("boris", "").mkdir(parents=True, exist_ok=True)
            write_boris_project(self._results.path("boris", f"{units[0].video}.boris"), self._read(units))
        if self._wanted.films:
            self._film(tagged)
        return [Done(one.record, compare(one.portrait, self._pack.training)) for one in tagged]

    def _read(self, units: Iterable[VideoRecord]) -> Iterator[TaggedVideo]:
        for unit in units:
            yield read_tagged(self._results.path("tags", f"{unit.id}.csv"), unit, media=str(Path(unit.file).resolve()))

    def _film(self, tagged: Sequence[Tagged]) -> None:
        record = tagged[0].record
        recipe = {"kind": "film", "version": _FILM, "video": record.facts.fingerprint, "tags": [one.tags.key for one in tagged]}

        def draw(bench: Workbench) -> dict[str, Any]:
            time_s = time_stamps(record, ANYWHERE, self._store)
            strips = [strip_of_tags(one.record, one.tags.path("tags.csv"), self._pack.folder) for one in tagged]
            overlay_video(bench.output / "film.mp4", Path(record.file), record.facts, time_s, strips)
            return {}

        entry = self._store.make("film", recipe | {"title": sha256_of([one.record.id for one in tagged])}, draw)
        target = self._results.path("overlays", f"{record.video}.mp4")
        target.parent.mkdir(parents=True, exist_ok=True)
        link(entry.path("film.mp4"), target)


def _write_tables(results: Results, done: Sequence[Done], pack: Pack) -> list[str]:
    """Write a row for each video, and how each compares with the training videos; return what to know of these tables."""
    fields = ["file"] if pack.recipes.individuals == TOGETHER else ["file", "individual"]
    tables = Tables(results, fields, pack.head.behaviours)
    for one in done:
        tables.add(read_tagged(results.path("tags", f"{one.record.id}.csv"), one.record), one.findings)
    return tables.write()


def _in_words(findings: dict[str, list[Finding]]) -> list[str]:
    unlike = {video: [each.in_words() for each in found if each.unlike] for video, found in findings.items()}
    told = [f"{video} is unlike the training videos: {'; '.join(words)}" for video, words in unlike.items() if words]
    return told if len(told) <= _SHOWN else [*told[:_SHOWN], f"{len(told) - _SHOWN} more videos are unlike them, see unlike.csv"]
