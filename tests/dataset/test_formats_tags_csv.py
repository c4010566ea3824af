"""ethocache's own tags, given back as labels."""

from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, Meaning, recognise
from ethocache.dataset.tags import write_tags

READER = FORMATS["tags_csv"]
names = st.text(st.characters(categories=("L", "N", "P"), codec="utf-8"), min_size=1, max_size=8).map(lambda name: f"b {name}")


@given(st.data(), st.integers(1, 12), st.lists(names, min_size=1, max_size=4, unique=True))
@settings(max_examples=60, deadline=None)
def test_tags_are_read_as_they_were_written(tmp_path_factory, data, frames, behaviours):
    path = tmp_path_factory.mktemp("tags") / "v.csv"
    tags = data.draw(arrays.arrays(np.int8, (frames, len(behaviours)), elements=st.integers(0, 1)))
    intervals = data.draw(arrays.arrays(np.float64, frames, elements=st.floats(0, 10)))  # 0: two frames with one time stamp
    probability = data.draw(arrays.arrays(np.float32, tags.shape, elements=st.floats(0, 1, width=32)))
    write_tags(path, np.arange(frames), np.cumsum(intervals), probability, tags, behaviours)
    assert recognise(path, Meaning(names=frozenset(behaviours))) == "tags_csv"
    (found,) = READER.read(path, Meaning())
    np.testing.assert_array_equal(found.content.values, tags)
    assert found.content.behaviours == tuple(normalize("NFC", name) for name in behaviours)
    assert found.notes == ("the columns of probabilities are not read",)


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "v.csv"
        path.write_text(text, encoding="utf-8-sig")
        return path

    return write


def test_tags_that_excel_saved_with_commas_and_some_emptied_are_read(write):
    path = write("frame;time_s;a_probability;a\n0;0;0,1;0\n1;0,033333;1;1\n2;0,066667;0,5;\n3;0,1;0,5;-1\n")
    assert recognise(path, Meaning()) == "tags_csv"
    assert READER.read(path, Meaning())[0].content.values[:, 0].tolist() == [0, 1, -1, -1]


def test_tags_whose_numbers_are_all_whole_are_not_taken_for_marks(write):
    assert recognise(write("frame,time_s,a_probability,a\n0,0,0,0\n1,1,1,1\n"), Meaning(names=frozenset("a"))) == "tags_csv"


H = "frame,time_s,a_probability,a\n"
FAULTS = {
    H + "0,0,0.5,1\n2,1,0.5,1\n": "line 3: expected frame 1, found '2'",
    H + "0,1,0.5,1\n1,0.5,0.5,1\n": "line 3: time 0.5 comes after 1 s; rows are frames, in order of time",
    H + "0,soon,0.5,1\n": "line 2: expected a time such as 12.4 or 0:12.4, found 'soon'",
    H + "0,nan,0.5,1\n": "line 2: expected a time such as 12.4 or 0:12.4, found 'nan'",
    H + "0,0,0.5,0.5\n": "line 2, column 'a': expected 0, 1 or nothing (nobody looked), found '0.5'",
    H + "0,0,0.5,x\n": "line 2, column 'a': expected 0, 1 or nothing (nobody looked), found 'x'",
    H + "0,0,0.5\n": "line 2: expected 4 cells as in the header, found 3",
    "frame,time_s,a,a_probability\n0,0,1,0.5\n": "expected columns frame, time_s, and <behaviour>_probability, <behaviour>",
    "frame,time_s,a_probability,a,a_probability,a\n0,0,0.5,1,0.5,1\n": "the column 'a' stands twice; keep one",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_faulty_file_is_refused_with_its_place(write, text):
    with pytest.raises(InputError) as error:
        READER.read(write(text), Meaning())
    assert FAULTS[text] in str(error.value) and "\n" not in str(error.value)
