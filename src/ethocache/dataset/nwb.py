"""Neurodata Without Borders: one file per video, for archives such as DANDI and for analysis beside recordings.

Bouts are tables of the extension ndx-ethogram (https://github.com/catalystneuro/ndx-ethogram), in the processing module
``behavior``. Two files of the same video differ in bytes: NWB gives each object an identifier of its own at random.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.files import replacing, sha256_of
from ethocache.dataset.index import unit_id
from ethocache.dataset.label_table import NOT_SCORED, YES
from ethocache.dataset.runs import frame_durations_s, runs
from ethocache.dataset.tagged_video import TaggedVideo

_UNKNOWN_START = datetime(1970, 1, 1, tzinfo=UTC)  # NWB demands a date


def write_nwb(path: Path, video: TaggedVideo) -> None:
    """Write what is known of a video as ``.nwb``, at once.

    ``/processing/behavior`` holds: ``ethogram``, the catalogue of the behaviours; ``bouts``, one row a bout with ``label``,
    ``start_time`` and ``stop_time`` in seconds from the first frame, and ``start_frame`` and ``stop_frame`` from 0 (half
    open); ``probability`` (T, B) at the frames' time stamps. Where nobody looked at some frames, ``observed`` holds the
    stretches that somebody looked at, and the bouts link to it. Behaviours that were looked for at other times are in
    tables of their own: ``bouts_2`` with ``observed_2``, and so on.

    Raises
    ------
    InputError
        If pynwb and ndx-ethogram are not installed.
    """
    try:
        import ndx_ethogram
        import pynwb
    except ModuleNotFoundError:
        raise InputError("writing NWB needs pynwb and ndx-ethogram: pip install 'ethocache[nwb]'") from None
    file = pynwb.NWBFile(**_about(video))
    if subject := _subject(video):
        file.subject = pynwb.file.Subject(subject_id=subject, genotype=video.fields.get("genotype"))
    module = file.create_processing_module("behavior", "what the animal does, frame by frame")
    _fill(module, video, pynwb, ndx_ethogram)
    size = sum(array.nbytes for array in _arrays(video))
    with replacing(path, size) as temporary, h5py.File(temporary, "w") as target, pynwb.NWBHDF5IO(file=target, mode="w") as io:
        io.write(file)


def _subject(video: TaggedVideo) -> str:
    """Return who it is; of several animals its name within their group, as another group may have an animal of that name too."""
    animal = video.fields.get("animal", "")
    return unit_id(animal or video.session, video.individual) if video.individual else animal


def _arrays(video: TaggedVideo) -> list[npt.NDArray[Any]]:
    return [array for array in (video.time_s, video.tags, video.probability) if array is not None]


def _about(video: TaggedVideo) -> dict[str, Any]:
    arrays = [sha256(array.tobytes()).hexdigest() for array in _arrays(video)]
    start = [] if video.started else ["When the recording began is not known; 1970-01-01 stands for it."]
    return {
        "session_description": f"behaviour in the video {video.video}",
        "identifier": sha256_of([video.video, video.behaviours, video.method, video.annotator, arrays]),
        "session_start_time": video.started or _UNKNOWN_START,
        "notes": " ".join([*start, *(f"{name}={text}" for name, text in video.fields.items())]),
    }


def _fill(module: Any, video: TaggedVideo, pynwb: Any, ndx: Any) -> None:
    catalogue = ndx.Ethogram(name="ethogram", description="the behaviours that were looked for", exclusive=video.exclusive)
    for behaviour in video.behaviours:
        catalogue.add_row(behavior=behaviour, definition="not given", behavior_type="state")
    module.add(catalogue)
    for number, columns in enumerate(_looked_for_together(video.tags), 1):
        suffix = f"_{number}" if number > 1 else ""
        looked = _looked_at(video, columns[0], f"observed{suffix}", pynwb)
        if looked is not None:
            module.add(looked)
        links = {"ethogram": catalogue, "observation_intervals": looked}
        module.add(ndx.EthogramBouts(name=f"bouts{suffix}", **_who(video), **links, **_bouts(video, columns, pynwb)))
    if video.probability is not None:
        module.add(_series(video, video.probability, pynwb))


def _who(video: TaggedVideo) -> dict[str, Any]:
    software = f"ethocache {version('ethocache')}"
    return {"labeling_method": video.method, "source_software": software, "annotator": video.annotator or None}


def _looked_for_together(tags: npt.NDArray[np.integer]) -> list[list[int]]:
    """Return the columns in groups; somebody looked at the same frames for all behaviours of a group."""
    groups: dict[bytes, list[int]] = {}
    for column in range(tags.shape[1]):
        groups.setdefault((tags[:, column] != NOT_SCORED).tobytes(), []).append(column)
    return list(groups.values())


def _looked_at(video: TaggedVideo, column: int, name: str, pynwb: Any) -> Any:
    """Return the stretches that somebody looked at; None where that is the whole video."""
    looked = video.tags[:, column] != NOT_SCORED
    if looked.all():
        return None
    return pynwb.epoch.TimeIntervals(name=name, description="when somebody looked", **_spans(video.time_s, runs(looked), pynwb))


def _bouts(video: TaggedVideo, columns: Sequence[int], pynwb: Any) -> dict[str, Any]:
    found = [(start, stop, column) for column in columns for start, stop in runs(video.tags[:, column] == YES).tolist()]
    frames = np.array(sorted(found), np.intp).reshape(-1, 3)
    names = [video.behaviours[column] for column in frames[:, 2]]
    about = "one row a bout; behaviours: " + " | ".join(video.behaviours[column] for column in columns)
    return {"description": about} | _spans(video.time_s, frames[:, :2], pynwb, label=(names, "the behaviour"))


def _spans(time_s: npt.NDArray[np.float64], frames: npt.NDArray[np.intp], pynwb: Any, **more: tuple[Any, str]) -> dict[str, Any]:
    """Return the columns of a table of (N, 2) half-open ranges of frames."""
    edges_s = np.append(time_s, time_s[-1:] + frame_durations_s(time_s)[-1:])
    columns = {
        "start_time": (edges_s[frames[:, 0]], "seconds from the first frame"),
        "stop_time": (edges_s[frames[:, 1]], "seconds from the first frame, when the first frame that is no longer part of it begins"),
        **more,
        "start_frame": (frames[:, 0], "the first frame, from 0"),
        "stop_frame": (frames[:, 1], "the first frame that is no longer part of it"),
    }
    made = [pynwb.core.VectorData(name=name, description=about, data=cells) for name, (cells, about) in columns.items()]
    return {"columns": made, "colnames": list(columns)}


def _series(video: TaggedVideo, probability: npt.NDArray[np.floating], pynwb: Any) -> Any:
    about = "the model's probability of each behaviour, in the order of the table 'ethogram'"
    return pynwb.TimeSeries(name="probability", description=about, data=probability, unit="1", timestamps=video.time_s)
