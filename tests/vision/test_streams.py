"""What each stream of a backbone looks at, and what it says where that is not there."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import timm
import torch
from pose_motions import swapped, wandering

from ethocache.common.compute import CLUSTER, CLUSTER_DEVICE, device
from ethocache.common.errors import InputError
from ethocache.common.files import fill_folder
from ethocache.common.store import Entry, Store
from ethocache.dataset.features import FeatureFile, FeatureSet
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import index_videos
from ethocache.dataset.tracks import Track, load_track, write_track
from ethocache.endtoend.demo import write_demo
from ethocache.vision.backbones.running import Machine, Run
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.embedding import ExtractParams, load_embedder, resolve_run
from ethocache.vision.inputs import Inputs
from ethocache.vision.kept import keep_crop, keep_track
from ethocache.vision.streams import compare_bodies, open_stream, refuse_missing_inputs
from ethocache.vision.tracking import TrackParams

POSE, COLOUR = {"kind": "pose"}, {"kind": "mean_colour"}
DATA = DataParams(dir="lab", tracks="videos/*.csv", name="{genotype}_{treatment}_{animal}", behaviours=("grooming",), fps=10.0)


@pytest.fixture
def lab(tmp_path):
    """A rendered video with its track, and a session of a track alone: records, and what streams look at."""
    write_demo(tmp_path / "lab", animals=2, unlabelled=0, seconds=2, size=(96, 72))
    next((tmp_path / "lab/videos").glob("*_02.mp4")).unlink()
    folder, store = DataFolder(str(tmp_path / "lab")), Store(tmp_path / "store")
    records = index_videos(folder, DATA, with_tracks=True, store=store)
    inputs = Inputs(folder, tmp_path / "crops", tmp_path / "tracks", store)
    tracks = {f"{record.id}.h5": keep_track(record, folder, TrackParams(), store).path("track.h5") for record in records}
    fill_folder(inputs.tracks, tracks)
    crop = keep_crop(records[0], folder, inputs.tracks / f"{records[0].id}.h5", CropParams(size_px=64), store)
    fill_folder(inputs.crops, {f"{records[0].id}.{ending}": crop.path(f"crop.{ending}") for ending in ("mp4", "json")})
    return records, inputs


def opened(inputs, name="pose", settings=POSE, **params):
    return open_stream(name, settings, ExtractParams(**params), inputs)


def another_track(inputs, record):
    """Put another track in the place of a record's."""
    path = inputs.tracks / f"{record.id}.h5"
    track = load_track(path)
    path.unlink()
    write_track(path, Track(track.points[::-1].copy(), track.names, track.individuals))


def test_a_session_without_a_video_has_pose_features_at_its_own_times(lab):
    records, inputs = lab
    for record in records:
        with FeatureFile.open(opened(inputs).job(record).make(inputs.store).path("features.h5")) as features:
            np.testing.assert_allclose(features.time_s, np.arange(20) / 10)
            assert (features.frames, features.valid.all()) == (20, True)
            assert np.isfinite(features.rows(0, 20)).all()


def test_picture_and_pose_stand_side_by_side_frame_by_frame(lab, tmp_path):
    records, inputs = lab
    streams = {"colour": opened(inputs, "colour", COLOUR), "pose": opened(inputs)}
    made = {f"x.{name}.h5": stream.job(records[0]).make(inputs.store).path("features.h5") for name, stream in streams.items()}
    fill_folder(tmp_path / "features", made)
    with FeatureSet.open(tmp_path / "features", "x", tuple(streams)) as features:
        assert features.dimensions == sum(file.dimensions for file in features.files) > 3


def test_another_track_makes_another_pose_and_leaves_the_pixels_alone(lab):
    records, inputs = lab
    colour, pose = opened(inputs, "colour", COLOUR), opened(inputs)
    first = colour.job(records[0]).make(inputs.store), pose.job(records[0]).make(inputs.store)
    made = inputs.store.made
    assert (colour.job(records[0]).make(inputs.store), pose.job(records[0]).make(inputs.store)) == first
    assert inputs.store.made == made, "nothing is made twice"
    another_track(inputs, records[0])
    assert colour.job(records[0]).make(inputs.store) == first[0]
    assert inputs.store.made == made
    assert pose.job(records[0]).make(inputs.store).folder != first[1].folder


@pytest.mark.parametrize("change", [{"likelihood": 0.5}, {"scales_s": [0.2]}, {"front": "snout", "back": "tailbase"}])
def test_other_settings_are_another_pose(lab, change):
    records, inputs = lab
    names = load_track(inputs.tracks / f"{records[0].id}.h5").names
    if "front" in change:
        change = {"front": names[0], "back": names[-1]}
    assert (
        opened(inputs, settings=POSE | change).job(records[0]).make(inputs.store).folder
        != opened(inputs).job(records[0]).make(inputs.store).folder
    )


