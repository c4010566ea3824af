"""A film with strips below it: every frame has its own number, its own tag and its own time."""

from pathlib import Path

import av
import numpy as np
import pytest
from numbered import BLOCK_PX, CONSTANT_MS, VARIABLE_MS, frames_of, number_in, write_numbered

from ethocache.common.errors import InputError
from ethocache.dataset.videos import probe
from ethocache.vision.canvas import Place
from ethocache.vision.encode import ticks_of, write_film
from ethocache.vision.overlay_strip import Shown, Strip, in_clock
from ethocache.vision.overlay_text import Lettering, plain
from ethocache.vision.overlaying import overlay_video

COLOURS = [(51, 34, 136), (204, 102, 119), (17, 119, 51)]
FRAMES = len(CONSTANT_MS)


def states(seed: int, lowest: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(lowest, 2, (FRAMES, 3)).astype(np.int8)


def strip_of(seed: int = 0, names: tuple[str, ...] = ("grooming", "rearing", "Körperpflege")) -> Shown:
    probability = np.random.default_rng(seed + 9).random((FRAMES, 3))
    return Shown("WT_01", names, COLOURS, {"label": states(seed, -1), "tag": states(seed + 1)}, probability, np.full(3, 0.4))


def block(picture: np.ndarray, strip: Strip, top: int, state: str, behaviour: int) -> np.ndarray:
    """The mean colour of the middle of a colour block."""
    rows, columns = strip.rows(behaviour), strip.blocks[state]
    inside = picture[top + rows.start + 3 : top + rows.stop - 3, columns.left + 4 : columns.right - 4]
    return inside.mean(axis=(0, 1))


def assert_shows(picture: np.ndarray, strip: Strip, top: int, shown: Shown, frame: int) -> None:
    for state, values in shown.states.items():
        for b, colour in enumerate(shown.colours):
            expected = {1: colour, 0: (240, 240, 240), -1: (170, 170, 170)}[int(values[frame, b])]
            assert np.abs(block(picture, strip, top, state, b) - expected).max() < 14, (frame, state, b)


@pytest.mark.parametrize("times_ms", [CONSTANT_MS, VARIABLE_MS], ids=["constant", "variable"])
@pytest.mark.parametrize(
    ("width", "height", "pixels"),
    [(96, 72, "yuv420p"), (97, 73, "yuv444p"), (641, 361, "yuv420p"), (90, 1500, "gray"), (640, 360, "yuv422p10le")],
)
def test_number_tags_and_time_agree_on_every_frame(tmp_path: Path, times_ms, width: int, height: int, pixels: str) -> None:
    video = write_numbered(tmp_path / "a.mkv", times_ms, width, height, pixels=pixels)
    facts, time_s = probe(video)
    shown = strip_of()
    overlay_video(tmp_path / "out/o.mp4", video, facts, time_s, [shown])
    found, found_s = probe(tmp_path / "out/o.mp4")
    assert (found.frames, found.codec, found.pixel_format, found.width % 2, found.height % 2) == (FRAMES, "h264", "yuv420p", 0, 0)
    np.testing.assert_allclose(found_s, (np.array(times_ms) - times_ms[0]) / 1000, atol=1e-9)
    shown_s, pictures = frames_of(tmp_path / "out/o.mp4")
    np.testing.assert_array_equal(shown_s, found_s)
    place = Place.of(width, height)
    strip, times = Strip(shown, time_s, place.width), place.picture_width / width
    for frame, picture in enumerate(pictures):
        assert picture.shape == (place.height + strip.height, place.width, 3)
        assert number_in(picture, BLOCK_PX * times, place.left) == frame
        assert_shows(picture, strip, place.height, shown, frame)
    assert list((tmp_path / "out").iterdir()) == [tmp_path / "out/o.mp4"]


def test_several_strips_lie_below_each_other(tmp_path: Path) -> None:
    video = write_numbered(tmp_path / "a.mkv", VARIABLE_MS, 480, 64)
    facts, time_s = probe(video)
    shown = [strip_of(0), strip_of(5)]
    overlay_video(tmp_path / "o.mp4", video, facts, time_s, shown)
    strips = [Strip(one, time_s, 480) for one in shown]
    for frame, picture in enumerate(frames_of(tmp_path / "o.mp4")[1]):
        assert_shows(picture, strips[0], 64, shown[0], frame)
        assert_shows(picture, strips[1], 64 + strips[0].height, shown[1], frame)


def test_the_same_film_has_the_same_bytes_and_begins_with_its_index(tmp_path: Path) -> None:
    video = write_numbered(tmp_path / "a.mkv", VARIABLE_MS, 96, 72)
    for name in ("1.mp4", "2.mp4"):
        overlay_video(tmp_path / name, video, *probe(video), [strip_of()])
    content = (tmp_path / "1.mp4").read_bytes()
    assert content == (tmp_path / "2.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "a browser begins to play before it has all"


def test_a_damaged_video_leaves_the_film_of_before(tmp_path: Path) -> None:
    video = write_numbered(tmp_path / "a.mkv", CONSTANT_MS, 96, 72)
    facts, time_s = probe(video)
    (tmp_path / "o.mp4").write_text("before")
    with pytest.raises(InputError, match=r"expected frame 1 at 0\.041000 s, the decoder gives 0\.040000 s"):
        overlay_video(tmp_path / "o.mp4", video, facts, time_s * 1.025, [strip_of()])
    assert (tmp_path / "o.mp4").read_text() == "before" and len(list(tmp_path.iterdir())) == 2


def test_a_film_of_other_frames_than_promised_is_our_fault(tmp_path: Path) -> None:
    frames = (av.VideoFrame(64, 64, "yuv420p") for _ in range(3))
    with pytest.raises(RuntimeError, match="expected 4 frames to encode, found 3"):
        write_film(tmp_path / "o.mp4", frames, ticks_of(np.arange(4.0), 1000), 1000)


class TestAStrip:
    TIME_S = np.array(VARIABLE_MS) / 1000

    @pytest.mark.parametrize("width", [480, 1920])
    def test_keeps_numbers_whole_beside_long_and_odd_names(self, width: int) -> None:
        short, long = strip_of(), strip_of(names=("a very long name " * 20, "مشي 毛づくろい", "e\u0301\u202e🐭"))
        plain_strip, odd_strip = Strip(short, self.TIME_S, width), Strip(long, self.TIME_S, width)
        number = odd_strip.places["number"]
        assert number.right < odd_strip.places["ethogram"].left < width
        moved = plain_strip.places["number"]
        for frame in (0, 31):
            one, other = plain_strip.draw(frame).copy(), odd_strip.draw(frame)
            for b in range(3):
                np.testing.assert_array_equal(one[plain_strip.rows(b), moved.columns], other[odd_strip.rows(b), number.columns])

    def test_is_readable_with_twelve_behaviours(self) -> None:
        probability = np.zeros((60, 12))
        shown = Shown("a", tuple("abcdefghijkl"), COLOURS * 4, {"tag": np.zeros((60, 12), np.int8)}, probability)
        strip = Strip(shown, self.TIME_S, 1920)
        assert strip.rows(11).stop <= strip.height < 540, "less than half of a picture of 1080 rows"
        assert strip.rows(0).stop <= strip.rows(1).start
        assert Strip(shown, self.TIME_S, 480).rows(0).stop - Strip(shown, self.TIME_S, 480).rows(0).start >= 12

    def test_marks_the_threshold_and_fills_the_bar_up_to_the_probability(self) -> None:
        shown = strip_of()
        strip = Strip(shown, self.TIME_S, 1000)
        bar = strip.places["bar"]
        for frame in range(0, 60, 7):
            pixels = strip.draw(frame)
            for b in range(3):
                row = pixels[(strip.rows(b).start + strip.rows(b).stop) // 2, bar.columns].astype(int)
                filled = (np.abs(row - COLOURS[b]).max(axis=1) == 0).sum()
                mark = pixels[strip.rows(b).start, bar.columns].max(axis=1) < 30
                assert filled == pytest.approx(shown.probability[frame, b] * bar.width, abs=7)
                assert np.flatnonzero(mark)[0] == round(0.4 * bar.width)

    def test_has_the_state_of_this_frame_at_the_cursor_and_nothing_beyond_the_video(self) -> None:
        tag = np.zeros((60, 1), np.int8)
        tag[30] = 1
        strip = Strip(Shown("a", ("x",), COLOURS[:1], {"tag": tag}), self.TIME_S, 1000)
        row, ethogram = strip.rows(0).start + 5, strip.places["ethogram"]
        cursor = ethogram.width // 2
        pixels = strip.draw(30)[row, ethogram.columns]
        assert tuple(pixels[cursor]) == (20, 20, 20) and tuple(pixels[cursor + 3]) == COLOURS[0]
        assert not (strip.draw(29)[row, ethogram.columns][cursor - 3 : cursor + 2] == COLOURS[0]).all(axis=1).any()
        assert (strip.draw(0)[row, ethogram.columns][: cursor - 1] == 255).all()
        assert (strip.draw(59)[row, ethogram.columns][-20:] == 255).all()

    def test_refuses_what_is_of_other_shapes(self) -> None:
        with pytest.raises(ValueError, match=r"Expected \(T, 2\) states and probabilities and 2 colours"):
            Shown("a", ("x", "y"), COLOURS, {"tag": np.zeros((3, 2), np.int8)})
        with pytest.raises(ValueError, match=r"Expected 1 thresholds, got \(2,\)"):
            Shown("a", ("x",), COLOURS[:1], {"tag": np.zeros((3, 1), np.int8)}, None, np.zeros(2))


class TestLettering:
    @pytest.mark.parametrize("text", ["grooming", "Rearing (soutenu) à côté", "a very long name " * 30, "мышь", "毛づくろい", "🐭", ""])
    @pytest.mark.parametrize("most", [0, 7, 60, 400])
    def test_is_never_wider_than_its_place(self, text: str, most: int) -> None:
        drawn = Lettering(14).drawn(text, most)
        assert drawn.shape[0] == Lettering(14).line_px and drawn.shape[1] <= max(most, 1)

    def test_keeps_beginning_and_end_of_a_name_that_is_too_long(self) -> None:
        letters = Lettering(14)
        left, right = (letters.drawn(f"nose to nose in the corner {side}", 120) for side in ("left", "right"))
        assert left.shape != right.shape or (left != right).any()

    def test_writes_one_accent_in_one_way_and_nothing_invisible(self) -> None:
        assert plain("e\u0301") == "\u00e9" and plain("a\nb\u202ec") == "a b c"
        letters = Lettering(14)
        np.testing.assert_array_equal(letters.drawn("e\u0301", 50), letters.drawn("\u00e9", 50))
        assert (letters.drawn("\u00e9", 50) != letters.drawn("e", 50)).any()

    def test_tells_names_apart_for_which_there_is_no_font(self) -> None:
        letters = Lettering(14)
        one, other = letters.drawn("\U0001f9ff", 200), letters.drawn("\U0001fa75", 200)
        assert one.shape != other.shape or (one != other).any()


def test_times_are_written_to_the_millisecond_and_with_hours_where_the_video_has_some() -> None:
    assert in_clock(61.25, 70) == "1:01.250" and in_clock(61.9996, 70) == "1:02.000"
    assert in_clock(61.25, 3700) == "0:01:01.250"
