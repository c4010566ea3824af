"""Give tags back to BORIS, where people correct them; what they save there is read as labels again.

A project (`write_boris_project`) is the simplest way: open it in BORIS. A table of events (`write_boris_events`) goes into an
observation that is open in BORIS, through *Observations > Import observations*: BORIS takes the columns ``time``, ``subject``,
``code``, ``modifier`` and ``comment`` of an Excel workbook, whose names must be in its first row, and passes over others.

The user guide tells of both: https://www.boris.unito.it/user_guide/observations/. The names in a project are those that
BORIS 10 writes (project format 7.0).
"""

import colorsys
import json
import string
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError
from ethocache.common.files import write_text
from ethocache.dataset.formats.boris_timeline import SUBJECTS_SCORED
from ethocache.dataset.label_table import NO, YES
from ethocache.dataset.spreadsheet_writing import write_sheet
from ethocache.dataset.tagged_video import TaggedVideo
from ethocache.dataset.tags import bouts_of, frame_edges_s
from ethocache.dataset.text import shown

EVENT_COLUMNS = ("time", "subject", "code", "modifier", "comment", "status", "media file name", "time offset (s)")
_FORMAT = "7.0"
_NO_DATE = "1970-01-01T00:00:00"  # today's date would make another file of the same tags
_PLAYERS = 8
_NO_FRAME = "NA"
_SCORED = {
    "label": SUBJECTS_SCORED,
    "description": "Whom this observation is of, with ; between; also those that show nothing",
    "type": "text",
    "default value": "",
    "possible values": "",
}


def write_boris_events(path: Path, video: TaggedVideo) -> None:
    """Write the bouts of one video as an Excel workbook that BORIS imports into an open observation.

    Parameters
    ----------
    path
        Where to; BORIS wants the ending ``.xlsx``.

    Raises
    ------
    InputError
        If BORIS could not take a name, or nobody looked at a frame, which it cannot say.
    """
    _check(video)
    events = ((time_s, video.individual, name, "", "", status, video.media, 0.0) for time_s, name, status in _events(video))
    write_sheet(path, "events", [EVENT_COLUMNS, *events])


def write_boris_project(path: Path, videos: Iterable[TaggedVideo]) -> None:
    """Write a BORIS project in which every video is an observation and every bout a state event; animals in it are its subjects.

    An independent variable (`SUBJECTS_SCORED`) lists them, so that one without a bout comes back as labelled, too.

    Parameters
    ----------
    path
        Where to; BORIS wants the ending ``.boris``.
    videos
        With different ids; taken one at a time, so that they need not be in memory together.

    Raises
    ------
    InputError
        If two videos have the same id, or BORIS could not take one of them.
    """
    observations: dict[str, dict[str, Any]] = {}
    behaviours: dict[str, None] = {}
    subjects: dict[str, None] = {}
    seen: set[str] = set()
    for video in videos:
        _check(video)
        if video.video in seen:
            raise InputError(f"two videos are called '{shown(video.video)}'; rename one")
        seen.add(video.video)
        behaviours |= dict.fromkeys(video.behaviours)
        subjects |= dict.fromkeys([video.individual] if video.individual else [])
        _add(observations, video)
    project = _project(path.stem, tuple(behaviours), tuple(subjects), observations)
    write_text(path, json.dumps(project) + "\n")  # BORIS reads the computer's own encoding


def _check(video: TaggedVideo) -> None:
    if ((video.tags != NO) & (video.tags != YES)).any():
        raise InputError(f"{shown(video.video)}: BORIS cannot say that nobody looked; expected tags of 0 and 1, found others")
    for name in (video.video, video.media, video.individual, *video.behaviours):
        if name != name.strip() or not name.isprintable():
            raise InputError(f"'{shown(name)}': BORIS takes no name with line breaks, or with spaces around it; rename it")
    if ";" in video.individual:
        raise InputError(f"'{shown(video.individual)}': animals are listed for BORIS with ';' between, so none may have one in its name")
    if piped := [name for name in video.behaviours if "|" in name]:
        raise InputError(f"'{shown(piped[0])}': BORIS takes no '|' in the name of a behaviour; rename it")
    if "" in (video.video, *video.behaviours) or len(set(video.behaviours)) < len(video.behaviours):
        raise InputError(f"{shown(video.video)}: the video and each behaviour need a name, and behaviours different ones")


