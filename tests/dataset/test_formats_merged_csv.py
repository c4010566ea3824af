"""Tracks, design and labels in one table."""

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, Meaning, recognise

READER = FORMATS["merged_csv"]
NAMES = frozenset({"Grooming", "Rearing mig", "Rearing paret"})
MEANING = Meaning(names=NAMES)
SEVERAL = Meaning(names=NAMES, columns={"video": "Vídeo", "rater": "Qui", "frame": "Imatge"})
HEADER = "frame;midbody_x;midbody_y;Genotip;Tractament;Estimulació;Rearing mig;Rearing paret;Grooming"


@pytest.fixture
def write(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "m1.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def read(path, meaning=MEANING):
    assert recognise(path, meaning) == "merged_csv"
    return READER.read(path, meaning)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_columns_of_behaviours_are_labels_and_the_others_are_listed(write, encoding):
    (found,) = read(write(f"{HEADER}\n0;1,5;2;HD;ChR2;1;0;1,0;0\n1;1,6;2;HD;ChR2;1;1;0;\n", encoding), MEANING)
    assert found.content.behaviours == ("Rearing mig", "Rearing paret", "Grooming")
    np.testing.assert_array_equal(found.content.values, [[0, 1, 0], [1, 0, -1]])
    assert found.notes == (
        "empty cells of labels count as 'nobody looked'",
        "columns not read: 'midbody_x', 'midbody_y', 'Genotip', 'Tractament', 'Estimulació'",
    )


@pytest.mark.parametrize(
    ("cells", "values", "note"),
    [
        ("x,,X", [1, 0, 1], "empty cells of labels count as 'no', as only what is shown is marked"),
        ("1,,1", [1, 0, 1], "empty cells of labels count as 'no', as only what is shown is marked"),
        ("true,,false", [1, -1, 0], "empty cells of labels count as 'nobody looked'"),
        (",,", [-1, -1, -1], "empty cells of labels count as 'nobody looked'"),
    ],
)
def test_an_empty_cell_means_no_only_where_nothing_is_marked_as_no(write, cells, values, note):
    (found,) = read(write("snout_x,Grooming\n" + "".join(f"{number}.5,{cell}\n" for number, cell in enumerate(cells.split(",")))))
    assert found.content.values[:, 0].tolist() == values and found.notes[0] == note


def test_one_table_may_hold_several_videos_and_raters(write):
    rows = ["v1;A;0;5,5;0", "v1;A;1;5,5;1", "v1;B;1;5,5;1", "v1;B;2;5,5;0", "../v2;A;0;5,5;1"]
    found = read(write("\n".join(["Vídeo;Qui;Imatge;x;Grooming", *rows])), SEVERAL)
    assert [(one.media, one.rater, one.content.values[:, 0].tolist()) for one in found] == [
        ("v1", "A", [0, 1]),
        ("v1", "B", [1, 0]),
        ("../v2", "A", [1]),
    ]


def test_a_long_list_of_columns_is_shortened(write):
    header = ",".join(f"p{number}" for number in range(40))
    (found,) = read(write(f"{header},Grooming\n{'0.5,' * 40}1\n"))
    assert found.notes == ("columns not read: 'p0', 'p1', 'p2', 'p3', 'p4', 'p5' and 34 more",)


FAULTS = {
    "frame,x,Grooming\n0,1.5,0\n2,1.5,0\n": "line 3: expected frame 1, found '2'",
    "frame,x,Grooming\n0,1.5,0\n-1,1.5,0\n": "line 3: expected frame 1, found '-1'",
    "frame,x,Grooming\n0,1.5,0\n1,1.5,yes\n": "line 3, column 'Grooming': expected 1 or x, 0, or nothing, found 'yes'",
    "x,Grooming\n1.5,0\n1.5,nan\n": "line 3, column 'Grooming': expected 1 or x, 0, or nothing, found 'nan'",
    "x,Grooming\n1.5,0\n1.5,0.5\n": "line 3, column 'Grooming': expected 1 or x, 0, or nothing, found '0.5'",
    "x,Grooming\n1.5,0\n,\n1.5,0\n": "line 3: expected a frame, found an empty row with others below; remove it, or fill it",
    "x,Grooming\n1.5,x\n1.5,0\n1.5,\n": "labels are marked by x, by 0 and by empty cells; does empty mean 'no' or 'nobody looked'?",
    "x,Grooming,Grooming\n1.5,0,1\n": "the column 'Grooming' stands twice; keep one",
    "x,Grooming\n1.5\n": "line 2: expected 2 cells as in the header, found 1",
    "x,Grooming\n": "expected a row for each frame below the header, found none",
    "x,groming\n1.5,0\n": "expected one row per frame, columns named in data.behaviours among others, such as coordinates",
    "Vídeo,x,Grooming\nv1,1.5,0\nv2,1.5,0\nv1,1.5,0\n": "line 4: rows of 'v1' stand above too, with others between; sort them by video",
    "Vídeo,x,Grooming\n,1.5,0\n": "line 2: expected the name of the video, found nothing",
    "Vídeo,x,Grooming\nv1,1.5,é": "not UTF-8 text; save it as UTF-8",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_faulty_table_is_refused_with_its_place(write, text):
    with pytest.raises(InputError) as error:
        READER.read(write(text, "latin-1" if text.endswith("é") else "utf-8"), SEVERAL)
    assert FAULTS[text] in str(error.value) and "\n" not in str(error.value)


def test_empty_rows_that_excel_leaves_at_the_end_are_no_frames(write):
    (found,) = read(write("x;Grooming\n1,5;0\n1,5;1\n;\n;\n"))
    assert found.content.values[:, 0].tolist() == [0, 1]
