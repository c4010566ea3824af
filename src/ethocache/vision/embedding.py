"""Run a frozen network over a crop once and keep what it says."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ethocache.common.compute import device_of_workers
from ethocache.common.errors import InputError
from ethocache.common.params import Section
from ethocache.common.progress import progress
from ethocache.common.stage import Stopwatch, peak_memory_mb
from ethocache.common.store import Store
from ethocache.common.workbench import Workbench
from ethocache.dataset.features import assemble, segment_shape
from ethocache.vision.backbones import parse_recipe
from ethocache.vision.backbones.running import Machine, Run, choose_run, has_openvino, this_machine
from ethocache.vision.backbones.settings import BackboneSettings, Embedder
from ethocache.vision.backbones.tuned import seen_in
from ethocache.vision.context import batches_of
from ethocache.vision.read_ahead import overlapped, read_ahead

FEATURES = "features.h5"
REVISION = 4  # raise it when a change of this code, of timm or of torch changes the numbers

_NOT_NUMBERS = ("weights", "seed", "input_px")  # the weights' sha256 and the preprocessing say these better
_OF_SOME = ("context", "flow", "tuned_on")  # what a network that looks at several frames, or was tuned, says of it
_SUFFIX = ".npy"

Frames = npt.NDArray[np.uint8]
Features = npt.NDArray[np.float16]


class ExtractParams(Section):
    """How the network runs over the crops (section ``extract``).

    Attributes
    ----------
    batch_size
        Frames that the network sees at once.
    engine
        ``torch``, ``compile`` (torch's compiler) or ``openvino``; ``auto`` takes the quickest one here that answers as torch does.
    precision
        ``bf16`` (processors) and ``fp16`` (cards) are quicker where the machine has them, and change the embeddings a little;
        ``auto`` takes them there.
    segment_frames
        What is kept as a finished piece, so that a kill loses no more than this; rounded up to whole batches.
    """

    batch_size: int = Field(default=32, ge=1)
    engine: Literal["auto", "torch", "compile", "openvino"] = "auto"
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    segment_frames: int = Field(default=512, ge=1)


def weights_sources(streams: Mapping[str, Any], store: Store) -> dict[str, dict[str, Any]]:
    """Return what tells, for each stream of a backbone, that its weights are still the same.

    DVC sees only the name of a file or a package in params.yaml; with this beside the recipe, a new
    content makes the embeddings stale.
    """
    sources = {name: parse_recipe(settings).source() for name, settings in streams.items()}
    for source in sources.values():
        if "file" in source:
            content = {"sha256": store.fingerprint(Path(source["file"]))} | {name: source[name] for name in ("opencv",) if name in source}
            source.clear()
            source.update(content)
    return sources


def weights_files(streams: Mapping[str, Any]) -> list[Path]:
    """Return the files that the streams of a backbone take their weights from; none for packages, the hub and random weights."""
    sources = [parse_recipe(settings).source() for settings in streams.values()]
    return [Path(source["file"]) for source in sources if "file" in source]


def describe_network(settings: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """Return what decides a network's numbers (weights_sha256, input_px, mean, std, interpolation, dimensions), and how it may run.

    Of tuned weights also ``tuned_on``: their file and the animals that they have seen, as feature files say it further on. The store
    remembers it as long as the source of the weights is unchanged, so that only the first time loads the network.
    """
    backbone = _network_settings(settings)
    question = {"what": "network", "settings": backbone.model_dump(mode="json"), "source": backbone.source(), "revision": REVISION}
    question["openvino"] = version("openvino") if has_openvino() else None
    known = store.recall(question)
    if known is None:
        known = backbone.build().description | seen_in(backbone)
        store.remember(question, known)
    return known


def resolve_run(params: ExtractParams, description: Mapping[str, Any], machine: Machine | None = None) -> Run:
    """Return how a network runs, with nothing left open, for this machine and whoever works for it.

    Where ``ETHOCACHE_CLUSTER_DEVICE`` says what the workers have, that counts instead of this machine's device.

    Raises
    ------
    InputError
        If what ``extract`` asks for cannot be had.
    """
    return choose_run(params.engine, params.precision, description, machine or _machine_that_works())


def _machine_that_works() -> Machine:
    here, device = this_machine(), device_of_workers()
    return here if device is None else replace(here, device=device, compiler=device == "cuda" and find_spec("triton") is not None)


def feature_recipe(
    crop_key: str, settings: Mapping[str, Any], description: Mapping[str, Any], run: Run, params: ExtractParams
) -> dict[str, Any]:
    """Return everything that decides the embeddings of one crop, for the store's key."""
    preprocessing = {name: description.get(name) for name in ("input_px", "mean", "std", "interpolation")}
    return {
        "kind": "features",
        "crop": crop_key,
        "network": {name: value for name, value in settings.items() if name not in _NOT_NUMBERS},
        "weights": description["weights_sha256"],
        "preprocessing": preprocessing | {"resize": "whole crop, smoothed, as its colours are made", "colour": "rgb"},
        "engine": run.engine,
        "precision": run.precision,
        "batch": params.batch_size,
        "revision": REVISION,
        **{name: description[name] for name in _OF_SOME if description.get(name)},
    }


def load_embedder(settings: Mapping[str, Any], run: Run) -> Embedder:
    """Load a network, ready for frames."""
    return _network_settings(settings).build(run)


def _network_settings(settings: Mapping[str, Any]) -> BackboneSettings:
    backbone = parse_recipe(settings)
    if not isinstance(backbone, BackboneSettings):
        raise TypeError(f"Expected a recipe that looks at pixels, got one of kind '{backbone.kind}'")
    return backbone


def extract_video(
    crop: Path,
    time_s: npt.NDArray[np.float64],
    valid: npt.NDArray[np.bool_],
    embedder: Callable[[], Embedder],
    recipe: dict[str, Any],
    key: str,
    params: ExtractParams,
    bench: Workbench,
    name: str,
) -> dict[str, Any]:
    """Embed every frame of a crop into ``bench.output/features.h5``, from where the last run stopped.

    Parameters
    ----------
    crop
        The cropped video.
    time_s, valid
        (T,) seconds and (T,) whether the animal was seen: what the finished file says beside the embeddings.
    embedder
        Gives the network; called only if there are frames left to embed.
    recipe, key
        From `feature_recipe`, and its key in the store.
    name
        What the progress bar calls the work.

    Returns
    -------
    dict
        frames, seconds, bytes, peak_memory_mb, device, and ``resumed_at``: how many of the frames an earlier
        run had finished (they are not in ``seconds``).

    Raises
    ------
    InputError
        If the crop has not T frames, or the network answers with what float16 cannot hold.
    """
    watch = Stopwatch()
    resumed_at = _finished_frames(bench)
    device = "none"
    if resumed_at < len(time_s):
        network = embedder()
        check_weights(network.description["weights_sha256"], recipe["weights"])
        _embed(crop, resumed_at, len(time_s), network, params, bench, name)
        device = network.device
    output = bench.output / FEATURES
    assemble(output, bench.finished_segments(_SUFFIX), time_s, valid, recipe, key)
    return {
        "frames": len(time_s),
        "resumed_at": resumed_at,
        "seconds": round(watch.seconds, 3),
        "bytes": output.stat().st_size,
        "peak_memory_mb": peak_memory_mb(),
        "device": device,
    }


def _finished_frames(bench: Workbench) -> int:
    return sum(segment_shape(segment)[0] for segment in bench.finished_segments(_SUFFIX))


def check_weights(found: str, expected: str) -> None:
    """Raise `InputError` if the sha256 of a network's weights is not that of those that its results will be called after."""
    if found != expected:
        raise InputError(
            "the network's weights are not those that were looked at before, their source has changed: run again; "
            "if that does not help, remove the folder 'known' of the store"
        )


def _embed(crop: Path, start: int, frames: int, network: Embedder, params: ExtractParams, bench: Workbench, name: str) -> None:
    """Embed frames [start, frames) and keep them segment by segment.

    Segments hold whole batches, so that a batch holds the same frames whether or not a run was resumed.
    """
    size = network.context.batch_frames(params.batch_size)
    batches_each = -(-params.segment_frames // size)
    with ExitStack() as stack:
        bar = stack.enter_context(progress(name, frames))
        bar.initial = bar.n = start
        batches = stack.enter_context(closing(read_ahead(batches_of(crop, start, size, network.context, network.view))))
        answers = stack.enter_context(closing(overlapped(network, batches, network.at_once)))
        features = (_kept(numbers, crop, bar) for numbers in answers)
        for number, segment in enumerate(_joined(features, batches_each), len(bench.finished_segments(_SUFFIX))):
            start += len(segment)
            if start > frames or (start < frames and len(segment) % size):
                raise _other_count(crop, frames, start)
            with bench.writing_segment(number, _SUFFIX) as path, path.open("wb") as file:
                np.save(file, segment)
    if start != frames:
        raise _other_count(crop, frames, start)


def _kept(numbers: npt.NDArray[np.float32], crop: Path, bar: Any) -> Features:
    with np.errstate(over="ignore"):  # what becomes infinite is an error below
        kept = numbers.astype(np.float16)
    if not np.isfinite(kept).all():
        raise _unfit(numbers, crop)
    bar.update(len(kept))
    return kept


def _joined(features: Iterator[Features], batches_each: int) -> Iterator[Features]:
    while group := list(islice(features, batches_each)):
        yield np.concatenate(group)


def _unfit(numbers: npt.NDArray[np.float32], crop: Path) -> InputError:
    if np.isfinite(numbers).all():
        found, remedy = f"values up to {np.abs(numbers).max():.3g}, more than float16 can hold (65504)", "pooling or weights"
    else:
        found, remedy = "values that are not numbers (NaN or infinite)", "weights, or extract.precision fp32"
    return InputError(f"{crop}: the network answers with {found}: choose another model, other {remedy}")


def _other_count(crop: Path, expected: int, found: int) -> InputError:
    return InputError(f"{crop}: expected {expected} frames, found {found}: it is damaged; run `ethocache store verify`, then `dvc repro`")
