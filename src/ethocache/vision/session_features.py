"""Lay what further cameras saw over the frames of their sessions: find how the clocks go, and take the nearest frame of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ethocache.common.compute import Job, make_all
from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of, sha256_of_file, write_json
from ethocache.common.stage import Stopwatch, peak_memory_mb
from ethocache.common.store import Entry
from ethocache.common.wording import counted
from ethocache.common.workbench import Workbench
from ethocache.dataset.aligned_features import write_aligned
from ethocache.dataset.clocks import Clock, nearest_frames
from ethocache.dataset.features import VIEW, FeatureFile, file_name
from ethocache.dataset.findings import some
from ethocache.dataset.index import VideoRecord, time_stamps
from ethocache.dataset.tracks import Track, load_track
from ethocache.dataset.views import stream_of, view_names
from ethocache.vision.animal_path import choose_points, follow_animal
from ethocache.vision.crop_settings import LIKELIHOOD
from ethocache.vision.embedding import FEATURES
from ethocache.vision.finding_clocks import REVISION as CLOCKS_REVISION
from ethocache.vision.finding_clocks import Movement, find_clock
from ethocache.vision.inputs import Inputs

REVISION = 1  # of how features are laid over a session's frames
CLOCK = "clock.json"
_MAX_GAP_S = 1.0  # key points that are gone for longer are not filled in
_LITTLE = 0.9  # of a session's frames; a view that shows less of it is told of

Made = Mapping[tuple[str, str], Entry]  # video and stream -> its features
Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Aligned:
    """The feature files of the sessions, and what a person should know of the clocks.

    Attributes
    ----------
    files
        Name in the folder of features -> entry and its file.
    notes
        How the clocks go, and which view shows little of a session.
    """

    files: dict[str, tuple[Entry, str]]
    notes: tuple[str, ...] = ()


def align_sessions(sessions: Sequence[VideoRecord], made: Made, streams: Sequence[str], inputs: Inputs) -> Aligned:
    """Return the features of every session, those of several cameras laid over its frames.

    Parameters
    ----------
    made
        The features of each video by itself.
    streams
        Of the backbone.

    Raises
    ------
    InputError
        If the clock of a view is not found, or it shows no frame of its session.
    """
    views = view_names(sessions)
    if not views:
        return Aligned({file_name(record.id, stream): (made[record.id, stream], FEATURES) for stream in streams for record in sessions})
    pairs = [(record, other) for record in sessions for other in record.others]
    clocks = make_all(inputs.store, pairs, lambda pair: _clock_job(*pair, inputs), "finding the cameras' clocks")
    clock_of = {other.id: entry for (_, other), entry in zip(pairs, clocks, strict=True)}
    work = [(record, view, stream) for record in sessions for view in views for stream in streams]
    dimensions = _dimensions(sessions, made)
    jobs = [(item, _job(*item, made, clock_of, dimensions, inputs)) for item in work if item[0].view != item[1]]
    entries = make_all(inputs.store, jobs, lambda job: job[1], "laying the cameras over the sessions' frames")
    aligned = {(record.id, view, stream): entry for ((record, view, stream), _), entry in zip(jobs, entries, strict=True)}
    files = {}
    for record, view, stream in work:
        entry = aligned[record.id, view, stream] if view != record.view else made[record.id, stream]
        files[file_name(record.id, stream_of(view, stream))] = (entry, FEATURES)
    files |= {f"{record.id}.{other.view}.{CLOCK}": (clock_of[other.id], CLOCK) for record, other in pairs}
    files |= {file_name(other.id, stream): (made[other.id, stream], FEATURES) for _, other in pairs for stream in streams}
    return Aligned(files, tuple(_told(pairs, clock_of, aligned, streams[0])))


def _clock_job(record: VideoRecord, other: VideoRecord, inputs: Inputs) -> Job:
    name, measured = f"finding the clock of {other.id}", {"seconds": 0.0, "frames": 0, "device": "cpu"}
    if other.clock:
        recipe = {"kind": "clock", "given": other.clock.model_dump(), "revision": CLOCKS_REVISION}
        return Job(name, "clock", recipe, partial(_given, other.clock, measured), anywhere=False)
    tracks = [inputs.track(each) for each in (record, other)]
    if lacking := [each.file for each, track in zip((record, other), tracks, strict=True) if not track.is_file()]:
        raise InputError(f"{lacking[0]}: data.clocks: motion is found from tracks, but it has none; see track.source, or set data.clocks")
    recipe = {
        "kind": "clock",
        "tracks": [sha256_of_file(track) for track in tracks],
        "videos": [record.facts.fingerprint, other.facts.fingerprint],
        "revision": CLOCKS_REVISION,
    }
    return Job(name, "clock", recipe, partial(_find, record, other, inputs, measured), anywhere=False)


def _given(clock: Clock, measured: dict[str, Any], bench: Workbench) -> dict[str, Any]:
    write_json(bench.output / CLOCK, clock.model_dump())
    return measured | {"peak_memory_mb": peak_memory_mb()}


def _find(record: VideoRecord, other: VideoRecord, inputs: Inputs, measured: dict[str, Any], bench: Workbench) -> dict[str, Any]:
    watch = Stopwatch()
    try:
        found = find_clock(*(_movement(each, inputs) for each in (record, other)))
    except InputError as error:
        raise InputError(
            f"{other.file}: its clock by that of {record.file} was not found from the animal's motion: {error}; are they of one session, "
            "and does the animal move? else say how the clocks go in data.clocks"
        ) from None
    numbers = {"correlation": found.correlation, "of_other_shifts": found.others}
    write_json(bench.output / CLOCK, found.clock.model_dump() | {name: round(value, 3) for name, value in numbers.items()})
    return measured | {"seconds": round(watch.seconds, 3), "peak_memory_mb": peak_memory_mb()}


def _movement(record: VideoRecord, inputs: Inputs) -> Movement:
    time_s, track = time_stamps(record, inputs.folder, inputs.store), load_track(inputs.track(record))
    if len(time_s) != track.frames or len(time_s) < 3:
        raise InputError(f"expected a row of its track for each of {len(time_s)} frames, at least 3, found {track.frames}")
    return movement_of(track, time_s, record.facts.fps)


def movement_of(track: Track, time_s: Times, fps: float) -> Movement:
    """Return how fast the animals of a track move, between each two frames."""
    likelihood = LIKELIHOOD if track.pcutoff is None else track.pcutoff
    path = follow_animal(choose_points(track, (), None), fps, likelihood, _MAX_GAP_S)
    return Movement(time_s, path.step_px[1:] / np.diff(time_s), path.seen[1:] & path.seen[:-1])


def _job(
    record: VideoRecord,
    view: str,
    stream: str,
    made: Made,
    clock_of: Mapping[str, Entry],
    dimensions: Mapping[tuple[str, str], int],
    inputs: Inputs,
) -> Job:
    """Return what lays a view's stream over the frames of a session; where the view is missing, over none of them."""
    other = next((each for each in record.others if each.view == view), None)
    source = made[other.id, stream] if other else None
    clock = Clock() if other is None else read_clock(clock_of[other.id].path(CLOCK))
    recipe = {
        "kind": "features",
        VIEW: view,
        "features": source.key if source else dimensions[view, stream],
        "clock": clock.model_dump() if source else None,
        "video": record.facts.fingerprint,
        "revision": REVISION,
        **({"tuned_on": source.recipe["tuned_on"]} if source and source.recipe.get("tuned_on") else {}),  # or they would seem unseen
    }
    name = f"laying {stream_of(view, stream)} over {record.id}"
    build = partial(_lay, record, other, source, clock, dimensions[view, stream], recipe, inputs)
    return Job(name, "features", recipe, build, anywhere=False)


