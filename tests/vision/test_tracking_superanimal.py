"""SuperAnimal without its published weights: networks built as they are, filled from files that the tests make."""

from pathlib import Path

import numpy as np
import pytest
import torch
from rendered import rendered_mouse

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord, look_at_video
from ethocache.vision.encode import write_video
from ethocache.vision.tracking import TrackParams, make_tracker
from ethocache.vision.tracking.detectors import without_downloads
from ethocache.vision.tracking.networks import BOX_NAMES, box_points, quiet

DETECTOR = "fasterrcnn_mobilenet_v3_large_fpn"
FRAMES = 3


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A folder with weights of a detector that takes its first proposal for an animal, and of a pose network that knows nothing."""
    folder = tmp_path_factory.mktemp("weights")
    with quiet(), without_downloads():
        from deeplabcut.pose_estimation_pytorch.config.pose import PoseConfig
        from deeplabcut.pose_estimation_pytorch.models import DETECTORS, PoseModel

        torch.manual_seed(0)
        config = PoseConfig.build_for_superanimal_inference(
            "superanimal_topviewmouse", model_name="resnet_50", detector_name=DETECTOR, max_individuals=1
        ).to_dict()
        detector, pose = DETECTORS.build(config["detector"]["model"]), PoseModel.build(config["model"])
    scores = detector.model.roi_heads.box_predictor.cls_score
    torch.nn.init.zeros_(scores.weight)
    scores.bias.data = torch.tensor([0.0, 2.0])
    torch.save({"model": detector.state_dict()}, folder / f"superanimal_topviewmouse_{DETECTOR}.pt")
    torch.save({"model": pose.state_dict()}, folder / "pose.pt")
    return folder


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("lab") / "mouse.mp4"
    write_video(path, rendered_mouse(seed=3, frames=FRAMES)[0], 10.0, 18.0, 24)
    return path


def tracker(store: Store, **settings):
    return make_tracker(TrackParams(source="superanimal", **settings), store)


def record_of(video: Path, store: Store) -> VideoRecord:
    return VideoRecord(video.stem, video.name, {}, video.stem, look_at_video(video, store))


def test_a_detector_alone_gives_the_boxs_middle_and_corners(weights, video, tmp_path):
    store = Store(tmp_path)
    chosen = tracker(
        store, model="topviewmouse", detector=str(weights / f"superanimal_topviewmouse_{DETECTOR}.pt"), detector_only=True, individuals=2
    )
    track = chosen.track(record_of(video, store), DataFolder(str(video.parent))).track
    assert track.names == BOX_NAMES
    assert track.individuals == ("animal1", "animal2")
    middle, first, _, _, last = np.moveaxis(track.points, 2, 0)
    np.testing.assert_allclose(middle[..., :2], (first + last)[..., :2] / 2, atol=1e-3)
    np.testing.assert_allclose(middle[..., 2], torch.softmax(torch.tensor([0.0, 2.0]), 0)[1], atol=1e-3)
    assert chosen.recipe(record_of(video, store)) == chosen.description(), "nothing is left to be fetched"


def test_a_detector_and_a_pose_network_give_all_key_points(weights, video, tmp_path):
    store = Store(tmp_path)
    chosen = tracker(
        store,
        model="topviewmouse_resnet_50",
        snapshot=str(weights / "pose.pt"),
        detector=str(weights / f"superanimal_topviewmouse_{DETECTOR}.pt"),
    )
    track = chosen.track(record_of(video, store), DataFolder(str(video.parent))).track
    assert track.points.shape == (FRAMES, 1, 27, 3)
    assert track.names[:3] == ("nose", "left_ear", "right_ear")
    assert track.individuals == ("",)


def test_without_weights_and_internet_it_says_what_to_get_and_where_it_goes(video, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    store = Store(tmp_path)
    expected = (
        r"track.snapshot: the weights superanimal_quadruped_hrnet_w32.pt are not on this machine and cannot be downloaded \(.*\); "
        r"on a machine with internet get https://.*/mwmathis/DeepLabCutModelZoo-SuperAnimal-Quadruped/resolve/main/"
        r"superanimal_quadruped_hrnet_w32.pt, copy the file here, and set track.snapshot to its path"
    )
    with pytest.raises(InputError, match=expected):
        tracker(store, model="quadruped").recipe(record_of(video, store))
    with pytest.raises(InputError, match=r"track.detector: the weights superanimal_topviewmouse_fasterrcnn_resnet50_fpn_v2.pt"):
        tracker(store, model="topviewmouse", detector_only=True).recipe(record_of(video, store))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, r"track.model: expected a SuperAnimal model; known: topviewmouse_hrnet_w32, .*, found nothing"),
        ({"model": "topviewmous"}, r"track.model: expected a SuperAnimal model, did you mean 'topviewmouse'\?, found 'topviewmous'"),
        (
            {"model": "quadruped", "detector": "yolo"},
            "track.detector: expected fasterrcnn_resnet50_fpn_v2 or .*, or a file .*, found 'yolo'",
        ),
        ({"model": "quadruped", "detector": "mine.pt"}, "or a file of its weights that is called so, as published, found 'mine.pt'"),
        ({"model": "quadruped", "snapshot": "w.pt"}, r"track.snapshot: expected a file of weights, found none at .*w.pt"),
        ({"model": "quadruped", "snapshot": "best"}, r"track.snapshot: expected a file of weights, found none at .*best"),
    ],
)
def test_a_model_that_is_not_there_is_refused(tmp_path, settings, message):
    with pytest.raises(InputError, match=message):
        tracker(Store(tmp_path), **settings)


def test_the_description_tells_networks_weights_and_animals_apart(tmp_path):
    (tmp_path / "a.pt").write_bytes(b"a")
    (tmp_path / "b.pt").write_bytes(b"b")
    store = Store(tmp_path / "store")
    many = [
        {"model": "quadruped"},
        {"model": "topviewmouse"},
        {"model": "quadruped_resnet_50"},
        {"model": "quadruped", "detector": DETECTOR},
        {"model": "quadruped", "individuals": 2},
        {"model": "quadruped", "detector_only": True},
        {"model": "quadruped", "snapshot": str(tmp_path / "a.pt")},
        {"model": "quadruped", "snapshot": str(tmp_path / "b.pt")},
    ]
    descriptions = [str(tracker(store, **settings).description()) for settings in many]
    assert len(set(descriptions)) == len(many)
    assert str(tracker(store, model="quadruped_hrnet_w32", batch_size=2).description()) == descriptions[0]


def test_no_box_is_no_animal():
    assert box_points({"bboxes": np.empty((0, 4)), "bbox_scores": np.empty(0)}).shape == (0, 5, 3)


def test_a_box_becomes_five_points():
    points = box_points({"bboxes": [[10, 20, 4, 6]], "bbox_scores": [0.75]})
    assert points[0].tolist() == [[12, 23, 0.75], [10, 20, 0.75], [14, 20, 0.75], [10, 26, 0.75], [14, 26, 0.75]]
