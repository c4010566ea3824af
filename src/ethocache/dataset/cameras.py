"""What the names of several cameras tell: one camera that is written in two ways, and which camera's video is not there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from ethocache.common.errors import InputError
from ethocache.dataset.clocks import Clock
from ethocache.dataset.findings import some
from ethocache.dataset.index import VideoRecord, every_view


def refuse_two_spellings(records: Iterable[VideoRecord]) -> None:
    """Raise `InputError` where two cameras (`VideoRecord.view`) differ only by case: they are one, whose streams would be apart."""
    spelt: dict[str, dict[str, list[str]]] = {}
    for record in records:
        spelt.setdefault(record.view.casefold(), {}).setdefault(record.view, []).append(record.file)
    for spellings in spelt.values():
        if len(spellings) > 1:
            right, *others = sorted(spellings, key=lambda view: (-len(spellings[view]), view))
            found = " and ".join(f"'{view}' ({some(spellings[view])})" for view in sorted(spellings))
            raise InputError(
                f"data.views: expected each camera to be written in one way, found {found}; rename "
                f"{some([file for view in others for file in spellings[view]])}, its track and labels to '{right}', "
                "or give two cameras names that differ by more than capitals"
            )


def never_together(sessions: Sequence[VideoRecord], part: str) -> list[str]:
    """Return a line on cameras that never film the same session: two may be one, of which the name was changed.

    Those of two boxes, each beside a camera of its own box, are not asked about.

    Parameters
    ----------
    part
        Which part of their names is the camera (`DataParams.views`).
    """
    of = {record.id: {video.view for video in every_view([record])} for record in sessions}
    views = sorted(set().union(*of.values()))
    if len(views) > 1 and all(len(there) == 1 for there in of.values()):
        return [
            f"no session is filmed by two cameras: is '{part}' the camera in data.name, and is all else in the names of a "
            "session's videos the same?"
        ]
    beside = {view: set().union(*(there - {view} for there in of.values() if view in there)) for view in views}
    apart = [
        f"'{one}' and '{other}'"
        for one, other in combinations(views, 2)
        if other not in beside[one] and (beside[one] & beside[other] or not beside[one] or not beside[other])
    ]
    return [f"are {some(apart)} one camera? no session has both; if they are, give their videos one name"] if apart else []


def reference_with_clock(reference: str, views: Iterable[str], clocks: object) -> list[str]:
    """Return a line where `DataParams.clocks` gives the reference view another clock than its own: the others' go by it the other way."""
    if not isinstance(clocks, dict) or clocks.get(reference, Clock()) == Clock():
        return []
    unnamed = [f"'{view}'" for view in views if view not in clocks]
    by = f"by the clock of {', '.join(unnamed)}, which it does not name" if unnamed else "by one clock, as it names all views"
    return [
        f"data.clocks names '{reference}', the reference view: its numbers are taken {by}, and turned round for the others; where they "
        "are meant otherwise, name the other views instead"
    ]


def lacking_video(name: str, views: Mapping[str, tuple[str, str]]) -> str:
    """Return what to say of a name that is a session's video by a known camera, which is not there; empty where it is none.

    Parameters
    ----------
    name
        Of a labels file, without its ending, or of a medium.
    views
        Video -> its session and its camera (`sessions_of`).
    """
    cameras = sorted({camera for _, camera in views.values()})
    for video, (session, camera) in views.items():
        for before, behind in _around(video, session, camera):
            other = next((other for other in cameras if name == f"{before}{other}{behind}"), None)
            if other is not None and name not in views and (session, other) not in views.values():
                return f"the video of camera '{other}' of session '{session}' is not there, only {some(_videos_of(session, views))}"
    return ""


def _around(video: str, session: str, camera: str) -> Iterable[tuple[str, str]]:
    """Return what stands before and behind the camera in a video's name: without it, and one sign before it, that is the session."""
    for found in re.finditer(f"(?={re.escape(camera)})", video):
        before, behind = video[: found.start()], video[found.start() + len(camera) :]
        if (re.sub(r"[-_. ]$", "", before) + behind).lstrip("-_. ") == session:
            yield before, behind


def _videos_of(session: str, views: Mapping[str, tuple[str, str]]) -> list[str]:
    return sorted(video for video, (of, _) in views.items() if of == session)
