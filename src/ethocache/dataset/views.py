"""Several cameras that film one session: their videos become one unit, whose frames are those of one of them.

Each video is tracked, cropped and embedded by itself; labels, folds, tags and scores are the session's.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ethocache.common.batch import for_each
from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.wording import counted
from ethocache.dataset.cameras import never_together, reference_with_clock, refuse_two_spellings
from ethocache.dataset.clocks import MOTION, SAME, Clock
from ethocache.dataset.findings import some
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import VideoRecord, every_view
from ethocache.dataset.label_files import LabelPart
from ethocache.dataset.text import Table, shown

_COLUMNS = ("video", "offset_s", "drift")


@dataclass(frozen=True)
class Sessions:
    """The sessions of a project, and their labels.

    Attributes
    ----------
    records
        One for each session: the video whose frames are the session's, with the others in it.
    labels
        Session -> its labels, one part per rater.
    notes
        Which view is the reference, and what lacks.
    """

    records: list[VideoRecord]
    labels: dict[str, tuple[LabelPart, ...]]
    notes: tuple[str, ...] = ()


def session_of(record: VideoRecord, params: DataParams) -> str:
    """Return the name of a video without the camera: what its session is called."""
    pattern = re.sub(rf"[-_. ]?\{{{params.views}\}}", "", params.name).lstrip("-_. ")
    return pattern.format(**record.fields)


def names_of_labels(records: Sequence[VideoRecord], params: DataParams) -> list[str]:
    """Return what labels files may be named after: every video, and every session."""
    sessions = [session_of(record, params) for record in records] if params.views else []
    return list(dict.fromkeys([*(record.id for record in records), *sessions]))


def sessions_of(records: Iterable[VideoRecord], params: DataParams) -> dict[str, tuple[str, str]]:
    """Return video -> its session and its camera; nothing where one camera films."""
    return {record.id: (session_of(record, params), record.fields[params.views]) for record in records} if params.views else {}


def join_views(
    records: Sequence[VideoRecord],
    labels: Mapping[str, tuple[LabelPart, ...]],
    params: DataParams,
    clocks: Mapping[str, Clock] | None,
    problems: list[str] | None = None,
) -> Sessions:
    """Join the videos of each session.

    A session's frames are those of the view that its labels file is named after, as these labels go by that camera's clock; else
    of the reference view; else, where that is missing, of the first view by name.

    Parameters
    ----------
    records
        Every video of the project.
    labels
        Video or session -> its labels (`names_of_labels`).
    clocks
        From `read_clocks`; None where they are found from the tracks.
    problems
        Takes what is wrong with single sessions, where that is to be listed rather than to stop the work.

    Raises
    ------
    InputError
        If a name is that of a session and of a video, two views differ only by case, the reference view is not known, two views hold
        the same video, labels are named after two views of one session, or after a session that lacks the reference view.
    """
    if not params.views:
        return Sessions(list(records), dict(labels))
    of: dict[str, list[VideoRecord]] = {}
    for record in records:
        of.setdefault(session_of(record, params), []).append(replace(record, view=record.fields[params.views]))
    refuse_two_spellings(view for views in of.values() for view in views)
    reference = _reference(records, labels, params)
    taken = {record.id for record in records}

    def join(session: str) -> tuple[VideoRecord, tuple[LabelPart, ...]]:
        views = sorted(of[session], key=lambda record: record.view)
        _refuse_unclear(session, views, taken)
        labelled = [name for name in (session, *(view.id for view in views)) if name in labels]
        if len(labelled) > 1:
            raise _labelled_twice(session, [labels[name][0].file for name in labelled])
        main = _main(views, labelled, reference)
        if labelled == [session] and main.view != reference:
            raise _without_reference(session, labels[session][0].file, reference, views)
        return _joined(session, main, views, params, clocks), labels[labelled[0]] if labelled else ()

    joined = for_each(of, join, keeps=False, problems=problems)
    sessions = [record for record, _ in joined]
    return Sessions(sessions, {record.id: parts for record, parts in joined if parts}, tuple(_told(sessions, reference, params)))


def view_names(records: Iterable[VideoRecord]) -> tuple[str, ...]:
    """Return the names of all views, sorted; none where every video is a session."""
    return tuple(sorted({video.view for video in every_view(records) if video.view}))


def stream_names(backbone: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the streams of features of a resolved backbone: of several views, those of each, ``side.resnet50``."""
    streams = tuple(backbone["streams"])
    return tuple(stream_of(view, stream) for view in backbone.get("views", ()) for stream in streams) or streams