def _events(video: TaggedVideo) -> list[tuple[float, str, str]]:
    """Return time in s, behaviour and START or STOP of every change, in order of time."""
    edges_s = frame_edges_s(video.time_s).round(6).tolist()
    bouts = [(edges_s[start], edges_s[stop], video.behaviours[b]) for start, b, stop in bouts_of(video.tags)]
    changes = [(time_s, name, status) for start, stop, name in bouts for time_s, status in ((start, "START"), (stop, "STOP"))]
    return sorted(changes, key=lambda change: (change[0], change[1]))


def _add(observations: dict[str, dict[str, Any]], video: TaggedVideo) -> None:
    """Add a video, or one animal of a video of which others are there: a person scores all of them in one observation."""
    name, observation = video.session or video.video, _observation(video)
    first = observations.setdefault(name, observation)
    if first is not observation:
        first["events"] = sorted(first["events"] + observation["events"], key=lambda event: event[0])
        names = [one["independent_variables"].get(SUBJECTS_SCORED) for one in (first, observation)]
        first["independent_variables"][SUBJECTS_SCORED] = "; ".join(filter(None, names))


def _project(name: str, behaviours: Sequence[str], subjects: Sequence[str], observations: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "time_format": "hh:mm:ss",
        "project_date": _NO_DATE,
        "project_name": name,
        "project_description": "Behaviours tagged by ethocache",
        "project_format_version": _FORMAT,
        "subjects_conf": {str(place): {"key": "", "name": subject, "description": ""} for place, subject in enumerate(subjects)},
        "behaviors_conf": dict(_ethogram(behaviours)),
        "observations": observations,
        "behavioral_categories": [],
        "behavioral_categories_config": {},
        "independent_variables": {"0": _SCORED} if subjects else {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }


def _ethogram(behaviours: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, (name, key) in enumerate(zip(behaviours, _keys(behaviours), strict=True)):
        yield (
            str(place),
            {
                "type": "State event",
                "key": key,
                "code": name,
                "description": "",
                "color": _colour(place, len(behaviours)),
                "category": "",
                "modifiers": {},
                "excluded": "",
                "coding map": "",
            },
        )


def _keys(behaviours: Sequence[str]) -> list[str]:
    """Choose a key for each behaviour: a letter of its name where one is free; none after 36."""
    free = dict.fromkeys(string.ascii_lowercase + string.digits)
    keys = []
    for name in behaviours:
        key = next((letter for letter in name.lower() if letter in free), next(iter(free), ""))
        free.pop(key, None)
        keys.append(key)
    return keys


def _colour(place: int, of: int) -> str:
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(place / of, 0.6, 0.7))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _observation(video: TaggedVideo) -> dict[str, Any]:
    fields = ["", "", _NO_FRAME] if video.media else ["", ""]  # modifiers, comment, and the frame where there are some
    return {
        "file": {str(player): [video.media] if player == 1 else [] for player in range(1, _PLAYERS + 1)} if video.media else {},
        "type": "MEDIA" if video.media else "LIVE",
        "date": _NO_DATE,
        "description": "",
        "time offset": 0.0,
        "events": [[time_s, video.individual, name, *fields] for time_s, name, _ in _events(video)],
        "observation time interval": [0, 0],
        "independent_variables": {SUBJECTS_SCORED: video.individual} if video.individual else {},
        "visualize_spectrogram": False,
        "visualize_waveform": False,
        "media_creation_date_as_offset": False,
        "media_scan_sampling_duration": 0,
        "image_display_duration": 1,
        "close_behaviors_between_videos": False,
    } | (_of_media(video) if video.media else _of_no_media())


def _of_media(video: TaggedVideo) -> dict[str, Any]:
    about = {"length": _length_s(video), "fps": video.fps, "hasVideo": True, "hasAudio": False, "display": "Nothing"}
    return {"media_info": {key: {video.media: value} for key, value in about.items()} | {"offset": {"1": 0.0}}}


def _length_s(video: TaggedVideo) -> float:
    """Return until when the last frame is shown."""
    return round(float(frame_edges_s(video.time_s)[-1]), 6) if len(video.time_s) else 0.0


def _of_no_media() -> dict[str, Any]:
    return {"scan_sampling_time": 0, "start_from_current_time": False, "start_from_current_epoch_time": False}
