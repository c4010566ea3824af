import unicodedata
from pathlib import Path

import pytest

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.dataset.folder import DataFolder, DataParams, NamesByStem, plain_name, refuse_results_folder


def parse(**settings):
    return parse_section({"dir": "data", "behaviours": ["grooming"]} | settings, DataParams, "params.yaml: data")


@pytest.mark.parametrize("pattern", ["../*.mp4", "videos/../../*.mp4", "/etc/*", "", "."])
def test_a_pattern_cannot_leave_the_data_folder(pattern):
    with pytest.raises(InputError, match=r"expected a pattern below data\.dir"):
        parse(videos=pattern)


@pytest.mark.parametrize("setting", ["videos", "tracks", "labels"])
@pytest.mark.parametrize("pattern", ["**.mp4", "videos/**x/*.mp4"])
def test_a_pattern_that_cannot_be_searched_for_is_refused(setting, pattern):
    with pytest.raises(InputError, match=rf"data: '{setting}': expected a pattern such as 'videos/\*\.mp4' or .*, found") as caught:
        parse(**{setting: pattern})
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("behaviours", "message"),
    [
        ([], "expected the names that your labels use, such as"),
        (["grooming", "Grooming"], "expected each behaviour once"),
        ([" grooming"], "names without spaces around them"),
        (["a\nb"], "names without spaces around them"),
        (["macro"], "'macro' is a word of the metrics file"),
        (["frame"], "'frame' is another column of the tables of tags"),
        (["Time_s"], "'time_s' is another column of the tables of tags"),
        (["rearing", "Rearing_probability"], "'rearing_probability' is another column of the tables of tags"),
    ],
)
def test_behaviours_that_would_mix_are_refused(behaviours, message):
    with pytest.raises(InputError, match=message):
        parse(behaviours=behaviours)


def test_a_missing_folder_says_where_it_was_expected(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"data\.dir: expected a folder, found none at .*nowhere; set data\.dir"):
        DataFolder("nowhere")


def test_files_are_named_relative_to_the_folder_sorted_and_without_hidden_ones(tmp_path):
    for name in ("b 2.mp4", "a.mp4", ".DS_Store", "._a.mp4", "sub/c.mp4"):
        path = tmp_path / "videos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "videos" / "folder.mp4").mkdir()
    folder = DataFolder(str(tmp_path))
    assert list(folder.files("videos/*.mp4")) == ["videos/a.mp4", "videos/b 2.mp4"]
    assert list(folder.files("**/*.mp4")) == ["videos/a.mp4", "videos/b 2.mp4", "videos/sub/c.mp4"]
    assert folder.path("videos/sub/c.mp4") == tmp_path / "videos/sub/c.mp4"


def test_a_copy_of_the_project_takes_what_git_does_not_carry_from_the_main_checkout(tmp_path, monkeypatch):
    main, copy = tmp_path / "main", tmp_path / "copy"
    for place, name in ((main, "video.mp4"), (main, "labels.csv"), (copy, "labels.csv")):
        (place / "data").mkdir(parents=True, exist_ok=True)
        (place / "data" / name).write_text(place.name)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("DVC_ROOT", str(main))
    folder = DataFolder("data")
    files = folder.files("*")
    assert {name: path.read_text() for name, path in files.items()} == {"labels.csv": "copy", "video.mp4": "main"}
    assert folder.path("labels.csv").read_text() == "copy"


def test_a_file_that_has_gone_says_so(tmp_path):
    with pytest.raises(InputError, match=r"a\.mp4 is gone since the videos were indexed"):
        DataFolder(str(tmp_path)).path("a.mp4")


def test_names_are_found_by_their_beginning_whatever_form_their_accents_have():
    decomposed = unicodedata.normalize("NFD", "ratón1DLC_a.csv")
    names = NamesByStem([f"tracks/{decomposed}", "tracks/ratón10DLC_a.csv", "tracks/rat.csv", "ratz.csv"])
    assert names.starting_with(plain_name("ratón1")) == ["tracks/ratón10DLC_a.csv", f"tracks/{decomposed}"]
    assert names.starting_with("nobody") == []


@pytest.mark.parametrize("folder", ["data", ".", "data/labels", "data/labels/mine", "data/../data"])
def test_a_data_folder_in_which_results_would_replace_the_labs_files_is_refused(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"overlaps with 'data/labels', where results are written and removed"):
        refuse_results_folder(folder, [Path("data/labels")])


@pytest.mark.parametrize("folder", ["data/mylab", "mylab", "../elsewhere", "data/labels2"])
def test_a_data_folder_of_its_own_is_fine(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    assert refuse_results_folder(folder, [Path("data/labels"), Path("data/tracks")]) is None
