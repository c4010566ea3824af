"""Which model of a DeepLabCut project is meant, and what its description may say. No network is loaded."""

import shutil
from pathlib import Path

import pytest
import yaml

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.sessions import NO_VIDEO
from ethocache.dataset.videos import VideoFacts
from ethocache.vision.tracking import TrackParams, make_tracker
from ethocache.vision.tracking.model_config import read_model_config
from ethocache.vision.tracking.model_files import find_model

TINY = Path(__file__).parent / "data/tiny_deeplabcut"
MODELS = "dlc-models-pytorch/iteration-0"
TRAIN = f"{MODELS}/renderedJan1-trainset95shuffle1/train"


@pytest.fixture
def project(tmp_path):
    return Path(shutil.copytree(TINY, tmp_path / "tiny"))


def settings(model: Path | None, **more):
    return TrackParams(source="deeplabcut", model=str(model) if model else None, **more)


def edit(path: Path, change) -> None:
    config = yaml.safe_load(path.read_text())
    change(config)
    path.write_text(yaml.safe_dump(config))


@pytest.mark.parametrize("place", ["", "config.yaml", TRAIN, f"{TRAIN}/pytorch_config.yaml"])
def test_a_project_its_config_a_model_and_its_description_all_name_a_model(project, place):
    assert find_model(settings(project / place)).config == project / TRAIN / "pytorch_config.yaml"


def test_only_a_project_has_a_pcutoff(project):
    assert find_model(settings(project)).pcutoff == 0.4
    assert find_model(settings(project / TRAIN)).pcutoff is None
    edit(project / "config.yaml", lambda config: config.update(pcutoff="high"))
    assert find_model(settings(project)).pcutoff is None


def test_no_model_is_refused():
    with pytest.raises(
        InputError, match=r"track.model: expected the folder of a DeepLabCut project, or its pytorch_config.yaml; found nothing"
    ):
        find_model(settings(None))


def test_a_folder_without_a_project_is_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"track.model: expected the folder of a DeepLabCut project \(with a config.yaml\), or .* found neither at "
    ):
        find_model(settings(tmp_path))


def test_of_several_shuffles_one_must_be_named(project):
    second = project / TRAIN.replace("shuffle1", "shuffle2")
    shutil.copytree(project / TRAIN, second)
    with pytest.raises(InputError, match=r"holds 2 trained models; set track.model to one of .*shuffle1.*, .*shuffle2"):
        find_model(settings(project))
    assert find_model(settings(second)).config == second / "pytorch_config.yaml"


def test_a_shuffle_that_was_never_trained_does_not_count(project):
    shutil.copytree(project / TRAIN, project / TRAIN.replace("shuffle1", "shuffle2"), ignore=shutil.ignore_patterns("*.pt"))
    assert find_model(settings(project)).config.parent == project / TRAIN


def test_the_iteration_is_the_projects(project):
    edit(project / "config.yaml", lambda config: config.update(iteration=1))
    with pytest.raises(InputError, match=r"expected a trained model in .*iteration-1 \(iteration 1 of its config.yaml\), found none$"):
        find_model(settings(project))
    edit(project / "config.yaml", lambda config: config.update(iteration="last"))
    with pytest.raises(InputError, match=r"config.yaml: iteration: expected a whole number, found 'last'"):
        find_model(settings(project))


def test_a_project_of_deeplabcut_2_is_told_what_to_do(project):
    (project / "dlc-models-pytorch").rename(project / "dlc-models")
    with pytest.raises(InputError, match=r"trained with DeepLabCut 2 \(TensorFlow\): .* use track.source: files"):
        find_model(settings(project))


def test_the_best_snapshot_is_taken_else_the_one_trained_longest(project):
    model = find_model(settings(project))
    folder = model.config.parent
    for epoch in (90, 200):
        (folder / f"snapshot-{epoch}.pt").touch()
    assert model.snapshot(None).name == "snapshot-best-100.pt"
    (folder / "snapshot-best-100.pt").unlink()
    assert model.snapshot(None).name == "snapshot-200.pt", "200 is more than 90, as numbers"
    assert model.snapshot("snapshot-90.pt").name == "snapshot-90.pt"
    assert model.snapshot(str(folder / "snapshot-90.pt")) == folder / "snapshot-90.pt"