def stream_of(view: str, stream: str) -> str:
    """Return what a view's stream is called."""
    return f"{view}.{stream}" if view else stream


def view_of(stream: str) -> str:
    """Return the view of such a stream; empty where there is one. No backbone's name holds a dot."""
    return stream.rpartition(".")[0]


def refuse_several(backbone: Mapping[str, Any], what: str) -> None:
    """Raise `InputError` where `what`, such as "a pack", is for one camera and the backbone of a project is of several."""
    if views := backbone.get("views"):
        raise InputError(
            f"{what} is for one camera, but this project's model sees {', '.join(views)} together; leave data.views empty for it"
        )


def read_clocks(records: Sequence[VideoRecord], params: DataParams, folder: DataFolder) -> dict[str, Clock] | None:
    """Return the clock of every video by that of its session's reference view, as the settings tell it; None: by motion.

    Raises
    ------
    InputError
        If a view or video is named that is not there, or the table lacks one.
    """
    if not params.views or params.clocks == MOTION:
        return None
    if params.clocks == SAME:
        return {record.id: Clock() for record in records}
    if isinstance(params.clocks, str):
        given = _read_table(params.clocks, {record.id for record in records}, folder)
        _refuse_lacking(records, given, params)
        return {record.id: given.get(record.id, Clock()) for record in records}
    views = sorted({record.fields[params.views] for record in records})
    if unknown := [view for view in params.clocks if view not in views]:
        raise InputError(f"data.clocks: '{shown(unknown[0])}' is no view{did_you_mean(unknown[0], views)}; there are: {', '.join(views)}")
    return {record.id: params.clocks.get(record.fields[params.views], Clock()) for record in records}


def _refuse_lacking(records: Sequence[VideoRecord], given: Collection[str], params: DataParams) -> None:
    """The view by whose clock the others go needs no row; no other may lack one."""
    lacking: dict[str, list[str]] = {}
    for record in records:
        if record.id not in given:
            lacking.setdefault(session_of(record, params), []).append(record.id)
    if several := [videos for videos in lacking.values() if len(videos) > 1]:
        raise InputError(
            f"data.clocks: {params.clocks}: expected a row for all views but one of a session, found none for {some(several[0])}"
        )


def _read_table(file: str, videos: Collection[str], folder: DataFolder) -> dict[str, Clock]:
    if not (found := folder.files(file)):
        raise InputError(f"data.clocks: expected motion, same, a table below data.dir or the clock of each view, found no file '{file}'")
    name, path = next(iter(found.items()))
    try:
        table = Table.open(path)
        if lacking := [column for column in _COLUMNS if column not in table.header]:
            raise InputError(f"expected the columns {', '.join(_COLUMNS)}, found no '{lacking[0]}'")
        places = [table.header.index(column) for column in _COLUMNS]
        clocks: dict[str, Clock] = {}
        for line, cells in table.rows():
            video, *numbers = (cells[place] for place in places)
            if video in clocks or video not in videos:
                wrong = "stands twice" if video in clocks else f"is no video{did_you_mean(video, videos)}"
                raise InputError(f"line {line}: '{shown(video)}' {wrong}; expected the name of each video, without its ending, once")
            clocks[video] = _clock(line, table, numbers)
    except InputError as error:
        raise InputError(f"data.clocks: {name}: {error}") from None
    return clocks


def _clock(line: int, table: Table, cells: Sequence[str]) -> Clock:
    try:
        offset_s, drift = (table.number(cell) for cell in cells)
        return Clock(offset_s=offset_s, drift=drift)
    except ValueError:
        raise InputError(f"line {line}: expected offset_s in seconds and drift near 1, found '{shown(', '.join(cells))}'") from None


