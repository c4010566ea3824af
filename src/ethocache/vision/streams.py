"""The streams of a backbone: each makes the features of a video or session from what it looks at, and keeps them in the store."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ethocache.common.compute import CLUSTER_DEVICE, Job, device_of_workers
from ethocache.common.errors import InputError
from ethocache.common.files import canonical_json, sha256_of, sha256_of_file
from ethocache.common.stage import Stopwatch, peak_memory_mb
from ethocache.common.store import Entry, Store
from ethocache.common.workbench import Workbench
from ethocache.dataset.features import assemble
from ethocache.dataset.index import REVISION as TIMES_REVISION
from ethocache.dataset.index import VideoRecord, time_stamps
from ethocache.dataset.text import shown
from ethocache.dataset.tracks import load_track
from ethocache.vision.animal_path import find_individual
from ethocache.vision.backbones import parse_recipe
from ethocache.vision.backbones.pose import REVISION as POSE_REVISION
from ethocache.vision.backbones.pose import VIEW_REVISION, of_its_kind, pose_features
from ethocache.vision.backbones.running import Machine, Run, check_run, this_machine
from ethocache.vision.backbones.settings import Embedder, PoseSettings
from ethocache.vision.crop_plan import read_plan
from ethocache.vision.embedding import (
    FEATURES,
    ExtractParams,
    check_weights,
    describe_network,
    extract_video,
    feature_recipe,
    load_embedder,
    resolve_run,
)
from ethocache.vision.inputs import Places

_SEGMENT = ".npy"


class Stream(Protocol):
    """One recipe of a backbone, ready to work."""

    @property
    def name(self) -> str: ...

    def job(self, record: VideoRecord) -> Job:
        """Return what makes the entry with the ``features.h5`` of a video.

        Raises
        ------
        InputError
            If what the stream looks at is not there, or cannot be used.
        """


def open_stream(name: str, settings: Mapping[str, Any], params: ExtractParams, inputs: Places) -> Stream:
    """Return the stream of a recipe; nothing is loaded yet."""
    recipe = parse_recipe(settings)
    return PoseStream(name, recipe, inputs) if isinstance(recipe, PoseSettings) else PixelStream(name, settings, params, inputs)


def refuse_missing_inputs(streams: Mapping[str, Any], records: Sequence[VideoRecord], track_source: str) -> None:
    """Raise `InputError` where a stream would have nothing to look at, before anything is computed."""
    for name, settings in streams.items():
        if isinstance(parse_recipe(settings), PoseSettings):
            if track_source == "none":
                raise InputError(f"the backbone '{name}' reads tracks, but track.source is none: choose where tracks come from, or pixels")
        elif without := [record for record in records if not record.has_video]:
            raise _no_pixels(name, without)


def compare_bodies(videos: Sequence[str], entries: Sequence[Entry], views: Sequence[str] = ()) -> list[str]:
    """Return what to know of the bodies that pose streams found.

    Parameters
    ----------
    views
        The camera of each video, where there are several: bodies are compared with those of the same camera.

    Raises
    ------
    InputError
        If they have other key points or another number of animals in one video than in the others.
    """
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for video, entry, view in zip(videos, entries, views or [""] * len(videos), strict=True):
        if "body" in entry.facts:
            found.setdefault(view, []).append((video, entry.facts["body"]))
    return [line for of_view in found.values() for line in _compare(of_view)]


def _compare(found: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    for video, body in found:
        if any(body[what] != found[0][1][what] for what in ("points", "individuals")):
            raise InputError(f"{video}: expected {_body(found[0][1])} as in {found[0][0]}, found {_body(body)}; {_SAME_POINTS}")
    axes = Counter(" to ".join(body["axis"]) for _, body in found)
    if len(axes) < 2:
        return []
    told = ", ".join(f"'{shown(axis)}' in {count}" for axis, count in axes.most_common())
    return [f"the body's axis, back to front, is not the same in all sessions ({told}): name 'front' and 'back' of the pose backbone"]


@dataclass(frozen=True)
class PixelStream:
    """One frozen network, ready to embed crops; it is loaded when the first frame needs it.

    Attributes
    ----------
    name, settings
        Of the recipe.
    params
        How it runs.
    inputs
        Where crops are, and the store.
    """

    name: str
    settings: Mapping[str, Any]
    params: ExtractParams
    inputs: Places

    @cached_property
    def _description(self) -> dict[str, Any]:
        return describe_network(self.settings, self.inputs.store)

    @cached_property
    def _run(self) -> Run:
        return resolve_run(self.params, self._description)

    @cached_property
    def _wants_card(self) -> bool:
        """Whether nothing but the lack of a graphics card puts the network on a processor."""
        by_choice = self.params.engine == "openvino" or device_of_workers() == "cpu"
        return self._run.device == "cpu" and bool(self._description["engines"]) and not by_choice

    @cached_property
    def _network(self) -> str:
        """The recipe for another process, which works in another folder."""
        file = parse_recipe(self.settings).source().get("file")
        return canonical_json({**self.settings, "weights": file} if file else dict(self.settings))

    def job(self, record: VideoRecord) -> Job:
        """Return what embeds a video's crop. It needs the store alone: where the workspace is not seen, the crop is taken from there."""
        if not record.has_video:
            raise _no_pixels(self.name, [record])
        crop = self.inputs.crop(record)
        if not crop.is_file():
            raise InputError(f"{crop} is missing: run 'dvc repro crop'")
        plan = read_plan(crop.with_suffix(".json"))
        recipe = feature_recipe(plan.key, self.settings, self._description, self._run, self.params)
        name = f"embedding {record.id} ({self.name})"
        network = partial(_load_once, self._network, self._description["weights_sha256"], self._run, self._wants_card)
        build = partial(_embed, crop.absolute(), plan.key, self.inputs.store, network, recipe, self.params, name)
        return Job(name, "features", recipe, build)


