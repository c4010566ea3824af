"""SimBA's labelled frames; the layout is that of its documentation (docs/label_behavior.md, "Save Annotations")."""

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, Meaning, recognise

READER = FORMATS["simba"]
MEANING = Meaning(names=frozenset({"Attack", "Sniffing"}))
HEADER = ",Nose_1_x,Nose_1_y,Nose_1_p,Tail_base_1_x,Tail_base_1_y,Tail_base_1_p,Movement,Low_prob_detections,Attack,Sniffing"


def row(frame, *targets):
    return ",".join(map(str, (frame, 790.72, 916.43, 1, 842.23, 841.65, 0.99, frame / 7, 0, *targets)))


@pytest.fixture
def write(tmp_path):
    def write(*lines):
        path = tmp_path / "Video1.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def test_the_last_columns_are_labels_and_poses_and_features_are_listed(write):
    path = write(HEADER, row(0, 0, 0), row(1, 1, 0), row(2, 1, 1), row(3, "", 0))
    assert recognise(path, MEANING) == "simba"
    (found,) = READER.read(path, MEANING)
    assert found.content.behaviours == ("Attack", "Sniffing")
    np.testing.assert_array_equal(found.content.values, [[0, 0], [1, 0], [1, 1], [-1, 0]])
    (note,) = found.notes
    assert note.startswith("columns not read: 'Nose_1_x', 'Nose_1_y'") and note.endswith("and 2 more")


def test_a_behaviour_after_a_known_one_is_not_left_out(write):
    path = write(f"{HEADER},Chase", row(0, 0, 0, 1), row(1, 1, 0, 0))
    assert READER.read(path, MEANING)[0].content.behaviours == ("Attack", "Sniffing", "Chase")


def test_a_file_whose_behaviours_nobody_has_named_is_recognised_and_says_what_to_name(write):
    path = write(HEADER, row(0, 0, 0))
    assert recognise(path, Meaning()) == "simba"
    with pytest.raises(InputError, match=r"its last columns, here 'Low_prob_detections, Attack, Sniffing'; none .* name those that are"):
        READER.read(path, Meaning())


FAULTS = {
    "a frame left out": ((HEADER, row(0, 0, 0), row(2, 0, 0)), "line 3: expected frame 1, found '2'"),
    "a probability": ((HEADER, row(0, 0.5, 0)), "line 2, column 'Attack': expected 0, 1 or nothing (nobody looked), found '0.5'"),
    "an x": ((HEADER, row(0, "x", 0)), "line 2, column 'Attack': expected 0, 1 or nothing (nobody looked), found 'x'"),
    "a cut row": ((HEADER, row(0, 0)), "line 2: expected 11 cells as in the header, found 10"),
    "a behaviour twice": ((f"{HEADER},Attack", row(0, 0, 0, 0)), "the column 'Attack' stands twice; keep one"),
    "predictions": ((f"{HEADER},Probability_Attack", row(0, 0, 0, 0.1)), "this holds what SimBA predicted (columns 'Probability_...')"),
    "no pose": (("frame,Attack", "0,1"), "expected <point>_x, <point>_y and <point>_p columns, features, and a column of 0 and 1"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_refused_with_its_place(write, fault):
    lines, message = FAULTS[fault]
    with pytest.raises(InputError) as error:
        READER.read(write(*lines), MEANING)
    assert message in str(error.value) and "\n" not in str(error.value)