def _reference(records: Sequence[VideoRecord], labels: Collection[str], params: DataParams) -> str:
    """Return the reference view: the one that is asked for; else after which most labels files are named; else the most frequent."""
    views = Counter(record.fields[params.views] for record in records)
    if params.reference_view:
        if params.reference_view not in views:
            there = ", ".join(sorted(views))
            hint = did_you_mean(params.reference_view, views)
            raise InputError(f"data.reference_view: '{shown(params.reference_view)}' is no view{hint}; there are: {there}")
        return params.reference_view
    named = Counter(record.fields[params.views] for record in records if record.id in labels)
    return min(views, key=lambda view: (-named[view], -views[view], view))


def _refuse_unclear(session: str, views: Sequence[VideoRecord], taken: Collection[str]) -> None:
    if session in taken:
        raise InputError(f"data.views: '{session}' is the name of a session and of a video; rename {views[0].file}")
    seen: dict[str, VideoRecord] = {}
    for record in views:
        other = seen.setdefault(record.facts.fingerprint, record)
        if other is not record:
            raise InputError(f"{record.file} and {other.file} hold the same video, but are two views of '{session}'; remove one of them")
    if len({record.view for record in views}) < len(views):
        files = " and ".join(record.file for record in views)
        raise InputError(f"data.views: {files} would be the same view of '{session}'; rename one of them")


def _main(views: Sequence[VideoRecord], labelled: Sequence[str], reference: str) -> VideoRecord:
    named = [view for view in views if view.id in labelled]
    return next(iter(named), next((view for view in views if view.view == reference), views[0]))


def _joined(
    session: str, main: VideoRecord, views: Sequence[VideoRecord], params: DataParams, clocks: Mapping[str, Clock] | None
) -> VideoRecord:
    fields = {part: text for part, text in main.fields.items() if part != params.views}
    animal = fields.get("animal", session)
    others = []
    for view in views:
        if view is not main:
            clock = _clock_by(view, main, clocks) if clocks else None
            others.append(replace(view, fields=fields, animal=animal, clock=clock))
    return replace(main, id=session, fields=fields, animal=animal, others=tuple(others))


def _clock_by(view: VideoRecord, main: VideoRecord, clocks: Mapping[str, Clock]) -> Clock:
    try:
        return clocks[view.id].by(clocks[main.id])
    except InputError as error:
        raise InputError(f"{view.file} by the clock of {main.file}: {error}") from None


def _labelled_twice(session: str, files: Sequence[str]) -> InputError:
    return InputError(
        f"{' and '.join(files)}: expected the labels of '{session}' to go by one camera, found files named after several; name all of "
        "them after one view, as labels.name '{video}_{rater}' where two people made them, or remove one"
    )


def _without_reference(session: str, file: str, reference: str, views: Sequence[VideoRecord]) -> InputError:
    return InputError(
        f"{file}: named after the session '{session}', it goes by the clock of the reference view '{reference}', which that session lacks; "
        f"name it after the view that it was made on: {' or '.join(view.id for view in views)}"
    )


def _told(sessions: Sequence[VideoRecord], reference: str, params: DataParams) -> Iterable[str]:
    views = view_names(sessions)
    if len(views) < 2:
        yield f"data.views: all videos are of one view, '{views[0]}'" if views else "data.views: there is no session"
        return
    own = [record.id for record in sessions if record.view != reference]
    except_in = f", but in {counted(len(own), 'session')} those of another ({some(own)})" if own else ""
    yield f"sessions are filmed by {', '.join(views)}; their frames are those of '{reference}'{except_in}"
    yield from reference_with_clock(reference, views, params.clocks)
    yield from never_together(sessions, params.views)
    for view in views:
        without = [record.id for record in sessions if view not in view_names([record])]
        if without:
            yield f"no '{view}' of {counted(len(without), 'session')} ({some(without)}): what it shows is taken as not seen"
