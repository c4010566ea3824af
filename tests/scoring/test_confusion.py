import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from ethocache.scoring.confusion import confusion_counts


def test_without_overlap_it_is_the_confusion_matrix_of_scikit_learn(drawn):
    labels = {"a": "##......##", "b": "..##....??", "c": "....##..??"}
    tags = {"a": "#.#.#.....", "b": ".#.#......", "c": ".....##..#"}
    counts = confusion_counts([drawn("v", **{name: (labels[name][:8], tags[name][:8]) for name in "abc"})])
    true = ["a", "a", "b", "b", "c", "c", "none", "none"]
    said = ["a", "b", "a", "b", "a", "c", "c", "none"]
    assert counts.tolist() == confusion_matrix(true, said, labels=["a", "b", "c", "none"]).tolist()


def test_perfect_tags_of_overlapping_behaviours_are_a_diagonal(drawn):
    counts = confusion_counts([drawn("v", a=("###.", "###."), b=(".##.", ".##."))])
    assert counts.tolist() == [[3, 0, 0], [0, 2, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("a", "b", "row", "column"),
    [
        pytest.param(("#", "."), (".", "#"), 0, 1, id="one taken for the other"),
        pytest.param(("#", "."), (".", "."), 0, 2, id="one missed"),
        pytest.param((".", "#"), (".", "."), 2, 0, id="a false alarm"),
        pytest.param(("#", "."), ("?", "#"), 0, 2, id="what nobody looked for is no mistake"),
    ],
)
def test_a_frame_counts_once(drawn, a, b, row, column):
    expected = np.zeros((3, 3), dtype=int)
    expected[row, column] = 1
    assert confusion_counts([drawn("v", a=a, b=b)]).tolist() == expected.tolist()


def test_a_false_alarm_beside_a_right_tag_is_found_and_a_false_alarm(drawn):
    assert confusion_counts([drawn("v", a=("#", "#"), b=(".", "#"))]).tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_frames_nobody_looked_at_count_nowhere(drawn):
    assert confusion_counts([drawn("v", a=("??", "#."))]).sum() == 0
