"""Wide features are seen through their principal components, the same ones every time."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ethocache.sequence.reading import Reader
from ethocache.sequence.view import Seen, View


def rows_in(plane, frames, seed=0):
    """Return frames that lie in the plane of two directions, the first three times as long."""
    return np.random.default_rng(seed).normal(size=(frames, 2)) * [3, 1] @ plane


@pytest.fixture
def plane():
    return np.linalg.qr(np.random.default_rng(7).normal(size=(30, 2)))[0].T


@pytest.fixture
def wide(plant, plane):
    """Return a function that makes a video of 30 features of which only 2 directions vary."""

    def make(name, frames=400, seed=0):
        video = plant(name, frames=frames, dimensions=30)
        with video.open() as features:
            features.values = rows_in(plane, frames, seed).astype(np.float16)
        return video

    return make


def view_of(videos, components=2):
    rows = [Reader().of(video) for video in videos]
    view = View(30, components)
    view.learn_components(rows)
    return view


def test_components_are_the_directions_that_vary_most_and_keep_their_proportions(wide, plane):
    seen = view_of([wide("m")])(torch.from_numpy(rows_in(plane, 400, seed=1).astype(np.float32))).numpy()
    variances = seen.var(axis=0)
    assert variances.mean() == pytest.approx(1, rel=0.2)
    assert variances[0] / variances[1] == pytest.approx(9, rel=0.3)
    assert abs(np.corrcoef(seen.T)[0, 1]) < 0.15


def test_components_come_from_valid_frames_only(wide):
    video, clean = wide("m"), wide("m")
    with video.open() as features, clean.open() as other:
        features.values[100:200] = 40.0
        features.valid[100:200] = other.valid[100:200] = False
    assert torch.equal(view_of([video]).projection, view_of([clean]).projection)


def test_long_videos_are_sampled_evenly_over_all_of_them(wide, monkeypatch):
    monkeypatch.setattr("ethocache.sequence.view._SAMPLE", 70)
    monkeypatch.setattr("ethocache.sequence.view._BLOCK", 64)
    from ethocache.sequence.view import _sample

    videos = [Reader().of(wide("m0", frames=401)), Reader().of(wide("m1", frames=300, seed=1))]
    everything = np.concatenate([video.rows(0, video.frames) for video in videos])
    np.testing.assert_array_equal(np.concatenate(list(_sample(videos))), everything[::11])


def test_components_do_not_depend_on_threads_or_memory(wide):
    before, projections = torch.get_num_threads(), []
    for budget in (0, 2**20):
        reader = Reader(budget)
        view = View(30, 5)
        torch.set_num_threads(1)
        view.learn_components([reader.of(wide("m"))])
        projections.append(view.projection)
    torch.set_num_threads(before)
    assert torch.equal(*projections)


def test_fewer_frames_than_components_still_give_a_finite_view(wide):
    view = view_of([wide("m", frames=3)], components=20)
    assert torch.isfinite(view.projection).all() and view.projection.shape == (30, 20)


def test_what_is_seen_is_the_same_however_it_is_cut(wide):
    video = wide("m")
    seen = Seen(Reader().of(video), view_of([video]))
    np.testing.assert_array_equal(np.concatenate([seen.rows(0, 13), seen.rows(13, 400)]), seen.rows(0, 400))
    assert (seen.frames, seen.dimensions) == (400, 2)


@pytest.mark.parametrize("components", [0, 30, 99])
def test_features_that_are_not_wider_than_the_components_are_only_normalised(components):
    view = View(30, components)
    view.normalise_by(np.full(30, 2.0), np.full(30, 4.0))
    assert view.width == 30 and not hasattr(view, "projection")
    torch.testing.assert_close(view(torch.full((2, 30), 4.0)), torch.full((2, 30), 0.5))


@pytest.mark.parametrize(
    ("widths", "components", "parts"), [((2048, 20), 256, [236, 20]), ((20, 300, 300), 256, [20, 118, 118]), ((30,), 7, [7]), ((), 7, [7])]
)
def test_narrow_streams_are_kept_whole_and_wide_ones_share_what_is_left(widths, components, parts):
    assert View(sum(widths) or 30, components).parts(widths) == parts


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5), st.integers(5, 100))
def test_the_parts_of_streams_add_up_to_what_comes_out(widths, components):
    view = View(sum(widths), components)
    parts = view.parts(widths)
    assert sum(parts) == view.width and all(part <= width for part, width in zip(parts, widths, strict=True))


def test_a_narrow_stream_is_not_lost_beside_a_wide_one(plant, wide):
    video, narrow = wide("m"), plant("m", frames=400, dimensions=2)
    with video.open() as features, narrow.open() as few:
        features.values = np.concatenate([features.values, few.values], axis=1)
        expected = few.values.astype(np.float64)
    view = View(32, 4)
    view.learn_components([Reader().of(video)], [30, 2])
    seen = Seen(Reader().of(video), view).rows(0, 400)
    assert seen[:, 2:].var(axis=0).mean() == pytest.approx(1, rel=0.2)
    left = expected - seen[:, 2:] @ np.linalg.lstsq(seen[:, 2:], expected, rcond=None)[0]
    assert np.abs(left).max() < 0.02