def _lay(
    record: VideoRecord,
    other: VideoRecord | None,
    source: Entry | None,
    clock: Clock,
    dimensions: int,
    recipe: dict[str, Any],
    inputs: Inputs,
    bench: Workbench,
) -> dict[str, Any]:
    watch, time_s, output = Stopwatch(), time_stamps(record, inputs.folder, inputs.store), bench.output / FEATURES
    nearest = np.full(len(time_s), -1)
    if other and source:
        with FeatureFile.open(source.path(FEATURES)) as features:
            nearest = nearest_frames(time_s, features.time_s, clock)
            if not (nearest >= 0).any():
                raise _no_overlap(record, other, clock)
            write_aligned(output, features, dimensions, nearest, time_s, recipe, sha256_of(recipe))
    else:
        write_aligned(output, None, dimensions, nearest, time_s, recipe, sha256_of(recipe))
    cost = {"frames": 0, "seconds": round(watch.seconds, 3), "peak_memory_mb": peak_memory_mb(), "device": "cpu"}
    return cost | {"bytes": output.stat().st_size, "covered": float((nearest >= 0).mean())}


def read_clock(path: Path) -> Clock:
    """Read the clock of a view from what was kept of it."""
    values = json.loads(path.read_text(encoding="utf-8"))
    return Clock(offset_s=values["offset_s"], drift=values["drift"])


