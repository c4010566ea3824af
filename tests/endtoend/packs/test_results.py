"""The folder of tags: a name for each video, and nobody's file is written over."""

import pytest

from ethocache.common.errors import InputError
from ethocache.endtoend.packs.results import Results


def test_videos_of_one_name_get_their_folders_before_it(tmp_path):
    videos = [tmp_path / "day1/m.mp4", tmp_path / "day2/m.mp4", tmp_path / "day1/n.mp4"]
    assert [*Results(tmp_path / "to", "a").name(videos)] == ["m", "day2_m", "n"]


def test_a_later_run_keeps_the_names_and_takes_no_other(tmp_path):
    Results(tmp_path / "to", "a").name([tmp_path / "day1/m.mp4"])
    assert [*Results(tmp_path / "to", "a").name([tmp_path / "day2/m.mp4"])] == ["day2_m"]
    assert [*Results(tmp_path / "to", "a").name([tmp_path / "day1/m.mp4", tmp_path / "day2/m.mp4"])] == ["m", "day2_m"]


def test_names_that_differ_in_capitals_only_are_one(tmp_path):
    assert [*Results(tmp_path / "to", "a").name([tmp_path / "a/m.mp4", tmp_path / "b/M.mp4"])] == ["m", "b_M"]


def test_two_files_that_differ_in_their_ending_only_get_a_number_in_the_last_resort(tmp_path):
    names = [*Results(tmp_path / "to", "a").name([tmp_path / "m.mp4", tmp_path / "m.avi", tmp_path / "m.mkv"])]
    assert len(set(names)) == 3


def test_a_folder_of_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(InputError, match="holds other files than tags of videos; name a new or empty folder"):
        Results(tmp_path, "a")


def test_a_folder_of_another_model_is_refused(tmp_path):
    Results(tmp_path / "to", "a").name([tmp_path / "m.mp4"])
    with pytest.raises(InputError, match="holds the tags of another model; name another folder"):
        Results(tmp_path / "to", "b")


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "to").touch()
    with pytest.raises(InputError, match="is a file; name a folder"):
        Results(tmp_path / "to", "a")


def test_two_runs_at_once_take_no_name_of_each_other(tmp_path):
    one, other = Results(tmp_path / "to", "a"), Results(tmp_path / "to", "a")
    assert [*one.name([tmp_path / "day1/m.mp4"]), *other.name([tmp_path / "day2/m.mp4"])] == ["m", "day2_m"]
    assert [*Results(tmp_path / "to", "a").name([tmp_path / "day1/m.mp4", tmp_path / "day2/m.mp4"])] == ["m", "day2_m"]


def test_hidden_files_make_no_folder_a_full_one(tmp_path):
    (tmp_path / ".DS_Store").touch()
    assert [*Results(tmp_path, "a").name([tmp_path / "m.mp4"])] == ["m"]
