"""No file is taken for two formats, and none of another kind for a table of labels."""

import json
import tracemalloc

import pytest
from openpyxl import Workbook

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, Meaning, recognise
from ethocache.dataset.text import read_head

NAMES = frozenset({"a", "b"})
ROLES = {"behaviour": "type", "start": "from", "stop": "to", "video": "clip", "rater": "who"}
MEANINGS = [Meaning(), Meaning(names=NAMES), Meaning(names=NAMES, columns=ROLES), Meaning(names=NAMES, columns={"frame": "n"})]
FILES = {
    "behaviour,start_s,stop_s\na,1,2\n": "bouts_csv",
    "behaviour,start_frame,stop_frame\nx,0,1\n": "bouts_csv",
    "frame,a,b\n0,0,0\n1,1,0\n": "one_hot_csv",
    "a,b\n1,1\n": "one_hot_csv",
    ",background,a,b\n0,1,0,0\n1,-1,-1,-1\n": "one_hot_csv",
    "frame,a,b\n0,,\n1,1,0\n": "one_hot_csv",
    "frame,a,b\n0,-1,\n": "one_hot_csv",
    "frame,a,b\n0,,\n1,x,\n": "x_marks",
    "frame,a,b\n0,,\n1,x,1\n": "x_marks",
    "Title,,\nframe,a,b\n0,x,\n": "x_marks",
    "frame,time_s,a_probability,a\n0,0.0,0.1,0\n": "tags_csv",
    "frame,time_s,a_probability,a\n0,0,1,\n": "tags_csv",
    ",n_x,n_y,n_p,a\n0,1.5,2.5,0.9,0\n": "simba",
    ",n_x,n_y,n_p,a\n0,1,0,1,0\n": "simba",
}
WITH_NAMES = {
    "frame,a,b\n0,,\n1,,\n": "x_marks",
    "frame,a,b\n0,,\n1,1,\n": "x_marks",
    "Title,,\nframe,a,b\n0,0,1\n": "x_marks",
    "time,a\n0.0,0\n0.5,1\n": "x_marks",
    "frame,snout_x,a\n0,12.5,0\n": "merged_csv",
    "frame,snout_x,a\n0,12.5,x\n": "merged_csv",
    ",n_y,n_p,a\n0,1,0\u20280,\n": "merged_csv",
    "Genotip,a\nHD,1\nHD,\n": "merged_csv",
}
WITH_ROLES = {
    "type;from;to\na;1,5;2\n": "bouts_csv",
    "clip,who,type,from,to\nv,A,a,1,2\n": "bouts_csv",
    "clip,type\nv,a\n": "clip_table",
    "clip,a,snout\nv,1,3.5\n": "merged_csv",
}
CASES = [
    *((text, name, meaning) for text, name in FILES.items() for meaning in MEANINGS),
    *((text, name, meaning) for text, name in WITH_NAMES.items() for meaning in MEANINGS[1:]),
    *((text, name, MEANINGS[2]) for text, name in WITH_ROLES.items()),
]


def recognised(path, meaning):
    return [name for name, candidate in FORMATS.items() if candidate.recognise(read_head(path), meaning)]


@pytest.mark.parametrize(("text", "name", "meaning"), CASES)
def test_each_file_is_of_one_format_as_text_and_as_excel(tmp_path, text, name, meaning):
    (tmp_path / "f.csv").write_text(text)
    assert recognised(tmp_path / "f.csv", meaning) == [name]
    workbook, separator = Workbook(), ";" if ";" in text else ","
    for line in text.split("\n"):
        workbook.active.append([float(cell) if cell.replace(".", "").isdigit() else cell or None for cell in line.split(separator)])
    workbook.save(tmp_path / "f.xlsx")
    assert recognised(tmp_path / "f.xlsx", meaning) == [name]


OTHERS = [
    "",
    "a,b\n",
    "scorer,D,D,D\nbodyparts,a,a,a\ncoords,x,y,likelihood\n0,1.5,2.5,0.9\n",
    ",scorer,D,D,D\n0,bodyparts,a,a,a\n1,coords,x,y,likelihood\n2,0,1,1,1\n",
    "x,y\n1.5,2.5\n",
    "a note about x and y",
    "x\n",
    "\n\n \n",
    '{"a": "x"}',
]


@pytest.mark.parametrize("text", OTHERS)
@pytest.mark.parametrize("meaning", MEANINGS[:1])
def test_other_files_are_of_no_format(tmp_path, text, meaning):
    (tmp_path / "f.csv").write_text(text)
    assert recognised(tmp_path / "f.csv", meaning) == []
    with pytest.raises(InputError, match=r"this is (empty)|no format of labels recognises the header"):
        recognise(tmp_path / "f.csv", meaning)


@pytest.mark.parametrize("name", FORMATS)
def test_one_endless_line_is_refused_by_every_reader_in_little_memory(tmp_path, name):
    path = tmp_path / "line.csv"
    with path.open("wb") as file:
        for _ in range(100):
            file.write(b"a,x," * 2**18)
    tracemalloc.start()
    with pytest.raises(
        InputError, match=r"line 1 is longer than 1048576 characters|one line of more than 64 KiB|starts with '{', found something else"
    ):
        FORMATS[name].read(path, MEANINGS[2])
    assert tracemalloc.get_traced_memory()[1] < 30 * 2**20
    tracemalloc.stop()
    assert recognised(path, MEANINGS[1]) == []


def test_a_boris_project_on_one_line_is_no_sheet_of_marks(tmp_path):
    """As the report saves it: what looks like a header has no rows below it."""
    event = [0.5, "", "grooming", "", "", 5]
    observation = {"type": "MEDIA", "file": {"1": ["m1.mp4"]}, "events": [event, [0.9, *event[1:]]], "time offset": 0.0}
    behaviours = {str(place): {"type": "State event", "code": name} for place, name in enumerate(("grooming", "rearing"))}
    project = {"project_format_version": "7.0", "subjects_conf": {}, "behaviors_conf": behaviours, "observations": {"m1": observation}}
    path = tmp_path / "m1.boris"
    path.write_text(json.dumps(project, separators=(",", ":")))
    assert recognise(path, Meaning(names=frozenset({"grooming", "rearing"}))) == "boris_project"
