"""``ethocache groups``: what the tags or labels of the project in this folder mean for its animals."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ethocache.common.files import write_text
from ethocache.common.params import read_section
from ethocache.common.store import Store
from ethocache.dataset.findings import some
from ethocache.dataset.folder import DataFolder, DataParams, refuse_results_folder
from ethocache.dataset.index import VideoRecord, columns_about, read_index
from ethocache.endtoend.exporting import check_target
from ethocache.endtoend.measuring import MOTION, Measured, Source, choose_source, measure_all
from ethocache.scoring.groups.animals import COMPARED, AnimalTable, Variable, animal_table, check_measures
from ethocache.scoring.groups.comparing import Comparison, Drawing, Overall, compare_groups, describe_groups
from ethocache.scoring.groups.design import Design, animal_of, make_design
from ethocache.scoring.groups.group_pictures import draw_groups
from ethocache.scoring.groups.metadata import read_metadata
from ethocache.scoring.groups.tables import Study, write_tables
from ethocache.scoring.groups.tagging_error import TaggingError, tagging_errors, why_not_adjusted

INDEX, PARAMS = Path("data/index.json"), Path("params.yaml")
_NOTED = 3  # findings that are said in words
_LEVEL = 0.05


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
    params = read_section(PARAMS, "data", DataParams)
    folder = DataFolder(params.dir)
    check_target(target, [root for root, _ in folder.places("*")], "tables")
    refuse_results_folder(params.dir, [target])
    records = read_index(INDEX)
    metadata = read_metadata(question.metadata, records) if question.metadata else None
    about = {record.id: {**record.about, **(metadata.about(record) if metadata else {})} for record in records}
    source = choose_source(question.source, records)
    kept = [record for record in records if source != "labels" or Path(f"data/labels/{record.id}.json").is_file()]
    design = _design(kept, about, question)
    measured = measure_all(records, source, params.behaviours, about, question.bin_s, folder, store)
    fields = [*columns_about(records), *(metadata.columns if metadata else ())]
    study = _study(measured, design, params.behaviours, fields, question)
    variables = study.table.compared(question.measures or COMPARED)
    write_tables(study, target)
    draw_groups(study, variables, target)
    notes = [*_notes_about_source(source, measured, records), *_notes_about_numbers(study, question), *_notes_about_tags(study)]
    write_text(target / "notes.txt", "".join(f"{line}\n" for line in [_summary(study), *notes]))
    return "\n".join([f"{_summary(study)}; {target}", *(f"  {note}" for note in notes)])


def _design(records: Sequence[VideoRecord], about: dict[str, dict[str, str]], question: Question) -> Design:
    of_animal: dict[str, list[dict[str, str]]] = {}
    for record in records:
        of_animal.setdefault(animal_of(record), []).append(about[record.id])
    return make_design(of_animal, question.by, question.within, question.control)


def _study(measured: Measured, design: Design, behaviours: tuple[str, ...], fields: Sequence[str], question: Question) -> Study:
    table: AnimalTable = animal_table(measured.videos, behaviours)
    by_tags = any(video.instrument == "tags" for video in measured.videos)
    errors: dict[str, TaggingError] = tagging_errors(measured.confusion, behaviours) if by_tags else {}
    variables = table.compared(question.measures or COMPARED)
    values = describe_groups(table, design, errors, [*table.variables], question.drawing)
    overall, pairs = compare_groups(table, design, errors, variables, question.drawing) if question.by else ([], [])
    found = (values, overall, pairs)
    return Study(behaviours, tuple(fields), measured.videos, table, design, errors, *found, question.bin_s, question.drawing)


def _summary(study: Study) -> str:
    groups = ", ".join(f"{' '.join(filter(None, (level, group)))} {len(animals)}" for level, group, animals in study.cells)
    of = f" in {len(study.cells)} groups ({groups})" if study.pairs else ""
    said = f"{len(study.videos)} videos of {len(study.table.animals)} animals{of}"
    return f"{said}; {_found(study.overall, study.pairs)}" if study.pairs else said


def _found(overall: Sequence[Overall], pairs: Sequence[Comparison]) -> str:
    tested = [row for row in (overall or pairs) if row.p_holm is not None]
    clear = sorted((row for row in tested if (row.p_holm or 0) < _LEVEL), key=lambda row: row.p or 0)
    said = "; ".join(_in_words(row) for row in clear[:_NOTED]) + (" ..." if len(clear) > _NOTED else "")
    what = "comparisons" if not overall else "comparisons of all groups at once"
    return f"{len(clear)} of {len(tested)} {what} with p < .05 after Holm's correction" + (f": {said}" if clear else "")


def _in_words(row: Comparison | Overall) -> str:
    name = " ".join(filter(None, (row.level and f"{row.level}:", row.variable.behaviour, row.variable.measure)))
    if isinstance(row, Overall):
        return f"{name} (p {row.p_holm:.3g})"
    return f"{name}, {row.second} minus {row.first} {row.difference.value:+.3g} (p {row.p_holm:.3g})"


def _notes_about_source(source: Source, measured: Measured, records: Sequence[VideoRecord]) -> list[str]:
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


def _notes_about_numbers(study: Study, question: Question) -> list[str]:
    notes = []
    if not question.by:
        parts = [name for name in study.fields if name not in ("animal", "individual")]
        hint = f", such as --by {parts[0]}" if parts else " with --metadata FILE --by COLUMN"
        notes.append(f"no groups were compared; name them{hint}")
    elif not any(not variable.behaviour for variable in study.table.variables) and not question.measures:
        notes.append(f"no distance was compared, as {MOTION.as_posix()} has none; 'dvc repro' measures it from tracks")
    return [*notes, *_notes_about_p(study.pairs)]


def _notes_about_p(pairs: Sequence[Comparison]) -> list[str]:
    """Say where there are too few animals for any p to be small, be the difference as large as it may."""
    notes: dict[str, None] = {}
    for row in pairs:
        sizes, names = row.animals, " ".join(filter(None, (row.level and f"{row.level}:", f"{row.first} and {row.second}")))
        if row.p is None:
            notes[f"{names}: {sizes[0]} against {sizes[1]} animals cannot be tested ({_name(row.variable)})"] = None
        elif row.p_smallest is not None and row.p_smallest > _LEVEL:
            notes[f"{names}: with {sizes[0]} against {sizes[1]} animals p cannot be smaller than {row.p_smallest:.2g}"] = None
    reachable = [row.p_smallest for row in pairs if row.p_smallest is not None]
    if reachable and min(reachable) <= _LEVEL < min(reachable) * len(reachable):
        notes[
            f"with so few animals p is at least {min(reachable):.2g}, and times {len(reachable)} comparisons that is never below .05 after "
            f"Holm's correction: before you look, decide on at most {int(_LEVEL / min(reachable))} (--measures, fewer groups)"
        ] = None
    return list(notes)


def _notes_about_tags(study: Study) -> list[str]:
    reasons = [(name, why_not_adjusted(error)) for name, error in study.errors.items()]
    return [f"{name}: fractions of time are not adjusted for tagging errors: {reason}" for name, reason in reasons if reason]


def _name(variable: Variable) -> str:
    return " ".join(filter(None, (variable.behaviour, variable.measure)))
