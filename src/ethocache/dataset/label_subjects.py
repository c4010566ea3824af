"""Whose labels are whose, where several animals of a video are each taken by themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ethocache.common.batch import for_each
from ethocache.common.errors import InputError, did_you_mean
from ethocache.dataset.formats.boris_timeline import NO_SUBJECT
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.label_rules import LabelParams
from ethocache.dataset.text import shown


@dataclass(frozen=True)
class Subjects:
    """Which unit the labels of a subject are of.

    Attributes
    ----------
    units
        Video id -> subject, as labels files call it -> unit; only videos with individuals that are taken by themselves.
    names
        Unit -> its individual's name in the track.
    only
        `LabelParams.subject`: whose the labels are in files that name nobody.
    alone
        Units whose track has no other individual, so that labels of nobody can be of no other.
    """

    units: dict[str, dict[str, str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    only: str = ""
    alone: frozenset[str] = frozenset()

    @property
    def videos(self) -> dict[str, str]:
        """Unit -> its video."""
        return {unit: video for video, subjects in self.units.items() for unit in subjects.values()}

    def unit_of(self, found: str, subject: str) -> str | None:
        """Return the unit that labels are of; None where no individual that is asked for goes by the name of the subject.

        Parameters
        ----------
        found
            The unit or the video that the file, or the name of the file, says.
        subject
            Whose they are, as the file says; empty where it does not.

        Raises
        ------
        InputError
            If nobody says whose the labels are, or the file's name says another than the file.
        """
        if found in self.names:
            return self._of_a_file_of_one(found, subject)
        if found not in self.units:
            return found if not (subject and self.only) or subject == self.only else None
        return self.units[found].get(subject) if subject else self._of_nobody(found)

    def _of_a_file_of_one(self, unit: str, subject: str) -> str:
        called = next(name for subjects in self.units.values() for name, of in subjects.items() if of == unit)
        if subject not in ("", called):
            raise InputError(
                f"it is named after '{unit}', but tells of the subject '{shown(subject)}'; rename it, or say that this is its subject: "
                f"labels.subjects: {{{shown(self.names[unit])}: {shown(subject)}}}"
            )
        return unit

    def _of_nobody(self, video: str) -> str:
        subjects = self.units[video]
        if NO_SUBJECT in subjects:  # `LabelParams.subjects` says whose it is
            return subjects[NO_SUBJECT]
        if self.only:
            units = subjects | {self.names[unit]: unit for unit in subjects.values()}
            if self.only not in units:
                raise InputError(f"labels.subject: '{shown(self.only)}' is no individual of '{video}' ({_listed(subjects)})")
            return units[self.only]
        first = next(iter(subjects.values()))
        if first in self.alone:
            return first
        has = f"has {len(subjects)} individuals" if len(subjects) > 1 else "has others than the one that is asked for"
        raise InputError(
            f"it does not say whose behaviour this is, and '{video}' {has} ({_listed(subjects)}); name the file "
            f"after one, such as '{first}', say in labels.subject whose all such files are, or give a file with subjects"
        )

    def explain(self, video: str, subject: str) -> str:
        """Return what to do about the labels of a subject that is no individual."""
        known = self.units.get(video, {})
        return (
            f"'{video}' has no individual that goes by the subject '{shown(subject)}'{did_you_mean(subject, known)} "
            f"(it has {_listed(known)}); say whose it is in labels.subjects, or leave it aside with labels.unmatched: skip"
        )


def subjects_of(records: Iterable[VideoRecord], params: LabelParams, problems: list[str] | None = None) -> Subjects:
    """Return whose labels are whose: an individual goes by its name in the track, unless `LabelParams.subjects` gives another.

    Parameters
    ----------
    problems
        Takes what is wrong, where that is to be listed rather than to stop the work.

    Raises
    ------
    InputError
        If the setting names nobody, or two individuals of a video go by one subject.
    """
    units = [record for record in records if record.individual]
    known = list(dict.fromkeys(name for unit in units for name in (unit.individual, unit.id)))
    alone = frozenset(unit.id for unit in units if unit.of == 1)
    found = Subjects({}, {unit.id: unit.individual for unit in units}, params.subject or "", alone)

    def check(name: str) -> None:
        if name not in known:
            listed = _listed(dict.fromkeys(unit.individual for unit in units))
            raise InputError(
                f"labels.subjects: '{shown(name)}' is no individual of a track{did_you_mean(name, known) or f'; known: {listed}'}"
            )

    def add(unit: VideoRecord) -> None:
        subject = params.subjects.get(unit.id) or params.subjects.get(unit.individual) or unit.individual
        if (other := found.units.setdefault(unit.video, {}).setdefault(subject, unit.id)) != unit.id:
            raise InputError(f"labels.subjects: '{other}' and '{unit.id}' both go by '{shown(subject)}'; give each a subject of its own")

    for_each(params.subjects, check, keeps=False, problems=problems)
    for_each(units, add, keeps=False, problems=problems)
    return found


def nobody_as_nobody(heads: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return media, raters and subjects without BORIS's name for nobody, where a rater names nobody else in a medium.

    Beside others it stays: whose it is then is a question of its own (`LabelParams.subjects`).
    """
    named = {(media, rater) for media, rater, subject in heads if subject not in ("", NO_SUBJECT)}
    return [(media, rater, "" if subject == NO_SUBJECT and (media, rater) not in named else subject) for media, rater, subject in heads]


def without_labels(subjects: Subjects, labelled: Iterable[str]) -> list[tuple[str, str]]:
    """Return a note for each video of which some individuals have labels and others have none."""
    has = set(labelled)
    notes = []
    for video, units in subjects.units.items():
        without = [subjects.names[unit] for unit in units.values() if unit not in has]
        if without and len(without) < len(units):
            notes.append((video, f"no labels tell of {_listed(without)}, which is tagged; others in this video have labels"))
    return notes


def _listed(names: Iterable[str] | Sequence[str]) -> str:
    return ", ".join(f"'{shown(name)}'" for name in names)
