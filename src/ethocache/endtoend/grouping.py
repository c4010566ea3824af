"""``ethocache groups``: what the tags or labels of the project in this folder mean for its animals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.common.files import write_text
from ethocache.common.params import read_section
from ethocache.common.store import Store
from ethocache.dataset.findings import some
from ethocache.dataset.folder import DataFolder, DataParams, refuse_results_folder
from ethocache.dataset.index import VideoRecord, columns_about, read_index
from ethocache.endtoend.exporting import check_target
from ethocache.endtoend.measuring import Measured, Source, choose_source, measure_all, videos_of
from ethocache.scoring.groups import in_words
from ethocache.scoring.groups.animals import COMPARED, check_measures
from ethocache.scoring.groups.comparing import Drawing
from ethocache.scoring.groups.design import Design, animal_of, make_design
from ethocache.scoring.groups.group_pictures import draw_groups
from ethocache.scoring.groups.metadata import read_metadata
from ethocache.scoring.groups.study import make_study
from ethocache.scoring.groups.tables import write_tables
from ethocache.scoring.groups.tagging_error import tagging_errors

INDEX, PARAMS = Path("data/index.json"), Path("params.yaml")
_NOTES, _UNFINISHED = "notes.txt", ".unfinished"  # one of them lies in every folder that this command has written to


@dataclass(frozen=True)
class Question:
    """What is asked of the animals.

    Attributes
    ----------
    by, within
        Parts of the videos' names or columns of the metadata: whose values make the groups, and within whose values they are compared.
    measures
        Names of `CAN_BE_COMPARED`; empty takes `COMPARED`.
    control
        The group that others are compared with; empty takes the first by name.
    metadata
        A table about videos or animals.
    source
        One of `SOURCES`.
    bin_s
        Seconds of a time bin.
    drawing
        How often animals are drawn and groups dealt again.
    """

    by: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    control: str = ""
    metadata: Path | None = None
    source: str = "same"
    bin_s: float = 60.0
    drawing: Drawing = field(default_factory=Drawing)


def listed(text: str) -> tuple[str, ...]:
    """Return the names in a text with commas between them."""
    return tuple(filter(None, map(str.strip, text.split(","))))


def study_groups(question: Question, target: Path, store: Store) -> str:
    """Measure all videos, compare the groups, write tables and pictures, and say in a few lines what was found.

    Parameters
    ----------
    target
        Folder of the tables; neither the lab's own nor one of results.

    Raises
    ------
    InputError
        If the question does not fit the animals, or results are missing.
    """
    check_measures(question.measures)
    if not isfinite(question.bin_s):
        raise InputError(f"--bin: expected seconds such as 60, found {question.bin_s}")
    params = read_section(PARAMS, "data", DataParams)
    folder = DataFolder(params.dir)
    check_target(target, [root for root, _ in folder.places("*")], "tables")
    refuse_results_folder(params.dir, [target])
    _check_metadata_is_elsewhere(question.metadata, target)
    _check_nothing_is_lost(target)
    records = read_index(INDEX)
    metadata = read_metadata(question.metadata, records) if question.metadata else None
    about = {record.id: {**record.about, **(metadata.about(record) if metadata else {})} for record in records}
    source = choose_source(question.source, records)
    design = _design(videos_of(source, records), about, question)
    measured = measure_all(records, source, params.behaviours, about, question.bin_s, folder, store)
    fields = [*columns_about(records), *(metadata.columns if metadata else ())]
    errors = tagging_errors(measured.confusion, params.behaviours) if any(v.instrument == "tags" for v in measured.videos) else {}
    measures = question.measures or COMPARED
    study = make_study(params.behaviours, fields, measured.videos, design, errors, measures, question.bin_s, question.drawing)
    target.mkdir(parents=True, exist_ok=True)
    (target / _UNFINISHED).touch()
    (target / _NOTES).unlink(missing_ok=True)  # it says that the others are whole, and what was asked
    write_tables(study, target)
    draw_groups(study, target)
    notes = [*_about_source(source, measured, records), *in_words.notes(study, measures)]
    write_text(target / _NOTES, "\n".join([in_words.summary(study), *notes, _asked(question, source, measures), ""]))
    (target / _UNFINISHED).unlink(missing_ok=True)
    return "\n".join([f"{in_words.summary(study)}; tables and pictures in {target}/", *(f"  {note}" for note in notes)])


def _check_metadata_is_elsewhere(metadata: Path | None, target: Path) -> None:
    """Refuse to write beside the lab's own table: it may be called as one of ours is, such as ``animals.csv``."""
    if metadata and metadata.resolve().parent == target.resolve():
        raise InputError(f"{target}: expected a folder of its own for tables, found the table of --metadata in it; name another with --to")


def _check_nothing_is_lost(target: Path) -> None:
    """Refuse a folder in which something else lies: it may be called as one of our tables is, such as ``videos.csv``."""
    ours = any((target / name).is_file() for name in (_NOTES, _UNFINISHED))
    if not ours and target.is_dir() and any(target.iterdir()):
        raise InputError(f"{target}: expected a new folder, or that of an earlier run, found other files in it; name another with --to")


def _design(records: Sequence[VideoRecord], about: Mapping[str, Mapping[str, str]], question: Question) -> Design:
    of_animal: dict[str, list[Mapping[str, str]]] = {}
    for record in records:
        of_animal.setdefault(animal_of(record), []).append(about[record.id])
    return make_design(of_animal, question.by, question.within, question.control)


def _about_source(source: Source, measured: Measured, records: Sequence[VideoRecord]) -> list[str]:
    by_people = sum(video.instrument == "labels" for video in measured.videos)
    said = {
        "labels": "all measured by people's labels",
        "tags": "all measured by the model's tags; labelled videos by those of models that never saw the animal",
        "mixed": f"{by_people} videos measured by people, {len(measured.videos) - by_people} by the model: groups in which people "
        "labelled more may differ by that alone, so see the same with --from tags",
    }
    notes = [said[source]]
    if measured.left_out:
        notes.append(f"{len(measured.left_out)} of {len(records)} videos have no labels and are left out: {some(measured.left_out)}")
    if any(record.individual for record in records):
        notes.append("animals of one video count as one each, though what one does depends on the others: p may be too small")
    return notes


def _asked(question: Question, source: Source, measures: Sequence[str]) -> str:
    lists = {"by": question.by, "within": question.within, "measures": measures}
    parts = {name: ", ".join(values) for name, values in lists.items()}
    parts |= {"control": question.control, "metadata": str(question.metadata or ""), "from": source}
    options = "; ".join(f"{name} {value}" for name, value in parts.items() if value)
    return f"asked: {options}; bins of {question.bin_s:g} s; {question.drawing.resamples} draws, seed {question.drawing.seed}"
