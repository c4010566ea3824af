"""A video of a project with its tags below the picture, by its name alone."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numbered import BLOCK_PX, CONSTANT_MS, VARIABLE_MS, frames_of, number_in, write_numbered
from typer.testing import CliRunner

from ethocache.cli import app
from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.common.workbench import Workbench
from ethocache.dataset.index import VideoRecord, look_at_video, read_index, write_index
from ethocache.dataset.label_table import LabelTable
from ethocache.dataset.labels import LabelSnapshot, write_snapshot
from ethocache.dataset.predictions import Prediction, write_prediction
from ethocache.dataset.sessions import NO_VIDEO
from ethocache.dataset.tags import write_tags
from ethocache.dataset.videos import probe
from ethocache.endtoend.overlay import find_units, strip_of
from ethocache.scoring.pictures import colour_of
from ethocache.vision.canvas import Place
from ethocache.vision.crop_plan import plan_crops
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.cropping import crop_video
from ethocache.vision.overlay_strip import Strip

BEHAVIOURS = ("grooming", "rearing")
FRAMES, SIZE, CROP_PX = 60, (120, 91), 84
TAGS = np.random.default_rng(3).integers(0, 2, (FRAMES, 2)).astype(np.int8)
LABELS = np.random.default_rng(4).integers(-1, 2, (FRAMES, 2)).astype(np.int8)
PROBABILITY = np.clip(TAGS * 0.6 + 0.1, 0, 1).astype(np.float32)
COLOURS = [np.array(list(bytes.fromhex(colour_of(b)[1:]))) for b in range(2)]


def write_card(folder: Path, threshold: float) -> None:
    decision = {"behaviours": BEHAVIOURS, "exclusive": False, "calibration": None, "filter": "mean", "chains": []}
    decision |= {"box_s": [0.0, 0.0], "cut": [threshold, threshold], "max_gap_s": [0.0, 0.0], "min_bout_s": [0.0, 0.0]}
    member = {"streams": ["a"], "dimensions": 3, "head": {"kind": "linear"}, "train": {"window_s": 3.0, "overlap_s": 0.5}}
    member |= {"epochs": 1, "fold_epochs": [1], "weights": "network_1.safetensors", "weights_sha256": "0" * 64}
    card = {"format_version": 2, "behaviours": BEHAVIOURS, "exclusive": False, "members": [member], "fps": 25.0, "animals": ["m1"]}
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(card | {"verdict": {"weights": [[1.0, 1.0]], "decision": decision}}))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One labelled video (m1), one tagged (m2, of variable frame rate), and a cage of two animals."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.setenv("ETHOCACHE_STORE", str(tmp_path / "store"))
    (tmp_path / "lab").mkdir()
    (tmp_path / "params.yaml").write_text("data: {dir: lab, behaviours: [grooming, rearing]}\n")
    records = []
    for name, times in (("m1", CONSTANT_MS), ("m2", VARIABLE_MS), ("cage", CONSTANT_MS)):
        path = write_numbered(tmp_path / f"lab/{name}.mkv", times, *SIZE)
        records.append(VideoRecord(name, f"{name}.mkv", {}, name, look_at_video(path, Store(tmp_path / "store"))))
    cage = records.pop()
    records += [replace(cage, id=f"cage.{animal}", individual=animal, of=2) for animal in ("a", "b")]
    records.append(VideoRecord("session", "session.csv", {}, "session", replace(cage.facts, codec=NO_VIDEO)))
    write_index(tmp_path / "data/index.json", records)
    time_s = probe(tmp_path / "lab/m1.mkv")[1]
    write_snapshot(tmp_path / "data/labels/m1.json", LabelSnapshot(LabelTable(BEHAVIOURS, LABELS)), "s")
    (tmp_path / "data/predictions").mkdir()
    said = Prediction("m1", "m1", "1", BEHAVIOURS, PROBABILITY, LABELS, TAGS, time_s, np.array([0.3, 0.4], np.float32), False)
    write_prediction(tmp_path / "data/predictions/m1.h5", said)
    for number, name in enumerate(("m2", "cage.a", "cage.b")):
        tags = np.roll(TAGS, number, axis=0)
        write_tags(tmp_path / f"data/tags/{name}.csv", np.arange(FRAMES), time_s, tags * 0.5 + 0.25, tags, BEHAVIOURS)
    return tmp_path


def run(*arguments: str):
    return CliRunner().invoke(app, ["overlay", *arguments])


def refusal(*arguments: str) -> str:
    answer = run(*arguments)
    assert answer.exit_code == 1 and "\n" not in str(answer.exception)
    return str(answer.exception)


def write_crop(project: Path, name: str) -> None:
    facts, time_s = probe(project / f"lab/{name}.mkv")
    bench = Workbench(project / "crop", project / "segments")
    for folder in (bench.output, bench.segments, project / "data/crops"):
        folder.mkdir(parents=True)
    params = CropParams(size_px=CROP_PX)
    crop_video(project / f"lab/{name}.mkv", facts, time_s, plan_crops(None, *SIZE, facts.fps, params, frames=FRAMES), params, bench, "k")
    (bench.output / "crop.mp4").rename(project / f"data/crops/{name}.mp4")


def test_of_a_video_without_a_score_of_which_some_spans_were_corrected_the_tags_are_drawn(project):
    spans = np.full(LABELS.shape, -1, np.int8)
    spans[:2, 0] = 1
    snapshot = LabelSnapshot(LabelTable(BEHAVIOURS, spans), corrected=spans == 1)
    write_snapshot(project / "data/labels/m2.json", snapshot, "s")
    record = VideoRecord("m2", "m2.mkv", {}, "m2", None)  # type: ignore[arg-type]
    assert list(strip_of(record, "both", FRAMES).states) == ["tag"]
    assert list(strip_of(record, "labels", FRAMES).states) == ["label"]


def assert_each_frame_is_itself(path: Path, name: str, times_ms, size, tags, lab=Path("lab"), scale=1.0, top=0.0, strips=1) -> None:
    """Number, tags and time agree on every frame of a film."""
    place, time_s = Place.of(*size), np.array(times_ms) / 1000
    strip = Strip(strip_of(VideoRecord(name, "", {}, "", None), "both", FRAMES), time_s, place.width)  # type: ignore[arg-type]
    found_s, pictures = frames_of(path)
    np.testing.assert_allclose(found_s, time_s - time_s[0], atol=1e-9)
    times = place.picture_width / size[0] * scale
    for frame, picture in enumerate(pictures):
        assert len(picture) == place.height + strips * strip.height
        assert number_in(picture, BLOCK_PX * times, place.left, top * place.picture_width / size[0]) == frame
        for b, colour in enumerate(COLOURS):
            rows, columns = strip.rows(b), strip.blocks["tag"]
            middle = picture[place.height + (rows.start + rows.stop) // 2, (columns.left + columns.right) // 2].astype(int)
            assert (np.abs(middle - colour).max() < 20) == bool(tags[frame, b]), (frame, b)


@pytest.mark.parametrize(("name", "times_ms"), [("m1", CONSTANT_MS), ("m2", VARIABLE_MS)])
def test_every_frame_of_the_whole_picture_and_of_the_crop_has_its_number_tags_and_time(project, name, times_ms):
    answer = run(name)
    assert answer.exit_code == 0, answer.output
    assert f"{name}.mp4: 60 frames of {name} with {'labels and tags' if name == 'm1' else 'tags'}, " in answer.output
    assert_each_frame_is_itself(project / f"overlays/{name}.mp4", name, times_ms, SIZE, TAGS)
    write_crop(project, name)
    assert run(f"{name}.mkv", "--crop").exit_code == 0
    scale = CROP_PX / SIZE[0]
    top = (SIZE[0] - SIZE[1] - 1) // 2 * scale
    assert_each_frame_is_itself(project / f"overlays/{name}-crop.mp4", name, times_ms, (CROP_PX, CROP_PX), TAGS, scale=scale, top=top)


def test_of_several_animals_all_are_drawn_or_the_one_that_is_named(project):
    assert run("cage").exit_code == 0
    assert_each_frame_is_itself(project / "overlays/cage.mp4", "cage.a", CONSTANT_MS, SIZE, np.roll(TAGS, 1, axis=0), strips=2)
    assert run("cage.b", "--to", "b.mp4").exit_code == 0
    assert_each_frame_is_itself(project / "b.mp4", "cage.b", CONSTANT_MS, SIZE, np.roll(TAGS, 2, axis=0))
    assert "cage holds several animals, each with a crop of its own: name one of cage.a, cage.b" in refusal("cage", "--crop")


def test_what_is_drawn_is_what_there_is_or_what_is_asked_for(project):
    labelled, tagged = (VideoRecord(name, "", {}, "", None) for name in ("m1", "m2"))  # type: ignore[arg-type]
    assert list(strip_of(labelled, "both", FRAMES).states) == ["label", "tag"]
    assert list(strip_of(labelled, "tags", FRAMES).states) == ["tag"]
    assert strip_of(labelled, "labels", FRAMES).probability is None
    np.testing.assert_allclose(strip_of(labelled, "tags", FRAMES).threshold, [0.3, 0.4])
    assert strip_of(tagged, "both", FRAMES).threshold is None
    write_card(project / "models/lstm", 0.45)
    (project / "data/recipes").mkdir()
    (project / "data/recipes/head.json").write_text('{"name": "lstm"}')
    np.testing.assert_allclose(strip_of(tagged, "both", FRAMES).threshold, 0.45)
    (project / "data/predictions/m1.h5").unlink()
    assert list(strip_of(labelled, "both", FRAMES).states) == ["label"]


def test_the_video_of_one_camera_is_known_as_a_view_of_its_session(project):
    (top, *_) = read_index(Path("data/index.json"))
    side = replace(top, id="s1_side", file="videos/s1_side.mp4", view="side")
    session = replace(top, id="s1", file="videos/s1_top.mp4", view="top", others=(side,))
    for name in ("s1", "s1_top.mp4", "videos/s1_top.mp4"):
        assert find_units(name, [session]) == [session]
    for name in ("s1_side", "s1_side.mp4", "videos/s1_side.mp4", "s1_top"):
        with pytest.raises(InputError) as caught:
            find_units(name, [session])
        assert str(caught.value) == (
            f"'{name}' is a view of 's1', which has the frames of its view 'top'; name 's1', whose tags are drawn on that one"
        )
    with pytest.raises(InputError, match="'s1_zoom' is no video of this project"):
        find_units("s1_zoom", [session])


def test_what_cannot_be_drawn_is_refused_in_one_line(project):
    assert "'m11' is no video of this project, did you mean 'm1'?; data/index.json lists its 4 videos" in refusal("m11")
    assert "--from: 'tag' is no source of tags, did you mean 'tags'?; known: tags, labels, both" in refusal("m1", "--from", "tag")
    assert "m2: nobody labelled it, so only its tags can be drawn" in refusal("m2", "--from", "labels")
    assert "session: it has a track but no video, so there is nothing to draw on" in refusal("session")
    assert "m1.mp4 is not there: run 'dvc repro', which makes it" in refusal("m1", "--crop")
    (project / "data/predictions/m1.h5").unlink()
    assert "m1.h5: expected a prediction, found no file; run dvc repro train" in refusal("m1", "--from", "tags")
    (project / "data/tags/cage.b.csv").unlink()
    assert "cage.b.csv is not there: run 'dvc repro', which tags the videos without labels" in refusal("cage")
    assert not (project / "overlays").exists()


def test_tags_of_another_number_of_frames_or_that_are_none_and_another_video_are_refused(project):
    time_s, path = np.arange(59) / 25, project / "data/tags/m2.csv"
    write_tags(path, np.arange(59), time_s, TAGS[:59] * 0.5, TAGS[:59], BEHAVIOURS)
    assert "m2: expected tags or labels of 60 frames, as its video has, found 59; run 'dvc repro'" in refusal("m2")
    write_tags(path, np.arange(59), time_s, TAGS[:59] * 1.5, TAGS[:59], BEHAVIOURS)
    assert "m2.csv: expected probabilities from 0 to 1 and tags 0 or 1, found others" in refusal("m2")
    write_numbered(project / "lab/m1.mkv", VARIABLE_MS, *SIZE)
    assert "m1.mkv: this is not the video that was indexed; run 'dvc repro'" in refusal("m1")


@pytest.mark.parametrize("target", ["lab/m1.mp4", "lab/new/o.mp4", "data/tags/o.mp4", "models/o.mp4", "link/o.mp4"])
def test_nothing_is_written_among_the_labs_files_or_the_results(project, target):
    (project / "link").symlink_to(project / "lab")
    assert "which holds your own files or results; name a place outside of it" in refusal("m1", "--to", target)
    assert sorted(path.name for path in (project / "lab").iterdir()) == ["cage.mkv", "m1.mkv", "m2.mkv"]


def test_a_film_needs_the_name_of_one(project):
    (project / "folder.mp4").mkdir()
    assert "--to: expected the name of an .mp4 file, found 'out.avi'" in refusal("m1", "--to", "out.avi")
    assert "--to: expected a file, found a folder at 'folder.mp4'" in refusal("m1", "--to", "folder.mp4")