def test_pixels_of_a_session_without_a_video_are_refused(lab):
    records, inputs = lab
    message = r"02.*\.csv: a session without a video, but the backbone 'colour' looks at pixels; choose a backbone of kind pose, add the"
    with pytest.raises(InputError, match=message):
        opened(inputs, "colour", COLOUR).job(records[1]).make(inputs.store)
    with pytest.raises(InputError, match=message):
        refuse_missing_inputs({"pose": POSE, "colour": COLOUR}, records, "files")
    with pytest.raises(InputError, match=r"\(and 2 others\): a session without"):
        refuse_missing_inputs({"colour": COLOUR}, [records[1]] * 3, "files")
    refuse_missing_inputs({"pose": POSE}, records, "files")


def test_pose_without_tracks_is_refused(lab):
    records, inputs = lab
    with pytest.raises(InputError, match=r"the backbone 'pose' reads tracks, but track\.source is none: choose where tracks come from"):
        refuse_missing_inputs({"pose": POSE}, records, "none")
    (inputs.tracks / f"{records[0].id}.h5").unlink()
    with pytest.raises(InputError, match=r"\.h5 is missing, and the backbone 'pose' reads tracks: run 'dvc repro track', or see track"):
        opened(inputs).job(records[0]).make(inputs.store)


def test_a_crop_that_is_not_there_is_named(lab):
    records, inputs = lab
    shutil.rmtree(inputs.crops)
    with pytest.raises(InputError, match=r"\.mp4 is missing: run 'dvc repro crop'"):
        opened(inputs, "colour", COLOUR).job(records[0]).make(inputs.store)


def test_a_worker_that_sees_only_the_store_embeds_the_same_crop(lab):
    records, inputs = lab
    job = opened(inputs, "colour", COLOUR).job(records[0])
    shutil.rmtree(inputs.crops)
    shutil.rmtree(inputs.tracks)
    with FeatureFile.open(job.make(inputs.store).path("features.h5")) as features:
        assert features.frames == 20
    shutil.rmtree(inputs.store.root / "crop")
    shutil.rmtree(inputs.store.root / "features")
    with pytest.raises(InputError, match=r"\.mp4 is missing, and .*store does not keep it either: run 'dvc repro crop'"):
        job.make(inputs.store)


def test_weights_that_took_the_place_of_others_are_loaded_by_a_process_that_knows_those(lab, tmp_path):
    records, inputs = lab
    settings = {"kind": "image", "model": "test_resnet", "weights": str(tmp_path / "mine.pt")}
    made, states = [], [timm.create_model("test_resnet", num_classes=0).state_dict() for _ in range(2)]
    for state in states:
        torch.save(state, tmp_path / "mine.pt")
        made.append(opened(inputs, "mine", settings).job(records[0]).make(inputs.store))
    first, second = (entry.path("features.h5").read_bytes() for entry in made)
    assert made[0].recipe["weights"] != made[1].recipe["weights"]
    assert first != second


def test_weights_that_change_between_the_question_and_the_work_are_refused_and_not_kept(lab, tmp_path):
    records, inputs = lab
    settings = {"kind": "image", "model": "test_resnet", "weights": str(tmp_path / "mine.pt")}
    asked, other = [timm.create_model("test_resnet", num_classes=0).state_dict() for _ in range(2)]
    torch.save(asked, tmp_path / "mine.pt")
    job = opened(inputs, "mine", settings).job(records[0])
    torch.save(other, tmp_path / "mine.pt")
    with pytest.raises(InputError, match="the network's weights are not those that were looked at before, their source has changed: run"):
        job.make(inputs.store)
    torch.save(asked, tmp_path / "mine.pt")
    assert job.make(inputs.store).recipe["weights"] == job.recipe["weights"]


RANDOM = {"kind": "image", "model": "test_resnet", "weights": "random"}
WITH_A_CARD = Machine("cuda", openvino=True, bf16=True, compiler=True)
NO_CARD_HERE = pytest.mark.skipif(device() != "cpu", reason="hands out work from a machine without a graphics card")


@NO_CARD_HERE
def test_a_worker_does_not_leave_its_graphics_card_idle_without_a_word(lab, monkeypatch):
    records, inputs = lab
    jobs = [opened(inputs, "net", RANDOM, engine="torch").job(records[0]), opened(inputs, "colour", COLOUR).job(records[0])]
    monkeypatch.setenv(CLUSTER, "jobs.yaml")
    monkeypatch.setenv(CLUSTER_DEVICE, "cpu")
    chosen = opened(inputs, "net", RANDOM, engine="torch").job(records[0])
    monkeypatch.setattr("ethocache.vision.streams.this_machine", lambda: WITH_A_CARD)
    message = r"^a worker has a device of kind cuda, but .* chose the processor: set ETHOCACHE_CLUSTER_DEVICE=cuda there \(or cpu, if that"
    with pytest.raises(InputError, match=message):
        jobs[0].make(inputs.store)
    assert jobs[1].make(inputs.store).facts["frames"] == 20, "what is no network needs no card"
    assert chosen.make(inputs.store).facts["device"] == "cpu"
    assert chosen.recipe == jobs[0].recipe


