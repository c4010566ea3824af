"""Features of two cameras, of which one may lack: normalised, averaged, hidden and fused."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.features import assemble
from ethocache.sequence import deciding
from ethocache.sequence.augmentation import views_shown, without_a_stream
from ethocache.sequence.batching import TrainingSet
from ethocache.sequence.combination import combined, mean_weights, stacked_weights
from ethocache.sequence.crossvalidation import run_training
from ethocache.sequence.deciding import Question
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.heads import parse_head, resolve_head
from ethocache.sequence.learning_curve import run_curve, score_point
from ethocache.sequence.model_file import read_card
from ethocache.sequence.reading import Reader
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.steps import Steps
from ethocache.sequence.system import HIDDEN_VIEWS, VIEWS_REVISION, read_system
from ethocache.sequence.tagging import Tagger
from ethocache.sequence.thresholds import macro_average_precision
from ethocache.sequence.training import fit, predict_all
from ethocache.sequence.trainings import Setup, Sides, fold_recipe, network_recipe
from ethocache.sequence.videos import TrainingVideo
from ethocache.sequence.view import Seen, View

STREAMS = ("side.a", "side.b", "top.a", "top.b")


class TwoCameras:
    """Features in memory, NaN where a camera lacks."""

    def __init__(self, values, time_s):
        self.values, self.time_s = values.astype(np.float32), time_s
        self.frames, self.dimensions = values.shape
        self.valid = ~np.isnan(values).all(axis=1)

    def rows(self, start, stop):
        return self.values[start:stop]


class Opener:
    def __init__(self, values, widths, streams):
        self.values, self.widths, self.streams = values, widths, streams

    def __call__(self):
        return nullcontext(TwoCameras(self.values, np.arange(len(self.values)) / 10))

    def of_streams(self, streams):
        edges = np.cumsum([0, *self.widths])
        kept = [np.arange(edges[i], edges[i + 1]) for i in map(self.streams.index, streams)]
        return Opener(self.values[:, np.concatenate(kept)], [len(columns) for columns in kept], streams)


def session(name, lacks=(), frames=240, seed=0):
    """A behaviour that shows in the side camera in one half of the session, and from above in the other."""
    rng = np.random.default_rng([seed, *name.encode()])
    label = (np.arange(frames) // 15 % 3 == 0).astype(np.int8)[:, None]
    values = rng.normal(size=(frames, 8))
    valid = {"side": np.arange(frames) % 120 < 80, "top": np.arange(frames) % 120 >= 40}
    for view, columns in (("side", slice(0, 4)), ("top", slice(4, 8))):
        valid[view] &= view not in lacks
        values[:, columns] += 3 * label
        values[~valid[view], columns] = np.nan
    streams = ("side.x", "top.x")
    seen = (valid["side"], valid["top"])
    opener = Opener(values, [4, 4], streams)
    return TrainingVideo(name, name, opener, (f"{name} side", f"{name} top"), label, np.arange(frames) / 10, streams, (4, 4), (), (), seen)


PARAMS = TrainParams(epochs=8, window_s=6.0, overlap_s=1.0, patience=8, learning_rate=3e-2, max_fps=5)


def test_late_fusion_is_a_network_for_each_camera_and_middle_fusion_one_for_all():
    for fusion, streams in (("middle", [STREAMS]), ("late", [STREAMS[:2], STREAMS[2:]])):
        system = read_system(resolve_head("x", {"x": {"kind": "linear", "fusion": fusion}}), PARAMS, DecideParams(), STREAMS)
        assert [*system.streams] == streams
        assert system.combine == "mean"
        assert all(member.head.fusion == "middle" for member in system.members)
    assert [member.name for member in system.members] == ["x on side", "x on top"]


def test_of_one_camera_fusion_makes_no_difference():
    for fusion in ("middle", "late"):
        system = read_system(resolve_head("x", {"x": {"kind": "linear", "fusion": fusion}}), PARAMS, DecideParams(), ("a", "b"))
        assert [member.streams for member in system.members] == [("a", "b")]
        assert system.params == PARAMS
        assert system.members[0].params.hide_streams == 0


def test_members_of_an_ensemble_may_be_fused_late_too():
    recipes = {
        "late": {"kind": "linear", "fusion": "late"},
        "middle": {"kind": "linear"},
        "both": {"kind": "ensemble", "members": [{"head": "late"}, {"head": "middle", "streams": ["top.a"]}]},
    }
    system = read_system(resolve_head("both", recipes), PARAMS, DecideParams(), STREAMS)
    assert [member.streams for member in system.members] == [STREAMS[:2], STREAMS[2:], ("top.a",)]


def test_training_hides_whole_cameras_even_where_the_settings_say_nothing():
    head = resolve_head("x", {"x": {"kind": "linear"}})
    hidden = lambda params: read_system(head, params, DecideParams(), STREAMS).members[0].params.hide_streams  # noqa: E731
    assert hidden(PARAMS) == HIDDEN_VIEWS
    assert hidden(PARAMS.model_copy(update={"hide_streams": 0.5})) == 0.5
    x = np.ones((400, 2, 8), np.float32)
    lost = without_a_stream(x, (1, 3, 2, 2), 0.5, np.random.default_rng(0), ("side", "side", "top", "top"))
    patterns = {tuple(row) for row in lost[:, 0].astype(int)}
    assert patterns == {(1,) * 8, (0, 0, 0, 0, 1, 1, 1, 1), (1, 1, 1, 1, 0, 0, 0, 0)}


def test_an_unknown_fusion_is_refused_with_the_nearest_word():
    with pytest.raises(InputError, match="'fusion': Input should be 'middle' or 'late', found 'latte', did you mean 'late'"):
        parse_head({"kind": "linear", "fusion": "latte"}, "heads.x")


def test_the_recipe_of_a_head_that_says_nothing_of_fusion_is_what_it_was():
    assert "fusion" not in parse_head({"kind": "linear"}, "x").model_dump()
    assert "fusion" not in resolve_head("x", {"x": {"kind": "linear", "fusion": "middle"}})["settings"]
    assert resolve_head("x", {"x": {"kind": "linear", "fusion": "late"}})["settings"]["fusion"] == "late"


def test_a_camera_that_lacks_counts_nothing_in_the_mean_and_in_the_normalisation():
    video = session("m1")
    moments = Reader().of(video).moments
    mean, std = moments.mean_and_std()
    values = video.open.values
    assert np.allclose(mean, np.nanmean(values, axis=0), atol=2e-3)
    assert np.allclose(std, np.nanstd(values, axis=0), atol=2e-3)
    view = View(8, 0)
    view.normalise_by(mean, std)
    seen = view(torch.from_numpy(values.astype(np.float32))).numpy()
    assert (seen[np.isnan(values)] == 0).all()
    assert np.isfinite(seen).all()


def test_steps_are_means_of_the_frames_in_which_a_camera_shows_the_animal():
    values = np.array([[1.0, 1.0], [3.0, np.nan], [5.0, np.nan], [7.0, np.nan]])
    steps = Steps(TwoCameras(values, np.arange(4) / 10), 2)
    assert np.array_equal(steps.rows(0, 2), [[2.0, 1.0], [6.0, np.nan]], equal_nan=True)


def test_a_frame_that_one_camera_lacks_has_the_probability_of_the_other_and_one_that_all_lack_the_mean():
    side, top = np.full((4, 1), 0.2, np.float32), np.full((4, 1), 0.8, np.float32)
    there = [np.array([True, True, False, False]), np.array([True, False, True, False])]
    fused = combined([side, top], mean_weights(2, 1), there)
    assert np.allclose(fused[:, 0], [0.5, 0.2, 0.8, 0.5])
    alone = combined([side, top], np.array([[0.0], [1.0]]), there)
    assert np.allclose(alone[:, 0], [0.8, 0.2, 0.8, 0.8]), "where those that count lack, the others say it"


def test_what_a_video_shows_depends_on_the_cameras_that_are_read():
    video = session("m1")
    assert video.there(video.streams).all()
    assert video.of_streams(("side.x",)).valid[0].sum() == video.there(("side.x",)).sum() == 160
    assert replace(video, valid=()).there(("side.x",)).all()


@pytest.mark.parametrize("components", [0, 3])
def test_a_head_learns_from_two_cameras_of_which_each_lacks_at_times(components):
    params = PARAMS.model_copy(update={"hide_streams": HIDDEN_VIEWS, "components": components})
    head, reader = parse_head({"kind": "linear"}, "x"), Reader()
    done = fit("x", [session(f"m{n}") for n in range(3)], [session("m3")], head, params, reader)
    for lacks in ((), ("side",), ("top",)):
        held = session("m9", lacks)
        label, probability = predict_all(done.network, [held], params, reader)
        assert np.isfinite(probability).all()
        label = np.where(held.there(held.streams)[:, None], label, -1).astype(np.int8)
        assert macro_average_precision(label, probability) > 0.9


def test_a_network_of_one_camera_is_not_scored_where_that_camera_lacks():
    reader, head = Reader(), parse_head({"kind": "linear"}, "x")
    side = [session(f"m{n}").of_streams(("side.x",)) for n in range(2)]
    done = fit("x", side, [session("m3", lacks=("side",)).of_streams(("side.x",))], head, PARAMS, reader)
    assert all(epoch["average_precision"] is None for epoch in done.curve)


def with_a_new_camera(name, shows, frames=240):
    """A session of three cameras, of which the third is new: its features are far from those of the others."""
    video, rng = session(name, frames=frames), np.random.default_rng([7, *name.encode()])
    values = np.concatenate([video.open.values, 50 + 20 * rng.normal(size=(frames, 4)) if shows else np.full((frames, 4), np.nan)], axis=1)
    streams, keys = (*video.streams, "zoom.x"), (*video.keys, f"{name} zoom")
    valid = (*video.valid, np.full(frames, shows))
    return replace(video, open=Opener(values, [4, 4, 4], streams), keys=keys, streams=streams, widths=(4, 4, 4), valid=valid)


@pytest.mark.parametrize("components", [0, 6])
def test_a_camera_that_no_fitted_animal_shows_says_nothing_of_others(components):
    params = PARAMS.model_copy(update={"hide_streams": HIDDEN_VIEWS, "components": components, "max_fps": 0})
    done = fit("x", [with_a_new_camera(f"m{n}", shows=False) for n in range(3)], (), parse_head({"kind": "linear"}, "x"), params, Reader())
    shown = with_a_new_camera("m9", shows=True).open.values
    lacking = np.concatenate([shown[:, :8], np.full((len(shown), 4), np.nan)], axis=1)
    seen = [done.network.view(torch.from_numpy(values.astype(np.float32))) for values in (shown, lacking)]
    assert torch.equal(*seen)
    assert all(value.isfinite().all() for value in seen)


LATE = {"x": {"kind": "linear", "fusion": "late"}}


def late(videos, store, **params):
    system = read_system(resolve_head("x", LATE), PARAMS.model_copy(update=params), DecideParams(), videos[0].streams)
    return run_training(store, videos, ("grooming",), system)


def test_with_late_fusion_a_camera_of_unlabelled_sessions_alone_stops_nothing_and_is_no_part_of_the_model(tmp_path):
    result = late([with_a_new_camera(f"m{n}", shows=False) for n in range(4)], Store(tmp_path / "store"))
    plain = late([session(f"m{n}") for n in range(4)], Store(tmp_path / "plain"))
    card = read_card(result.model.folder)
    assert card.streams == ("side.x", "top.x")
    assert [one.tag.tobytes() for one in result.predictions] == [one.tag.tobytes() for one in plain.predictions]
    assert result.trained == plain.trained


def test_with_late_fusion_a_fold_goes_without_the_camera_that_its_fitted_animals_lack(tmp_path):
    result = late([with_a_new_camera(f"m{n}", shows=n == 3) for n in range(4)], Store(tmp_path / "store"))
    assert result.trained == 4 * 3 - 2 + 3, "the new camera where its animal is scored or stops the training, and the final model"
    plain = late([session(f"m{n}") for n in range(4)], Store(tmp_path / "plain"))
    one, other = (next(each for each in done.predictions if each.video == "m3") for done in (result, plain))
    assert np.allclose(one.probability, other.probability, atol=1e-6), "as without it"
    card = read_card(result.model.folder)
    assert card.streams == ("side.x", "top.x", "zoom.x")
    assert [len(member.fold_epochs) for member in card.members] == [4, 4, 2]


def test_late_fusion_of_cameras_that_all_lack_says_so(tmp_path):
    with pytest.raises(InputError, match="expected labelled frames with a valid crop to train on, found none in the videos of"):
        late([session(f"m{n}", lacks=("side", "top")) for n in range(4)], Store(tmp_path / "store"))


def test_who_could_not_be_trained_counts_nothing_in_the_mean_even_where_no_camera_shows_the_animal():
    says, nothing = np.full((2, 1), 0.2, np.float32), np.full((2, 1), np.nan, np.float32)
    fused = combined([says, nothing], mean_weights(2, 1), [np.array([True, False]), np.array([True, False])])
    assert np.allclose(fused, 0.2)


def test_what_is_trained_on_one_camera_hangs_on_no_revision_of_several(plant):
    setup = Setup(("a",), parse_head({"kind": "linear"}, "x"), PARAMS)
    one, several = [plant("m0")], [session("m0")]
    for recipe in (lambda videos: fold_recipe(setup, Sides((), (), videos)), lambda videos: network_recipe(setup, videos, 3)):
        assert "views_revision" not in recipe(one)
        assert recipe(several)["views_revision"] == VIEWS_REVISION


def test_a_learning_curve_heeds_which_cameras_show_the_animal_as_training_does(tmp_path):
    videos, store = [session(f"m{n}", lacks=("side",) if n % 2 else ()) for n in range(5)], Store(tmp_path / "store")
    system = read_system(resolve_head("x", LATE), PARAMS, DecideParams(), videos[0].streams)
    (point,) = run_curve(store, videos, ("grooming",), system, 1, (3,))
    result = run_training(store, videos, ("grooming",), system)
    assert result.kept == 10, "the folds are the same"
    assert point.macro == score_point(3, 1, result.predictions).macro


def test_streams_that_a_session_does_not_have_are_no_streams_that_are_always_there():
    with pytest.raises(ValueError, match=r"Expected streams of m1 \(side.x\), got top.x"):
        session("m1").of_streams(("side.x",)).there(("side.x", "top.x"))


def test_a_verdict_on_several_cameras_hangs_on_when_they_show_the_animal_and_one_of_one_camera_on_nothing_new(plant):
    question = Question(("a",), False, "mean", DecideParams(), (("side.x",), ("top.x",)))
    whole, lacking = (question.about_views([session("m1", lacks)]) for lacks in ((), ("side",)))
    assert whole != lacking
    assert whole["streams"] == [["side.x"], ["top.x"]]
    assert question.about_views([plant("m1")]) == {}


def test_what_a_camera_has_of_frames_in_which_it_does_not_show_the_animal_tags_nothing(tmp_path):
    result = late([session(f"m{n}") for n in range(4)], Store(tmp_path / "store"))
    video, tagger = session("m9"), Tagger(result.model.folder, Store(tmp_path / "store"))
    tags = []
    for guess in (-9.0, 9.0):  # of the crop of an animal that is lost
        files = {}
        for stream, columns, valid in zip(video.streams, (slice(0, 4), slice(4, 8)), video.valid, strict=True):
            files[stream] = tmp_path / f"{guess} {stream}.h5"
            np.save(tmp_path / "rows.npy", np.where(valid[:, None], video.open.values[:, columns], guess).astype(np.float16))
            assemble(files[stream], [tmp_path / "rows.npy"], video.time_s, valid, {"guess": guess}, f"{guess} {stream}")
        entry = tagger.keep_tags(files)
        assert entry.recipe["views_revision"] == VIEWS_REVISION
        tags.append(entry.path("tags.csv").read_text())
    assert tags[0] == tags[1]


def test_a_camera_that_is_often_missing_is_as_large_where_it_is_there_as_the_others():
    rng, frames = np.random.default_rng(0), 4000
    values = rng.normal(size=(frames, 16)) @ rng.normal(size=(16, 16))
    values[frames // 10 :, 8:] = np.nan
    video = TwoCameras(values, np.arange(frames) / 10)
    view = View(16, 6)
    view.normalise_by(np.nanmean(values, axis=0), np.nanstd(values, axis=0))
    view.learn_components([video], (8, 8))
    seen = view(torch.from_numpy(video.rows(0, frames // 10))).numpy()
    assert np.allclose([(seen[:, :3] ** 2).mean(), (seen[:, 3:] ** 2).mean()], 1.0, atol=0.15)


def test_the_masks_of_several_videos_stand_one_after_the_other(plant):
    question = Question(("a",), False, "stacked", DecideParams(), (("side.x",), ("top.x",)))
    videos = [session("m1"), session("m2", lacks=("side",), frames=30)]
    side, top = question.all_there(videos)
    assert (side.sum(), len(top)) == (160, 270)
    assert question.all_there([plant("m1")]) is None


def test_what_stacked_cameras_count_is_found_where_they_show_the_animal(tmp_path, monkeypatch):
    heard = []
    monkeypatch.setattr(deciding, "stacked_weights", lambda said, *about: heard.append(about[-1]) or stacked_weights(said, *about))
    recipes = LATE | {"both": {"kind": "ensemble", "combine": "stacked", "members": [{"head": "x"}, {"head": "x", "seed": 1}]}}
    videos = [session(f"m{n}") for n in range(4)]
    system = read_system(resolve_head("both", recipes), PARAMS, DecideParams(), videos[0].streams)
    result = run_training(Store(tmp_path / "store"), videos, ("grooming",), system)
    assert [of_member.mean() for of_member in heard[-1]] == [2 / 3] * 4
    weights = np.array(read_card(result.model.folder).verdict["weights"])
    assert weights.shape == (4, 1)
    assert np.allclose(weights.sum(), 1) and weights.min() > 0, weights


def test_a_camera_is_not_hidden_where_no_other_shows_the_animal_in_the_window():
    x = np.ones((400, 2, 8), np.float32)
    x[::2, :, :4] = 0  # every other window lacks the side camera
    views = ("side", "side", "top", "top")
    shown = views_shown(x, (1, 3, 2, 2), views)
    assert np.array_equal(shown, np.stack([np.arange(400) % 2 == 1, np.ones(400, bool)], axis=1))
    lost = without_a_stream(x, (1, 3, 2, 2), 0.5, np.random.default_rng(0), views, shown)
    assert np.array_equal(lost[::2], x[::2])
    assert {tuple(row) for row in lost[1::2, 0].astype(int)} == {(1,) * 8, (0,) * 4 + (1,) * 4, (1,) * 4 + (0,) * 4}


def test_in_training_no_window_is_without_any_camera_that_had_one():
    params = PARAMS.model_copy(update={"hide_streams": 0.9, "noise": 0.5, "max_fps": 0})
    data = TrainingSet([session(f"m{n}", lacks=("top",)) for n in range(3)], params, Reader())
    view = View(8, 0)
    view.normalise_by(*data.normalisation())
    data.see_through(lambda video: Seen(data.steps[video.id], view), view.parts(data.widths))
    rng = np.random.default_rng(0)
    for pieces in data.epoch(rng):
        assert (data.batch(pieces, rng).x[:, :, :4] != 0).any(axis=(1, 2)).all()
