"""Changes of a picture that leave the label true, the same for all frames of a clip."""

import numpy as np
import torch

from ethocache.endtoend.finetuning.augmentation import Change, draw_change
from ethocache.endtoend.finetuning.settings import FinetuneParams


def pictures(frames=3):
    """A bright square off the middle, the same in each frame."""
    still = torch.full((frames, 3, 40, 40), 100, dtype=torch.uint8)
    still[:, :, 4:10, 26:36] = 200
    return still


def place(changed):
    """Row and column of the middle of what is bright."""
    rows, columns = torch.nonzero(changed[0, 0] > 140, as_tuple=True)
    return round(float(rows.float().mean())), round(float(columns.float().mean()))


def test_all_frames_of_a_clip_are_changed_alike():
    changed = Change(True, 8.0, 1.1, 0.7).of(pictures())
    assert changed.shape == (3, 3, 40, 40) and torch.equal(changed[0], changed[1]) and torch.equal(changed[0], changed[2])


def test_nothing_to_do_leaves_the_bytes():
    still = pictures()
    assert Change().of(still) is still


def test_a_mirror_exchanges_left_and_right():
    assert place(Change(mirrored=True).of(pictures())) == (6, 8)


def test_a_quarter_turn_brings_the_top_to_a_side():
    row, column = place(Change(turn_deg=90).of(pictures()))
    assert (row, column) in ((8, 6), (31, 33), (30, 33), (31, 6))
    assert place(Change(turn_deg=360).of(pictures())) == place(pictures())


def test_brightness_and_blur_keep_within_bytes():
    assert torch.equal(Change(brighter=1.5).of(pictures())[0, 0, 0], torch.full((40,), 150.0))
    assert Change(brighter=3.0).of(pictures()).max() == 255
    soft = Change(blur_px=1.0).of(pictures())
    assert abs(float(soft.mean()) - float(pictures().float().mean())) < 0.5 and float(soft[0, 0].max()) <= 200.01
    assert float(soft.diff(dim=-1).abs().max()) < 60, "edges are softer than the 100 grey levels before"


def test_draws_follow_from_their_generator_and_stay_within_what_is_allowed():
    params = FinetuneParams(rotate_deg=12, brightness=0.3, blur_px=0.8)
    draws = [draw_change(params, np.random.default_rng([0, n])) for n in range(200)]
    assert draws == [draw_change(params, np.random.default_rng([0, n])) for n in range(200)]
    assert 60 < sum(draw.mirrored for draw in draws) < 140
    assert max(abs(draw.turn_deg) for draw in draws) <= 12 and max(abs(draw.brighter - 1) for draw in draws) <= 0.3
    assert min(draw.blur_px for draw in draws) >= 0 and max(draw.blur_px for draw in draws) <= 0.8
    off = FinetuneParams(flip=False, rotate_deg=0, brightness=0, blur_px=0)
    assert {draw_change(off, np.random.default_rng(n)) for n in range(9)} == {Change()}