def test_who_hands_out_work_may_say_what_the_workers_have(monkeypatch):
    network = {"engines": ["torch", "openvino"]}
    here = resolve_run(ExtractParams(), network)
    monkeypatch.setenv(CLUSTER_DEVICE, "cuda")
    assert resolve_run(ExtractParams(), network) == here, "nobody else works"
    monkeypatch.setenv(CLUSTER, "jobs.yaml")
    found = resolve_run(ExtractParams(), network)
    assert (found.device, found.precision) == ("cuda", "fp16")
    assert resolve_run(ExtractParams(engine="torch", precision="fp32"), network) == Run("torch", "fp32", "cuda")
    monkeypatch.setenv(CLUSTER_DEVICE, "cpu")
    assert resolve_run(ExtractParams(), network).device == "cpu"
    monkeypatch.setenv(CLUSTER_DEVICE, "gpu")
    with pytest.raises(InputError, match=r"^ETHOCACHE_CLUSTER_DEVICE: expected cpu, cuda, mps \(what the workers have\), found 'gpu'$"):
        resolve_run(ExtractParams(), network)


def test_a_track_of_other_length_is_refused(lab):
    records, inputs = lab
    path = inputs.tracks / f"{records[0].id}.h5"
    track = load_track(path)
    path.unlink()
    write_track(path, Track(track.points[:-3], track.names, track.individuals))
    with pytest.raises(InputError, match="expected a row for each of 20 frames, found 17; run 'dvc repro track'"):
        opened(inputs).job(records[0]).make(inputs.store)


def test_what_is_wrong_with_a_track_names_its_file(lab):
    records, inputs = lab
    with pytest.raises(InputError, match=r"^videos/.*_01.*: backbone: points: 'ear' is no key point"):
        opened(inputs, settings=POSE | {"points": ["ear"]}).job(records[0]).make(inputs.store)


def entry(**body):
    return Entry("", {}, {"body": {"points": ["nose", "tail"], "individuals": 1, "axis": ["tail", "nose"]} | body}, {})


def test_videos_with_other_points_or_animals_do_not_mix():
    assert compare_bodies(["a", "b"], [entry(), entry()]) == []
    for body, found in (({"individuals": 2}, "2 individuals with"), ({"points": ["tail", "nose"]}, "1 individuals with .* tail, nose")):
        with pytest.raises(InputError, match=f"b: expected 1 individuals with the key points nose, tail as in a, found {found}"):
            compare_bodies(["a", "b"], [entry(), entry(**body)])


def test_bodies_that_lie_the_other_way_round_are_pointed_out():
    (note,) = compare_bodies(["a", "b", "c"], [entry(), entry(), entry(axis=["nose", "tail"])])
    assert "is not the same in all sessions ('tail to nose' in 2, 'nose to tail' in 1): name 'front' and 'back'" in note


def test_a_swap_of_two_animals_gives_the_same_file_but_for_its_key(lab):
    records, inputs = lab
    path = inputs.tracks / f"{records[1].id}.h5"
    stored = []
    for track in (wandering(20), swapped(wandering(20), 7)):
        path.unlink()
        write_track(path, track)
        with FeatureFile.open(opened(inputs).job(records[1]).make(inputs.store).path("features.h5")) as features:
            stored.append(features.rows(0, 20))
    np.testing.assert_array_equal(*stored)


def test_the_body_of_an_individual_counts_no_corners_of_the_arena(lab):
    records, inputs = lab
    path = inputs.tracks / f"{records[0].id}.h5"
    two = wandering(load_track(path).frames, 2, seed=3)
    points = np.full((two.frames, 3, 6, 3), np.nan, np.float32)
    points[..., 2] = 0
    points[:, :2, :5], points[:, 2, 5] = two.points, (1, 1, 1)
    path.unlink()
    write_track(path, Track(points, (*two.names, "corner"), (*two.individuals, "single")))
    record = replace(records[0], id=f"{records[0].id}.individual1", individual="individual1")
    body = opened(inputs).job(record).make(inputs.store).facts["body"]
    assert (body["points"], body["individuals"]) == (list(two.names), 2)


def test_pose_is_no_network():
    with pytest.raises(TypeError, match="Expected a recipe that looks at pixels, got one of kind 'pose'"):
        load_embedder(POSE, Run())
