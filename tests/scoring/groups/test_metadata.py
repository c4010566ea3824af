"""A table about the animals."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from ethocache.common.errors import InputError
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.videos import VideoFacts
from ethocache.scoring.groups.metadata import read_metadata

FACTS = VideoFacts(8, 32, 32, "yuv420p", "h264", 10.0, 0.8, False, (), "f" * 64)
RECORDS = [
    VideoRecord(f"WT_{day}_{animal}", "v.mp4", {"day": day, "animal": animal}, animal, FACTS) for day in "ab" for animal in ("1", "2")
]


def table(folder: Path, text: str) -> Path:
    (folder / "about.csv").write_text(text, encoding="utf-8")
    return folder / "about.csv"


def test_rows_are_joined_by_animal_or_by_video(tmp_path):
    metadata = read_metadata(table(tmp_path, "animal;sex;dose\n1;f;0,5\n2;m;1\n"), RECORDS)
    assert metadata.columns == ("sex", "dose") and [metadata.about(record)["sex"] for record in RECORDS] == ["f", "m", "f", "m"]
    rows = "".join(f"{record.id},{record.animal},{number}\n" for number, record in enumerate(RECORDS))
    metadata = read_metadata(table(tmp_path, "video,animal,box\n" + rows), RECORDS)
    assert metadata.columns == ("box",) and metadata.about(RECORDS[3]) == {"box": "3"}


def test_empty_columns_that_a_spreadsheet_leaves_at_the_right_are_none(tmp_path):
    metadata = read_metadata(table(tmp_path, "animal,sex,,\n1,f,,\n2,m,,\n,,,\n"), RECORDS)
    assert metadata.columns == ("sex",) and metadata.about(RECORDS[0]) == {"sex": "f"}


def test_an_excel_sheet_is_read_too(tmp_path):
    book = Workbook()
    for row in (("animal", "sex"), (1, "f"), (2, "m")):
        book.active.append(row)
    book.save(tmp_path / "about.xlsx")
    assert read_metadata(tmp_path / "about.xlsx", RECORDS).about(RECORDS[1]) == {"sex": "m"}


def test_an_individual_of_a_video_has_a_row_of_its_own(tmp_path):
    records = [
        VideoRecord(f"pair.{name}", "pair.mp4", {"animal": "7"}, "7", FACTS, individual=name, of=2) for name in ("resident", "intruder")
    ]
    metadata = read_metadata(table(tmp_path, "animal,sex\n7.resident,m\n7.intruder,f\n"), records)
    assert metadata.about(records[1]) == {"sex": "f"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "animal,sex\n1,f\n2,m\n3,f\n",
            "one row for each animal of the project, found animal '3', which the project does not have",
        ),
        (
            "animal,sex\n1,f\n",
            "one row for each animal of the project, found animal '2', which has no row; write each animal as in",
        ),
        ("animal,sex\n1,f\n2,m\n1,m\n", "line 4: animal '1' has a row already; keep one"),
        ("mouse,sex\n1,f\n2,m\n", "expected a column 'video' or 'animal', found mouse, sex"),
        ("animal,sex,sex\n1,f,f\n2,m,m\n", "two columns are named 'sex'; rename one"),
        ("animal,day\n1,f\n2,m\n", "the column 'day' is a part of the videos' names too"),
        ("", "expected a table with a header row, found an empty file"),
        ("animal,sex\n1\n2,m\n", "line 2: expected 2 cells as in the header, found 1"),
    ],
)
def test_a_table_of_other_animals_or_columns_is_refused(tmp_path, text, said):
    with pytest.raises(InputError, match=r"--metadata: .*about\.csv: ") as error:
        read_metadata(table(tmp_path, text), RECORDS)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_table_that_is_not_there_or_names_another_animal_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"--metadata: .*gone.csv is not there"):
        read_metadata(tmp_path / "gone.csv", RECORDS)
    rows = "".join(f"{record.id},9\n" for record in RECORDS)
    with pytest.raises(InputError, match="expected animal '1' for video 'WT_a_1', as in the project, found '9'; correct the table"):
        read_metadata(table(tmp_path, "video,animal\n" + rows), RECORDS)
