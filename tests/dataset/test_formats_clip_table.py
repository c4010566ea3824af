"""One class per clip."""

import pytest
from pipeline import SHARED

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, Meaning, WholeVideo, recognise
from ethocache.dataset.text import read_head

READER = FORMATS["clip_table"]
MEANING = Meaning(columns={"video": "clip", "behaviour": "class"})


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "clips.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_each_row_is_one_class_for_one_whole_video(write):
    path = write("class;clip;fps\ngrooming;a.avi;5\n;;\nother;../../etc/passwd;5\n")
    assert recognise(path, MEANING) == "clip_table"
    found = READER.read(path, MEANING)
    assert [(one.media, one.content) for one in found] == [
        ("a.avi", WholeVideo("grooming", 2)),
        ("../../etc/passwd", WholeVideo("other", 4)),
    ]
    assert found[0].notes == ("columns not read: 'fps'",)


FAULTS = {
    "clip,class\na,x\nb,y\na,z\n": "line 4: the clip 'a' has a class already, in line 2; keep one",
    "clip,class\na\x07b,x\na\x07b,x\n": "line 3: the clip 'a b' has a class already, in line 2",
    "clip,class\na,\n": "line 2, column 'class': expected a name, found nothing",
    "clip,class\n,x\n": "line 2, column 'clip': expected a name, found nothing",
    "clip,kind\na,x\n": "expected one row per clip, its columns named in labels.columns as video and behaviour",
    "clip,class,clip\na,x,b\n": "expected one row per clip",
    "": "expected a table with a header row, found an empty file",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_faulty_table_is_refused_with_its_place(write, text):
    with pytest.raises(InputError) as error:
        READER.read(write(text), MEANING)
    assert FAULTS[text] in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("header", ["clip,class,start_s,stop_s", "Time,clip,class", "clip,kind", "clip,class,class"])
def test_tables_that_tell_times_or_lack_a_column_are_no_clips(write, header):
    assert not READER.recognise(read_head(write(header + "\n")), MEANING)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real clips are not beside the repository (../shared/data)")
def test_the_eighty_real_clips_are_read():
    path, meaning = SHARED / "bsoid_clips/clip_labels.csv", Meaning(columns={"video": "clip", "behaviour": "superclass"})
    assert recognise(path, meaning) == "clip_table"
    classes = [one.content.behaviour for one in READER.read(path, meaning)]
    assert {name: classes.count(name) for name in set(classes)} == {"grooming": 20, "rearing": 15, "other": 45}
