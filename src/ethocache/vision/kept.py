"""Take tracks and crops from the store, or make those that it does not keep yet."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError
from ethocache.common.files import sha256_of, sha256_of_file
from ethocache.common.store import Entry, Store
from ethocache.common.workbench import Workbench
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import REVISION as TIMES_REVISION
from ethocache.dataset.index import VideoRecord, look_at_video, time_stamps
from ethocache.dataset.tracks import load_pcutoff, load_track, write_track
from ethocache.vision.crop_gates import TrackQuality, check_quality
from ethocache.vision.crop_plan import crop_recipe, plan_crops
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.cropping import crop_video
from ethocache.vision.tracking import Tracker, TrackParams, make_tracker

TRACK_REVISION = 1  # of how tracks are read; raising it reads every track again


def keep_track(record: VideoRecord, folder: DataFolder, params: TrackParams, store: Store, tracker: Tracker | None = None) -> Entry | None:
    """Return the entry with a video's ``track.h5``, one row per frame; None where the source gives no track.

    Parameters
    ----------
    tracker
        The source, set up once for many videos, so that a network is loaded once; None sets it up for this one.

    Raises
    ------
    InputError
        If the track cannot be right, or is not this video's.
    """
    if params.source == "none":
        return None
    tracker = tracker or make_tracker(params, store)
    recipe = {
        "kind": "track",
        "source": params.source,
        "video": record.facts.fingerprint,
        "frames": record.facts.frames,
        "revision": TRACK_REVISION,
    } | tracker.recipe(record)

    def build(bench: Workbench) -> dict[str, Any]:
        tracked = tracker.track(record, folder)
        if tracked.track is None:
            raise InputError(f"{record.file}: track.source '{params.source}' gave no track; choose another")
        _check_unchanged(record, folder, store)
        write_track(bench.output / "track.h5", tracked.track)
        return {"note": tracked.note}

    return store.make("track", recipe, build)


def keep_crop(record: VideoRecord, folder: DataFolder, track_file: Path, params: CropParams, store: Store) -> Entry:
    """Return the crop of a video; cut it only if the store does not keep it yet.

    Parameters
    ----------
    track_file
        The track that says where the animal is; without such a file the whole frame is taken.

    Raises
    ------
    InputError
        If the video or its track is not what was indexed, or the track is not good enough for the gates of `params`.
    """
    if not record.has_video:
        raise InputError(f"{record.file}: it has no video, so there is nothing to crop; add the video, or leave data.fps empty")
    tracked = track_file.is_file()
    if record.track and not tracked:
        raise InputError(f"{track_file} is missing: run 'dvc repro track'")
    params = params.following(record.individual)
    digest, pcutoff = (sha256_of_file(track_file), load_pcutoff(track_file)) if tracked else ("none", None)
    recipe = crop_recipe(record, digest, params, pcutoff) | {"times": TIMES_REVISION}

    def build(bench: Workbench) -> dict[str, Any]:
        facts = record.facts
        track = load_track(track_file) if tracked else None
        with _about(record):
            plan = plan_crops(track, facts.width, facts.height, facts.fps, params, frames=facts.frames)
            if plan.quality:
                check_quality(plan.quality, params)
        time_s = time_stamps(record, folder, store)
        video = folder.path(record.file)
        cost = crop_video(video, facts, time_s, plan, params, bench, sha256_of(recipe))
        if look_at_video(video, store).fingerprint != facts.fingerprint:
            raise _changed(record.file)
        return cost | {"quality": plan.quality and plan.quality.as_json()}

    entry = store.make("crop", recipe, build)
    if entry.facts["quality"]:
        with _about(record):  # a crop that was kept before a gate was closed
            check_quality(TrackQuality(**entry.facts["quality"]), params)
    return entry


@contextmanager
def _about(record: VideoRecord) -> Iterator[None]:
    """Say of an error which video it is about."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{record.place}: {error}") from None


def _check_unchanged(record: VideoRecord, folder: DataFolder, store: Store) -> None:
    """Raise `InputError` if what was tracked, or the track that was read, is no longer what was indexed."""
    if record.track:
        if store.fingerprint(folder.path(record.track.file)) != record.track.fingerprint:
            raise _changed(record.track.file)
    elif look_at_video(folder.path(record.file), store).fingerprint != record.facts.fingerprint:
        raise _changed(record.file)


def _changed(file: str) -> InputError:
    """What is made from a file that changed meanwhile must not be kept under the content that it had."""
    return InputError(f"{file} has changed since it was indexed; run 'dvc repro' again")
