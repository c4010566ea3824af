"""Clocks planted between two cameras, and what has none in common."""

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.clocks import Clock
from ethocache.dataset.tracks import Track
from ethocache.endtoend.demo.body import build_body
from ethocache.endtoend.demo.motion import simulate
from ethocache.endtoend.demo.posture import hold
from ethocache.endtoend.demo.render import Camera
from ethocache.endtoend.demo.tracks import observe
from ethocache.endtoend.demo.two_cameras import _at, _from_the_side
from ethocache.vision.finding_clocks import Movement, find_clock
from ethocache.vision.session_features import movement_of

HZ = 50.0


def speeds(seed, seconds):
    """How fast an animal is, at `HZ`: it runs in bouts, and rests."""
    rng = np.random.default_rng(seed)
    frames = int(seconds * HZ)
    runs = np.convolve(rng.random(frames) < 0.006, np.ones(60), "same") > 0
    return np.abs(np.convolve(rng.normal(size=frames), np.hanning(50) / 6, "same")) * runs


def seen(speed, clock, fps, seconds, ahead_s=40.0, seed=0):
    """The movement before a camera of this clock; the speeds began `ahead_s` before the session."""
    rng = np.random.default_rng([seed, int(fps)])
    time_s = np.arange(int(seconds * fps)) / fps
    true_s = ahead_s + (time_s - clock.offset_s) / clock.drift
    moved = np.interp(true_s, np.arange(len(speed)) / HZ, speed)[1:]
    noisy = moved * rng.uniform(0.8, 1.2, len(moved)) + np.abs(rng.normal(0, 0.05, len(moved)))
    return Movement(time_s, noisy, rng.random(len(moved)) > 0.05)


@pytest.mark.parametrize(
    ("clock", "fps", "seconds"),
    [
        (Clock(), 30.0, 120.0),
        (Clock(offset_s=0.3, drift=1.02), 25.0, 120.0),
        (Clock(offset_s=-17.0, drift=0.98), 10.0, 240.0),
        (Clock(offset_s=33.0, drift=1.0005), 60.0, 240.0),
        (Clock(offset_s=0.1, drift=1.013), 30.0, 2400.0),
    ],
)
def test_a_planted_clock_is_found_whatever_the_frame_rate(clock, fps, seconds):
    speed = speeds(1, seconds + 100)
    found = find_clock(seen(speed, Clock(), 30.0, seconds), seen(speed, clock, fps, seconds, seed=1))
    assert abs(found.clock.offset_s - clock.offset_s) <= 1 / fps + 0.02
    assert abs(found.clock.drift - clock.drift) <= 0.001
    assert found.correlation > 0.9


def test_three_frames_and_two_per_cent_between_two_cameras_of_one_mouse_are_found():
    """From above and from the side, through what a tracker makes of each."""
    seconds, clock = 180.0, Clock(offset_s=0.3, drift=1.02)
    for seed in range(2):
        rng, camera = np.random.default_rng(seed), Camera(160, 120)
        motion = simulate(camera.arena, round((seconds + 2) * HZ), HZ, 1.8, rng)
        body = build_body(motion, hold(motion, HZ, rng), 1.0)
        movements = []
        for fps, of in ((8.0, Clock()), (10.0, clock)):
            time_s = np.arange(round(of.at(np.array([seconds]))[0] * fps)) / fps
            there = _at(body, np.rint((1 + (time_s - of.offset_s) / of.drift) * HZ).astype(int))
            points = observe(_from_the_side(there, camera) if of == clock else there, camera, rng)
            movements.append(movement_of(Track(points[:, None].astype(np.float32), ("a", "b", "c", "d", "e")), time_s, fps))
        found = find_clock(*movements).clock
        assert abs(found.offset_s - clock.offset_s) <= 0.1, "one frame of the side camera"
        assert abs(found.drift - clock.drift) <= 0.001


def test_two_sessions_have_no_clock_in_common():
    for seed in range(4):
        with pytest.raises(InputError, match=r"expected one time shift at which .* found 0\.\d\d against 0\.\d\d"):
            find_clock(seen(speeds(seed, 200), Clock(), 30.0, 120.0), seen(speeds(seed + 10, 200), Clock(), 30.0, 120.0, seed=1))


def test_an_animal_that_does_not_move_tells_no_clock():
    still = np.zeros(9000)
    with pytest.raises(InputError, match="expected one time shift"):
        find_clock(seen(still, Clock(), 30.0, 60.0), seen(still, Clock(), 30.0, 60.0, seed=3))
    nothing = Movement(np.arange(100) / 10, np.zeros(99), np.ones(99, bool))
    with pytest.raises(InputError, match=r"found 0\.00 against 0\.00"):
        find_clock(nothing, nothing)


def test_an_animal_that_is_never_seen_tells_no_clock():
    speed = speeds(0, 100)
    unseen = Movement(np.arange(100) / 10, np.ones(99), np.zeros(99, bool))
    with pytest.raises(InputError, match="expected one time shift"):
        find_clock(seen(speed, Clock(), 30.0, 60.0), unseen)
    with pytest.raises(InputError, match="expected one time shift"):
        find_clock(unseen, unseen)


def test_the_mean_speed_does_not_depend_on_how_many_frames_a_second_there_are():
    slow, quick = (Movement(np.arange(n) / fps, np.full(n - 1, 4.0), np.ones(n - 1, bool)) for n, fps in ((50, 5.0), (500, 50.0)))
    times = np.arange(1.0, 9.0, 0.37)
    assert np.allclose(slow.sampled(times)[0], 2.0)
    assert np.allclose(quick.sampled(times)[0], 2.0)
    assert slow.sampled(np.array([-5.0, 50.0]))[1].tolist() == [0.0, 0.0]