def test_two_best_snapshots_are_refused_with_their_names(project):
    model = find_model(settings(project))
    (model.config.parent / "snapshot-best-90.pt").touch()
    with pytest.raises(
        InputError, match=r"track.snapshot: .* several best snapshots, snapshot-best-100.pt, snapshot-best-90.pt; name the one"
    ):
        model.snapshot(None)


def test_weights_that_are_not_there_are_refused(project):
    model = find_model(settings(project))
    with pytest.raises(InputError, match=r"track.snapshot: expected a file of weights, found none at .*snapshot-7.pt and none at "):
        model.snapshot("snapshot-7.pt")
    with pytest.raises(
        InputError, match=r"track.detector: expected weights called snapshot-detector-\*.pt in .*, found none; train the model"
    ):
        model.detector(None)


def test_moving_a_project_or_training_on_leaves_the_description_as_it_is(project):
    path = project / TRAIN / "pytorch_config.yaml"
    before = read_model_config(path)

    def move(config):
        config["metadata"]["project_path"] = "D:\\lab"
        config["train_settings"] = {"epochs": 500}
        config["device"] = "cuda:1"

    edit(path, move)
    assert read_model_config(path) == before
    edit(path, lambda config: config["data"]["inference"].update(normalize_images=False))
    assert read_model_config(path) != before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda config: config.update(method="ctd"),
            "method: expected bu or td, found 'ctd'; analyse with DeepLabCut, and use track.source: files",
        ),
        (lambda config: config.pop("model"), r"expected the pytorch_config.yaml of a model that DeepLabCut 3 trained, .*\('model'\)"),
        (lambda config: config["metadata"].update(bodyparts=None), "something is not there"),
        (lambda config: config.update(data=[1]), "something is not there"),
        (lambda config: config["model"].update(neck={"pretrained": "x.pt"}), r"'pretrained: x.pt' names a file; remove that line"),
        (lambda config: config["model"]["backbone"].update(model_name="hf-hub:a/b"), "'model_name: hf-hub:a/b' names a place on a hub"),
    ],
)
def test_a_description_that_cannot_be_run_is_refused(project, change, message):
    path = project / TRAIN / "pytorch_config.yaml"
    edit(path, change)
    with pytest.raises(InputError, match=f"pytorch_config.yaml: {message}" if "something" not in message else message):
        read_model_config(path)


def test_a_description_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"track.model: expected a pytorch_config.yaml, found no file at "):
        read_model_config(tmp_path / "pytorch_config.yaml")


def test_a_setting_of_training_cannot_make_deeplabcut_unpickle(project):
    path = project / TRAIN / "pytorch_config.yaml"
    edit(path, lambda config: config.update(runner={"load_weights_only": False}))
    assert read_model_config(path).values["runner"] == {"load_weights_only": True}


def test_a_box_needs_a_detector(project, tmp_path):
    with pytest.raises(
        InputError, match=r"track.detector_only: .*pytorch_config.yaml describes a model without a detector; set it to false"
    ):
        make_tracker(settings(project, detector_only=True), Store(tmp_path))


def test_a_session_without_a_video_is_refused(project, tmp_path):
    facts = VideoFacts(3, 64, 48, "", NO_VIDEO, 10.0, 0.3, False, (), "f" * 64)
    with pytest.raises(
        InputError, match=r"s1.csv: it has no video for track.source 'deeplabcut' to look at; leave data.fps empty, or use 'files'"
    ):
        make_tracker(settings(project), Store(tmp_path)).recipe(VideoRecord("s1", "s1.csv", {}, "s1", facts))


def test_every_file_that_decides_is_watched(project, tmp_path):
    weights = tmp_path / "mine.pt"
    weights.touch()
    tracker = make_tracker(settings(project, snapshot=str(weights)), Store(tmp_path))
    watched = {path for root, pattern in tracker.places() for path in root.glob(pattern)}
    assert {weights, project / "config.yaml", *(project / TRAIN).iterdir()} <= watched


def test_the_description_tells_another_snapshot(project, tmp_path):
    store = Store(tmp_path / "store")
    before = make_tracker(settings(project), store).description()
    shutil.copy(project / TRAIN / "snapshot-best-100.pt", project / TRAIN / "snapshot-5.pt")
    assert make_tracker(settings(project, snapshot="snapshot-5.pt"), store).description() == before, "the same content"
    (project / TRAIN / "snapshot-5.pt").write_bytes(b"other")
    assert make_tracker(settings(project, snapshot="snapshot-5.pt"), store).description() != before
