"""What params.yaml must say of the files that were found, and what a person must add."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.dataset.findings import some, spellings
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.sessions import sessions_without_video
from ethocache.dataset.text import shown
from ethocache.endtoend.exporting import NOT_SCORED_NAME
from ethocache.endtoend.new_project.finding import Found, Said, read_all
from ethocache.endtoend.new_project.patterns import label_name, pattern_of
from ethocache.endtoend.new_project.templates import set_value

_NAME = "{animal}"
_NAME_COMMENT = "what the parts of a video's name are, such as '{genotype}_{animal}'; {animal} decides what is held out together"
_NO_BEHAVIOURS = "the names that your labels use, such as [grooming, rearing]"


@dataclass(frozen=True)
class Settings:
    """What differs from the shipped params.yaml.

    Attributes
    ----------
    videos, tracks, labels
        Patterns below `data.dir`.
    track_source, label_name
        `track.source` and `labels.name`.
    behaviours
        What is tagged; empty where no labels file said it.
    not_scored
        `labels.not_scored`: the name by which our own exports say that nobody looked, where it is used.
    notes
        What a person should know or do.
    """

    videos: str = "videos/*.mp4"
    tracks: str = "videos/*"
    labels: str = "labels/*"
    track_source: str = "files"
    label_name: str = "{video}"
    behaviours: tuple[str, ...] = ()
    not_scored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def in_params(self, text: str, data: str) -> str:
        """Return the text of params.yaml with these settings in it.

        Parameters
        ----------
        text
            The shipped one.
        data
            `data.dir`.
        """
        for key, value in (("dir", data), ("videos", self.videos), ("tracks", self.tracks), ("labels", self.labels)):
            text = set_value(text, "data", key, value)
        text = set_value(text, "data", "name", _NAME, _NAME_COMMENT)
        text = set_value(text, "data", "behaviours", self.behaviours, None if self.behaviours else _NO_BEHAVIOURS)
        text = set_value(text, "labels", "name", self.label_name)
        text = set_value(text, "labels", "not_scored", self.not_scored)
        return set_value(text, "track", "source", self.track_source)


def settings_for(found: Found, place: Path) -> Settings:
    """Return the settings for the files that were found in a folder; the shipped ones where there are none."""
    if not found.files:
        return Settings()
    folder, notes = DataFolder(str(place)), []
    patterns = {}
    for kind, files in (("videos", found.videos), ("tracks", found.tracks), ("labels", tuple(found.labels))):
        if files:
            patterns[kind], left_out = pattern_of(files, folder, others_too=kind == "tracks", widest=kind == "labels")
            notes += _left_out(kind, patterns[kind], left_out) + _others(kind, patterns[kind], folder, files)
    tracks = {file: place / file for file in found.tracks}
    said = read_all(place, found.labels)
    behaviours, about_names = _usable(said.behaviours)
    not_scored = tuple(name for name in said.behaviours if name == NOT_SCORED_NAME)
    notes += [*_about_files(found), *_about_one(found, patterns), *_about_labels(found, said), *about_names, *_about_name(found.videos)]
    return Settings(
        **patterns,
        track_source="files" if found.tracks else "none",
        label_name=label_name(found.videos or sessions_without_video(tracks, ()), tuple(found.labels)),
        behaviours=tuple(behaviours),
        not_scored=not_scored,
        notes=tuple(f"note: {note}" for note in notes),
    )


def _left_out(kind: str, pattern: str, files: Sequence[str]) -> list[str]:
    if not files:
        return []
    return [f"data.{kind}: '{pattern}' leaves out {some(files)}; put all {kind} into one folder, or set another pattern"]


def _others(kind: str, pattern: str, folder: DataFolder, files: Collection[str]) -> list[str]:
    """Say which files of another kind a pattern takes; tracks are known by their names and content, so there it does no harm."""
    others = [file for file in folder.files(pattern) if file not in files]
    if not others or kind == "tracks":
        return []
    return [f"data.{kind}: '{pattern}' takes {some(others)} too; put the {kind} into a folder of their own, and set data.{kind}"]


def _about_files(found: Found) -> list[str]:
    notes = []
    if not found.videos:
        notes.append("there are no videos: for sessions of a track and labels alone, set data.fps")
    if not found.tracks:
        notes.append("there are no DeepLabCut files, so the whole frame is used (track.source: none)")
    elif missing := found.without_track():
        notes.append(f"no DeepLabCut file belongs to {some(missing)}: put it beside the others, or set track.source: none")
    if drawn := [file for file in found.videos if PurePosixPath(file).stem.endswith("_labeled")]:
        notes.append(f"{some(drawn)} may be drawn by DeepLabCut: move such videos out of this folder, else they are tagged too")
    if found.unknown:
        reason = next(iter(found.unknown.values())).partition("; known: ")[0]
        notes.append(
            f"{some(list(found.unknown))}: neither a track nor labels that can be read ({reason}); see docs/labels.md and labels.columns"
        )
    return notes


def _about_one(found: Found, patterns: Mapping[str, str]) -> list[str]:
    if len(found.labels) != 1:
        return []
    return [f"data.labels is '{patterns['labels']}', guessed from {next(iter(found.labels))} alone: see that it fits those to come"]


def _about_labels(found: Found, said: Said) -> list[str]:
    notes = [f"not read: {problem}" for problem in said.problems[:3]]
    if len(said.problems) > 3:
        notes.append(f"not read: {len(said.problems) - 3} more files of labels")
    if not found.labels:
        notes.append("there are no labels: set data.labels and data.behaviours once there are")
    if said.without_unit:
        notes.append(f"seconds or frames? {some(said.without_unit)} does not say: set labels.unit")
    return notes


def _usable(names: Counter[str]) -> tuple[list[str], list[str]]:
    """Return the names that can be behaviours, sorted, and what a person should know of them and of the others."""
    used: dict[str, str] = {}
    notes: list[str] = []
    for name, _ in names.most_common():
        if name == NOT_SCORED_NAME:
            notes.append(f"'{name}' in the labels is taken for time in which nobody looked (labels.not_scored)")
        elif problem := _problem(name):
            notes.append(
                f"'{shown(name)}' in the labels cannot be a behaviour ({problem}): set labels.rename, labels.ignore or labels.not_scored"
            )
        else:
            used.setdefault(name.casefold(), name)  # two that differ in capital letters only are spellings of one
    behaviours = [used[name] for name in sorted(used)]
    return behaviours, [*spellings(names.elements(), behaviours), *notes]


def _problem(name: str) -> str | None:
    try:
        parse_section({"dir": ".", "behaviours": [name]}, DataParams, "data")
    except InputError as error:
        return str(error).partition("'behaviours': ")[2].partition(", found")[0].partition(";")[0]
    return None


def _about_name(videos: Sequence[str]) -> list[str]:
    if not videos:
        return []
    return [
        f"data.name is '{_NAME}', so each video counts as an animal of its own: say what the parts of a name such as "
        f"'{PurePosixPath(videos[0]).stem}' are, for instance '{{genotype}}_{{treatment}}_{{animal}}'"
    ]