def _no_overlap(record: VideoRecord, other: VideoRecord, clock: Clock) -> InputError:
    start, stop = (float(shown) for shown in clock.at(np.array([0.0, record.facts.duration_s])))
    return InputError(
        f"{other.file}: expected it to show the session of {record.file}, which by its clock is from {start:.2f} s to {stop:.2f} s, but it "
        f"is {other.facts.duration_s:.2f} s long; correct data.clocks, or remove the view"
    )


def _dimensions(sessions: Sequence[VideoRecord], made: Made) -> dict[tuple[str, str], int]:
    """Return how wide each stream of each view is; every view filmed some session."""
    videos = {video.id: video.view for record in sessions for video in (record, *record.others)}
    widths: dict[tuple[str, str], int] = {}
    for (video, stream), entry in made.items():
        if (videos[video], stream) not in widths:
            with FeatureFile.open(entry.path(FEATURES)) as features:
                widths[videos[video], stream] = features.dimensions
    return widths


def _told(
    pairs: Sequence[tuple[VideoRecord, VideoRecord]],
    clock_of: Mapping[str, Entry],
    aligned: Mapping[tuple[str, str, str], Entry],
    stream: str,
) -> list[str]:
    lines = []
    for view in sorted({other.view for _, other in pairs}):
        of_view = [(record, other) for record, other in pairs if other.view == view]
        clocks = [json.loads(clock_of[other.id].path(CLOCK).read_text(encoding="utf-8")) for _, other in of_view]
        numbers = {name: [clock[name] for clock in clocks] for name in ("offset_s", "drift")}
        how = "found from motion" if "correlation" in clocks[0] else "as data.clocks says"
        worst = f", correlation at least {min(clock['correlation'] for clock in clocks):.2f}" if "correlation" in clocks[0] else ""
        lines.append(
            f"clock of '{view}' in {counted(len(of_view), 'session')}, {how}: offset {_range(numbers['offset_s'], '.3f')} s, "
            f"drift {_range(numbers['drift'], '.5f')}{worst}"
        )
        covered = {record.id: float(aligned[record.id, view, stream].facts["covered"]) for record, _ in of_view}
        if little := [session for session, part in covered.items() if part < _LITTLE]:
            lines.append(
                f"'{view}' shows less than {_LITTLE:.0%} of {counted(len(little), 'session')} ({some(little)}); the rest is not seen"
            )
    return lines


def _range(numbers: Sequence[float], form: str) -> str:
    low, high = format(min(numbers), form), format(max(numbers), form)
    return low if low == high else f"{low} to {high}"
