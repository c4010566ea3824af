"""Training sees its windows changed a little, as its seed says, and its labels with them."""

import numpy as np
import pytest

from ethocache.sequence.augmentation import mixed, noisy, warped, without_a_stream


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(5))
def test_a_warped_window_keeps_its_ends_and_its_labels_stay_at_their_frames(seed):
    x = np.arange(100, dtype=np.float32)[:, None]
    target = (x[:, 0] >= 60).astype(np.int8)
    warp, labels = warped(x, target, 0.2, rng(seed))
    assert (warp[0, 0], warp[-1, 0]) == (0, 99) and len(warp) == len(labels)
    assert round(100 / 1.2) <= len(warp) <= round(100 / 0.8)
    np.testing.assert_array_equal(labels, warp[:, 0] > 59.5)
    assert np.ptp(np.diff(warp[:, 0])) < 1e-3


def test_one_frame_cannot_be_warped():
    x, label = warped(np.ones((1, 2), np.float32), np.zeros(1, np.int8), 0.5, rng())
    assert (x.shape[1], len(label)) == (2, len(x)) and (x == 1).all()


def test_noise_has_its_deviation_on_real_frames_only():
    mask = np.arange(400) < np.array([[400], [100]])
    x = noisy(np.zeros((2, 400, 30), np.float32), mask, 0.3, rng())
    assert x[mask].std() == pytest.approx(0.3, rel=0.05) and not x[~mask].any() and x.dtype == np.float32


def test_windows_and_labels_are_mixed_alike():
    x = np.array([[[0.0]], [[1.0]]], np.float32)
    for seed in range(5):
        features, labels = mixed(x, x.copy(), np.ones((2, 1), bool), 0.5, rng(seed))
        np.testing.assert_array_equal(features, labels)
        assert features.dtype == labels.dtype == np.float32


def test_what_is_not_known_stays_so_and_padding_is_not_mixed_in():
    x = np.ones((2, 3, 1), np.float32)
    target = np.array([[1, -1, 1], [0, 0, -1]], np.float32)[..., None]
    mask = np.array([[True, True, True], [True, True, False]])
    seen = set()
    for seed in range(6):
        features, labels = mixed(x, target, mask, 0.5, rng(seed))
        assert (features == 1).all() and labels[0, 1, 0] == -1 and labels[0, 2, 0] == 1
        seen.add(round(float(labels[1, 1, 0]), 3))
    assert seen == {0.0, -1.0}


def test_some_windows_lack_one_stream_as_a_whole():
    x = without_a_stream(np.ones((1000, 4, 5), np.float32), [3, 2], 0.4, rng())
    first, second = x[..., :3], x[..., 3:]
    assert (np.ptp(first, axis=(1, 2)) == 0).all() and (np.ptp(second, axis=(1, 2)) == 0).all()
    lost = np.array([(first[:, 0, 0] == 0).mean(), (second[:, 0, 0] == 0).mean()])
    np.testing.assert_allclose(lost, 0.2, atol=0.04)
    assert x.dtype == np.float32 and (x.any(axis=(1, 2))).all()


def test_the_only_stream_is_never_hidden():
    assert without_a_stream(np.ones((9, 4, 5), np.float32), [5], 1.0, rng()).all()
