"""One row per frame, one column per behaviour."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, FrameMarks, Meaning, recognise
from ethocache.dataset.text import read_head

READER = FORMATS["one_hot_csv"]


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "m1.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


TEXTS = {
    "plain": "a,b\n1,0\n0,1\n-1,-1\n",
    "numbered from 0": "frame,a,b\n0,1,0\n1,0,1\n2,,\n",
    "numbered from 1": "Index,a,b\n1,1,0\n2,0,1\n3,,\n",
    "as DeepEthogram writes": ",background,a,b\n0,0,1,0\n1,0,0,1\n2,-1,-1,-1\n",
    "as pandas reads that": "Unnamed: 0,a,b\n0,1.0,0.0\n1,0.0,1.0\n2,-1.0,\n",
    "as R writes": '"","a","b"\n"1","1","0"\n"2",FALSE,TRUE\n"3","",""\n',
    "with decimal commas": "a;b\n1,0;0,0\n0;1\n;\n",
    "with background at the end": "a,b,Background\n1,0,0\n0,1,0\n,,\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_way_to_write_marks_gives_the_same(write, text):
    path = write(text)
    assert recognise(path, Meaning()) == "one_hot_csv"
    found = READER.read(path, Meaning())[0].content
    assert found.behaviours == ("a", "b")
    np.testing.assert_array_equal(found.values, [[1, 0], [0, 1], [-1, -1]])
    assert found.values.dtype == np.int8


@given(arrays.arrays(np.int8, st.tuples(st.integers(1, 12), st.integers(1, 4)), elements=st.integers(-1, 1)), st.sampled_from(",;\t"))
@settings(max_examples=40, deadline=None)
def test_random_marks_are_read_as_they_were_written(tmp_path_factory, values, separator):
    path = tmp_path_factory.mktemp("marks") / "m.csv"
    names = [f"behaviour {number}" for number in range(values.shape[1])]
    path.write_text("\n".join([separator.join(names), *(separator.join(map(str, row)) for row in values.tolist())]))
    found = READER.read(path, Meaning())[0].content
    np.testing.assert_array_equal(found.values, values)
    assert found.behaviours == tuple(names)
    assert recognise(path, Meaning()) == "one_hot_csv"


FAULTS = {
    "frame,a\n0,1\n2,0\n": "line 3: expected frame 1, found '2'; frames go from 0 or from 1",
    "frame,a\n5,1\n": "line 2: expected frame 0, found '5'",
    "frame,a\n1,1\n3,1\n": "line 3: expected frame 2, found '3'",
    "frame,a\nx,1\n": "line 2: expected frame 0, found 'x'",
    "a,b\n1,0\n0,2\n": "line 3, column 'b': expected 0, 1 or nothing (nobody looked), found '2'",
    "a,b\n1,0\n0,nan\n": "line 3, column 'b': expected 0, 1 or nothing (nobody looked), found 'nan'",
    "a,b\n1,0\n0\n": "line 3: expected 2 cells as in the header, found 1",
    "a,b,a\n1,0,1\n": "the column 'a' stands twice; keep one",
    "a,,b\n1,0,1\n": "expected one row per frame and one column of 0 and 1 per behaviour, found the header 'a, , b'",
    "frame\n0\n1\n": "found the header 'frame'",
    "a,background\n1,0\n1,1\n": "line 3: 'background' is 1 although a behaviour is 1",
    "background,a\n1,0\n\n0,0\n": "line 4: 'background' is 0 although no behaviour is 1",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_faulty_file_is_refused_with_its_place(write, text):
    with pytest.raises(InputError) as error:
        READER.read(write(text), Meaning())
    assert FAULTS[text] in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("row", [",0", "-1,", "0,-1"])
def test_background_says_nothing_of_frames_that_nobody_looked_at(write, row):
    assert READER.read(write(f"a,background\n1,0\n{row}\n"), Meaning())[0].content.behaviours == ("a",)


OTHERS = ["", "a,b\n", "frame\n0\n", "behaviour,start_s,stop_s\na,1,2\n", "x,y\n3.5,0\n", "a,b\n1\n", "scorer,D\nbodyparts,a\n"]


@pytest.mark.parametrize("text", OTHERS)
def test_other_files_are_not_taken_for_marks(write, text):
    assert not READER.recognise(read_head(write(text)), Meaning())


def test_the_same_behaviour_twice_cannot_be_built():
    with pytest.raises(InputError, match="the column 'a' stands twice"):
        FrameMarks(("a", "a"), np.zeros((1, 2), np.int8))
