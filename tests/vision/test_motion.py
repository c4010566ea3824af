"""Distance, speed and time at the wall: on paths of known length, in the unit that the column names."""

import numpy as np
import numpy.typing as npt
import pytest

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.dataset.index import VideoRecord
from ethocache.dataset.tracks import Track
from ethocache.dataset.videos import VideoFacts
from ethocache.vision.arena import ArenaParams, find_corners, wall_distance
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.motion import motion_header, motion_rows

FPS, PX_PER_CM = 30.0, 10.0
NAMES = ("nose", "left", "right", "tail")
BODY = np.array([[-20, 0], [10, -10], [10, 10], [20, 0]])
FLOOR = ((100.0, 100.0), (500.0, 100.0), (500.0, 400.0), (100.0, 400.0))  # 40 x 30 cm
Floats = npt.NDArray[np.float64]


def animal(middle: Floats, jitter_px: float = 0.0, names: tuple[str, ...] = NAMES) -> Track:
    """A rigid body whose box has its middle on a path, (T, 2) px."""
    points = np.ones((len(middle), 1, 4, 3), np.float32)
    points[:, 0, :, :2] = middle[:, None] + BODY
    points[..., :2] += np.random.default_rng(0).normal(0, jitter_px, points[..., :2].shape)
    return Track(points, names, ("",))


def circle(seconds: float = 60, radius: float = 100, per_second: float = 0.3) -> Floats:
    angle = 2 * np.pi * per_second * np.arange(round(seconds * FPS) + 1) / FPS
    return np.stack([300 + radius * np.cos(angle), 250 + radius * np.sin(angle)], axis=1)


def rows(track: Track, arena: ArenaParams | None = None, crop: CropParams | None = None) -> list[dict[str, object]]:
    facts = VideoFacts(track.frames, 640, 480, "yuv420p", "h264", FPS, 1.0, False, (), "v")
    record, arena = VideoRecord("a", "videos/a.mp4", {"dose": "5"}, "a", facts), arena or ArenaParams()
    found = motion_rows(record, track, np.arange(track.frames) / FPS, ["dose"], crop or CropParams(), arena)
    return [dict(zip(motion_header(["dose"], arena), row, strict=True)) for row in found]


class TestTheDistance:
    @pytest.mark.parametrize("jitter_px", [0.0, 1.0, 2.0])
    def test_along_a_path_of_known_length_is_right_within_two_percent(self, jitter_px: float) -> None:
        (row,) = rows(animal(circle(), jitter_px), ArenaParams(pixels_per_cm=PX_PER_CM))
        assert row["distance_cm"] == pytest.approx(60 * 0.3 * 2 * np.pi * 10, rel=0.02)
        assert row["mean_speed_cm_per_s"] == pytest.approx(0.3 * 2 * np.pi * 10, rel=0.02)

    def test_of_an_animal_that_sits_is_only_what_is_left_of_the_jitter(self) -> None:
        (row,) = rows(animal(np.full((900, 2), 250.0), jitter_px=1.0))
        assert 0 < float(str(row["mean_speed_px_per_s"])) < 5  # as the documentation says

    def test_is_in_pixels_where_the_scale_is_not_known(self) -> None:
        (row,) = rows(animal(circle()))
        assert row["distance_px"] == pytest.approx(60 * 0.3 * 2 * np.pi * 100, rel=0.02)
        assert "distance_cm" not in row and row["wall_s"] is None

    def test_leaves_out_the_frames_in_which_the_animal_was_not_seen(self) -> None:
        track = animal(np.stack([np.arange(300.0), np.full(300, 250.0)], axis=1))
        track.points[100:200, ..., 2] = 0
        (row,) = rows(track, crop=CropParams(max_gap_s=0.5))
        assert row["distance_px"] == pytest.approx(198, rel=0.02)
        assert row["mean_speed_px_per_s"] == pytest.approx(FPS, rel=0.02)
        assert (row["seen_s"], row["seen_fraction"]) == (pytest.approx(200 / FPS), pytest.approx(2 / 3))

    def test_of_several_animals_has_a_row_for_each_and_nothing_for_one_never_seen(self) -> None:
        one = animal(circle()).points
        gone = one * np.float32([np.nan, np.nan, 0])
        table = rows(Track(np.concatenate([one, gone], axis=1), NAMES, ("resident", "intruder")))
        assert [row["individual"] for row in table] == ["resident", "intruder"]
        assert [row["dose"] for row in table] == ["5", "5"]
        assert (table[1]["seen_s"], table[1]["distance_px"], table[1]["mean_speed_px_per_s"]) == (0.0, None, None)


