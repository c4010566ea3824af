"""A table about the animals, such as sex, dose or cage, joined to the videos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.dataset.findings import some
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.text import Table, shown
from ethocache.scoring.groups.design import animal_of

_KEYS = ("video", "animal")


@dataclass(frozen=True)
class Metadata:
    """What a table says of each video or animal.

    Attributes
    ----------
    key
        ``video`` or ``animal``: what a row is about.
    columns
        The other columns.
    rows
        Video or animal -> the cells of its row, by column.
    """

    key: str
    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]]

    def about(self, record: VideoRecord) -> Mapping[str, str]:
        """Return what the table says of a video."""
        return self.rows[_key_of(record, self.key)]


def read_metadata(path: Path, records: Sequence[VideoRecord]) -> Metadata:
    """Read a table with a column ``video`` or ``animal`` (``video`` counts where both are there) and any others.

    Raises
    ------
    InputError
        If it is not there or no such table, or its rows and the project's videos are not of the same animals.
    """
    if not path.is_file():
        raise InputError(f"--metadata: {path} is not there")
    try:
        table = Table.open(path, is_header=any)  # and not bool: spreadsheets leave empty columns at the right
        key = _key_column(table.header, records)
        rows = _rows(table, key)
    except InputError as error:
        raise InputError(f"--metadata: {path}: {error}") from None
    wanted = {_key_of(record, key) for record in records}
    for names, what in ((rows.keys() - wanted, "which the project does not have"), (wanted - rows.keys(), "which has no row")):
        if names:
            listed = some([f"'{shown(name)}'" for name in sorted(names)])
            raise InputError(
                f"--metadata: {path}: expected one row for each {key} of the project, found {key} {listed}, {what}; "
                f"write each {key} as in the column '{key}' of videos.csv"
            )
    if key == "video" and "animal" in table.header:
        _check_animals(path, records, rows)
    columns = tuple(name for name in table.header if name not in _KEYS)
    return Metadata(key, columns, {name: {column: row[column] for column in columns} for name, row in rows.items()})


def _check_animals(path: Path, records: Sequence[VideoRecord], rows: Mapping[str, Mapping[str, str]]) -> None:
    for record in records:
        if (said := rows[record.id]["animal"]) != animal_of(record):
            raise InputError(
                f"--metadata: {path}: expected animal '{shown(animal_of(record))}' for video '{shown(record.id)}', as in the project, "
                f"found '{shown(said)}'; correct the table, or let data.name say which part of a video's name is the {{animal}}"
            )


def _key_column(header: Sequence[str], records: Sequence[VideoRecord]) -> str:
    key = next((name for name in _KEYS if name in header), None)
    if key is None:
        raise InputError(f"expected a column 'video' or 'animal', found {some(list(header))}")
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise InputError(f"two columns are named '{shown(twice[0])}'; rename one")
    parts = {name for record in records for name in record.about} - set(_KEYS)
    if same := sorted(parts & set(header)):
        raise InputError(f"the column '{shown(same[0])}' is a part of the videos' names too (data.name); rename the column")
    return key


def _rows(table: Table, key: str) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for line, cells in table.rows():
        row = dict(zip(table.header, cells, strict=True))
        if row[key] in rows:
            raise InputError(f"line {line}: {key} '{shown(row[key])}' has a row already; keep one")
        rows[row[key]] = row
    return rows


def _key_of(record: VideoRecord, key: str) -> str:
    return record.id if key == "video" else animal_of(record)
