"""Several animals in one video: each becomes a unit of work of its own, ``<video>.<individual>``, from its crop to its tags.

Units of one video share its file, its track and its animal or group (`VideoRecord.animal`), so that no split parts them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ethocache.common.batch import for_each
from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.store import Store
from ethocache.dataset.deeplabcut import read_individuals
from ethocache.dataset.folder import EACH, TOGETHER, DataFolder, DataParams
from ethocache.dataset.index import VideoRecord, unit_id
from ethocache.dataset.text import shown

REVISION = 1  # of how a track's individuals are read
UNNAMED = ("",)  # of a track of one animal


def split_individuals(
    records: Sequence[VideoRecord],
    params: DataParams,
    source: tuple[str, ...] | None,
    folder: DataFolder,
    store: Store,
    problems: list[str] | None = None,
    videos: Sequence[VideoRecord] = (),
) -> list[VideoRecord]:
    """Return a record for each individual that `DataParams.individuals` asks for, in the order of their track.

    A video whose track is of one animal without a name stays as it is.

    Parameters
    ----------
    source
        What the source of tracks calls the animals of every video; None where each track file says it, which is remembered
        by the file's content.
    problems
        Takes what is wrong with single videos, where that is to be listed rather than to stop the work.
    videos
        All videos, where `records` are not: no unit may have the name of one.

    Raises
    ------
    InputError
        If no track tells individuals apart, one that is asked for is not there, or a unit would have the name of another or of a video.
    """
    if not params.each:
        return list(records)

    def split(record: VideoRecord) -> list[VideoRecord]:
        there = _names_in(record, folder, store) if source is None else source
        names = _wanted(record, there, params)
        if names == UNNAMED:
            return [record]
        return [replace(record, id=unit_id(record.id, name), individual=name, of=len(there)) for name in names]

    units = [unit for units in for_each(records, split, keeps=False, problems=problems) for unit in units]
    taken = {record.id.casefold(): record.file for record in (*videos, *records)}  # labels may be called after a video or after a unit
    return for_each(units, _first_of_its_name(taken), keeps=False, problems=problems)


def track_individuals(track: Path, fingerprint: str, store: Store) -> tuple[str, ...]:
    """Return the individuals of a DeepLabCut file, from memory where the same bytes were read before.

    Raises
    ------
    InputError
        If it is no DeepLabCut file.
    """
    question = {"what": "individuals of a track", "sha256": fingerprint, "revision": REVISION}
    known = store.recall(question)
    if known is None:
        try:
            known = {"individuals": list(read_individuals(track))}
        except InputError as error:
            raise InputError(f"{track}: {error}") from None
        store.remember(question, known)
    return tuple(known["individuals"])


def _names_in(record: VideoRecord, folder: DataFolder, store: Store) -> tuple[str, ...]:
    if record.track is None:
        raise InputError(f"{record.file}: data.individuals needs its track, which was not found; see data.tracks")
    return track_individuals(folder.path(record.track.file), record.track.fingerprint, store)


def _wanted(record: VideoRecord, there: tuple[str, ...], params: DataParams) -> tuple[str, ...]:
    if not there:
        raise InputError(
            "data.individuals: nothing tells animals apart where track.source is none; choose where tracks come from, or together"
        )
    if there != UNNAMED and not all(name.strip() for name in there):
        raise InputError(f"{record.file}: data.individuals: an individual of its track has no name; name it there, or set {TOGETHER}")
    if params.individuals == EACH:
        return there
    for name in params.individuals:
        if name not in there:
            found = "is of one animal without a name" if there == UNNAMED else f"has: {shown(', '.join(there))}"
            raise InputError(
                f"{record.file}: data.individuals: '{shown(name)}' is no individual of its track{did_you_mean(name, there)}; it {found}"
            )
    return tuple(name for name in there if name in params.individuals)


def _first_of_its_name(places: dict[str, str]) -> Callable[[VideoRecord], VideoRecord]:
    """Refuse a unit whose name differs from another's in nothing that the name of a file can keep."""

    def check(unit: VideoRecord) -> VideoRecord:
        if (other := places.setdefault(unit.id.casefold(), unit.place)) != unit.place:
            raise InputError(
                f"data.individuals: {other} and {unit.place} would both be called '{unit.id}', so their results would mix; "
                "rename one of them"
            )
        return unit

    return check