class TestTheTimeAtTheWall:
    ARENA = ArenaParams(pixels_per_cm=PX_PER_CM, corners=FLOOR, wall_cm=5)

    def test_is_that_of_the_frames_with_the_middle_near_a_wall_or_beyond(self) -> None:
        middle = np.concatenate([np.full((300, 2), 250.0), np.tile([130.0, 250.0], (150, 1)), np.tile([95.0, 250.0], (150, 1))])
        (row,) = rows(animal(middle), self.ARENA)
        assert row["wall_s"] == pytest.approx(10, abs=0.2)
        assert row["wall_fraction"] == pytest.approx(0.5, abs=0.01)

    def test_is_the_same_with_corners_that_deeplabcut_followed(self) -> None:
        track = animal(np.tile([130.0, 250.0], (90, 1)))
        corners = np.ones((90, 1, 4, 3), np.float32)
        corners[..., :2] = np.array(FLOOR)
        corners[:30, :, 0] = (5, 5, 0.1)  # in doubt
        both = Track(np.concatenate([track.points, corners], axis=2), (*NAMES, "nw", "ne", "se", "sw"), ("",))
        (row,) = rows(both, ArenaParams(pixels_per_cm=PX_PER_CM, corner_points=("nw", "ne", "se", "sw")))
        assert row["wall_fraction"] == 1.0
        assert row["distance_cm"] == pytest.approx(0, abs=1e-3)  # the corners are no part of the animal

    @pytest.mark.parametrize("corners", [FLOOR, FLOOR[::-1]])
    def test_measures_to_the_nearest_wall_whichever_way_the_corners_go(self, corners: tuple[tuple[float, float], ...]) -> None:
        x, y = np.array([300.0, 120, 300, 90, 499]), np.array([250.0, 250, 370, 250, 399])
        np.testing.assert_allclose(wall_distance(x, y, np.array(corners)), [150, 20, 30, -10, 1])


class TestARefusal:
    @pytest.mark.parametrize(
        ("values", "message"),
        [
            (
                {"corners": [[0, 0], [9, 9], [9, 0], [0, 9]], "pixels_per_cm": 1},
                "'corners': expected four [x, y], in order around the floor",
            ),
            ({"corners": [[0, 0], [9, 0], [9, 9]], "pixels_per_cm": 1}, "'corners': expected four [x, y], in order around the floor"),
            ({"corner_points": ["a", "b", "c"], "pixels_per_cm": 1}, "'corner_points': expected the names of four key points"),
            ({"corners": FLOOR}, "the corners need 'pixels_per_cm', as 'wall_cm' is in centimetres"),
            ({"corners": FLOOR, "corner_points": list("abcd"), "pixels_per_cm": 1}, "leave one empty"),
            ({"pixels_per_cm": 0}, "'pixels_per_cm': Input should be greater than 0"),
        ],
    )
    def test_of_settings_that_cannot_be_right(self, values: dict[str, object], message: str) -> None:
        with pytest.raises(InputError) as error:
            parse_section(values, ArenaParams, "params.yaml: arena")
        assert message in str(error.value) and str(error.value).startswith("params.yaml: arena")

    def arena(self, *names: str) -> ArenaParams:
        return ArenaParams(pixels_per_cm=1, corner_points=names)

    def test_of_corner_points_that_are_not_there_never_seen_or_not_around_a_floor(self) -> None:
        track = animal(circle(2))
        with pytest.raises(InputError, match=r"arena\.corner_points: 'nose2' is no key point of the track, did you mean 'nose'"):
            rows(track, self.arena("nose2", "left", "right", "tail"))
        with pytest.raises(InputError, match=r"expected four corners in order around the floor, found nose \d+ \d+, tail"):
            rows(track, self.arena("nose", "tail", "left", "right"))
        track.points[:, :, 0, 2] = 0
        with pytest.raises(InputError, match=r"'nose' never reaches crop\.likelihood 0\.6; give arena\.corners in pixels instead"):
            find_corners(track, self.arena("nose", "left", "tail", "right"), 0.6)
