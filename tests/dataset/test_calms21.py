"""CalMS21's files as tracks and labels; the sequences are made up here, in the layout that its readme describes."""

import json

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.calms21 import KEY_POINTS, MICE, convert_calms21
from ethocache.dataset.label_rules import LabelParams
from ethocache.dataset.labels import read_labels
from ethocache.dataset.tracks import read_track

VOCAB = {"attack": 0, "investigation": 1, "mount": 2, "other": 3}
NAMES = ("attack", "investigation", "mount")


def sequence(frames=6, annotations=None):
    """Mouse m's point p of frame t lies at x = 100 t + 10 m + p, y = x + 500."""
    x = 100.0 * np.arange(frames)[:, None, None] + 10.0 * np.arange(2)[:, None] + np.arange(7)
    scores = np.broadcast_to(0.5 + 0.05 * np.arange(7), (frames, 2, 7))
    made = {
        "keypoints": np.stack([x, x + 500], axis=2).tolist(),
        "scores": scores.tolist(),
        "metadata": {"annotator-id": 0, "vocab": VOCAB},
    }
    return made | ({} if annotations is None else {"annotations": annotations})


@pytest.fixture
def convert(tmp_path):
    def convert(content):
        path = tmp_path / "calms21_task1_train.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return convert_calms21(path, tmp_path / "out")

    return convert


def test_tracks_and_labels_say_what_the_file_says(convert, tmp_path):
    said = [3, 3, 1, 1, 0, 2]
    told = convert({"annotator-id_0": {"task1/train/mouse001_task1_annotator1": sequence(annotations=said)}})
    assert told == f"1 sequence of 6 frames written to {tmp_path / 'out'}, 1 of them with labels"
    track = read_track(tmp_path / "out/tracks/mouse001_task1_annotator1.csv")
    assert (track.individuals, track.names) == (MICE, KEY_POINTS)
    np.testing.assert_allclose(track.points[3, 1, 2], [312.0, 812.0, 0.6])
    table = read_labels(tmp_path / "out/labels/mouse001_task1_annotator1.csv", NAMES, np.arange(6) / 30, LabelParams())
    np.testing.assert_array_equal(table.values, np.array([[said_now == VOCAB[name] for name in NAMES] for said_now in said]))


def test_sequences_of_several_groups_and_without_labels_are_written_too(convert, tmp_path):
    content = {"annotator-id_1": {"task2/train/a": sequence(2, [3, 3])}, "annotator-id_2": {"task2/train/b": sequence(3)}}
    assert "2 sequences of 5 frames" in convert(content)
    assert sorted(path.name for path in (tmp_path / "out/tracks").iterdir()) == ["a.csv", "b.csv"]
    assert [path.name for path in (tmp_path / "out/labels").iterdir()] == ["a.csv"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("no json", "expected a JSON file of CalMS21, found something else (Expecting value: line 1 column 1 (char 0))"),
        ([], "expected groups of sequences as CalMS21 has them, found none"),
        ({"g": {"x": {"keypoints": []}}}, "expected keypoints and scores of the sequence 'x', found others"),
        ({"g": {"x/z": sequence()}, "h": {"y/z": sequence()}}, "expected a name of its own for each sequence, found 'y/z'"),
        ({"g": {"x/..": sequence()}}, "expected a name of its own for each sequence, found 'x/..'"),
        ({"g": {"a b": sequence()}}, "expected a name of its own for each sequence, found 'a b'"),
        ({"g": {"x": sequence() | {"scores": [[[1.0]]]}}}, "expected keypoints (frames, 2, 2, 7) and scores (frames, 2, 7), found (6,"),
        ({"g": {"x": sequence() | {"scores": [[1.0], [2.0, 3.0]]}}}, "x: expected numbers of the same shape in every frame, found others"),
        ({"g": {"x": sequence(2, [0, 9])}}, "x: expected one of 0 (attack), 1 (investigation), 2 (mount), 3 (other) for each of 2 frames"),
        ({"g": {"x": sequence(2, [0])}}, "for each of 2 frames"),
        ("[" * 100_000, "expected a JSON file of CalMS21, found something else ("),
        ({"g": {"a/x": sequence(), "a/X": sequence()}}, "expected a name of its own for each sequence, found 'a/X'"),
        ({"g": {"x": sequence(0)}}, "x: expected keypoints (frames, 2, 2, 7) and scores (frames, 2, 7), found (0,"),
        ({"g": {"x": sequence() | {"keypoints": np.full((6, 2, 2, 7), np.inf).tolist()}}}, "x: expected keypoints in pixels, found"),
        ({"g": {"x": sequence(2, [[0], [0, 1]])}}, "x: expected one number for each frame in annotations, found lists of several lengths"),
        ({"g": {"x": sequence(2, [0, 0]) | {"metadata": []}}}, "x: expected the behaviours' numbers in metadata: vocab, found None"),
        ({"g": {"x": sequence(2, [0, 0]) | {"metadata": {"vocab": {"a,b": 0}}}}}, "x: expected names of behaviours in metadata: vocab"),
        ({"g": {"x": sequence(2, [0, 0]) | {"metadata": {"vocab": {"other": 0}}}}}, "x: expected names of behaviours in metadata: vocab"),
        ({"g": {"x": sequence(2, [0, 0]) | {"metadata": {}}}}, "x: expected the behaviours' numbers in metadata: vocab, found None"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_told_of(convert, content, expected):
    with pytest.raises(InputError) as refused:
        convert(content)
    assert expected in str(refused.value)


def test_a_file_that_is_not_there_and_a_folder_that_is_full_are_told_of(convert, tmp_path):
    with pytest.raises(InputError, match=r"is not there: unzip the task and name its \.json file"):
        convert_calms21(tmp_path / "none.json", tmp_path / "out")
    convert({"g": {"x": sequence()}})
    with pytest.raises(InputError, match="tracks: expected no files there yet, found some; name a new folder with --to"):
        convert({"g": {"x": sequence()}})


def test_nothing_is_written_of_a_file_in_which_one_sequence_is_wrong(convert, tmp_path):
    with pytest.raises(InputError, match="b: expected one of"):
        convert({"g": {"a": sequence(2, [0, 3]), "b": sequence(2, [0, 9])}})
    assert not (tmp_path / "out").exists()
