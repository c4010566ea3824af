"""Real networks of DeepLabCut: a lab's own against its `analyze_videos`, and a tiny one on rendered mice whose points are known."""

import hashlib
import shutil
import warnings
from pathlib import Path

import av
import numpy as np
import pytest
import torch
import yaml
from pipeline import SHARED
from rendered import KEY_POINTS, rendered_mouse

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import VideoRecord, look_at_video
from ethocache.dataset.tracks import load_track, read_track
from ethocache.vision.encode import write_video
from ethocache.vision.kept import keep_track
from ethocache.vision.tracking import TrackParams, make_tracker

TINY = Path(__file__).parent / "data/tiny_deeplabcut"
TRAIN = "dlc-models-pytorch/iteration-0/renderedJan1-trainset95shuffle1/train"
REAL = SHARED / "dlc_model"


@pytest.fixture(autouse=True)
def one_thread():
    """The tests share the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """A folder with mouse.mp4, 48 frames of a mouse that no network was trained on, and its true points."""
    folder = tmp_path_factory.mktemp("rendered")
    frames, points = rendered_mouse(seed=7, frames=48)
    write_video(folder / "mouse.mp4", frames, 10.0, 18.0, 24)
    return folder, points


@pytest.fixture
def project(tmp_path):
    """A copy of the tiny project, to be changed."""
    return Path(shutil.copytree(TINY, tmp_path / "tiny"))


def record_of(video: Path, store: Store) -> VideoRecord:
    return VideoRecord(video.stem, video.name, {}, video.stem, look_at_video(video, store))


def track(video: Path, store: Store, **settings):
    params = TrackParams(source="deeplabcut", **settings)
    return make_tracker(params, store).track(record_of(video, store), DataFolder(str(video.parent)))


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def first_frames(source: Path, target: Path, count: int) -> Path:
    """The first packets of a video, as they are."""
    with av.open(str(source)) as film, av.open(str(target), "w") as part:
        stream = film.streams.video[0]
        copy = part.add_stream_from_template(stream)
        for number, packet in enumerate(film.demux(stream)):
            if number == count:
                break
            packet.stream = copy
            part.mux(packet)
    return target


@pytest.mark.skipif(not REAL.is_dir(), reason="the real model is not beside the repository (../shared/data)")
def test_a_labs_model_gives_what_deeplabcut_itself_gives_and_its_project_is_not_touched(tmp_path):
    lab = Path(shutil.copytree(REAL, tmp_path / "lab", copy_function=shutil.copyfile))
    video = first_frames(SHARED / "openfield/m3v1mp4.mp4", tmp_path / "part.mp4", 60)
    before = content(lab)
    ours = track(video, Store(tmp_path / "store"), model=str(lab), batch_size=4)
    assert content(lab) == before
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import deeplabcut

        deeplabcut.analyze_videos(
            str(lab / "config.yaml"), [str(video)], destfolder=str(tmp_path / "theirs"), save_as_csv=True, batch_size=4, device="cpu"
        )
    assert content(lab) != before, "DeepLabCut writes its place into config.yaml"
    for ending in ("csv", "h5"):
        (file,) = (tmp_path / "theirs").glob(f"part*.{ending}")
        theirs = read_track(file)
        assert theirs.names == ours.track.names == ("snout", "leftear", "rightear", "tailbase")
        assert theirs.individuals == ours.track.individuals == ("",)
        assert theirs.points.shape == ours.track.points.shape == (60, 1, 4, 3)
        np.testing.assert_allclose(ours.track.points, theirs.points, rtol=0, atol=1e-4)  # to the bit, on the same processor
    assert ours.note == "100% of the key points reach the project's pcutoff of 0.4"


def test_a_tiny_model_finds_the_points_of_a_rendered_mouse(rendered, tmp_path):
    folder, truth = rendered
    tracked = track(folder / "mouse.mp4", Store(tmp_path), model=str(TINY))
    assert tracked.track.names == KEY_POINTS
    assert tracked.track.points.shape == (48, 1, 5, 3)
    error = np.linalg.norm(tracked.track.points[:, 0, :, :2] - truth, axis=2)

    assert np.median(error) < 1.5, "px; 1.38 when it was made, of a mouse that is 31 px long"
    assert np.percentile(error, 95) < 4.5


def test_the_size_of_the_batches_hardly_changes_a_track(rendered, tmp_path):
    folder, _ = rendered
    one, many = (track(folder / "mouse.mp4", Store(tmp_path), model=str(TINY), batch_size=size).track.points for size in (1, 32))
    np.testing.assert_allclose(one, many, rtol=0, atol=1e-3)


def test_a_track_is_kept_until_the_weights_change(rendered, project, tmp_path):
    folder, _ = rendered
    store = Store(tmp_path / "store")
    record, params = record_of(folder / "mouse.mp4", store), TrackParams(source="deeplabcut", model=str(project))
    first = keep_track(record, DataFolder(str(folder)), params, store)
    made = store.made
    assert load_track(first.path("track.h5")).frames == 48
    assert keep_track(record, DataFolder(str(folder)), params, store) == first
    assert store.made == made
    snapshot = project / TRAIN / "snapshot-best-100.pt"
    other = torch.load(snapshot, weights_only=True)
    other["model"]["heads.bodypart.heatmap_head.deconv_layers.0.bias"][:] = 0.25
    torch.save(other, snapshot)
    assert keep_track(record, DataFolder(str(folder)), params, store).key != first.key


def test_several_animals_keep_their_columns(rendered, project, tmp_path):
    """A single-animal network looks for one; the columns of the other say that nobody was seen."""
    folder, _ = rendered
    edit(project / TRAIN / "pytorch_config.yaml", lambda config: config["metadata"].update(individuals=["a", "b"]))
    points = track(folder / "mouse.mp4", Store(tmp_path), model=str(project)).track
    assert points.individuals == ("a", "b")
    chosen = {count: TrackParams(source="deeplabcut", model=str(project), individuals=count) for count in (None, 1, 3)}
    told = {count: make_tracker(params, Store(tmp_path)).individuals() for count, params in chosen.items()}
    assert told == {None: ("a", "b"), 1: ("",), 3: ("animal1", "animal2", "animal3")}, "known before anything is tracked"
    seen = np.isfinite(points.points[..., 0]).all(axis=2)
    assert seen.tolist() == [[True, False]] * 48
    assert (points.points[:, 1, :, 2] == 0).all()


def test_a_video_that_is_replaced_meanwhile_is_not_kept_under_the_old_ones_name(rendered, tmp_path):
    folder, _ = rendered
    store = Store(tmp_path / "store")
    record = record_of(folder / "mouse.mp4", store)
    (tmp_path / "lab").mkdir()
    video = Path(shutil.copy(folder / "mouse.mp4", tmp_path / "lab/mouse.mp4"))
    with video.open("ab") as file:
        file.write(b"\0" * 8)
    with pytest.raises(InputError, match=r"mouse.mp4 has changed since it was indexed; run 'dvc repro' again"):
        keep_track(record, DataFolder(str(tmp_path / "lab")), TrackParams(source="deeplabcut", model=str(TINY)), store)
    assert not list(store.root.glob("track/*/entry.json"))


def test_weights_of_another_network_are_refused(rendered, project, tmp_path):
    folder, _ = rendered
    edit(
        project / TRAIN / "pytorch_config.yaml",
        lambda config: config["model"]["heads"]["bodypart"]["heatmap_config"].update(channels=[96, 4]),
    )
    expected = r"snapshot-best-100.pt: these are not the weights of this model: of \d+ tensors expected and \d+ found, 2 of another shape"
    with pytest.raises(InputError, match=expected):
        track(folder / "mouse.mp4", Store(tmp_path), model=str(project))


def test_a_network_that_deeplabcut_does_not_have_is_refused(rendered, project, tmp_path):
    folder, _ = rendered
    edit(project / TRAIN / "pytorch_config.yaml", lambda config: config["model"]["backbone"].update(type="RessNet"))
    with pytest.raises(InputError, match=r"track.model: DeepLabCut cannot build the network that the pytorch_config.yaml describes"):
        track(folder / "mouse.mp4", Store(tmp_path), model=str(project))


def edit(path: Path, change) -> None:
    config = yaml.safe_load(path.read_text())
    change(config)
    path.write_text(yaml.safe_dump(config))