def _embed(
    crop: Path,
    key: str,
    store: Store,
    network: Callable[[], Embedder],
    recipe: dict[str, Any],
    params: ExtractParams,
    name: str,
    bench: Workbench,
) -> dict[str, Any]:
    crop = _find_crop(crop, key, store)
    plan = read_plan(crop.with_suffix(".json"))
    return extract_video(crop, plan.time_s, plan.valid, network, recipe, sha256_of(recipe), params, bench, name)


def _find_crop(crop: Path, key: str, store: Store) -> Path:
    """Return the crop in the workspace or, where another machine sees none or another one there, in the store."""
    if crop.is_file() and read_plan(crop.with_suffix(".json")).key == key:
        return crop
    if entry := store.find("crop", key):
        return entry.path("crop.mp4")
    raise InputError(f"{crop} is missing, and {store.root} does not keep it either: run 'dvc repro crop'")


@lru_cache(maxsize=4)  # of a backbone of several streams, each is needed for every video
def _load_once(network: str, weights_sha256: str, run: Run, wants_card: bool) -> Embedder:
    """Load a network for all videos that this process embeds one after the other; again if its file holds other weights now."""
    machine = this_machine()
    check_run(run, machine)
    if wants_card and machine.device != "cpu":
        raise _idle_card(machine)
    loaded = load_embedder(json.loads(network), run)
    check_weights(loaded.description["weights_sha256"], weights_sha256)  # here, so that a wrong one is not kept
    return loaded


@dataclass(frozen=True)
class PoseStream:
    """Posture and movement from tracks; needs no pixels, so sessions without a video have it too.

    Attributes
    ----------
    name, settings
        Of the recipe.
    inputs
        Where tracks are, and the store.
    """

    name: str
    settings: PoseSettings
    inputs: Places

    def job(self, record: VideoRecord) -> Job:
        """Return what makes the pose features of a session's track; it is quick, and reads files of this machine."""
        file = self.inputs.track(record)
        if not file.is_file():
            raise InputError(f"{file} is missing, and the backbone '{self.name}' reads tracks: run 'dvc repro track', or see track.source")
        recipe = {
            "kind": "features",
            "track": sha256_of_file(file),
            "times": {"video": record.facts.fingerprint, "revision": TIMES_REVISION},
            "pose": self.settings.model_dump(mode="json"),
            "revision": POSE_REVISION,
        } | ({"individual": record.individual, "view": VIEW_REVISION} if record.individual else {})
        build = partial(self._build, record, file, recipe)
        return Job(f"pose of {record.id} ({self.name})", "features", recipe, build, anywhere=False)

    def _build(self, record: VideoRecord, file: Path, recipe: dict[str, Any], bench: Workbench) -> dict[str, Any]:
        watch, track = Stopwatch(), load_track(file)
        time_s = time_stamps(record, self.inputs.folder, self.inputs.store)
        if track.frames != len(time_s):
            raise InputError(f"{file}: expected a row for each of {len(time_s)} frames, found {track.frames}; run 'dvc repro track'")
        try:
            focal = None
            if record.individual:
                track = of_its_kind(track, find_individual(track, record.individual))
                focal = find_individual(track, record.individual)
            pose = pose_features(track, time_s, self.settings, focal)
        except InputError as error:
            raise InputError(f"{record.place}: {error}") from None
        with bench.writing_segment(0, _SEGMENT) as path, path.open("wb") as segment:
            np.save(segment, pose.values.astype(np.float16))
        output = bench.output / FEATURES
        assemble(output, bench.finished_segments(_SEGMENT), time_s, pose.valid, recipe, sha256_of(recipe))
        return {
            "frames": len(time_s),
            "seconds": round(watch.seconds, 3),
            "bytes": output.stat().st_size,
            "peak_memory_mb": peak_memory_mb(),
            "device": "cpu",
            "body": {"points": list(self.settings.points or track.names), "individuals": len(track.individuals), "axis": list(pose.axis)},
        }


_SAME_POINTS = "name the key points that all have in 'points' of the pose backbone, or keep such videos in a project of their own"


def _body(body: Mapping[str, Any]) -> str:
    return f"{body['individuals']} individuals with the key points {shown(', '.join(body['points']))}"


def _idle_card(machine: Machine) -> InputError:
    return InputError(
        f"a worker has a device of kind {machine.device}, but the machine that handed out the work has none and chose the processor: "
        f"set {CLUSTER_DEVICE}={machine.device} there (or cpu, if that is what you want) and run again"
    )


def _no_pixels(name: str, records: Sequence[VideoRecord]) -> InputError:
    others = f" (and {len(records) - 1} others)" if len(records) > 1 else ""
    return InputError(
        f"{records[0].file}{others}: a session without a video, but the backbone '{name}' looks at pixels; "
        "choose a backbone of kind pose, add the video, or leave data.fps empty"
    )
